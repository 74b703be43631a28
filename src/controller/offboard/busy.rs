//! What runs in a namespace, or would make something run there as soon as nobody refuses it.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, ResourceExt as _};
use serde_json::Value;

use super::super::Cluster;
use super::super::ask::{AskError, each};

/// The kinds of Kubernetes' own that run, or make pods: kind, group, name in paths. All are of `v1`.
const KINDS: [(&str, &str, &str); 8] = [
    ("Pod", "", "pods"),
    ("ReplicationController", "", "replicationcontrollers"),
    ("Deployment", "apps", "deployments"),
    ("ReplicaSet", "apps", "replicasets"),
    ("StatefulSet", "apps", "statefulsets"),
    ("DaemonSet", "apps", "daemonsets"),
    ("Job", "batch", "jobs"),
    ("CronJob", "batch", "cronjobs"),
];

/// What runs, and what makes pods: `Pod alpha-web/one`. What belongs to something of these is told by its
/// owner alone, a pod always.
pub(super) async fn busy(cluster: &Cluster, namespace: &str) -> Result<Vec<String>, AskError> {
    let mut found = Vec::new();
    for (kind, group, plural) in KINDS {
        let gvk = GroupVersionKind::gvk(group, "v1", kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, plural);
        let objects: Api<DynamicObject> =
            Api::namespaced_with(cluster.client.clone(), namespace, &resource);
        let take = |object: DynamicObject| {
            let owners = object.owner_references().iter();
            let owned = kind != "Pod" && owners.clone().any(|own| own.controller == Some(true));
            if !owned && runs(kind, &object.data) {
                found.push(format!("{kind} {namespace}/{}", object.name_any()));
            }
        };
        each(&objects, None, plural, take).await?;
    }
    Ok(found)
}

/// Whether an object runs or makes pods. What it does not say is what the API server takes it for.
fn runs(kind: &str, object: &Value) -> bool {
    let at = |pointer: &str| object.pointer(pointer);
    let is_suspended = || at("/spec/suspend").and_then(Value::as_bool) == Some(true);
    match kind {
        "Pod" => {
            !matches!(at("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"))
        }
        "Job" => {
            let conditions = at("/status/conditions").and_then(Value::as_array);
            let has_ended = conditions.into_iter().flatten().any(|own| {
                let field = |name: &str| own.get(name).and_then(Value::as_str);
                matches!(field("type"), Some("Complete" | "Failed"))
                    && field("status") == Some("True")
            });
            !has_ended && !is_suspended()
        }
        "CronJob" => !is_suspended(),
        "DaemonSet" => true,
        _ => at("/spec/replicas").and_then(Value::as_u64) != Some(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_ended_or_wants_nothing_does_not_run() {
        let check = |kind: &str, object: Value, expect: bool| {
            assert_eq!(runs(kind, &object), expect, "{kind} {object}");
        };
        check("Pod", json!({"status": {"phase": "Running"}}), true);
        check("Pod", json!({"status": {"phase": "Pending"}}), true);
        check("Pod", json!({}), true);
        check("Pod", json!({"status": {"phase": "Succeeded"}}), false);
        check("Pod", json!({"status": {"phase": "Failed"}}), false);
        let ended =
            |kind, status| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
        check("Job", json!({}), true);
        check("Job", ended("Complete", "True"), false);
        check("Job", ended("Failed", "True"), false);
        check("Job", ended("Failed", "False"), true);
        check("Job", ended("FailureTarget", "True"), true);
        check("Job", json!({"spec": {"suspend": true}}), false);
        check("CronJob", json!({"spec": {"suspend": false}}), true);
        check("CronJob", json!({"spec": {"suspend": true}}), false);
        check("DaemonSet", json!({"spec": {"replicas": 0}}), true);
        check("Deployment", json!({}), true);
        check("StatefulSet", json!({"spec": {"replicas": 2}}), true);
        check("ReplicaSet", json!({"spec": {"replicas": 0}}), false);
    }
}
