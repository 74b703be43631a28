//! Whether tenants are isolated from each other: what is proven, said and told of it.

use serde_json::{Value, json};

use super::{PATIENCE, Walls, in_seconds};
use crate::harness::wait_until;

/// The kinds of the network-policy-api and of Cilium.
const DEFINITIONS: &str = include_str!("../walls/barriers.yaml");

fn policy(namespace: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    .to_string()
}

/// Two tenants with a closed namespace each, and one that has none.
fn three() -> Walls {
    let walls = Walls::start_with(&[]);
    walls.admin().kubectl(&["delete", "tenant", "later"]).success();
    walls.tenant("gamma", "{}");
    for (tenant, namespace) in [("alpha", "proof-web"), ("beta", "proof-api")] {
        walls.namespace(tenant, namespace);
    }
    for tenant in ["tenant/alpha", "tenant/beta", "tenant/gamma"] {
        walls.wait_condition(tenant, "Isolated", "True Proven");
    }
    walls
}

/// Waits until so many tenants are counted as isolated, not isolated, and neither.
fn wait_counted(walls: &Walls, expect: [f64; 3]) {
    wait_until(PATIENCE, &format!("tenants to be counted as {expect:?}"), || {
        let words = ["true", "false", "unknown"];
        words.map(|word| walls.metric(&format!("ringfence_tenants{{isolated=\"{word}\"}}")))
            == expect
    });
}

/// Waits for an Event on a Tenant.
fn wait_told(walls: &Walls, tenant: &str, reason: &str, severity: &str) -> String {
    let mut note = String::new();
    wait_until(PATIENCE, &format!("{reason} to be told of {tenant}"), || {
        let events = walls.events("default");
        let told = events.iter().find(|event| {
            (&event["reason"], &event["type"], &event["regarding"]["name"])
                == (&json!(reason), &json!(severity), &json!(tenant))
        });
        note = told.map(|event| event["note"].as_str().unwrap().to_owned()).unwrap_or_default();
        told.is_some()
    });
    note
}

#[test]
fn what_opens_a_path_is_named_and_told_and_so_is_its_end() {
    let walls = three();
    wait_counted(&walls, [3.0, 0.0, 0.0]);
    // By one side alone nothing passes: who is asked next is asked of both.
    walls.apply(&policy("proof-web", "out", &json!({"podSelector": {}, "egress": [{}]})));
    walls.apply(&policy("proof-api", "in", &json!({"podSelector": {}, "ingress": [{}]})));
    let what = "a pod of namespace proof-web of tenant alpha could open TCP 1 to a pod of namespace proof-api of \
                tenant beta, which no Grant permits: it leaves by NetworkPolicy proof-web/out, egress[0] and \
                is taken by NetworkPolicy proof-api/in, ingress[0]";
    for tenant in ["alpha", "beta"] {
        let of = format!("tenant/{tenant}");
        let (_, why) = walls.wait_condition(&of, "Isolated", "False Open");
        assert_eq!(why, what);
        assert_eq!(wait_told(&walls, tenant, "NotIsolated", "Warning"), what);
    }
    walls.wait_condition("tenant/gamma", "Isolated", "True Proven");
    wait_counted(&walls, [1.0, 2.0, 0.0]);
    walls.admin().kubectl(&["delete", "networkpolicy", "in", "--namespace=proof-api"]).success();
    for tenant in ["alpha", "beta"] {
        walls.wait_condition(&format!("tenant/{tenant}"), "Isolated", "True Proven");
        wait_told(&walls, tenant, "Isolated", "Normal");
    }
    wait_counted(&walls, [3.0, 0.0, 0.0]);
    let told = walls.events("default");
    assert!(told.iter().all(|event| event["regarding"]["name"] != "gamma"), "{told:?}");
}

#[test]
fn a_grant_is_no_leak_and_ends_by_the_clock() {
    let walls = three();
    let end = in_seconds(15);
    walls.apply(&format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Grant\nmetadata: {{name: proof}}\nspec: {{from: {{tenant: alpha}}, to: {{tenant: beta}}, ports: [{{port: 8443}}], owner: jo, reason: a test, expiresAt: {end}}}\n"
    ));
    walls.wait_condition("tenant/alpha", "Isolated", "True Granted");
    walls.wait_condition("tenant/beta", "Isolated", "True Granted");
    walls.wait_condition("tenant/gamma", "Isolated", "True Proven");
    walls.wait_condition("tenant/alpha", "Isolated", "True Proven");
    walls.wait_condition("tenant/beta", "Isolated", "True Proven");
}

#[test]
fn policies_of_the_cluster_and_of_plugins_count() {
    let walls = three();
    walls.admin().kubectl_with(DEFINITIONS, &["apply", "--server-side", "-f", "-"]).success();
    let everybody = json!([{"action": "Accept", "from": [{"namespaces": {}}]}]);
    let anywhere = json!([{"action": "Accept", "to": [{"namespaces": {}}]}]);
    let wide = json!({"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "wide"}, "spec": {"tier": "Admin", "priority": 7,
        "subject": {"namespaces": {}}, "ingress": everybody, "egress": anywhere}});
    let served = |text: &Value| {
        wait_until(PATIENCE, "the kind to be served", || {
            let apply = ["apply", "-f", "-"];
            walls.admin().kubectl_with(&text.to_string(), &apply).code == 0
        });
    };
    served(&wide);
    let (_, why) = walls.wait_condition("tenant/alpha", "Isolated", "False Open");
    assert!(why.contains("it leaves by ClusterNetworkPolicy wide, egress[0]"), "{why}");
    walls.admin().kubectl(&["delete", "clusternetworkpolicy", "wide"]).success();
    walls.wait_condition("tenant/alpha", "Isolated", "True Proven");

    // What is not read may open anything: with that alone on both sides nothing is found, and nothing proven.
    let own = json!({"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "own"}, "spec": {"endpointSelector": {}}});
    served(&own);
    let (_, why) = walls.wait_condition("tenant/alpha", "Isolated", "Unknown NotUnderstood");
    assert_eq!(
        why,
        "CiliumClusterwideNetworkPolicy own is not understood and may let something pass: kind \
         CiliumClusterwideNetworkPolicy of cilium.io is not read"
    );
    walls.admin().kubectl(&["delete", "ciliumclusterwidenetworkpolicy", "own"]).success();
    walls.wait_condition("tenant/alpha", "Isolated", "True Proven");
    let log = walls.server.log();
    assert!(!log.contains("panicked"), "{}", walls.server.log_tail());
}
