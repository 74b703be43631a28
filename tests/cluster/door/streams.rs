//! Exec, attach, port-forward and proxy before a real API server: it asks before it reaches for the
//! kubelet. There is none, so that whoever is let through fails later, and otherwise.

use insta::assert_snapshot;
use serde_json::json;

use super::super::harness::{Kubeconfig, Output};
use super::{Door, Transcript};

fn pod() -> String {
    include_str!("manifests/pod.yaml").replace("name: one", "name: web")
}

/// Rights that only some should have, given to all by a mistake that must not matter.
const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: streams}
rules:
- apiGroups: ['']
  resources: [pods/exec, pods/attach, pods/portforward, pods/proxy, services/proxy, nodes/proxy]
  verbs: ['*']
- {apiGroups: [''], resources: [pods, services, nodes], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: streams}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: streams}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}]
";

const SPACE: &str = "door-streams";

/// Each stream into the namespace, by kubectl's own commands and by bare requests.
fn streams() -> Vec<(&'static str, Vec<String>)> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let raw = |path: &str| words(&format!("get --raw /api/v1/namespaces/{SPACE}/{path}"));
    vec![
        ("exec", words(&format!("exec web --namespace={SPACE} -- sh"))),
        ("attach", words(&format!("attach web --namespace={SPACE}"))),
        ("port-forward", words(&format!("port-forward web :8080 --namespace={SPACE}"))),
        ("exec, bare", raw("pods/web/exec?command=sh&stdout=true")),
        ("attach, bare", raw("pods/web/attach?stdout=true")),
        ("port-forward, bare", raw("pods/web/portforward?ports=8080")),
        ("proxy of a pod", raw("pods/idle:8080/proxy/")),
        ("proxy of a pod, a path", raw("pods/http:idle:8080/proxy/a/b")),
        ("proxy of a service", raw("services/web:80/proxy/")),
    ]
}

/// What they are told whom we let through: there is no kubelet, no address, no endpoint, and a bare request
/// is no stream.
const LATER: [&str; 4] = [
    "connection refused",
    "address not allowed",
    "no endpoints available",
    "Upgrade request required",
];

struct Who<'a> {
    name: &'a str,
    user: Kubeconfig,
    account: Option<String>,
}

impl Who<'_> {
    fn run(&self, args: &[String]) -> Output {
        let args = args.iter().map(String::as_str).chain(self.account.as_deref());
        let mut args: Vec<&str> = args.collect();
        // What follows the two dashes is the container's.
        if let Some(at) = args.iter().position(|arg| *arg == "--") {
            args[at..].rotate_right(usize::from(self.account.is_some()));
        }
        self.user.kubectl(&args)
    }
}

/// A pod on a node, and a service without endpoints.
fn target(door: &Door) {
    let admin = door.cluster.admin();
    door.open_namespace("tango", SPACE);
    door.open_namespace("beta", "door-streams-beta");
    admin.kubectl_with(RIGHTS, &["apply", "-f", "-"]).success();
    let namespace = format!("--namespace={SPACE}");
    admin.kubectl_with(&pod(), &["create", "-f", "-", &namespace]).success();
    door.cluster.run_pod(SPACE, "web");
    // One that has no address.
    let idle = pod().replace("name: web", "name: idle");
    admin.kubectl_with(&idle, &["create", "-f", "-", &namespace]).success();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}]}});
    admin.kubectl_with(&service.to_string(), &["create", "-f", "-", &namespace]).success();
}

#[test]
fn streams_are_for_a_tenants_own_people() {
    let door = Door::shared();
    target(door);
    let user = |name, user: &str, groups: &[&str]| Who {
        name,
        user: door.cluster.user(user, groups),
        account: None,
    };
    let account = |name, account: &str| Who {
        name,
        user: door.cluster.admin().clone(),
        account: Some(format!("--as=system:serviceaccount:{account}")),
    };
    let own = [
        user("an owner", "tom", &["tango-devs"]),
        user("a member", "tina", &["tango-oncall"]),
        account("an account of its namespace", "door-streams:default"),
        user("the platform", "pat", &["platform-admins"]),
        user("an administrator", "root", &["system:masters"]),
        account("the control plane", "kube-system:debugger"),
    ];
    let strangers = [
        user("another tenant's owner", "bob", &["beta-devs"]),
        user("nobody's", "zoe", &[]),
        account("an account of another tenant's", "door-streams-beta:default"),
        account("an account of nobody's namespace", "default:default"),
    ];
    let mut wrong = Vec::new();
    let mut tried = (0, 0);
    for (stream, args) in streams() {
        for who in &own {
            let output = who.run(&args);
            tried.0 += 1;
            let passed = LATER.iter().any(|text| output.stderr.contains(text));
            if !passed || output.stderr.contains("denied") {
                wrong.push(format!("{} {stream}: {output:?}", who.name));
            }
        }
        for who in &strangers {
            let output = who.run(&args);
            tried.1 += 1;
            let told = output.stderr.contains("denied the request: 1 problem in ");
            if !told || !output.stderr.contains("RF6001 connect") || output.code == 0 {
                wrong.push(format!("{} {stream}: {output:?}", who.name));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(tried, (54, 36));
}

#[test]
fn a_stranger_is_told_no_more_than_that() {
    let door = Door::shared();
    let space = "door-stream-told";
    door.open_namespace("alpha", space);
    let namespace = format!("--namespace={space}");
    door.cluster.admin().kubectl_with(&pod(), &["create", "-f", "-", &namespace]).success();
    door.cluster.run_pod(space, "web");
    let mut shown = Transcript::default();
    let (owner, neighbour) = (door.owner(), door.neighbour());
    shown.run(("neighbour", &neighbour), space, "exec web -- sh", "");
    shown.run(("neighbour", &neighbour), space, "port-forward web :8080", "");
    shown.run(("owner", &owner), space, "exec web -- sh", "");
    assert_snapshot!(shown.text());
}

/// By way of a node every tenant's pods are reached.
#[test]
fn a_node_is_reached_by_the_platform_alone() {
    let door = Door::shared();
    let space = "door-stream-node";
    door.open_namespace("alpha", space);
    let admin = door.cluster.admin();
    admin.kubectl_with(RIGHTS, &["apply", "-f", "-"]).success();
    let namespace = format!("--namespace={space}");
    admin.kubectl_with(&pod(), &["create", "-f", "-", &namespace]).success();
    door.cluster.run_pod(space, "web");
    let run = format!("/api/v1/nodes/node-1/proxy/run/{space}/web/app");
    let get = ["get", "--raw", &run];
    let account = |name: &str| format!("--as=system:serviceaccount:{name}");
    let refused = |user: &Kubeconfig, extra: &[&str]| {
        let output = user.kubectl(&[&get[..], extra].concat());
        let refused = output.told().contains("RF6001 connect");
        assert!(refused, "{output:?}");
    };
    refused(&door.owner(), &[]);
    refused(&door.cluster.user("zoe", &[]), &[]);
    refused(admin, &[&account(&format!("{space}:default"))]);
    let passes = |user: &Kubeconfig, extra: &[&str]| {
        let output = user.kubectl(&[&get[..], extra].concat());
        let later = LATER.iter().any(|text| output.stderr.contains(text));
        assert!(later && !output.stderr.contains("denied"), "{output:?}");
    };
    passes(admin, &[]);
    passes(&door.cluster.user("pat", &["platform-admins"]), &[]);
    passes(admin, &[&account("default:prometheus")]);
    passes(admin, &[&account("kube-system:metrics")]);
}
