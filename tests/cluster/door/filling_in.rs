//! A pod that is filled in is still one that Kubernetes takes: the real API server says so.

use futures::stream::{self, StreamExt as _};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config as RunnerConfig, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::super::pods;
use super::Door;

/// So many pods are filled in that the API server takes as they are.
const VALID: usize = 500;
/// So many random pods hold as many valid ones, many times over.
const MOST: usize = 20_000;
/// How many requests are under way at a time.
const AT_ONCE: usize = 8;

/// Creates a pod by dry run: what the API server would have stored, or why it refuses.
async fn created(client: &Client, namespace: &str, pod: &Value) -> Result<Value, String> {
    let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
    let request = http::Request::post(path)
        .header("Content-Type", "application/json")
        .body(pod.to_string().into_bytes())
        .unwrap();
    client.request(request).await.map_err(|error| error.to_string())
}

async fn client(door: &Door) -> Client {
    let config = Kubeconfig::read_from(door.cluster.admin().path()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Whether the pod was filled in; an error where Kubernetes takes it as it is, and not filled in.
async fn filled_in(client: &Client, pod: Value) -> Result<Option<bool>, String> {
    if created(client, "door-plain", &pod).await.is_err() {
        return Ok(None);
    }
    let after = created(client, "door-filled", &pod).await;
    let after = after.map_err(|error| format!("{error}\nafter filling in\n{pod}"))?;
    let mark = &after["metadata"]["annotations"]["ringfence.dev/filled-in"];
    let windows = after["spec"]["os"]["name"] == "windows";
    if windows && !mark.is_null() {
        return Err(format!("a Windows pod is filled in: {after}"));
    }
    Ok(Some(!mark.is_null()))
}

#[test]
fn what_is_filled_in_is_valid_for_kubernetes() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let door = Door::shared();
    door.open_namespace("", "door-plain");
    door.open_namespace("gamma", "door-filled");
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(RunnerConfig::default(), rng);
    let strategy = pods::pod();
    let pods = std::iter::from_fn(|| Some(strategy.new_tree(&mut runner).unwrap().current()));
    let pods = pods.take(MOST).map(|pod| pods::wrapped(&pod, pods::KINDS[0]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcomes: Vec<bool> = runtime.block_on(async {
        let client = client(door).await;
        stream::iter(pods)
            .map(|pod| filled_in(&client, pod))
            .buffered(AT_ONCE)
            .filter_map(async |outcome| outcome.unwrap())
            .take(VALID)
            .collect()
            .await
    });
    let filled = outcomes.iter().filter(|filled| **filled).count();
    assert_eq!(outcomes.len(), VALID);
    assert!(filled >= VALID / 2, "only {filled} of {VALID} were filled in");
}
