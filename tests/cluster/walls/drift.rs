//! What others change is put right.

use serde_json::{Value, json};

use super::{PATIENCE, Walls};
use crate::harness::wait_until;

/// An object of the seal, and a change of it.
type Change = (&'static str, &'static str, Value);

fn changes() -> Vec<Change> {
    vec![
        (
            "networkpolicy/ringfence-default-deny",
            "a rule that opens all",
            json!({"spec": {"ingress": [{}]}}),
        ),
        (
            "networkpolicy/ringfence-default-deny",
            "fewer pods",
            json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}),
        ),
        (
            "networkpolicy/ringfence-default-deny",
            "one way alone",
            json!({"spec": {"policyTypes": ["Ingress"], "egress": null}}),
        ),
        (
            "networkpolicy/ringfence-dns",
            "another port",
            json!({"spec": {"egress": [{"ports": [{"port": 443}]}]}}),
        ),
        (
            "networkpolicy/ringfence-intra-tenant",
            "everybody",
            json!({"spec": {"ingress": [{"from": [{"namespaceSelector": {}}]}]}}),
        ),
        (
            "networkpolicy/ringfence-default-deny",
            "no label",
            json!({"metadata": {"labels": {"ringfence.dev/managed": null}}}),
        ),
        (
            "networkpolicy/ringfence-default-deny",
            "no hash",
            json!({"metadata": {"annotations": {"ringfence.dev/content-hash": null}}}),
        ),
        (
            "networkpolicy/ringfence-dns",
            "a finalizer",
            json!({"metadata": {"finalizers": ["example.com/mine"]}}),
        ),
        ("resourcequota/ringfence-quota", "more pods", json!({"spec": {"hard": {"pods": "1k"}}})),
        (
            "resourcequota/ringfence-quota",
            "a figure less",
            json!({"spec": {"hard": {"pods": null}}}),
        ),
        (
            "resourcequota/ringfence-quota",
            "a foreign figure",
            json!({"spec": {"hard": {"count/widgets.example.com": "1"}}}),
        ),
        ("limitrange/ringfence-limits", "no limits", json!({"spec": {"limits": []}})),
        (
            "rolebinding/ringfence-owners-admin",
            "somebody more",
            json!({"subjects": [{"kind": "User", "name": "eve", "apiGroup": "rbac.authorization.k8s.io"}]}),
        ),
    ]
}

/// What of an object must come back: what it says, and our marks.
fn said(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!({
        "spec": object["spec"], "subjects": object["subjects"], "roleRef": object["roleRef"],
        "label": metadata["labels"]["ringfence.dev/managed"],
        "hash": metadata["annotations"]["ringfence.dev/content-hash"],
        "finalizers": metadata["finalizers"],
    })
}

#[test]
fn every_change_and_every_deletion_is_put_right() {
    let walls = Walls::shared();
    walls.namespace("alpha", "drift-one");
    wait_until(PATIENCE, "the seal", || walls.managed("drift-one").len() == 8);
    for (object, what, change) in changes() {
        let before = said(&walls.get("drift-one", object).unwrap());
        let patch = change.to_string();
        let patched = walls.admin().kubectl(&[
            "patch",
            object,
            "--namespace=drift-one",
            "--type=merge",
            "--patch",
            &patch,
            "--field-manager=somebody",
            "-o=json",
        ]);
        let patched: Value = serde_json::from_str(&patched.success()).unwrap();
        assert_ne!(said(&patched), before, "{object}: {what} changes nothing");
        wait_until(PATIENCE, &format!("{object} without {what}"), || {
            walls.get("drift-one", object).is_some_and(|now| said(&now) == before)
        });
    }
    for name in walls.managed("drift-one") {
        let before = walls.get("drift-one", &name).unwrap();
        walls.admin().kubectl(&["delete", &name, "--namespace=drift-one"]).success();
        wait_until(PATIENCE, &format!("{name} again"), || {
            walls.get("drift-one", &name).is_some_and(|now| {
                said(&now) == said(&before) && now["metadata"]["uid"] != before["metadata"]["uid"]
            })
        });
    }
    wait_until(PATIENCE, "who it was to be said", || {
        walls.server.log().contains("by=\"somebody\"")
    });
}

#[test]
fn a_role_that_is_another_is_bound_anew() {
    let walls = Walls::shared();
    walls.namespace("alpha", "drift-role");
    wait_until(PATIENCE, "the seal", || walls.managed("drift-role").len() == 8);
    let name = "rolebinding/ringfence-owners-admin";
    let mut other = walls.get("drift-role", name).unwrap();
    walls.admin().kubectl(&["delete", name, "--namespace=drift-role"]).success();
    for field in ["uid", "resourceVersion", "managedFields"] {
        other["metadata"].as_object_mut().unwrap().remove(field);
    }
    other["roleRef"]["name"] = json!("cluster-admin");
    // Whoever is first: one of ours is there again, or this one is, until it is put right.
    let _ = walls.admin().kubectl_with(&other.to_string(), &["create", "-f", "-"]);
    wait_until(PATIENCE, "the role to be the tenant's", || {
        walls.get("drift-role", name).is_some_and(|now| now["roleRef"]["name"] == "admin")
    });
}
