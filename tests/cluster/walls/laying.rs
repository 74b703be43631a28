//! What is laid, and what takes it away.

use serde_json::Value;

use super::{ALPHA, PATIENCE, Walls};
use crate::harness::wait_until;
use crate::program::in_seconds;

fn grant(name: &str, ends: &str) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Grant\nmetadata: {{name: {name}}}\nspec:\n  from: {{tenant: alpha, namespaces: [{name}-from]}}\n  to: {{tenant: beta, namespaces: [{name}-to]}}\n  ports: [{{protocol: TCP, port: 8443}}]\n  owner: jo\n  reason: a test\n  expiresAt: {ends}\n"
    )
}

#[test]
fn a_tenants_namespace_is_closed() {
    let walls = Walls::shared();
    walls.namespace("alpha", "laid-alpha");
    walls.wait_managed("laid-alpha", &ALPHA);
    let hard = walls.get("laid-alpha", "resourcequota/ringfence-quota").unwrap();
    assert_eq!(hard["spec"]["hard"]["pods"], "10");
    assert_eq!(hard["metadata"]["managedFields"][0]["manager"], "ringfence");
    assert_eq!(hard["metadata"]["managedFields"][0]["operation"], "Apply");

    walls.namespace("later", "laid-later");
    walls.namespace("gone", "laid-orphan");
    walls.namespace("beta", "laid-beta");
    wait_until(PATIENCE, "beta's roles", || {
        walls.get("laid-beta", "rolebinding/ringfence-owners-edit").is_some()
    });
    assert_eq!(walls.managed("laid-later"), [""; 0], "what is planned is not laid");
    assert_eq!(walls.managed("laid-orphan"), [""; 0], "nobody's documents say what to lay");

    // Other tests have tenants of their own.
    let names = |of: &Value| -> Vec<Value> {
        of.as_array().into_iter().flatten().map(|it| it["name"].clone()).collect()
    };
    wait_until(PATIENCE, "every owner, and nobody else, to be bound", || {
        let tenants = walls.get("", "tenants").unwrap();
        let tenants = tenants["items"].as_array().unwrap().iter();
        let owners: Vec<_> = tenants.flat_map(|it| names(&it["spec"]["owners"])).collect();
        assert!(owners.starts_with(&["alpha-devs".into(), "beta-devs".into()]), "{owners:?}");
        let bound = walls.get("", "clusterrolebinding/ringfence-owners").unwrap();
        names(&bound["subjects"]) == owners
    });
}

#[test]
fn a_path_opens_on_both_sides_and_closes_when_its_grant_ends_or_goes() {
    let walls = Walls::shared();
    let policy = |side: &str, name: &str, way: &str| {
        walls.get(&format!("{name}-{side}"), &format!("networkpolicy/ringfence-grant-{way}-{name}"))
    };
    for (name, seconds) in [("ends", 15), ("goes", 3600)] {
        walls.namespace("alpha", &format!("{name}-from"));
        walls.namespace("beta", &format!("{name}-to"));
        walls.apply(&grant(name, &in_seconds(seconds)));
        wait_until(PATIENCE, "both halves of a path", || {
            policy("from", name, "egress").is_some() && policy("to", name, "ingress").is_some()
        });
    }
    let egress = policy("from", "goes", "egress").unwrap();
    let to = &egress["spec"]["egress"][0]["to"][0]["namespaceSelector"]["matchLabels"];
    assert_eq!(to["ringfence.dev/tenant"], "beta");
    walls.admin().kubectl(&["delete", "grant", "goes"]).success();
    for name in ["ends", "goes"] {
        wait_until(PATIENCE, "both halves of a path to go", || {
            policy("from", name, "egress").is_none() && policy("to", name, "ingress").is_none()
        });
    }
}

#[test]
fn a_document_that_cannot_be_used_changes_no_other() {
    let walls = Walls::shared();
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: loose}\nspec: {profile: nowhere, network: {intraTenant: tenant}}\n",
    );
    walls.namespace("loose", "loose-one");
    wait_until(PATIENCE, "the namespace to be closed", || {
        walls.get("loose-one", "networkpolicy/ringfence-default-deny").is_some()
    });
    wait_until(PATIENCE, "what is wrong to be said", || {
        let log = walls.server.log();
        log.contains("a document has mistakes") && log.contains("Tenant loose")
    });
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Profile\nmetadata: {name: nowhere}\nspec: {network: {intraTenant: tenant}}\n",
    );
    wait_until(PATIENCE, "the mended tenant to be opened inside", || {
        let policy = walls.get("loose-one", "networkpolicy/ringfence-intra-tenant");
        policy.is_some_and(|policy| policy.to_string().contains("ringfence.dev/tenant"))
    });
}

#[test]
fn what_has_our_name_and_is_not_ours_is_left_alone() {
    let walls = Walls::shared();
    let foreign = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ringfence-default-deny, namespace: foreign-one}\nspec: {podSelector: {}, ingress: [{}]}\n";
    walls.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: foreign-one}\n");
    walls.apply(foreign);
    walls.namespace("alpha", "foreign-one");
    wait_until(PATIENCE, "the stranger to be told", || {
        walls.server.log().contains("that is not ours")
    });
    let policy = walls.get("foreign-one", "networkpolicy/ringfence-default-deny").unwrap();
    assert_eq!(policy["spec"]["ingress"], serde_json::json!([{}]));
    walls
        .admin()
        .kubectl(&["delete", "networkpolicy", "ringfence-default-deny", "--namespace=foreign-one"])
        .success();
    walls.wait_managed("foreign-one", &ALPHA);
}

#[test]
fn a_namespace_goes_with_its_seal_and_without_complaints() {
    let walls = Walls::shared();
    walls.namespace("alpha", "going");
    walls.wait_managed("going", &ALPHA);
    walls.admin().kubectl(&["delete", "namespace", "going", "--timeout=60s"]).success();
    assert!(!walls.server.log().contains("going"), "{}", walls.server.log_tail());
    walls.namespace("alpha", "going");
    walls.wait_managed("going", &ALPHA);
}
