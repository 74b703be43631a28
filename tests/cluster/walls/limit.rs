//! Namespaces beyond a tenant's limit, which came around the door: administrators may.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PATIENCE, Walls};
use crate::harness::wait_until;
use crate::program::ask_by_url;

fn tenant(walls: &Walls, limit: usize) {
    walls.apply(&format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: crowd}}\nspec: {{namespaces: {{limit: {limit}}}}}\n"
    ));
}

/// The namespaces of the tenant that are left unsealed, as its status says once it has counted so many.
fn left(walls: &Walls, all: usize, sealed: usize) -> BTreeSet<String> {
    let mut status = Value::Null;
    wait_until(PATIENCE, &format!("{sealed} of {all} namespaces to be sealed"), || {
        status = walls.get("", "tenant/crowd").unwrap()["status"].clone();
        status["namespaces"] == all && status["sealed"] == sealed
    });
    serde_json::from_value(status["unsealed"].clone()).unwrap_or_default()
}

fn said(walls: &Walls) -> String {
    let status = walls.get("", "tenant/crowd").unwrap()["status"].clone();
    let conditions = status["conditions"].as_array().unwrap().clone();
    let ready = conditions.iter().find(|own| own["type"] == "Ready").unwrap();
    let of = |field: &str| ready[field].as_str().unwrap();
    format!("{} {}: {}", of("status"), of("reason"), of("message"))
}

fn is_sealed(walls: &Walls, name: &str) -> bool {
    let quota = walls.get(name, "resourcequota/ringfence-quota");
    quota.is_some_and(|quota| ringfence::seal::enforced(&quota))
}

/// A pod that nobody need complete.
fn pod(namespace: &str) -> String {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace},
        "spec": {"automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "registry.example.com/app:1", "securityContext":
                {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}});
    pod.to_string()
}

#[test]
fn of_those_that_race_as_many_are_sealed_as_may() {
    let walls = Walls::start_with(&[]);
    ask_by_url(&walls.cluster, &walls.server);
    tenant(&walls, 2);
    let names: Vec<String> = (1..=5).map(|number| format!("crowd-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| walls.namespace("crowd", name));
        }
    });
    let open = left(&walls, 5, 2);
    assert_eq!(open.len(), 3);
    let quoted: Vec<String> = open.iter().map(|name| format!("`{name}`")).collect();
    let over = format!("over the limit of namespaces, and so not closed: {}", quoted.join(", "));
    wait_until(PATIENCE, "the Tenant to name them", || {
        said(&walls) == format!("False OverLimit: {over}")
    });
    for name in &names {
        assert_eq!(is_sealed(&walls, name), !open.contains(name), "{name}");
    }
    let first = open.first().unwrap().clone();
    assert_eq!(walls.managed(&first), [""; 0]);
    a_pod_is_told_why(&walls, &first);
    let told = |event: &Value| event["reason"] == "OverLimit";
    wait_until(PATIENCE, "an Event of each on the Tenant", || {
        walls.events("default").into_iter().filter(told).count() == 3
    });
    assert_eq!(walls.events(&first).into_iter().filter(told).count(), 1, "and on itself");

    // Where one goes, the oldest of the others gets its place, and is sealed at once.
    let sealed: Vec<&String> = names.iter().filter(|name| !open.contains(*name)).collect();
    walls.admin().kubectl(&["delete", "namespace", sealed[0], "--timeout=60s"]).success();
    let still_open = left(&walls, 4, 2);
    assert!(still_open.is_subset(&open) && still_open.len() == 2, "{open:?} {still_open:?}");
    tenant(&walls, 3);
    assert!(left(&walls, 4, 3).is_subset(&still_open));

    // A lower limit takes no seal, and what is undone there is put right.
    tenant(&walls, 1);
    wait_until(PATIENCE, "the lower limit to be known", || {
        let tenant = walls.get("", "tenant/crowd").unwrap();
        tenant["status"]["observedGeneration"] == tenant["metadata"]["generation"]
    });
    let open = left(&walls, 4, 3);
    let kept = ["networkpolicy", "ringfence-default-deny", "--namespace", sealed[1]];
    walls.admin().kubectl(&[&["delete"][..], &kept].concat()).success();
    wait_until(PATIENCE, "the policy to be back", || {
        walls.get(sealed[1], "networkpolicy/ringfence-default-deny").is_some()
    });
    assert_eq!(left(&walls, 4, 3), open);

    // Who begins anew decides the same.
    let before: Vec<Vec<String>> = names.iter().map(|name| walls.managed(name)).collect();
    let Walls { cluster, server, api } = walls;
    drop(server);
    let server = Walls::controller(&cluster, &["--tls-name", "again"]);
    ask_by_url(&cluster, &server);
    let walls = Walls { cluster, server, api };
    walls.namespace("crowd", "crowd-6");
    assert_eq!(left(&walls, 5, 3), open.into_iter().chain(["crowd-6".to_owned()]).collect());
    let after: Vec<Vec<String>> = names.iter().map(|name| walls.managed(name)).collect();
    assert_eq!(before, after);
    tenant(&walls, 9);
    assert!(left(&walls, 5, 5).is_empty());
    wait_until(PATIENCE, "the Tenant to be ready", || said(&walls).starts_with("True InForce"));
}

/// To try again does not help, and so no client does.
fn a_pod_is_told_why(walls: &Walls, namespace: &str) {
    let mut told = String::new();
    wait_until(PATIENCE, "a pod to be refused for good", || {
        let tried = walls.admin().kubectl_with(&pod(namespace), &["create", "-f", "-"]);
        assert_ne!(tried.code, 0, "{tried:?}");
        told = tried.stderr;
        told.contains("RF1009")
    });
    insta::assert_snapshot!(told.replace(namespace, "crowd-n"));
}
