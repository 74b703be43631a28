//! No pod comes into a namespace that is not closed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};

use super::{ALPHA, PATIENCE, Walls};
use crate::harness::{ControlPlane, binary, wait_until};
use crate::program::ask_by_service;

/// How many namespaces are applied, as fast as they can; `RINGFENCE_NAMESPACES` says another number.
const NAMESPACES: usize = 60;
const APPLIERS: usize = 8;

fn file(number: usize) -> String {
    let pod = json!({
        "automountServiceAccountToken": false,
        "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
    });
    let namespace = format!("race-{number}");
    let items = json!([
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": namespace, "labels": {"ringfence.dev/tenant": "alpha"}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": namespace}, "spec": pod},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace},
         "spec": {"selector": {"matchLabels": {"app": "web"}},
                  "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}}},
    ]);
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// The configurations by which the API server asks this server.
fn install(walls: &Walls) {
    let admin = walls.admin();
    ask_by_service(&walls.cluster, &walls.server);
    walls.namespace("alpha", "race-probe");
    wait_until(PATIENCE, "the webhooks to be in force", || {
        let root = file(0)
            .replace("race-0", "race-probe")
            .replace("\"containers\"", "\"securityContext\":{\"runAsUser\":0},\"containers\"");
        let tried = admin.kubectl_with(&root, &["apply", "-f", "-", "--dry-run=server"]);
        tried.stderr.contains("RF2019")
    });
}

/// Every version of every ResourceQuota, written to a file as the API server tells them.
fn watch_quotas(cluster: &ControlPlane, file: &Path) -> std::process::Child {
    Command::new(binary::path())
        .args(["kubectl", "get", "resourcequotas", "-A", "--watch", "-o=json"])
        .env_clear()
        .env("HOME", cluster.scratch())
        .env("KUBECONFIG", cluster.admin().path())
        .stdin(Stdio::null())
        .stdout(File::create(file).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

fn name(object: &Value, field: &str) -> String {
    object["metadata"][field].as_str().unwrap().to_owned()
}

fn all(walls: &Walls, kinds: &str, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["get", kinds, "-A", "-o=json"];
    args.extend(more);
    let listed: Value = serde_json::from_str(&walls.admin().kubectl(&args).success()).unwrap();
    listed["items"].as_array().unwrap().clone()
}

/// Applies the files of so many namespaces at once; how many needed it more than once.
fn apply_all(walls: &Walls, namespaces: usize) -> usize {
    let again = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..APPLIERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= namespaces {
                        break;
                    }
                    let text = file(number);
                    let apply = || walls.admin().kubectl_with(&text, &["apply", "-f", "-"]);
                    if apply().code != 0 {
                        again.fetch_add(1, Relaxed);
                        wait_until(PATIENCE, "a file to be applied", || apply().code == 0);
                    }
                }
            });
        }
    });
    again.into_inner()
}

#[test]
fn every_seal_stands_before_the_first_pod() {
    let walls = Walls::start_with(&["--tls-name", "ringfence.ringfence-system.svc"]);
    install(&walls);
    let quotas = walls.cluster.scratch().join("quotas.json");
    let mut watch = watch_quotas(&walls.cluster, &quotas);
    let namespaces = std::env::var("RINGFENCE_NAMESPACES")
        .map_or(NAMESPACES, |namespaces| namespaces.parse().unwrap());
    let again = apply_all(&walls, namespaces);
    // How often once is enough is a matter of time, and not to be asserted.
    writeln!(
        std::io::stdout(),
        "{namespaces} namespaces with their pods; {again} needed more than one apply"
    )
    .unwrap();
    let mut pods = Vec::new();
    wait_until(PATIENCE, "every pod", || {
        pods = all(&walls, "pods", &[]);
        pods.retain(|pod| name(pod, "namespace").starts_with("race-"));
        pods.len() == 2 * namespaces
    });
    watch.kill().unwrap();
    watch.wait().unwrap();

    let kinds = "networkpolicies,limitranges,rolebindings";
    let managed = all(&walls, kinds, &["--selector=ringfence.dev/managed=true"]);
    let mut latest: HashMap<String, u64> = HashMap::new();
    let mut count: HashMap<String, usize> = HashMap::new();
    for object in &managed {
        let namespace = name(object, "namespace");
        *count.entry(namespace.clone()).or_default() += 1;
        let known = latest.entry(namespace).or_default();
        *known = (*known).max(version(object));
    }
    let text = fs::read_to_string(&quotas).unwrap();
    let mut enforced: HashMap<String, u64> = HashMap::new();
    for quota in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        // The last one may be cut off where the watch ended.
        let Ok(quota) = quota else { break };
        if ringfence::seal::enforced(&quota) {
            enforced.entry(name(&quota, "namespace")).or_insert_with(|| version(&quota));
        }
    }
    for pod in &pods {
        let namespace = name(pod, "namespace");
        assert_eq!(count[&namespace], ALPHA.len() - 1, "{namespace}");
        assert!(latest[&namespace] < version(pod), "{namespace}: a pod came first");
        assert!(enforced[&namespace] < version(pod), "{namespace}: a pod came before its quota");
    }
}

#[test]
fn without_a_keeper_and_without_an_answer_no_pod_comes_in() {
    let flags = ["--tls-name", "ringfence.ringfence-system.svc", "--controller", "off"];
    let walls = Walls::start_with(&flags);
    install(&walls);
    let text = file(1);
    let pods = |cluster: &ControlPlane| {
        cluster.admin().kubectl(&["get", "pods", "-A", "-o=name"]).success()
    };
    let tried = walls.admin().kubectl_with(&text, &["apply", "-f", "-"]);
    assert!(tried.stderr.contains("RF1018"), "{}", tried.stderr);
    assert!(tried.stdout.contains("deployment.apps/web created"), "{}", tried.stdout);
    wait_until(PATIENCE, "the ReplicaSet to try", || {
        let events = walls.admin().kubectl(&["get", "events", "-n=race-1", "-o=json"]).success();
        events.contains("RF1018")
    });
    assert_eq!(pods(&walls.cluster), "");
    assert_eq!(walls.managed("race-1"), [""; 0], "somebody else lays what closes it");

    let Walls { cluster, server, .. } = walls;
    drop(server);
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "late", "namespace": "race-1"},
        "spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "registry.example.com/app:1", "securityContext":
                {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}});
    let tried = cluster.admin().kubectl_with(&pod.to_string(), &["create", "-f", "-"]);
    assert!(tried.stderr.contains("failed calling webhook"), "{}", tried.stderr);
    assert_eq!(pods(&cluster), "");
    cluster.admin().kubectl(&["delete", "namespace", "race-1", "--timeout=60s"]).success();
}
