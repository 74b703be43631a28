//! What kubectl, events and Pod Security admission show of a refusal, and that its fixes work.

use std::process::Command;

use insta::assert_snapshot;
use ringfence::domain::{Finding, Mode, TenantName};
use ringfence::policy::Source;
use serde_json::{Value, json};

use super::super::edits::fixed;
use super::super::harness::wait_until;
use super::super::reviews::{created, snapshot};
use super::{Door, PATIENCE, PROGRAM, Transcript, policies};

const BAD: &str = include_str!("manifests/bad-deployment.yaml");
const GOOD: &str = include_str!("manifests/deployment.yaml");
const POD: &str = include_str!("manifests/pod.yaml");
const ROOT_POD: &str = include_str!("manifests/root-pod.yaml");

/// The findings that `ringfence review` has for a manifest in a namespace of tenant alpha.
fn findings(manifest: &str) -> Vec<Finding> {
    let tenants = include_str!("policies/tenants.yaml");
    let tenants = tenants.replacen("labels: {", "names: [anywhere]\n    labels: {", 1);
    let sources = [
        Source { name: "tenants".into(), text: tenants },
        Source { name: "profiles".into(), text: include_str!("policies/profiles.yaml").into() },
    ];
    let snapshot = snapshot(&sources);
    let record = created(&snapshot, manifest, Some("anywhere"), jiff::Timestamp::now());
    assert_eq!(record.tenant.as_ref().map(TenantName::as_str), Some("alpha"));
    record.verdict.in_mode(Mode::Enforce).cloned().collect()
}

/// The bullets that kubectl printed: path, code and fix of each.
fn bullets(stderr: &str) -> Vec<(String, String, String)> {
    let lines: Vec<&str> = stderr.lines().collect();
    let bullet = |pair: &[&str]| {
        let (path, rest) = pair[0].strip_prefix("* ")?.split_once(": RF")?;
        let code = format!("RF{}", rest.split(' ').next()?);
        Some((path.to_owned(), code, pair[1].trim().strip_prefix("fix: ")?.to_owned()))
    };
    lines.windows(2).filter_map(bullet).collect()
}

/// The whole way of a developer: refused with every finding, edited as the findings say, admitted, and
/// a pod that runs under `restricted` as the API server itself enforces it.
#[test]
fn a_refused_deployment_is_admitted_once_its_fixes_are_made() {
    let door = Door::shared();
    let owner = door.owner();
    door.namespace("alpha", "door-fixes");
    let mut shown = Transcript::default();
    let refused = shown.run(("owner", &owner), "door-fixes", "apply -f -", BAD);
    let found = findings(BAD);
    let expected: Vec<(String, String, String)> = found
        .iter()
        .map(|it| (it.path.to_string(), it.code.to_string(), it.fix.text.to_string()))
        .collect();
    assert_eq!(bullets(&refused.stderr), expected);

    let manifest: Value = serde_json::from_str(&as_json(BAD)).unwrap();
    let edited = fixed(&manifest, &found.iter().collect::<Vec<_>>());
    shown.run(("owner", &owner), "door-fixes", "apply -f -", &edited.to_string());
    assert_snapshot!("a_refused_deployment", shown.text());

    let pod = running_pod(door, "door-fixes");
    let labels = &door.get("", "namespace/door-fixes")["metadata"]["labels"];
    assert_snapshot!("a_completed_namespace", serde_json::to_string_pretty(labels).unwrap());
    assert_snapshot!("a_completed_pod", serde_json::to_string_pretty(&security_of(&pod)).unwrap());
}

/// The manifest as kubectl reads it.
fn as_json(manifest: &str) -> String {
    let mut documents = ringfence::objects::yaml::documents(manifest);
    documents.remove(0).unwrap().to_json()
}

/// The one pod of the namespace, which the real controllers made, once it runs.
fn running_pod(door: &Door, namespace: &str) -> Value {
    let mut name = String::new();
    wait_until(PATIENCE, "the controller's pod", || {
        let pods = door.get(namespace, "pods");
        name = pods["items"][0]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        !name.is_empty()
    });
    door.cluster.run_pod(namespace, &name);
    let pod = door.get(namespace, &format!("pod/{name}"));
    assert_eq!(pod["status"]["phase"], "Running");
    pod
}

/// What security reads of a pod.
fn security_of(pod: &Value) -> Value {
    let containers = |list: &str| -> Value {
        let of =
            |it: &Value| json!({ "name": it["name"], "securityContext": it["securityContext"] });
        pod["spec"][list].as_array().into_iter().flatten().map(of).collect()
    };
    json!({
        "annotations": pod["metadata"]["annotations"],
        "securityContext": pod["spec"]["securityContext"],
        "initContainers": containers("initContainers"),
        "containers": containers("containers"),
    })
}

/// Every way in which a change of an object reaches the API server.
#[test]
fn every_way_of_writing_is_judged() {
    let door = Door::shared();
    let (admin, owner, neighbour) = (door.cluster.admin(), door.owner(), door.neighbour());
    let (admin, owner, neighbour) =
        (("admin", admin), ("owner", &owner), ("neighbour", &neighbour));
    door.namespace("alpha", "door-ways");
    let mut shown = Transcript::default();
    let mut run = |who, command: &str, stdin: &str| shown.run(who, "door-ways", command, stdin);
    let root = GOOD.replace("- name: app", "- name: app\n        securityContext: {runAsUser: 0}");
    let privileged = r#"{"spec":{"template":{"spec":{"containers":[{"name":"app","securityContext":{"privileged":true}}]}}}}"#;
    let unlabelled = r#"[{"op":"add","path":"/spec/template/spec/hostIPC","value":true}]"#;
    run(owner, "create -f - --dry-run=server", &root);
    run(owner, "create -f - --dry-run=server", GOOD);
    run(owner, "create -f -", GOOD);
    run(owner, "apply -f -", GOOD);
    run(owner, "apply -f -", &root);
    run(admin, "apply -f -", &root);
    run(neighbour, "apply -f -", &root);
    run(owner, "apply --server-side --force-conflicts -f -", &root);
    run(owner, "apply --server-side --force-conflicts -f -", GOOD);
    run(owner, &format!("patch deployment web --patch '{privileged}'"), "");
    run(owner, &format!("patch deployment web --type=json --patch '{unlabelled}'"), "");
    run(owner, "label deployment web team=a", "");
    run(owner, "set image deployment/web app=registry.example.com/alpha/web:1.5", "");
    run(owner, "scale deployment web --replicas=3", "");
    run(owner, "delete deployment web", "");
    assert_snapshot!("every_way_of_writing", shown.text());
}

/// With several objects kubectl shows the message instead of the causes, so both must be whole.
#[test]
fn several_objects_are_each_told_apart() {
    let door = Door::shared();
    let owner = door.owner();
    door.open_namespace("alpha", "door-several");
    let several = format!("{ROOT_POD}---\n{POD}---\n{BAD}");
    let mut shown = Transcript::default();
    shown.run(("owner", &owner), "door-several", "apply -f -", &several);
    assert_snapshot!("several_objects", shown.text());
}

/// On a bare pod the API server's own Pod Security admission answers first, where it enforces.
#[test]
fn a_bare_pod_meets_pod_security_admission_first() {
    let door = Door::shared();
    let owner = door.owner();
    door.namespace("alpha", "door-bare");
    door.open_namespace("alpha", "door-bare-open");
    door.namespace("beta", "door-bare-baseline");
    door.namespace("delta", "door-bare-lenient");
    let mut shown = Transcript::default();
    for namespace in ["door-bare", "door-bare-open", "door-bare-baseline", "door-bare-lenient"] {
        shown.run(("owner", &owner), namespace, "apply -f -", ROOT_POD);
        shown.run(("owner", &owner), namespace, "apply -f -", POD);
    }
    assert_snapshot!("a_bare_pod", shown.text());
}

/// What controllers are refused stands in their events, by the message alone.
#[test]
fn a_controllers_refusal_is_told_in_its_event() {
    let door = Door::shared();
    let admin = door.cluster.admin();
    door.open_namespace("", "door-events");
    let root = GOOD.replace("- name: app", "- name: app\n        securityContext: {runAsUser: 0}");
    let mut shown = Transcript::default();
    let mut run =
        |command: &str, stdin: &str| shown.run(("admin", admin), "door-events", command, stdin);
    run("apply -f -", &root.replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector"));
    admin.kubectl(&["label", "namespace", "door-events", "ringfence.dev/tenant=alpha"]).success();
    wait_until(PATIENCE, "the label to be known", || {
        let dry = ["create", "-f", "-", "--dry-run=server", "--namespace=door-events"];
        admin.kubectl_with(ROOT_POD, &dry).code != 0
    });
    run("scale deployment web --replicas=1", "");
    let mut message = String::new();
    wait_until(PATIENCE, "the refusal's event", || {
        let events = door.get("door-events", "events");
        let failed =
            events["items"].as_array().unwrap().iter().find(|it| it["reason"] == "FailedCreate");
        message = failed.map(|it| it["message"].as_str().unwrap().to_owned()).unwrap_or_default();
        !message.is_empty()
    });
    let name = message.split_once("in Pod ").and_then(|(_, rest)| rest.split_once(':'));
    let message = message.replace(name.unwrap().0, "web-HASH");
    assert_snapshot!("a_controllers_event", format!("{}\n\n{message}", shown.text()));
}

/// A developer's file, mended by the program: what it takes on itself is enough for the API server.
#[test]
fn a_file_that_is_fixed_is_admitted() {
    let door = Door::shared();
    let owner = door.owner();
    door.namespace("alpha", "door-mended");
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // Which volume takes the place of the node's is for people to say.
    let bad = BAD.replace("hostPath: {path: /var/log}", "emptyDir: {}  # gone with the pod");
    let bad = put("bad.yaml", &bad);
    let namespace = put(
        "namespace.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: door-mended\n  labels: {ringfence.dev/tenant: alpha}\n",
    );
    let refused = owner.kubectl(&["apply", "--namespace=door-mended", "-f", bad.to_str().unwrap()]);
    assert_ne!(refused.code, 0, "{refused:?}");
    let fixed = Command::new(PROGRAM)
        .args(["review", "--fix", "--policies", &policies(), "--namespace", "door-mended"])
        .args([&namespace, &bad])
        .output()
        .unwrap();
    assert!(fixed.status.success(), "{fixed:?}");
    let text = std::fs::read_to_string(&bad).unwrap();
    assert!(text.contains("emptyDir: {}  # gone with the pod"), "{text}");
    owner.kubectl(&["apply", "--namespace=door-mended", "-f", bad.to_str().unwrap()]).success();
    running_pod(door, "door-mended");
}
