//! What denies tenants each other once in a cluster, where it has a kind for that: it comes with the kind, is
//! kept, follows the documents, and goes, and no namespace waits for it.

use serde_json::{Value, json};

use super::Walls;
use crate::harness::wait_until;
use crate::people::ringfence;
use crate::program::PATIENCE;

const DEFINITIONS: &str = include_str!("barriers.yaml");
const ADMIN: &str = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies";
const CILIUM: &str = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies";
const KINDS: [&str; 2] = [ADMIN, CILIUM];

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: gamma}
spec: {}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: delta}
spec: {}
---
apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {name: bar}
spec: {from: {tenant: alpha}, to: {tenant: beta}, ports: [{port: 8443}, {port: 9000, endPort: 9010}], owner: jo, reason: a test, expiresAt: 2999-01-01T00:00:00Z}
";

fn path(kind: &str, tenant: &str) -> String {
    format!("{kind}/ringfence-tenant-{tenant}")
}

fn barrier(walls: &Walls, kind: &str, tenant: &str) -> Option<Value> {
    walls.api.get(&path(kind, tenant))
}

fn wait_barriers(walls: &Walls, tenant: &str, there: bool) {
    wait_until(PATIENCE, &format!("barriers of {tenant} to be there: {there}"), || {
        KINDS.iter().all(|kind| barrier(walls, kind, tenant).is_some() == there)
    });
}

/// The actions of a ClusterNetworkPolicy's rules, and whom a Cilium one does not deny, one way.
fn said(walls: &Walls, tenant: &str, way: &str) -> (Vec<Value>, Value) {
    let admin = barrier(walls, ADMIN, tenant).unwrap();
    let actions = admin["spec"][way].as_array().unwrap().iter().map(|rule| rule["action"].clone());
    let side = if way == "ingress" { "fromEndpoints" } else { "toEndpoints" };
    let cilium = barrier(walls, CILIUM, tenant).unwrap();
    let rule = &cilium["spec"][format!("{way}Deny")][0][side][0];
    (actions.collect(), rule["matchExpressions"][1]["values"].clone())
}

fn wait_sealed(walls: &Walls, namespace: &str) {
    wait_until(PATIENCE, &format!("{namespace} to be sealed"), || {
        let quota = walls.get(namespace, "resourcequota/ringfence-quota");
        quota.is_some_and(|quota| ringfence::seal::enforced(&quota))
    });
}

fn merge(walls: &Walls, path: &str, patch: &Value) {
    walls.api.patch(path, "application/merge-patch+json", patch);
}

fn define(walls: &Walls) {
    walls.admin().kubectl_with(DEFINITIONS, &["apply", "--server-side", "-f", "-"]).success();
}

#[test]
fn barriers_come_with_their_kinds_and_are_kept() {
    let walls = Walls::start_with(&[]);
    walls.apply(DOCUMENTS);
    walls.namespace("alpha", "bar-alpha");
    walls.namespace("gamma", "bar-gamma");
    wait_sealed(&walls, "bar-alpha");
    let (tenant, _) = walls.wait_condition("tenant/alpha", "Sealed", "True");
    assert!(!tenant["status"]["conditions"].to_string().contains("Barred"), "{tenant}");

    define(&walls);
    for tenant in ["alpha", "beta", "gamma", "delta"] {
        wait_barriers(&walls, tenant, true);
    }
    assert_eq!(barrier(&walls, ADMIN, "later"), None, "what is planned is not laid");
    assert_eq!(
        said(&walls, "alpha", "egress"),
        (vec!["Pass".into(), "Deny".into()], json!(["alpha", "beta"]))
    );
    assert_eq!(said(&walls, "alpha", "ingress"), (vec!["Deny".into()], json!(["alpha"])));
    assert_eq!(
        said(&walls, "beta", "ingress"),
        (vec!["Pass".into(), "Deny".into()], json!(["alpha", "beta"]))
    );
    let (_, told) = walls.wait_condition("tenant/alpha", "Barred", "False Partly");
    assert!(
        told.contains("CiliumClusterwideNetworkPolicy leaves") && told.contains("`beta`"),
        "{told}"
    );
    walls.wait_condition("tenant/gamma", "Barred", "True Kept");
    wait_until(PATIENCE, "the metric to say so", || {
        walls.metric("ringfence_tenant_barriers_open") == 0.0
    });

    drift_is_reverted(&walls);
    nobody_else_touches_them(&walls);
    they_follow_the_documents(&walls);
    they_go_with_their_tenant(&walls);
    a_kind_that_goes_holds_nothing_up(&walls);
    let log = walls.server.log();
    assert!(!log.contains("panicked"), "{}", walls.server.log_tail());
}

fn drift_is_reverted(walls: &Walls) {
    let open = json!([{"action": "Accept", "from": [{"namespaces": {}}]}]);
    merge(walls, &path(ADMIN, "beta"), &json!({"spec": {"ingress": open, "priority": 3}}));
    let allows = json!([{"endpointSelector": {}, "ingress": [{}]}]);
    merge(walls, &path(CILIUM, "beta"), &json!({"specs": allows}));
    walls.api.delete(&path(CILIUM, "gamma"));
    wait_until(PATIENCE, "what others did to be put right", || {
        let admin = barrier(walls, ADMIN, "beta").unwrap();
        let (rules, _) = said(walls, "beta", "ingress");
        barrier(walls, CILIUM, "gamma").is_some()
            && barrier(walls, CILIUM, "beta").unwrap().get("specs").is_none()
            && (rules.len(), &admin["spec"]["priority"]) == (2, &json!(1000))
    });
    wait_until(PATIENCE, "it to be told", || {
        let all = walls.events("default");
        let of = |kind: &str, name: &str| {
            all.iter().any(|event| {
                event["reason"] == "DriftReverted"
                    && (&event["regarding"]["kind"], &event["regarding"]["name"])
                        == (&json!(kind), &json!(name))
            })
        };
        of("Tenant", "beta") && of("ClusterNetworkPolicy", "ringfence-tenant-beta")
    });
}

/// The API server refuses by itself what is done to them, whoever has every right on their kinds.
fn nobody_else_touches_them(walls: &Walls) {
    let policy = format!("{}/manifests/admission-policy/policy.yaml", env!("CARGO_MANIFEST_DIR"));
    walls.admin().kubectl(&["apply", "-f", &policy]).success();
    let rights = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "everything-wide"}, "rules": [
            {"apiGroups": ["policy.networking.k8s.io", "cilium.io"], "resources": ["*"], "verbs": ["*"]}]});
    walls.apply(&rights.to_string());
    let bind = [
        "create",
        "clusterrolebinding",
        "everything-wide",
        "--clusterrole=everything-wide",
        "--user=eve",
    ];
    walls.admin().kubectl(&bind).success();
    let eve = walls.cluster.user("eve", &["strangers"]);
    for kind in ["clusternetworkpolicy", "ciliumclusterwidenetworkpolicy"] {
        let object = format!("{kind}/ringfence-tenant-beta");
        let refused = |what: &str, more: &[&str]| {
            let told = eve.kubectl(&[&[what, &object, "--dry-run=server"], more].concat());
            told.code != 0 && told.stderr.contains("RF1017")
        };
        wait_until(PATIENCE, "the policy to be in force", || refused("delete", &[]));
        assert!(refused("label", &["--overwrite", "ringfence.dev/managed=no"]), "{kind}");
        assert!(refused("annotate", &["a=b"]), "{kind}");
    }
    walls.admin().kubectl(&["delete", "-f", &policy]).success();
}

fn they_follow_the_documents(walls: &Walls) {
    walls.admin().kubectl(&["delete", "grant", "bar"]).success();
    wait_until(PATIENCE, "the grant to be closed", || {
        said(walls, "alpha", "egress") == (vec!["Deny".into()], json!(["alpha"]))
            && said(walls, "beta", "ingress") == (vec!["Deny".into()], json!(["beta"]))
    });
    walls.wait_condition("tenant/alpha", "Barred", "True Kept");
    // Somebody else's object with such a name is left alone, and told.
    let foreign = json!({"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "ringfence-tenant-epsilon"}, "spec": {"endpointSelector": {}}});
    walls.apply(&foreign.to_string());
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: epsilon}\nspec: {}\n",
    );
    walls.wait_condition("tenant/epsilon", "Barred", "False NotKept");
    assert_eq!(barrier(walls, CILIUM, "epsilon").unwrap()["spec"], foreign["spec"]);
    walls.api.delete(&path(CILIUM, "epsilon"));
    walls.wait_condition("tenant/epsilon", "Barred", "True Kept");
}

fn they_go_with_their_tenant(walls: &Walls) {
    walls.admin().kubectl(&["delete", "tenant", "gamma", "delta"]).success();
    // The one has no namespace, and the other has one, which stays closed.
    wait_barriers(walls, "delta", false);
    wait_barriers(walls, "gamma", true);
    let done = ringfence(&walls.cluster, walls.admin(), &["tenant", "offboard", "gamma", "--yes"]);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        lines,
        [
            "namespace bar-gamma: without seal, and nobody's",
            "ClusterNetworkPolicy ringfence-tenant-gamma: deleted",
            "CiliumClusterwideNetworkPolicy ringfence-tenant-gamma: deleted",
        ]
    );
    wait_barriers(walls, "gamma", false);
    // Whose last namespace goes by itself.
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: zeta}\nspec: {}\n",
    );
    walls.namespace("zeta", "bar-zeta");
    wait_sealed(walls, "bar-zeta");
    wait_barriers(walls, "zeta", true);
    walls.admin().kubectl(&["delete", "tenant", "zeta"]).success();
    walls.admin().kubectl(&["delete", "namespace", "bar-zeta"]).success();
    wait_barriers(walls, "zeta", false);
}

fn a_kind_that_goes_holds_nothing_up(walls: &Walls) {
    let definition = "crd/clusternetworkpolicies.policy.networking.k8s.io";
    walls.admin().kubectl(&["delete", definition]).success();
    walls.namespace("beta", "bar-beta");
    wait_sealed(walls, "bar-beta");
    wait_until(PATIENCE, "the kind to be known to be gone", || {
        let (_, told) = walls.wait_condition("tenant/beta", "Barred", "True Kept");
        told == "every other tenant is denied by CiliumClusterwideNetworkPolicy too"
    });
    define(walls);
    wait_barriers(walls, "beta", true);
    let removed = ringfence(&walls.cluster, walls.admin(), &["uninstall", "--remove-seals"]);
    assert_eq!(removed.code, 0, "{removed:?}");
    for kind in KINDS {
        let left = walls.api.get(kind).unwrap();
        assert_eq!(left["items"], json!([]), "{kind}");
    }
}
