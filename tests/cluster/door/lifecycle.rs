//! Pods after their creation: old ones, changed ones, those that are debugged; namespaces that nobody
//! has seen yet.

use insta::assert_snapshot;
use serde_json::json;

use super::{Door, Transcript};

const POD: &str = include_str!("manifests/pod.yaml");
const ROOT_POD: &str = include_str!("manifests/root-pod.yaml");

/// A pod that is older than the tenancy of its namespace is left alone until something changes that
/// the standards read.
#[test]
fn an_old_pod_is_judged_when_it_changes() {
    let door = Door::shared();
    let (admin, owner) = (door.cluster.admin(), door.owner());
    door.open_namespace("", "door-old");
    let in_namespace = "--namespace=door-old";
    admin.kubectl_with(ROOT_POD, &["create", "-f", "-", in_namespace]).success();
    admin.kubectl(&["label", "namespace", "door-old", "ringfence.dev/tenant=alpha"]).success();
    let mut shown = Transcript::default();
    let mut run = |command: &str| shown.run(("owner", &owner), "door-old", command, "");
    run("label pod root team=a");
    run("annotate pod root note=kept");
    run("set image pod/root app=registry.example.com/alpha/web:1.5");
    run("delete pod root --now");
    assert_snapshot!("an_old_pod", shown.text());
}

/// An ephemeral container is completed and judged like any other, and the refusal names the way to
/// debug.
#[test]
fn a_debugger_is_held_to_the_profile() {
    let door = Door::shared();
    let (admin, owner) = (door.cluster.admin(), door.owner());
    door.open_namespace("alpha", "door-debug");
    // RBAC's `admin` does not hold this.
    let role = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "debug"},
         "rules": [{"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch", "update"]}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "debug"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "debug"},
         "subjects": [{"kind": "Group", "name": "alpha-devs", "apiGroup": "rbac.authorization.k8s.io"}]},
    ]});
    let apply = ["apply", "-f", "-", "--namespace=door-debug"];
    admin.kubectl_with(&role.to_string(), &apply).success();
    let mut shown = Transcript::default();
    let mut run =
        |command: &str, stdin: &str| shown.run(("owner", &owner), "door-debug", command, stdin);
    run("apply -f -", POD);
    run("debug one --image=registry.example.com/tools:1 --container=a --profile=sysadmin", "");
    run("debug one --image=registry.example.com/tools:1 --container=b --profile=general", "");
    run("debug one --image=registry.example.com/tools:1 --container=c --profile=restricted", "");
    run("debug one --image=registry.example.com/tools:1 --container=d --profile=baseline", "");
    let pod = door.get("door-debug", "pod/one");
    let added = pod["spec"]["ephemeralContainers"].as_array().unwrap().iter();
    let added: Vec<String> =
        added.map(|it| format!("{} {}", it["name"], it["securityContext"])).collect();
    assert_snapshot!("a_debugger", format!("{}\n\n{}", shown.text(), added.join("\n")));
}

/// A namespace and what is in it come in one apply: the watch may not have told of it yet, and the
/// cluster is asked.
#[test]
fn a_namespace_that_is_new_is_known_at_once() {
    let door = Door::shared();
    let admin = door.cluster.admin();
    let mut refused = 0;
    for number in 0..20 {
        let name = format!("door-new-{number}");
        let open = json!({"ringfence.dev/tenant": "alpha", "pod-security.kubernetes.io/enforce": "privileged"});
        let deployment = |name: &str, user: u32| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                "spec": {"selector": {"matchLabels": {"app": name}}, "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"securityContext": {"runAsUser": user},
                             "containers": [{"name": "app", "image": "registry.example.com/x:1"}]}}}})
        };
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": open}},
            deployment("good", 1000),
            deployment("bad", 0),
        ]});
        let in_namespace = format!("--namespace={name}");
        let apply = ["apply", "-f", "-", &in_namespace];
        let output = admin.kubectl_with(&list.to_string(), &apply);
        assert!(output.stdout.contains("deployment.apps/good created"), "{output:?}");
        assert!(!output.stderr.contains("RF9003"), "{output:?}");
        refused += usize::from(output.stderr.contains("RF2019"));
    }
    assert_eq!(refused, 20);
}

/// The label of a tenant that does not exist makes a namespace orphaned: no pod may come there, and
/// what Kubernetes itself needs goes on, to the namespace's end.
#[test]
fn a_namespace_of_no_tenant_that_exists_is_closed() {
    let door = Door::shared();
    let admin = door.cluster.admin();
    door.open_namespace("nobody", "door-orphaned");
    let mut shown = Transcript::default();
    shown.run(("admin", admin), "door-orphaned", "apply -f -", POD);
    assert_snapshot!("an_orphaned_namespace", shown.text());
    admin.kubectl(&["delete", "namespace", "door-orphaned", "--timeout=60s"]).success();
}
