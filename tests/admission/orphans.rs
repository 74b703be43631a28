//! Namespaces whose tenant is gone: nothing new starts there, and what is deleted goes.

use jiff::Timestamp;
use ringfence::admission::{Case, judge};
use ringfence::domain::{Decision, Version};
use ringfence::objects::json::DEEPEST;
use ringfence::review::read;
use ringfence::state::{Namespace, Namespaces, Seals, Snapshot};
use serde_json::{Value, json};

const JOBS: &str = "system:serviceaccount:kube-system:job-controller";

/// What becomes of an update in a namespace whose tenant is gone.
fn updated(
    user: &str,
    (group, resource, kind): (&str, &str, &str),
    old: &Value,
    new: &Value,
) -> bool {
    let snapshot = Snapshot {
        tenants: ringfence::policy::Tenants::default().into(),
        namespaces: Namespaces::Watched(
            [("old".to_owned(), Namespace::labelled(Some("gone")))].into(),
        )
        .into(),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    };
    let operation = if old.is_null() { "CREATE" } else { "UPDATE" };
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": operation, "name": "x", "namespace": "old",
            "kind": {"group": group, "version": "v1", "kind": kind},
            "resource": {"group": group, "version": "v1", "resource": resource},
            "userInfo": {"username": user, "groups": ["system:authenticated"]},
            "object": new, "oldObject": old,
        },
    });
    let text = review.to_string();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let standing = snapshot.standing("old");
    let case = Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
    judge(&case).decision() == Decision::Admit
}

#[test]
fn the_control_plane_tidies_up_and_nobody_starts_anything() {
    let pod = |finalizers: Value, image: &str| {
        json!({
            "metadata": {"name": "x", "finalizers": finalizers},
            "spec": {"containers": [{"name": "app", "image": image}]},
        })
    };
    let template = |replicas: u32, image: &str| {
        json!({
            "metadata": {"name": "x"},
            "spec": {"replicas": replicas, "template": pod(json!([]), image)},
        })
    };
    let check = |user: &str, kind, old: Value, new: Value, expect: bool| {
        assert_eq!(updated(user, kind, &old, &new), expect, "{user} {old} {new}");
    };
    let held = || json!(["batch.kubernetes.io/job-tracking"]);
    let pods = ("", "pods", "Pod");
    check(JOBS, pods, pod(held(), "a"), pod(json!([]), "a"), true);
    check("jo", pods, pod(held(), "a"), pod(json!([]), "a"), false);
    check(JOBS, pods, pod(held(), "a"), pod(held(), "b"), false);
    check(JOBS, pods, Value::Null, pod(json!([]), "a"), false);
    let sets = ("apps", "replicasets", "ReplicaSet");
    check(JOBS, sets, template(3, "a"), template(0, "a"), true);
    check("jo", sets, template(3, "a"), template(0, "a"), false);
    check(JOBS, sets, template(3, "a"), template(3, "b"), false);
    check(JOBS, sets, Value::Null, template(1, "a"), false);
}
