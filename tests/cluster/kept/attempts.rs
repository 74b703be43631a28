//! The ways in which objects are written, taken away and faked.

use serde_json::{Value, json};

use super::super::harness::{Kubeconfig, Output};

/// Something that is tried in the namespace.
pub struct Attempt {
    pub name: &'static str,
    args: Vec<String>,
    stdin: String,
}

impl Attempt {
    pub fn new(name: &'static str, args: &[&str], stdin: &Value) -> Self {
        let args = args.iter().map(ToString::to_string).collect();
        Self { name, args, stdin: stdin.to_string() }
    }

    /// Without a manifest.
    pub fn plain(name: &'static str, args: &[&str]) -> Self {
        Self::new(name, args, &Value::Null)
    }

    pub fn patch(name: &'static str, object: &str, kind: &str, patch: &Value) -> Self {
        let (kind, patch) = (format!("--type={kind}"), format!("--patch={patch}"));
        Self::plain(name, &["patch", object, &kind, &patch])
    }

    /// The collection of a kind, as far as a selector goes.
    fn collection(name: &'static str, resource: &str, selector: &str) -> Self {
        let group = match resource {
            "networkpolicies" => "apis/networking.k8s.io/v1",
            "rolebindings" => "apis/rbac.authorization.k8s.io/v1",
            _ => "api/v1",
        };
        let path = format!("/{group}/namespaces/{NAMESPACE}/{resource}?{selector}");
        Self { name, args: vec!["delete".into(), "--raw".into(), path], stdin: String::new() }
    }

    pub fn run(&self, user: &Kubeconfig, extra: &[&str]) -> Output {
        let namespace = format!("--namespace={NAMESPACE}");
        let mut args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        if !args.contains(&"--raw") {
            args.push(&namespace);
        }
        user.kubectl_with(&self.stdin, &[&args, extra].concat())
    }
}

pub const NAMESPACE: &str = "kept";

const DENY: &str = "networkpolicy/ringfence-default-deny";
const QUOTA: &str = "resourcequota/ringfence-quota";
const LIMITS: &str = "limitrange/ringfence-limits";
const ADMINS: &str = "rolebinding/ringfence-owners-admin";
pub const APPLY: [&str; 6] =
    ["apply", "--server-side", "--force-conflicts", "--field-manager=jo", "-f", "-"];

pub fn marked() -> Value {
    json!({"ringfence.dev/managed": "true"})
}

/// A policy that opens everything.
pub fn policy(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}})
}

/// A binding of the role `view`.
pub fn binding(name: &str, labels: &Value) -> Value {
    let rbac = "rbac.authorization.k8s.io";
    json!({"apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": "eve"}]})
}

/// A quota that lets everything in.
pub fn quota(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"hard": {"pods": "1000"}}})
}

/// Each would open, loosen, take away or imitate what the controller keeps. What is called `own` is
/// the tenant's. None depends on another, and none changes anything.
pub fn attempts() -> Vec<Attempt> {
    [deletions(), changes(), metadata(), births(), quotas(), bindings()]
        .into_iter()
        .flatten()
        .collect()
}

fn deletions() -> Vec<Attempt> {
    let delete = |name, extra: &str| Attempt::plain(name, &["delete", DENY, "--wait=false", extra]);
    let one = "fieldSelector=metadata.name%3Dringfence-default-deny";
    let other = "fieldSelector=metadata.name%3Dringfence-owners-admin";
    vec![
        delete("delete", "--cascade=background"),
        delete("delete, in the foreground", "--cascade=foreground"),
        delete("delete, orphaning", "--cascade=orphan"),
        delete("delete, at once", "--grace-period=0"),
        delete("delete, as a dry run", "--dry-run=server"),
        Attempt::plain(
            "delete, by label",
            &[
                "delete",
                "networkpolicies",
                "--selector=ringfence.dev/managed",
                "--field-selector=metadata.name=ringfence-dns",
            ],
        ),
        Attempt::collection("collect a policy", "networkpolicies", one),
        Attempt::collection("collect bindings", "rolebindings", other),
        Attempt::collection("collect quotas", "resourcequotas", ""),
        Attempt::collection(
            "collect limits",
            "limitranges",
            "labelSelector=ringfence.dev%2Fmanaged",
        ),
        Attempt::plain("delete a quota", &["delete", QUOTA, "--wait=false"]),
        Attempt::plain("delete limits", &["delete", LIMITS, "--wait=false"]),
        Attempt::plain("delete a binding", &["delete", ADMINS, "--wait=false"]),
        Attempt::new(
            "replace by force",
            &["replace", "--force", "-f", "-"],
            &policy("ringfence-default-deny", &json!({})),
        ),
    ]
}

fn changes() -> Vec<Attempt> {
    let open = json!({"spec": {"ingress": [{"from": [{"podSelector": {}}]}]}});
    let ports = json!([{"op": "add", "path": "/spec/egress", "value": [{}]}]);
    let selector = json!([{"op": "replace", "path": "/spec/podSelector",
        "value": {"matchLabels": {"no": "pod"}}}]);
    vec![
        Attempt::patch("merge patch", DENY, "merge", &open),
        Attempt::patch("strategic patch", DENY, "strategic", &open),
        Attempt::patch(
            "strategic patch, all of it",
            DENY,
            "strategic",
            &json!({"spec": {"$patch": "replace", "podSelector": {}}}),
        ),
        Attempt::patch("JSON patch", DENY, "json", &ports),
        Attempt::patch("JSON patch, other pods", DENY, "json", &selector),
        Attempt::new("server-side apply", &APPLY, &policy("ringfence-default-deny", &json!({}))),
        Attempt::new(
            "client-side apply",
            &["apply", "-f", "-"],
            &policy("ringfence-default-deny", &marked()),
        ),
        Attempt::new(
            "replace",
            &["replace", "-f", "-"],
            &policy("ringfence-default-deny", &marked()),
        ),
        Attempt::patch(
            "limits",
            LIMITS,
            "json",
            &json!([{"op": "remove", "path": "/spec/limits/0/default"}]),
        ),
    ]
}

fn metadata() -> Vec<Attempt> {
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone",
        "uid": "7d1c3a52-0000-4000-8000-000000000000"}]);
    let unmarked = json!({"ringfence.dev/managed": null});
    let finalizers = json!(["example.com/for-ever"]);
    vec![
        Attempt::plain("label removed", &["label", DENY, "ringfence.dev/managed-"]),
        Attempt::plain(
            "label changed",
            &["label", DENY, "ringfence.dev/managed=no", "--overwrite"],
        ),
        Attempt::patch(
            "label removed with the rest",
            DENY,
            "merge",
            &json!({"metadata": {"labels": unmarked}, "spec": {"ingress": [{"from": [{"podSelector": {}}]}]}}),
        ),
        Attempt::new(
            "label and all replaced",
            &["replace", "-f", "-"],
            &policy("ringfence-default-deny", &json!({})),
        ),
        Attempt::patch("owned", DENY, "merge", &json!({"metadata": {"ownerReferences": owner}})),
        Attempt::patch(
            "held for ever",
            DENY,
            "merge",
            &json!({"metadata": {"finalizers": finalizers}}),
        ),
        Attempt::patch(
            "a quota owned",
            QUOTA,
            "merge",
            &json!({"metadata": {"ownerReferences": owner}}),
        ),
        Attempt::plain("labelled", &["label", DENY, "team=a"]),
        Attempt::plain("annotated", &["annotate", LIMITS, "note=a"]),
    ]
}

fn births() -> Vec<Attempt> {
    let create = ["create", "-f", "-"];
    let generated = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"generateName": "ringfence-"}, "spec": {"podSelector": {}}});
    let limits = json!({"apiVersion": "v1", "kind": "LimitRange",
        "metadata": {"name": "ringfence-more"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "8"}}]}});
    let put = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings/ringfence-put"
    );
    let added = json!([{"op": "add", "path": "/metadata/labels", "value": marked()}]);
    vec![
        Attempt::new("a name of ours", &create, &policy("ringfence-mine", &json!({}))),
        Attempt::new("a generated name of ours", &create, &generated),
        Attempt::new("a name of ours, applied", &APPLY, &policy("ringfence-mine", &json!({}))),
        Attempt::new("a name and the label", &create, &policy("ringfence-mine", &marked())),
        Attempt::new("our label", &create, &policy("mine", &marked())),
        Attempt::new("our label on a quota", &create, &quota("mine", &marked())),
        Attempt::new("a binding", &create, &binding("ringfence-mine", &json!({}))),
        Attempt::new(
            "a binding, put",
            &["replace", "--raw", &put, "-f", "-"],
            &binding("ringfence-put", &json!({})),
        ),
        Attempt::new("limits", &create, &limits),
        Attempt::plain(
            "own, labelled",
            &["label", "networkpolicy/own", "ringfence.dev/managed=true"],
        ),
        Attempt::patch("own, JSON patch", "networkpolicy/own", "json", &added),
        Attempt::new("own, replaced", &["replace", "-f", "-"], &policy("own", &marked())),
        Attempt::new("own, applied", &APPLY, &policy("own", &marked())),
    ]
}

fn quotas() -> Vec<Attempt> {
    let more = json!({"spec": {"hard": {"pods": "1000"}}});
    let used = json!({"status": {"used": {"pods": "0", "services": "0"}}});
    let hard = json!({"status": {"hard": {"pods": "1000"}}});
    let status = |name, patch: &Value| {
        let patch = format!("--patch={patch}");
        Attempt::plain(name, &["patch", QUOTA, "--subresource=status", "--type=merge", &patch])
    };
    vec![
        Attempt::patch("quota raised", QUOTA, "merge", &more),
        Attempt::patch("quota, strategic", QUOTA, "strategic", &more),
        Attempt::patch(
            "quota without pods",
            QUOTA,
            "json",
            &json!([{"op": "remove", "path": "/spec/hard/pods"}]),
        ),
        Attempt::new("quota, applied", &APPLY, &quota("ringfence-quota", &json!({}))),
        status("quota, nothing used", &used),
        status("quota, raised by its status", &hard),
    ]
}

fn bindings() -> Vec<Attempt> {
    let eve = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve"});
    let added = json!([{"op": "add", "path": "/subjects/-", "value": eve}]);
    vec![
        Attempt::patch("subject added", ADMINS, "json", &added),
        Attempt::patch("subjects replaced", ADMINS, "merge", &json!({"subjects": [eve]})),
        Attempt::patch("subjects emptied", ADMINS, "merge", &json!({"subjects": []})),
    ]
}
