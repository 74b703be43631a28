//! A namespace that ends: what closes it outlives its pods, and we make nothing in it any more.

use serde_json::{Value, json};

use super::audit::Audit;
use super::{ALPHA, PATIENCE, Walls};
use crate::harness::wait_until;

const NAMESPACE: &str = "ending";

/// A pod that stays until its finalizer is taken away, as one does whose kubelet does not answer.
fn held(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "finalizers": ["example.com/held"]},
        "spec": {"automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "registry.example.com/app:1",
                "securityContext": {"allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]}}}]}})
}

fn uids(walls: &Walls) -> Vec<Value> {
    let policies = format!("/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies");
    let listed = walls.api.get(&policies).unwrap();
    listed["items"].as_array().unwrap().iter().map(|it| it["metadata"]["uid"].clone()).collect()
}

#[test]
fn what_closes_a_namespace_outlives_its_pods_and_is_not_made_again() {
    let audit = Audit::new();
    let walls = Walls::start_on(&audit.options(), &[]);
    walls.namespace("alpha", NAMESPACE);
    walls.wait_managed(NAMESPACE, &ALPHA);
    for name in ["one", "two"] {
        wait_until(PATIENCE, "a pod to be taken", || {
            walls.admin().kubectl_with(&held(name).to_string(), &["create", "-f", "-"]).code == 0
        });
    }
    let before = uids(&walls);
    assert_eq!(before.len(), 4);
    walls.admin().kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"]).success();
    // The namespace controller has been through it once, and waits for the pods.
    let path = format!("/api/v1/namespaces/{NAMESPACE}");
    wait_until(PATIENCE, "the namespace to wait for its pods", || {
        let pod = walls.api.get(&format!("{path}/pods/two")).unwrap();
        let namespace = walls.api.get(&path).unwrap();
        let conditions = namespace["status"]["conditions"].as_array();
        pod["metadata"]["deletionTimestamp"].is_string()
            && conditions.is_some_and(|it| !it.is_empty())
    });
    assert_eq!(uids(&walls), before, "what closes it is there while pods are");
    walls.wait_managed(NAMESPACE, &ALPHA);

    // What stands is kept as it must be; what goes stays away.
    let policy = |name: &str| {
        format!("/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies/{name}")
    };
    walls.api.delete(&policy("ringfence-dns"));
    let deny = policy("ringfence-default-deny");
    let open = json!({"spec": {"ingress": [{}]}});
    walls.api.patch(&deny, "application/merge-patch+json", &open);
    wait_until(PATIENCE, "the policy to be mended", || {
        walls.api.get(&deny).unwrap()["spec"]["ingress"].as_array().is_none_or(Vec::is_empty)
    });
    for name in ["one", "two"] {
        let pod = format!("{path}/pods/{name}");
        let free = json!({"metadata": {"finalizers": null}});
        walls.api.patch(&pod, "application/merge-patch+json", &free);
    }
    wait_until(PATIENCE, "the namespace to end", || walls.api.get(&path).is_none());

    let requests = audit.requests();
    let dns = format!("networkpolicies {NAMESPACE}/ringfence-dns");
    let made = requests.iter().filter(|it| it.is_ours() && it.makes() && it.object == dns);
    assert_eq!(made.count(), 1, "it was made once, at first");
    let refused: Vec<_> = requests
        .iter()
        .filter(|it| it.is_ours() && it.namespace == NAMESPACE && !it.is_good())
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(!walls.server.log().contains("cannot keep"), "{}", walls.server.log_tail());
}

/// kubectl waits by watching all namespaces for one of this name, which only who may see all of them can:
/// an owner says `--wait=false`.
#[test]
fn an_owner_ends_a_namespace_and_sees_no_other() {
    let walls = Walls::shared();
    walls.namespace("alpha", "ended-by-owner");
    walls.wait_managed("ended-by-owner", &ALPHA);
    let owner = walls.cluster.user("ada", &["alpha-devs"]);
    let watch = ["get", "namespaces", "--field-selector=metadata.name=ended-by-owner"];
    assert!(owner.kubectl(&watch).stderr.contains("forbidden"));
    owner.kubectl(&["delete", "namespace", "ended-by-owner", "--wait=false"]).success();
    wait_until(PATIENCE, "the namespace to end", || {
        walls.api.get("/api/v1/namespaces/ended-by-owner").is_none()
    });
}
