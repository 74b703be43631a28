//! Which resources a quota and limits may name: what a document may say is what the API server takes.

use ringfence::policy::{Source, usable};
use serde_json::{Value, json};

use super::harness::{Api, ControlPlane};

const NAMES: [&str; 44] = [
    "pods",
    "pod",
    "services",
    "services.nodeports",
    "services.loadbalancers",
    "services.clusterips",
    "resourcequotas",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "cpu",
    "memory",
    "ephemeral-storage",
    "storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "requests.pods",
    "requests.",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "limits.storage",
    "hugepages-2Mi",
    "hugepages-",
    "hugepages-no/size",
    "requests.hugepages-1Gi",
    "limits.hugepages-1Gi",
    "count/pods",
    "count/jobs.batch",
    "example.com/gpu",
    "requests.example.com/gpu",
    "limits.example.com/gpu",
    "kubernetes.io/batch-cpu",
    "a.kubernetes.io/b",
    "gold.storageclass.storage.k8s.io/requests.storage",
    "Example.com/gpu",
    "example.com/",
    "/gpu",
    "a/b/c",
    "with space",
    "trailing-",
];
const AMOUNTS: [&str; 4] = ["1", "1500m", "0", "1u"];

fn quota(name: &str, amount: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {name: amount}}})
}

fn limits(field: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"},
        "spec": {"limits": [{"type": "Container", field: {name: "1"}}]}})
}

/// Whether a tenant's document may say so.
fn is_sound(spec: Value) -> bool {
    let document = json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": "Tenant",
        "metadata": {"name": "alpha"}, "spec": spec});
    let source = Source { name: "Tenant alpha".to_owned(), text: document.to_string() };
    usable(&[source]).flaws.is_empty()
}

#[test]
fn what_a_document_may_count_is_what_the_api_server_takes() {
    let api = Api::of(ControlPlane::shared().admin());
    let takes = |kind: &str, object: &Value| {
        api.create(&format!("/api/v1/namespaces/default/{kind}?dryRun=All"), object).is_ok()
    };
    let mut wrong = Vec::new();
    let mut taken = 0;
    for name in NAMES {
        for amount in AMOUNTS {
            let api = takes("resourcequotas", &quota(name, amount));
            taken += usize::from(api);
            if api != is_sound(json!({"quota": {name: amount}})) {
                wrong.push(format!("quota {name} {amount}: the API server says {api}"));
            }
        }
        for field in ["default", "defaultRequest"] {
            let api = takes("limitranges", &limits(field, name));
            if api != is_sound(json!({"limits": {field: {name: "1"}}})) {
                wrong.push(format!("{field} {name}: the API server says {api}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!((80..150).contains(&taken), "{taken}");
}
