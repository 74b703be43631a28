//! Images: what the pods of a tenant may run, and when it is pulled.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Door, Transcript};

/// A pod with an image in each place that has one.
fn pod(name: &str, image: &str) -> String {
    let container = |name: &str| json!({ "name": name, "image": image });
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
        "spec": {
            "initContainers": [container("prepare")],
            "containers": [container("app")],
            "volumes": [{ "name": "data", "image": { "reference": image, "pullPolicy": "Never" } }],
        },
    })
    .to_string()
}

#[test]
fn a_forced_pull_policy_is_stored() {
    let door = Door::shared();
    door.open_namespace("epsilon", "door-pull");
    let create = ["create", "-f", "-", "--namespace=door-pull"];
    let text = pod("one", "registry.example.com/epsilon/web:1.4");
    door.cluster.admin().kubectl_with(&text, &create).success();
    let stored = door.get("door-pull", "pod/one");
    let at = |pointer: &str| stored.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let policies = [
        at("/spec/initContainers/0/imagePullPolicy"),
        at("/spec/containers/0/imagePullPolicy"),
        at("/spec/volumes/0/image/pullPolicy"),
    ];
    assert_eq!(policies, ["Always"; 3]);
}

#[test]
fn images_from_elsewhere_are_refused() {
    let door = Door::shared();
    door.open_namespace("epsilon", "door-images");
    let admin = door.cluster.admin();
    let mut shown = Transcript::default();
    let mut run = |image: &str| {
        shown.run(("admin", admin), "door-images", "create -f -", &pod("one", image));
    };
    run("nginx");
    run("registry.example.com.evil.net/epsilon/web:1.4");
    run("my_registry.example/web:1.4");
    assert_snapshot!(shown.text());
}
