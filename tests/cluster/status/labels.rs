//! The labels of tenants' namespaces.

use serde_json::Value;

use super::{PATIENCE, Walls};
use crate::harness::wait_until;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn label(walls: &Walls, namespace: &str, key: &str) -> Value {
    walls.document(&format!("namespace/{namespace}"))["metadata"]["labels"][key].clone()
}

#[track_caller]
fn wait_label(walls: &Walls, namespace: &str, key: &str, wanted: &str) {
    wait_until(PATIENCE, &format!("{namespace} to have {key}: {wanted}"), || {
        label(walls, namespace, key) == wanted
    });
}

fn set(walls: &Walls, namespace: &str, label: &str) {
    let set = ["label", "namespace", namespace, label, "--overwrite"];
    walls.admin().kubectl(&set).success();
}

fn exempt(walls: &Walls, namespace: &str) {
    walls.apply(&format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Exemption\nmetadata: {{name: {namespace}}}\nspec: {{tenant: labelled, rules: [RF2], namespaces: [{namespace}], owner: jo, reason: a test, expiresAt: 2099-01-01T00:00:00Z}}\n"
    ));
}

/// What Pod Security admission enforces beside us follows what is exempted, and is never lower than what
/// somebody set.
#[test]
fn what_is_enforced_follows_and_is_not_lowered() {
    let walls = Walls::shared();
    walls.tenant("labelled", "{}");
    walls.namespace("labelled", "level-ours");
    walls.namespace("labelled", "level-theirs");
    for namespace in ["level-ours", "level-theirs"] {
        wait_label(walls, namespace, ENFORCE, "restricted");
    }
    // Somebody sets it, lower than the profile asks: it is raised, and what they set is the floor.
    set(walls, "level-theirs", &format!("{ENFORCE}=baseline"));
    wait_label(walls, "level-theirs", ENFORCE, "restricted");
    for (namespace, level) in [("level-ours", "privileged"), ("level-theirs", "baseline")] {
        exempt(walls, namespace);
        wait_label(walls, namespace, ENFORCE, level);
        walls.admin().kubectl(&["delete", "exemption", namespace]).success();
        wait_label(walls, namespace, ENFORCE, "restricted");
    }
}

#[test]
fn labels_are_completed_and_those_of_others_stay() {
    let walls = Walls::shared();
    walls.tenant("labels", "{namespaces: {labels: {team: blue, floor: '3'}}}");
    walls.namespace("labels", "labels-one");
    wait_label(walls, "labels-one", "team", "blue");
    set(walls, "labels-one", "pod-security.kubernetes.io/audit=baseline");
    set(walls, "labels-one", "ringfence.dev/default-deny=disabled");
    wait_label(walls, "labels-one", "ringfence.dev/default-deny", "enabled");
    set(walls, "labels-one", "floor=4");
    walls.tenant("labels", "{namespaces: {labels: {team: green, floor: '5'}}}");
    wait_label(walls, "labels-one", "team", "green");
    let audit = label(walls, "labels-one", "pod-security.kubernetes.io/audit");
    assert_eq!(audit, "baseline", "somebody set it");
    assert_eq!(label(walls, "labels-one", "floor"), "4", "this too");
    walls.tenant("labels", "{namespaces: {labels: {}}}");
    wait_until(PATIENCE, "the label to go that nobody wants", || {
        label(walls, "labels-one", "team").is_null()
    });
    assert_eq!(label(walls, "labels-one", "floor"), "4");
    set(walls, "labels-one", "ringfence.dev/default-deny-");
    wait_label(walls, "labels-one", "ringfence.dev/default-deny", "enabled");
}
