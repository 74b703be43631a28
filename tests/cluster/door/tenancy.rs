//! Attempts to change, steal, drop or fake tenancy, each refused by its rule; and the permitted
//! neighbour of each, which passes.
//!
//! RBAC lets everybody here do everything with namespaces, by a mistake that must not matter. Requests
//! are dry runs wherever nothing must come of them, so that none depends on another.

use std::fmt::Write as _;

use insta::assert_snapshot;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::super::harness::wait_until;
use super::{Door, PATIENCE, Transcript};

/// Who tries: a user and a group, `-` for none.
type Who = &'static str;

const OWNER: Who = "ada tango-devs";
const MEMBER: Who = "moe tango-oncall";
const NEIGHBOUR: Who = "bob uniform-devs";
const BOTH: Who = "eve both";
const NOBODY: Who = "zoe -";
const ACCOUNT: Who = "system:serviceaccount:tango-ci:deployer -";
const STRANGE_ACCOUNT: Who = "system:serviceaccount:tango-ci:default -";
/// Has cluster-admin, and is an account of a tenant's namespace all the same.
const MIGHTY_ACCOUNT: Who = "system:serviceaccount:tango-ci:mighty -";
const LISTED: Who = "pat platform-admins";
const BY_RBAC: Who = "roy cluster-admins";
const PLATFORM_ACCOUNT: Who = "system:serviceaccount:ringfence-tools:gitops -";

/// One request, and the rule that refuses it, if any.
struct Attempt {
    who: Who,
    what: String,
    method: &'static str,
    path: String,
    content: &'static str,
    body: Value,
    expect: &'static str,
}

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// `a=b c=d`, `-key` to take one away.
fn map(text: &str) -> Value {
    let pair = |pair: &str| match (pair.strip_prefix('-'), pair.split_once('=')) {
        (Some(key), _) => (key.to_owned(), Value::Null),
        (None, Some((key, value))) => (key.to_owned(), json!(value)),
        (None, None) => panic!("{pair} is no pair"),
    };
    let text =
        text.replace('@', "ringfence.dev/tenant=").replace("ps/", "pod-security.kubernetes.io/");
    text.split_whitespace().map(pair).collect()
}

fn attempt(
    who: Who,
    method: &'static str,
    path: String,
    content: &'static str,
    body: Value,
) -> Attempt {
    let what = format!("{method} {path} {content} {body}");
    Attempt { who, what, method, path, content, body, expect: "" }
}

/// A new namespace with these labels.
fn create(who: Who, name: &str, labels: &str) -> Attempt {
    let body = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": map(labels)}});
    attempt(who, "POST", "/api/v1/namespaces".to_owned(), JSON, body)
}

/// A change of labels by merge patch, of the namespace or of a subresource (`name/status`).
fn label(who: Who, name: &str, labels: &str) -> Attempt {
    let body = json!({"metadata": {"labels": map(labels)}});
    attempt(who, "PATCH", format!("/api/v1/namespaces/{name}"), MERGE, body)
}

fn annotate(who: Who, name: &str, annotations: &str) -> Attempt {
    let body = json!({"metadata": {"annotations": map(annotations)}});
    attempt(who, "PATCH", format!("/api/v1/namespaces/{name}"), MERGE, body)
}

/// The same labels by a strategic merge, a JSON patch and a server-side apply.
fn by_other_ways(who: Who, name: &str, key: &str, value: &str) -> [Attempt; 3] {
    let labels = json!({ key: value });
    let strategic = json!({"metadata": {"labels": labels}});
    let pointer = format!("/metadata/labels/{}", key.replace('/', "~1"));
    let json_patch = json!([{"op": "add", "path": pointer, "value": value}]);
    let apply = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": labels}});
    let path = format!("/api/v1/namespaces/{name}");
    let applied = format!("{path}?fieldManager=test&force=true");
    [
        attempt(who, "PATCH", path.clone(), STRATEGIC, strategic),
        attempt(who, "PATCH", path, JSON_PATCH, json_patch),
        attempt(who, "PATCH", applied, APPLY, apply),
    ]
}

/// A whole namespace put to `/finalize`.
fn finalize(who: Who, name: &str, labels: &str) -> Attempt {
    let body = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": map(labels)}, "spec": {"finalizers": ["kubernetes"]}});
    attempt(who, "PUT", format!("/api/v1/namespaces/{name}/finalize"), JSON, body)
}

fn delete(who: Who, name: &str) -> Attempt {
    attempt(who, "DELETE", format!("/api/v1/namespaces/{name}"), JSON, json!({}))
}

/// Attempts that one rule refuses.
fn refused(expect: &'static str, attempts: Vec<Attempt>) -> impl Iterator<Item = Attempt> {
    attempts.into_iter().map(move |attempt| Attempt { expect, ..attempt })
}

fn attempts() -> Vec<Attempt> {
    [steals(), births(), strangers(), keys(), lowered()].into_iter().flatten().collect()
}

/// To move a namespace to another tenant, or out of any.
fn steals() -> Vec<Attempt> {
    refused(
        "RF1001",
        vec![
            label(OWNER, "tango-a", "@uniform"),
            label(OWNER, "tango-a", "@nobody"),
            label(OWNER, "tango-a", "-ringfence.dev/tenant"),
            label(BOTH, "tango-a", "@uniform"),
            label(OWNER, "tango-a/status", "@uniform"),
            label(OWNER, "tango-a/status", "-ringfence.dev/tenant"),
            finalize(OWNER, "tango-a", "@uniform"),
            finalize(OWNER, "tango-a", ""),
            label(ACCOUNT, "tango-a", "@uniform"),
            label(MIGHTY_ACCOUNT, "tango-a", "@uniform"),
            label(OWNER, "tenancy-plain", "@tango"),
        ],
    )
    .chain(refused(
        "RF1001",
        by_other_ways(OWNER, "tango-a", "ringfence.dev/tenant", "uniform").into(),
    ))
    .collect()
}

/// To make a namespace for a tenant that is not one's own, or for none.
fn births() -> Vec<Attempt> {
    // Who may administer by RBAC is not even asked about; who is listed is told.
    refused(
        "RF1002",
        vec![
            create(NEIGHBOUR, "tango-b", "@tango"),
            create(MEMBER, "tango-b", "@tango"),
            create(NOBODY, "tango-b", "@tango"),
            create(STRANGE_ACCOUNT, "tango-b", "@tango"),
            create(MIGHTY_ACCOUNT, "tango-b", "@tango"),
            create(OWNER, "tango-b", "@uniform"),
            create(OWNER, "tango-b", "@nobody"),
        ],
    )
    .chain(refused(
        "RF1003",
        vec![
            create(NOBODY, "b", ""),
            create(MEMBER, "b", ""),
            create(BOTH, "b", ""),
            create(STRANGE_ACCOUNT, "b", "a=b"),
        ],
    ))
    .chain(refused(
        "RF1004",
        vec![create(LISTED, "b", "@nobody"), create(PLATFORM_ACCOUNT, "b", "@nobody")],
    ))
    .collect()
}

/// To change what is another's, and to take a name that is not to be had.
fn strangers() -> Vec<Attempt> {
    refused(
        "RF1006",
        vec![
            label(NEIGHBOUR, "tango-a", "a=b"),
            annotate(NEIGHBOUR, "tango-a", "a=b"),
            label(MEMBER, "tango-a", "a=b"),
            label(NOBODY, "tango-a", "a=b"),
            label(STRANGE_ACCOUNT, "tango-a/status", "a=b"),
            label(OWNER, "tenancy-plain", "a=b"),
            label(OWNER, "kube-system", "a=b"),
            label(OWNER, "default", "a=b"),
            label(OWNER, "ringfence-system", "a=b"),
            finalize(NEIGHBOUR, "tango-a", "@tango"),
            delete(NEIGHBOUR, "tango-a"),
            delete(MEMBER, "tango-a"),
            delete(NOBODY, "tenancy-plain"),
            delete(OWNER, "tenancy-plain"),
        ],
    )
    .chain(refused(
        "RF1007",
        vec![
            create(BOTH, "kube-b", "@uniform"),
            create(BOTH, "b-system", "@uniform"),
            create(BOTH, "svc", "@uniform"),
            create(BOTH, "cluster", "@uniform"),
            create(BOTH, "infra-b", "@uniform"),
        ],
    ))
    .chain(refused(
        "RF1008",
        vec![create(OWNER, "uniform-b", "@tango"), create(OWNER, "tango", "@tango")],
    ))
    .collect()
}

/// To write what others trust.
fn keys() -> Vec<Attempt> {
    refused(
        "RF1010",
        vec![
            label(OWNER, "tango-a", "control-plane=a"),
            label(OWNER, "tango-a", "istio-injection=enabled"),
            label(OWNER, "tango-a", "mesh.example.com/zone=a"),
            label(OWNER, "tango-a", "ringfence.dev/default-deny=disabled"),
            label(OWNER, "tango-a", "-ringfence.dev/default-deny"),
            label(OWNER, "tango-a", "cost-center=8"),
            label(OWNER, "tango-a/status", "admission.gatekeeper.sh/ignore=a"),
            annotate(OWNER, "tango-a", "scheduler.alpha.kubernetes.io/node-selector=a=b"),
            annotate(OWNER, "tango-a", "linkerd.io/inject=disabled"),
            create(OWNER, "tango-b", "@tango field.cattle.io/projectId=a"),
            create(OWNER, "tango-b", "@tango cost-center=8"),
        ],
    )
    .chain(refused(
        "RF1010",
        by_other_ways(OWNER, "tango-a", "openpolicyagent.org/webhook", "ignore").into(),
    ))
    .chain(refused(
        "RF1011",
        vec![label(NEIGHBOUR, "uniform-a", "other=a"), create(NEIGHBOUR, "b", "@uniform other=a")],
    ))
    .collect()
}

/// To lower what backs us up, and to change what is cut off.
fn lowered() -> Vec<Attempt> {
    refused(
        "RF1012",
        vec![
            label(OWNER, "tango-a", "ps/enforce=privileged"),
            label(OWNER, "tango-a", "ps/enforce=baseline"),
            label(OWNER, "tango-a", "-pod-security.kubernetes.io/enforce"),
            label(OWNER, "tango-a", "ps/enforce-version=v1.20"),
            label(OWNER, "tango-a", "ps/audit=baseline"),
            label(OWNER, "tango-a/status", "ps/enforce=privileged"),
            finalize(OWNER, "tango-a", "@tango ringfence.dev/default-deny=enabled cost-center=7"),
            create(OWNER, "tango-b", "@tango ps/enforce=privileged"),
        ],
    )
    .chain(refused(
        "RF1013",
        vec![label(VICTOR, "victor-a", "a=b"), create(VICTOR, "victor-b", "@victor")],
    ))
    .collect()
}

const VICTOR: Who = "vic victor-devs";

fn neighbours() -> Vec<Attempt> {
    let mut all = vec![
        create(OWNER, "tango-b", ""),
        create(OWNER, "tango-b", "@tango"),
        create(OWNER, "tango-b", "@tango a=b ringfence.dev/default-deny=enabled cost-center=7"),
        create(OWNER, "tango-b", "@tango ps/enforce=restricted ps/enforce-version=latest"),
        create(OWNER, "tango-b", "@tango ps/warn=restricted"),
        create(ACCOUNT, "tango-b", "@tango"),
        create(ACCOUNT, "tango-b", ""),
        create(BOTH, "tango-b", "@tango"),
        create(BOTH, "tango-like", "@uniform"),
        create(NEIGHBOUR, "b", ""),
        create(NEIGHBOUR, "b", "@uniform team=a app.kubernetes.io/name=b"),
        create(NEIGHBOUR, "kubeb", "@uniform"),
        create(NEIGHBOUR, "infra", "@uniform"),
        create(NEIGHBOUR, "systems", "@uniform ps/enforce=restricted"),
        label(OWNER, "tango-a", "a=b"),
        label(OWNER, "tango-a", "@tango"),
        label(OWNER, "tango-a", "-a"),
        label(OWNER, "tango-a", "ps/warn=restricted"),
        label(OWNER, "tango-a", "ps/enforce-version=latest"),
        label(OWNER, "tango-a/status", "a=b"),
        label(ACCOUNT, "tango-a", "a=b"),
        label(BOTH, "tango-a", "istio.io/other=a"),
        label(BOTH, "uniform-a", "team=b"),
        label(NEIGHBOUR, "uniform-a", "team=b"),
        label(NEIGHBOUR, "uniform-a", "ps/audit-version=latest"),
        label(OWNER, "tango-old", "a=b"),
        annotate(OWNER, "tango-a", "a=b"),
        annotate(OWNER, "tango-a", "cost-center=9"),
        annotate(NEIGHBOUR, "uniform-a", "other=a"),
        delete(OWNER, "tango-a"),
        delete(ACCOUNT, "tango-a"),
        delete(BOTH, "uniform-a"),
        delete(NEIGHBOUR, "uniform-a"),
        delete(VICTOR, "victor-a"),
    ];
    all.extend(by_other_ways(OWNER, "tango-a", "team", "b"));
    all.extend(by_other_ways(NEIGHBOUR, "uniform-a", "team", "c"));
    for who in [LISTED, BY_RBAC, PLATFORM_ACCOUNT] {
        all.extend([
            create(who, "b", ""),
            create(who, "b", "@tango ps/enforce=privileged control-plane=a"),
            create(who, "kube-b", "@uniform"),
            label(who, "tango-a", "@uniform"),
            label(who, "tango-a", "-ringfence.dev/tenant"),
            label(who, "tango-a/status", "control-plane=a"),
            label(who, "victor-a", "a=b"),
            delete(who, "tenancy-plain"),
        ]);
    }
    all
}

async fn tried(client: &Client, attempt: &Attempt) -> Result<(), (u16, String)> {
    let (user, group) = attempt.who.split_once(' ').unwrap();
    let separator = if attempt.path.contains('?') { '&' } else { '?' };
    let path = format!("{}{separator}dryRun=All", attempt.path);
    let mut request = http::Request::builder()
        .method(attempt.method)
        .uri(path)
        .header("Content-Type", attempt.content)
        .header("Impersonate-User", user)
        .header("Impersonate-Group", "system:authenticated");
    if group != "-" {
        request = request.header("Impersonate-Group", group);
    }
    let request = request.body(attempt.body.to_string().into_bytes()).unwrap();
    match client.request::<Value>(request).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err((status.code, status.message)),
        Err(error) => panic!("{}: {error}", attempt.what),
    }
}

fn everybody_may_everything(door: &Door) {
    let rbac = |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind});
    let binding = |name: &str, role: &str, subjects: Value| {
        let mut role_ref = rbac("ClusterRole");
        role_ref["name"] = json!(role);
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name}, "roleRef": role_ref, "subjects": subjects})
    };
    let group = |name: &str| {
        let mut group = rbac("Group");
        group["name"] = json!(name);
        group
    };
    let user = |name: &str| {
        let mut user = rbac("User");
        user["name"] = json!(name);
        user
    };
    let account = |namespace: &str, name: &str| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    let everybody = [
        "tango-devs",
        "tango-oncall",
        "uniform-devs",
        "both",
        "victor-devs",
        "whiskey-devs",
        "platform-admins",
    ];
    let mut subjects: Vec<Value> = everybody.iter().map(|name| group(name)).collect();
    subjects.extend([user("zoe"), account("tango-ci", "deployer"), account("tango-ci", "default")]);
    let mighty = json!([
        group("cluster-admins"),
        account("tango-ci", "mighty"),
        account("ringfence-tools", "gitops")
    ]);
    let namespace = |name: &str, labels: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": map(labels)}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
         "metadata": {"name": "all-of-namespaces"},
         "rules": [{"apiGroups": [""], "verbs": ["*"],
                    "resources": ["namespaces", "namespaces/status", "namespaces/finalize"]}]},
        binding("all-of-namespaces", "all-of-namespaces", json!(subjects)),
        binding("mighty", "cluster-admin", mighty),
        namespace("tango-ci", "@tango"),
        namespace("tango-a", "@tango a=a"),
        namespace("tango-old", ""),
        namespace("uniform-a", "@uniform team=a"),
        namespace("victor-a", "@victor"),
        namespace("tenancy-plain", ""),
        namespace("ringfence-tools", ""),
    ]});
    door.cluster.admin().kubectl_with(&list.to_string(), &["apply", "-f", "-"]).success();
}

#[test]
fn tenancy_is_not_for_the_taking() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let door = Door::shared();
    everybody_may_everything(door);
    let (attempts, neighbours) = (attempts(), neighbours());
    assert!(
        attempts.len() >= 60 && neighbours.len() >= 60,
        "{} {}",
        attempts.len(),
        neighbours.len()
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async {
        let config = Kubeconfig::read_from(door.cluster.admin().path()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
        Client::try_from(config).unwrap()
    });
    // An account of a namespace that no watch has told of yet is nobody's, and never the platform.
    let known = create(PLATFORM_ACCOUNT, "b", "");
    wait_until(PATIENCE, "the namespaces to be known", || {
        runtime.block_on(tried(&client, &known)).is_ok()
    });
    let mut wrong = String::new();
    for attempt in attempts.iter().chain(&neighbours) {
        let outcome = runtime.block_on(tried(&client, attempt));
        let right = match (&outcome, attempt.expect) {
            (Ok(()), "") => true,
            (Err((403, message)), code) => !code.is_empty() && message.contains(code),
            _ => false,
        };
        if !right {
            let Attempt { who, what, expect, .. } = attempt;
            writeln!(wrong, "{who}: {what}\n  expected {expect:?}, got {outcome:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The way of an owner, as a terminal shows it: a namespace for the one tenant that is theirs, up to
/// the limit; what a stranger is told.
#[test]
fn an_owner_makes_namespaces() {
    let door = Door::shared();
    everybody_may_everything(door);
    let (owner, stranger) =
        (door.cluster.user("ada", &["tango-devs"]), door.cluster.user("zoe", &[]));
    let both = door.cluster.user("eve", &["both"]);
    let mut shown = Transcript::default();
    let mut run = |who, command: &str| shown.run(who, "default", command, "");
    run(("stranger", &stranger), "create namespace tango-x");
    run(("both", &both), "create namespace tango-x");
    run(("stranger", &stranger), "label namespace tango-a team=a");
    run(("owner", &owner), "label namespace tango-a ringfence.dev/tenant=uniform --overwrite");
    run(("owner", &owner), "label namespace tango-a ringfence.dev/tenant-");
    run(("owner", &owner), "label namespace tango-a control-plane=a istio-injection=enabled");
    run(
        ("owner", &owner),
        "label namespace tango-a pod-security.kubernetes.io/enforce=privileged --overwrite",
    );
    run(("owner", &owner), "create namespace stall --dry-run=server");
    run(("owner", &owner), "create namespace tango-x");
    run(("owner", &owner), "delete namespace tango-x");
    let limited = door.cluster.user("wim", &["whiskey-devs"]);
    run(("limited", &limited), "create namespace first");
    wait_until(PATIENCE, "the namespace to be counted", || {
        limited.kubectl(&["create", "namespace", "second", "--dry-run=server"]).code != 0
    });
    run(("limited", &limited), "create namespace second");
    assert_snapshot!("an_owner", shown.text());
}
