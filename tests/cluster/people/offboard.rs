//! `ringfence tenant offboard`, with the webhook and the controller up.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{by_admin, ringfence, tenant};
use crate::harness::{Kubeconfig, wait_until};
use crate::program::{PATIENCE, ask_by_url};
use crate::walls::Walls;

/// A cluster that Ringfence guards as a whole.
fn guarded() -> Walls {
    let walls = Walls::start_with(&[]);
    ask_by_url(&walls.cluster, &walls.server);
    walls.namespace("nobody", "probe");
    wait_until(PATIENCE, "the webhooks to be in force", || {
        let probe = pod("probe").replace("leaving-one", "probe");
        let tried = walls.admin().kubectl_with(&probe, &["create", "-f", "-", "--dry-run=server"]);
        tried.stderr.contains("RF9")
    });
    walls
}

/// A tenant with two namespaces, an Exemption, a path to tenant beta, and an owner who has rights of
/// their own making in the first.
fn leaving(walls: &Walls) -> Kubeconfig {
    tenant(walls, "leaving", &["--owner", "group:leaving-devs", "--namespace-label", "team=gone"]);
    for name in ["leaving-one", "leaving-two"] {
        walls.namespace("leaving", name);
        wait_sealed(walls, name);
    }
    walls.namespace("beta", "staying");
    wait_sealed(walls, "staying");
    walls.apply("
apiVersion: ringfence.dev/v1alpha1
kind: Exemption
metadata: {name: leaving-may}
spec: {tenant: leaving, rules: [RF2003], namespaces: [leaving-one], owner: jo, reason: a test, expiresAt: 2027-03-01T00:00:00Z}
---
apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {name: leaving-calls}
spec: {from: {tenant: leaving}, to: {tenant: beta}, ports: [{port: 443}], owner: jo, reason: a test, expiresAt: 2027-03-01T00:00:00Z}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: leaving-one}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: User, name: ada, apiGroup: rbac.authorization.k8s.io}]
");
    wait_until(PATIENCE, "the path", || path_is_open(walls));
    walls.cluster.user("ada", &["leaving-devs"])
}

fn wait_sealed(walls: &Walls, namespace: &str) {
    let quota = || walls.get(namespace, "resourcequota/ringfence-quota");
    wait_until(PATIENCE, "the seal", || {
        quota().is_some_and(|quota| ringfence::seal::enforced(&quota))
    });
}

fn path_is_open(walls: &Walls) -> bool {
    walls.get("staying", "networkpolicy/ringfence-grant-ingress-leaving-calls").is_some()
}

/// A pod that nobody need complete.
fn pod(name: &str) -> String {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "leaving-one"},
        "spec": {"automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "registry.example.com/app:1", "securityContext":
                {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}});
    pod.to_string()
}

/// Tries from the moment on in which the Tenant is known to be gone, until a pod is taken. Before it a
/// pod may come in: then the tenant does not go.
fn keep_trying(owner: &Kubeconfig, over: &AtomicBool) {
    let mut is_gone = false;
    loop {
        let last = over.load(Ordering::Relaxed);
        let create = ["create", "-f", "-", "--dry-run=server"];
        let create = if is_gone || last { &create[..3] } else { &create[..] };
        let tried = owner.kubectl_with(&pod("late"), create);
        if tried.code == 0 && create.len() == 3 {
            return;
        }
        is_gone |= tried.stderr.contains("its tenant is gone");
        assert!(!last, "in a namespace that is nobody's a pod comes in: {tried:?}");
    }
}

fn count(walls: &Walls, what: &str, more: &[&str]) -> usize {
    let get = [&["get", what, "-o=name"], more].concat();
    walls.admin().kubectl(&get).success().lines().count()
}

fn nothing_is_left(walls: &Walls) {
    for name in ["leaving-one", "leaving-two"] {
        assert_eq!(walls.managed(name), [""; 0], "{name}");
        let labels =
            walls.get("", &format!("namespace/{name}")).unwrap()["metadata"]["labels"].clone();
        let left: Vec<&String> = labels.as_object().unwrap().keys().collect();
        let left = left.iter().filter(|key| key.starts_with("ringfence.dev/") || **key == "team");
        assert_eq!(left.count(), 0, "{labels}");
        let annotations =
            walls.get("", &format!("namespace/{name}")).unwrap()["metadata"]["annotations"].clone();
        let mut left = annotations.as_object().into_iter().flat_map(serde_json::Map::keys);
        assert!(!left.any(|key| key.starts_with("ringfence.dev/")), "{annotations}");
    }
    for what in ["tenant/leaving", "grant/leaving-calls", "exemption/leaving-may"] {
        assert_eq!(walls.get("", what), None, "{what}");
    }
}

#[test]
fn a_tenant_goes_and_no_window_opens() {
    let walls = guarded();
    let owner = leaving(&walls);
    walls.admin().kubectl_with(&pod("one"), &["create", "-f", "-"]).success();
    let deployment =
        ["create", "deployment", "web", "--image=registry.example.com/app:1", "-n=leaving-two"];
    walls.admin().kubectl(&[&deployment[..], &["--replicas=0"]].concat()).success();
    let sealed = walls.managed("leaving-one");

    let offboard = ["tenant", "offboard", "leaving"];
    let yes = [&offboard[..], &["--yes"]].concat();
    let planned = by_admin(&walls, &offboard);
    insta::assert_snapshot!("the_plan", format!("{}{}", planned.stdout, planned.stderr));
    assert_eq!(planned.code, 1);
    let refused = by_admin(&walls, &yes);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("Pod leaving-one/one"), "{refused:?}");
    assert_eq!(walls.managed("leaving-one"), sealed);
    assert!(path_is_open(&walls));
    walls.admin().kubectl(&["delete", "pod", "one", "-n=leaving-one", "--now"]).success();
    assert_eq!(by_admin(&walls, &offboard).code, 0);
    assert_eq!(walls.managed("leaving-one"), sealed, "it was only said");

    // An owner who never stops trying meets no moment in which a pod comes in.
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let trying = scope.spawn(|| keep_trying(&owner, &over));
        let done = by_admin(&walls, &yes);
        insta::assert_snapshot!("what_is_done", format!("{}{}", done.stdout, done.stderr));
        over.store(true, Ordering::Relaxed);
        trying.join().unwrap();
    });
    let version = |object: &Value| -> u64 {
        object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    };
    let came = version(&walls.get("leaving-one", "pod/late").unwrap());
    let released = version(&walls.get("", "namespace/leaving-one").unwrap());
    assert!(released < came, "a pod came before the namespace was nobody's");

    nothing_is_left(&walls);
    wait_until(PATIENCE, "the other side of the path to go", || !path_is_open(&walls));
    assert_eq!(count(&walls, "deployments", &["-n=leaving-two"]), 1, "what else is there stays");
    let again = by_admin(&walls, &yes);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    insta::assert_snapshot!("once_more", again.stderr);
}

#[test]
fn what_was_begun_is_ended_later() {
    let walls = guarded();
    leaving(&walls);
    let offboard = ["tenant", "offboard", "leaving", "--yes"];
    let deployment =
        ["create", "deployment", "web", "--image=registry.example.com/app:1", "-n=leaving-one"];
    walls.admin().kubectl(&deployment).success();
    walls.admin().kubectl(&["delete", "tenant", "leaving"]).success();
    wait_until(PATIENCE, "its namespaces to be orphaned", || {
        let late = pod("late");
        let tried = walls.admin().kubectl_with(&late, &["create", "-f", "-", "--dry-run=server"]);
        tried.stderr.contains("its tenant is gone")
    });
    let gone = ["delete", "networkpolicy", "ringfence-dns", "--namespace=leaving-one"];
    walls.admin().kubectl(&gone).success();
    let refused = by_admin(&walls, &offboard);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("\n  Deployment leaving-one/web\n"), "{refused:?}");
    walls.admin().kubectl(&["delete", "deployment", "web", "-n=leaving-one"]).success();
    wait_until(PATIENCE, "its pods to end", || count(&walls, "pods", &["-n=leaving-one"]) == 0);
    let done = by_admin(&walls, &offboard);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    nothing_is_left(&walls);
}

/// Somebody whom RBAC lets do this beside what reading and our documents need.
fn may(walls: &Walls, more: &Value) {
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]},
        {"apiGroups": ["ringfence.dev"], "resources": ["*"], "verbs": ["delete", "administer"]},
        more,
    ]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "offboards"}, "rules": rules});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "offboards"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "offboards"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "op"}]});
    walls.apply(&role.to_string());
    walls.apply(&binding.to_string());
}

/// Wherever it stops, it is begun again and ends: what is left is found by what stands.
#[test]
fn a_departure_that_is_stopped_anywhere_is_ended_later() {
    let walls = guarded();
    leaving(&walls);
    let op = walls.cluster.user("op", &[]);
    let offboard = || ringfence(&walls.cluster, &op, &["tenant", "offboard", "leaving", "--yes"]);
    let seal = json!(["networkpolicies", "resourcequotas", "limitranges", "rolebindings"]);
    let stops = [
        (
            json!({"apiGroups": ["*"], "resources": ["rolebindings"], "verbs": ["delete"]}),
            "delete LimitRange",
        ),
        (
            json!({"apiGroups": ["*"], "resources": seal, "verbs": ["delete"]}),
            "take the labels of namespace",
        ),
    ];
    for (rights, stopped) in stops {
        may(&walls, &rights);
        let mut tried = offboard();
        wait_until(PATIENCE, "new rights to count", || {
            tried = offboard();
            tried.stderr.contains(stopped)
        });
        assert_eq!(tried.code, 2, "{tried:?}");
        assert!(tried.stderr.contains("forbidden"), "{tried:?}");
        let label = walls.get("", "namespace/leaving-one").unwrap()["metadata"]["labels"].clone();
        assert_eq!(label["ringfence.dev/tenant"], "leaving", "by it the rest is found");
    }
    assert_eq!(walls.get("", "tenant/leaving"), None, "it went first");
    assert_eq!(walls.managed("leaving-one"), [""; 0]);
    // One namespace alone: it stops at the other.
    may(
        &walls,
        &json!({"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["leaving-one"], "verbs": ["patch"]}),
    );
    wait_until(PATIENCE, "the first to be nobody's", || {
        let tried = offboard();
        assert_ne!(tried.code, 0, "{tried:?}");
        tried.stdout == "namespace leaving-one: without seal, and nobody's\n"
            || walls.get("", "namespace/leaving-one").unwrap()["metadata"]["labels"]["ringfence.dev/tenant"].is_null()
    });
    let all = ["networkpolicies", "resourcequotas", "limitranges", "rolebindings", "namespaces"];
    may(&walls, &json!({"apiGroups": ["*"], "resources": all, "verbs": ["delete", "patch"]}));
    wait_until(PATIENCE, "the rest to go", || offboard().code == 0);
    nothing_is_left(&walls);
}

#[test]
fn namespaces_are_deleted_with_what_runs_there() {
    let walls = guarded();
    leaving(&walls);
    walls.admin().kubectl_with(&pod("one"), &["create", "-f", "-"]).success();
    let offboard = ["tenant", "offboard", "leaving", "--delete-namespaces"];
    assert_eq!(by_admin(&walls, &offboard).code, 0, "what runs is no hindrance");
    assert_eq!(count(&walls, "pods", &["-n=leaving-one"]), 1, "it was only said");
    let done = by_admin(&walls, &[&offboard[..], &["--yes"]].concat());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
    for what in ["namespace/leaving-one", "namespace/leaving-two", "tenant/leaving"] {
        assert_eq!(walls.get("", what), None, "{what}");
    }
}
