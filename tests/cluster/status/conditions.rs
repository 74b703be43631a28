//! What is said of tenants, profiles and the platform, and when it changes.

use serde_json::{Value, json};

use super::{PATIENCE, Walls, condition};
use crate::harness::wait_until;

fn since(tenant: &Value, kind: &str) -> Value {
    condition(tenant, kind)["lastTransitionTime"].clone()
}

#[test]
fn conditions_move_with_the_seals_and_nothing_else_does() {
    let walls = Walls::shared();
    walls.tenant("moves", "{}");
    let (before, _) = walls.wait_condition("tenant/moves", "Ready", "True InForce");
    assert_eq!(before["status"]["namespaces"], 0);
    assert_eq!(before["status"]["effectiveProfile"]["podSecurity"]["level"], "restricted");

    // What stands under a name of ours is left alone, and so nothing closes the namespace.
    walls.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: moves-one}\n");
    walls.apply("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ringfence-default-deny, namespace: moves-one}\nspec: {podSelector: {}}\n");
    walls.namespace("moves", "moves-one");
    let (open, why) = walls.wait_condition("tenant/moves", "Sealed", "False Unsealed");
    assert_eq!(why, "not closed: `moves-one`");
    let counts = ["namespaces", "sealed", "unsealed"].map(|field| open["status"][field].clone());
    assert_eq!(counts, [json!(1), json!(0), json!(["moves-one"])]);
    let (_, why) = walls.wait_condition("tenant/moves", "Ready", "False Unsealed");
    assert_eq!(why, "not closed: `moves-one`");

    let foreign = ["delete", "networkpolicy", "ringfence-default-deny", "--namespace=moves-one"];
    walls.admin().kubectl(&foreign).success();
    let (closed, _) = walls.wait_condition("tenant/moves", "Sealed", "True Sealed");
    assert_eq!(closed["status"]["sealed"], 1);
    assert_eq!(closed["status"].get("unsealed"), None);
    walls.wait_condition("tenant/moves", "Ready", "True");

    walls.tenant("moves", "{contact: jo}");
    let (again, _) = walls.wait_condition("tenant/moves", "Sealed", "True");
    assert_eq!(again["status"]["observedGeneration"], 2);
    assert_eq!(since(&again, "Sealed"), since(&closed, "Sealed"), "it has not changed");
}

#[test]
fn what_has_been_said_is_not_written_again() {
    let walls = Walls::shared();
    walls.tenant("still", "{}");
    walls.namespace("still", "still-one");
    let is_sealed = |of: &str, number: usize| {
        wait_until(PATIENCE, "the namespaces to be counted", || {
            let status = walls.document(of)["status"].clone();
            status["sealed"] == number && status["namespaces"] == number
        });
        walls.wait_condition(of, "Ready", "True");
    };
    is_sealed("tenant/still", 1);
    // The last that is found out of a tenant.
    let (before, _) = walls.wait_condition("tenant/still", "Isolated", "True");
    let managers = before["metadata"]["managedFields"].as_array().unwrap();
    let ours = managers.iter().find(|own| own["manager"] == "ringfence").unwrap();
    assert_eq!((&ours["operation"], &ours["subresource"]), (&json!("Apply"), &json!("status")));
    walls.tenant("busy", "{}");
    for number in 1..=4 {
        walls.namespace("busy", &format!("busy-{number}"));
        let one = ["annotate", "namespace", "still-one", &format!("example.com/a={number}")];
        walls.admin().kubectl(&[&one[..], &["--overwrite"]].concat()).success();
        is_sealed("tenant/busy", number);
    }
    let after = walls.document("tenant/still");
    assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);

    // What others say of it stays, and is no reason to write.
    let status = r#"{"apiVersion": "ringfence.dev/v1alpha1", "kind": "Tenant", "metadata": {"name": "still"}, "status": {"conditions": [{"type": "Audited", "status": "True", "reason": "ByHand", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}"#;
    let apply = ["apply", "--server-side", "--subresource=status", "--field-manager=audit"];
    walls.admin().kubectl_with(status, &[&apply[..], &["-f", "-"]].concat()).success();
    let told = walls.document("tenant/still");
    walls.namespace("busy", "busy-5");
    is_sealed("tenant/busy", 5);
    assert_eq!(walls.document("tenant/still"), told);
    assert_eq!(condition(&told, "Audited")["status"], "True");

    // What others say in our place does not.
    let patch = r#"--patch={"status":{"namespaces":77}}"#;
    let patch = ["patch", "tenant", "still", "--subresource=status", "--type=merge", patch];
    walls.admin().kubectl(&patch).success();
    wait_until(PATIENCE, "the right number", || {
        walls.document("tenant/still")["status"]["namespaces"] == 1
    });
}

#[test]
fn a_mistake_is_named_with_its_field() {
    let walls = Walls::shared();
    walls.tenant("wrong", "{profile: wrong-profile, network: {intraTenant: tenant}}");
    let (_, why) = walls.wait_condition("tenant/wrong", "Ready", "False Mistakes");
    assert!(why.contains("spec.profile: there is no Profile `wrong-profile`"), "{why}");
    let profile = |spec: &str| {
        walls.apply(&format!(
            "apiVersion: ringfence.dev/v1alpha1\nkind: Profile\nmetadata: {{name: wrong-profile}}\nspec: {spec}\n"
        ));
    };
    profile("{network: {intraTenant: tenant, shared: [nowhere]}}");
    let (_, why) = walls.wait_condition("profile/wrong-profile", "Ready", "False Mistakes");
    assert_eq!(why, "spec.network.shared[0]: there is no shared service `nowhere`");
    walls.wait_condition("tenant/wrong", "Ready", "True");
    profile("{network: {intraTenant: tenant, shared: [metrics]}}");
    walls.wait_condition("profile/wrong-profile", "Ready", "True InForce");
    walls.wait_condition("platform/default", "Ready", "True InForce");

    walls.tenant("plans", "{profile: planned}");
    walls.namespace("plans", "plans-one");
    walls.wait_condition("tenant/plans", "Sealed", "False Planned");
    walls.wait_condition("tenant/plans", "Ready", "True");
}

#[test]
fn people_see_it() {
    let walls = Walls::shared();
    walls.tenant("listed", "{}");
    walls.namespace("listed", "listed-one");
    wait_until(PATIENCE, "the namespace to be counted", || {
        walls.document("tenant/listed")["status"]["sealed"] == 1
    });
    walls
        .admin()
        .kubectl(&["wait", "--for=condition=Ready", "tn/listed", "--timeout=60s"])
        .success();
    let table = walls.admin().kubectl(&["get", "tenants", "listed"]).success();
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows[0],
        ["NAME", "PROFILE", "READY", "SEALED", "ISOLATED", "NAMESPACES", "AGE"],
        "{table}"
    );
    // The profile is the built-in one, and so none is named.
    let isolated = rows[1][3];
    assert_eq!(rows[1][..5], ["listed", "True", "True", isolated, "1"], "{table}");
    // Other tenants of this cluster may be told in all ways.
    assert!(["True", "False", "Unknown"].contains(&isolated), "{table}");
}
