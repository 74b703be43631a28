//! Tenants' own NetworkPolicies on a real API server, with the controller at work: what a side cannot open alone is
//! refused, as it is corrected it is admitted, and what a Grant opens ends with the Grant.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::harness::{Kubeconfig, Options, Output, wait_until};
use super::map::{definition, deployment};
use super::openings::{ADMITTED, DOCUMENTS, NAMESPACES, REFUSED, policies, policy};
use super::people::ringfence;
use super::pods::put;
use super::program::{PATIENCE, ask_by_service, in_seconds};
use super::walls::Walls;

const DAY: u64 = 24 * 60 * 60;
/// When the Grants of the documents end that are in force there.
const END: &str = "2026-07-01T00:00:00Z";

/// A cluster with the documents and namespaces of the policies, whose API server asks us.
fn guarded() -> &'static Walls {
    static SHARED: OnceLock<Walls> = OnceLock::new();
    SHARED.get_or_init(start)
}

fn start() -> Walls {
    // As the documents' Platform says.
    let flags = vec!["--service-cluster-ip-range=10.96.0.0/16".to_owned()];
    let options = Options { api_server_flags: flags, ..Options::default() };
    let walls = Walls::start_on(&options, &["--tls-name", "ringfence.ringfence-system.svc"]);
    walls.apply(&DOCUMENTS.replace(END, &in_seconds(30 * DAY)));
    ask_by_service(&walls.cluster, &walls.server);
    for (name, tenant) in NAMESPACES {
        let labels = tenant.map_or(json!({}), |tenant| json!({"ringfence.dev/tenant": tenant}));
        walls.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}).to_string());
    }
    walls
}

/// An owner of tenant alpha, once they have their rights and the API server asks us.
fn owner(walls: &Walls) -> Kubeconfig {
    let owner = walls.cluster.user("ada", &["alpha-devs"]);
    let open = policy("alpha-web", &json!({"podSelector": {}, "ingress": [{}]}));
    wait_until(PATIENCE, "the door to be there", || tried(&owner, &open).stderr.contains("RF4001"));
    owner
}

fn tried(user: &Kubeconfig, policy: &Value) -> Output {
    user.kubectl_with(&policy.to_string(), &["create", "--dry-run=server", "-f", "-"])
}

/// A policy as a refusal says that it must be.
fn corrected(policy: &Value, told: &str) -> Value {
    let mut policy = policy.clone();
    let mut at = None;
    let mut gone = Vec::new();
    for line in told.lines() {
        if let Some((path, code)) = line.split_once(": RF") {
            // Of one finding alone kubectl makes a single line.
            let path = path.strip_prefix("* ").or_else(|| path.rsplit(": ").next());
            at = path.filter(|_| code.starts_with("4001"));
        }
        let fix = line.trim_start().strip_prefix("fix: ");
        let (Some(at), Some(fix)) = (at, fix) else { continue };
        if let Some((path, value)) = fix.strip_prefix("set ").and_then(|own| own.split_once(": ")) {
            put(&mut policy, &pointer(path), yaml(value));
        } else if let Some((path, _)) =
            fix.strip_prefix("remove ").and_then(|own| own.split_once(": "))
        {
            gone.push(path);
        } else {
            let (_, peers) = fix.split_once("name who it is for: ").unwrap();
            let (list, peers) = peers.split_once(": ").unwrap();
            put(&mut policy, &pointer(&format!("{at}.{list}")), yaml(peers));
        }
    }
    // Each list from its end.
    for path in gone.iter().rev() {
        let (list, index) = path.strip_suffix(']').unwrap().rsplit_once('[').unwrap();
        let list = policy.pointer_mut(&pointer(list)).unwrap().as_array_mut().unwrap();
        list.remove(index.parse().unwrap());
    }
    policy
}

fn yaml(text: &str) -> Value {
    ringfence::objects::yaml::documents(text).pop().unwrap().unwrap().to_value()
}

/// The JSON pointer of a path as messages have it: `spec.egress[0].to`, `matchLabels[example.com/key]`.
fn pointer(path: &str) -> String {
    let mut pointer = String::from("/");
    let mut quoted = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                quoted = true;
                pointer.push('/');
            }
            ']' => quoted = false,
            '.' if !quoted => pointer.push('/'),
            '/' => pointer += "~1",
            _ => pointer.push(letter),
        }
    }
    pointer
}

#[test]
fn what_a_side_cannot_open_alone_is_refused_and_as_corrected_admitted() {
    let walls = guarded();
    let ada = owner(walls);
    let refused = policies(REFUSED);
    assert!(refused.len() >= 30);
    for (name, spec) in &refused {
        let policy = policy("alpha-web", spec);
        let output = tried(&ada, &policy);
        assert_eq!(output.code, 1, "{name}: {output:?}");
        let told = output.stderr;
        // One connection that is opened too much, or that it is open to everyone.
        assert!(told.contains(": also ") || told.contains("every pod of every tenant"), "{told}");
        assert!(told.contains("it must lie within tenant alpha"), "{told}");
        let corrected = corrected(&policy, &told);
        let again = tried(&ada, &corrected);
        assert_eq!(again.code, 0, "{name}: {told}\n{corrected}\n{again:?}");
    }
    let admitted = policies(ADMITTED);
    assert!(admitted.len() >= 30);
    for (name, spec) in &admitted {
        let output = tried(&ada, &policy("alpha-web", spec));
        assert_eq!(output.code, 0, "{name}: {output:?}");
    }
}

/// Whether a connection is open as things stand.
fn open(walls: &Walls, from: &str, to: &str, port: &str) -> bool {
    let asked = ["reach", "--cluster", "--as-is", "--from", from, "--to", to, "--port", port];
    let output = ringfence(&walls.cluster, walls.admin(), &asked);
    assert_eq!(output.stderr, "", "{output:?}");
    match output.code {
        0 => true,
        1 => false,
        _ => panic!("{output:?}"),
    }
}

const GRANT: &str = r#"
apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {name: db-calls-api}
spec:
  from: {tenant: alpha, namespaces: [alpha-db], podSelector: {matchLabels: {app: web}}}
  to: {tenant: beta, podSelector: {matchLabels: {app: api}}}
  ports: [{protocol: TCP, port: 8443}]
  owner: jo@example.com
  reason: orders
  expiresAt: END
"#;

/// What the Grant permits, opened by the tenant's own side.
fn granted(name: &str) -> Value {
    let beta = json!({"matchLabels": {"ringfence.dev/tenant": "beta"}});
    let api = json!({"namespaceSelector": beta, "podSelector": {"matchLabels": {"app": "api"}}});
    let spec = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"],
        "egress": [{"to": [api], "ports": [{"port": 8443}]}]});
    let mut policy = policy("alpha-db", &spec);
    policy["metadata"]["name"] = json!(name);
    policy
}

#[test]
fn a_grant_opens_its_path_until_it_ends() {
    let walls = guarded();
    let ada = owner(walls);
    assert!(tried(&ada, &granted("early")).stderr.contains("RF4001"));
    walls.apply(&GRANT.replace("END", &in_seconds(DAY)));
    for (namespace, name) in [
        ("alpha-web", "tool"),
        ("alpha-db", "web"),
        ("alpha-db", "tool"),
        ("beta-api", "api"),
        ("beta-api", "other"),
    ] {
        walls.apply(&deployment(namespace, name).to_string());
        // They come once the namespace is closed.
        let (space, app) = (format!("--namespace={namespace}"), format!("--selector=app={name}"));
        wait_until(PATIENCE, "pods", || {
            let pods = walls.admin().kubectl(&["get", "pods", &space, &app, "-o=name"]);
            pods.stdout.lines().count() == 2
        });
    }
    let own = granted("granted").to_string();
    wait_until(PATIENCE, "the door to know the Grant", || {
        ada.kubectl_with(&own, &["apply", "-f", "-"]).code == 0
    });
    let path = || open(walls, "alpha-db/web", "beta-api/api", "8443");
    wait_until(PATIENCE, "the Grant's path", path);
    for (from, to, port) in [
        ("alpha-db/web", "beta-api/api", "8444"),
        ("alpha-db/web", "beta-api/other", "8443"),
        ("alpha-db/tool", "beta-api/api", "8443"),
        ("alpha-web/tool", "beta-api/api", "8443"),
        ("beta-api/api", "alpha-db/web", "8443"),
    ] {
        assert!(!open(walls, from, to, port), "{from} to {to} at {port}");
    }
    walls.apply(&GRANT.replace("END", &in_seconds(5)));
    wait_until(PATIENCE, "the path to be closed", || !path());
    // Alpha's side is still open, and beta's is not.
    let ends = ["--from", "alpha-db/web", "--to", "beta-api/api:8443"];
    let explain = [&["explain", "--cluster", "--as-is"][..], &ends].concat();
    let told = ringfence(&walls.cluster, walls.admin(), &explain).stdout;
    let (egress, ingress) = told.split_once("\n\ningress of beta-api/api").unwrap();
    assert!(egress.contains("NetworkPolicy alpha-db/granted (the cluster): rule 1"), "{told}");
    assert!(egress.contains("egress of alpha-db/web[Deployment]"), "{told}");
    assert!(ingress.contains("isolated, and no rule lets it pass, by"), "{told}");
    // Nobody writes it anew.
    assert!(tried(&ada, &granted("late")).stderr.contains("RF4001"));
}

/// What an owner may do by RBAC, by a mistake that must not matter.
const TOO_MUCH: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: too-much}
rules:
- {apiGroups: ["cilium.io", "crd.projectcalico.org", "policy.networking.k8s.io", "example.com"], resources: ["*"], verbs: ["*"]}
- {apiGroups: [""], resources: ["pods/status"], verbs: ["patch"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: too-much}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: too-much}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: alpha-devs}]
"#;

#[test]
fn policies_of_plugins_are_the_platforms_to_write() {
    // What is not read counts as open in others' maps.
    let walls = &start();
    let ada = owner(walls);
    walls.apply(TOO_MUCH);
    for (group, version, kind, plural, scope) in [
        ("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", "Namespaced"),
        ("crd.projectcalico.org", "v1", "NetworkPolicy", "networkpolicies", "Namespaced"),
        (
            "policy.networking.k8s.io",
            "v1alpha1",
            "AdminNetworkPolicy",
            "adminnetworkpolicies",
            "Cluster",
        ),
        // No policy, and nobody asks about it.
        ("example.com", "v1", "Widget", "widgets", "Namespaced"),
    ] {
        walls.apply(&definition((group, version, kind, plural, scope)).to_string());
        let mut metadata = json!({"name": "own"});
        if scope == "Namespaced" {
            metadata["namespace"] = json!("alpha-web");
        }
        let object = |order: u8, team: &str| {
            let mut metadata = metadata.clone();
            metadata["labels"] = json!({"team": team});
            json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": metadata,
                "spec": {"order": order}})
            .to_string()
        };
        let by = |user: &Kubeconfig, text: &str| user.kubectl_with(text, &["apply", "-f", "-"]);
        wait_until(PATIENCE, "the kind to be served", || {
            !by(&ada, &object(1, "a")).stderr.contains("no matches for kind")
        });
        let tried = by(&ada, &object(1, "a"));
        if group == "example.com" {
            assert_eq!(tried.code, 0, "{tried:?}");
            continue;
        }
        assert!(tried.stderr.contains("RF4006"), "{kind} of {group}: {tried:?}");
        by(walls.admin(), &object(1, "a")).success();
        by(&ada, &object(1, "b")).success();
        let changed = by(&ada, &object(2, "b"));
        assert!(changed.stderr.contains("RF4006"), "{kind} of {group}: {changed:?}");
        by(walls.admin(), &object(2, "b")).success();
        let name = format!("{plural}.{group}/own");
        ada.kubectl(&["delete", &name, "-n=alpha-web"]).success();
    }
}

#[test]
fn a_pod_that_runs_is_not_renamed() {
    let walls = guarded();
    let ada = owner(walls);
    walls.apply(TOO_MUCH);
    walls.apply(&deployment("alpha-db", "db").to_string());
    let pods = ["get", "pods", "-n=alpha-db", "-l=app=db", "-o=jsonpath={.items[0].metadata.name}"];
    let mut name = String::new();
    wait_until(PATIENCE, "a pod", || {
        let found = walls.admin().kubectl(&pods);
        name = found.stdout;
        found.code == 0 && !name.is_empty()
    });
    let patch = |field: &str, key: &str, more: &[&str]| {
        let patch = json!({"metadata": {field: {key: "other"}}}).to_string();
        let args = ["patch", "pod", &name, "-n=alpha-db", "--dry-run=server", "-p", &patch];
        ada.kubectl(&[&args[..], more].concat())
    };
    for more in [&[][..], &["--subresource=status"]] {
        patch("labels", "team", more).success();
        patch("annotations", "team", more).success();
        let label = patch("labels", "io.kubernetes.pod.namespace", more);
        assert!(label.stderr.contains("RF4004"), "{more:?} {label:?}");
        let annotation = patch("annotations", "cni.projectcalico.org/floatingIPs", more);
        assert!(annotation.stderr.contains("RF4005"), "{more:?} {annotation:?}");
    }
    // Nor is one made so.
    let mut wrong = deployment("alpha-db", "wrong");
    wrong["spec"]["template"]["metadata"]["labels"]["io.kubernetes.pod.namespace"] =
        json!("kube-system");
    let made = ada.kubectl_with(&wrong.to_string(), &["create", "-f", "-"]);
    assert!(made.stderr.contains("RF4004"), "{made:?}");
}
