//! Plays scheduler and kubelet for single pods.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::control_plane::ControlPlane;

const NODE: &str = "node-1";

impl ControlPlane {
    /// Binds a pending pod to a fake node and makes it Running and Ready, with an address of its
    /// own, which is returned.
    pub fn run_pod(&self, namespace: &str, pod: &str) -> String {
        self.node.get_or_init(|| self.create_node());
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/binding");
        let create = ["create", "--raw", &path, "-f", "-"];
        self.admin().kubectl_with(&binding.to_string(), &create).success();

        let number = self.pods.fetch_add(1, Ordering::Relaxed) + 1;
        let address = format!("10.244.{}.{}", number / 250, number % 250 + 1);
        let in_namespace = format!("--namespace={namespace}");
        let get = ["get", "pod", pod, &in_namespace, "--output=json"];
        let object: Value = serde_json::from_str(&self.admin().kubectl(&get).success()).unwrap();
        let status = running(&object, &address).to_string();
        let patch = ["patch", "pod", pod, &in_namespace, "--subresource=status", "--type=merge"];
        self.admin().kubectl(&[&patch[..], &["--patch", &status]].concat()).success();
        address
    }

    fn create_node(&self) {
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}},
            "status": {
                // No kubelet listens there: who reaches for one is refused at once.
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}},
                "capacity": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
                "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            },
        });
        self.admin().kubectl_with(&node.to_string(), &["create", "-f", "-"]).success();
    }
}

fn running(pod: &Value, address: &str) -> Value {
    let containers = pod["spec"]["containers"].as_array().unwrap();
    let statuses: Vec<Value> = containers
        .iter()
        .map(|container| {
            json!({
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": true,
                "started": true,
                "restartCount": 0,
                "state": {"running": {}},
            })
        })
        .collect();
    let condition = |kind: &str| json!({"type": kind, "status": "True"});
    let conditions =
        ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition).to_vec();
    json!({"status": {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": conditions,
        "containerStatuses": statuses,
    }})
}
