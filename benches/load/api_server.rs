//! What a tenant waits for: pods created through a real API server, with our webhooks and without.
//!
//! Rounds alternate; in each the webhook configurations are put in place or taken away first, and a pod
//! that must be refused tells when the API server has taken that up. Its own account of the time that it
//! waited for us is printed too.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use ringfence::server::tls::{Development, development};
use serde_json::{Value, json};

use crate::harness::ControlPlane;
use crate::process::{Cores, say};
use crate::review::Kind;
use crate::reviews;
use crate::subject::{Setting, Subject};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many pods are created in a round, one after another.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pods: usize,
    /// How many rounds there are with our webhooks, and as many without.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
}

/// What the API server counts of each call of a webhook.
const METRIC: &str = "apiserver_admission_webhook_admission_duration_seconds";
/// How long the API server may take to take a configuration up.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn measure(program: &Path, args: &Args) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("load-").tempdir()?;
    let certs = scratch.path().join("certs");
    let certs = development(&Development { dir: certs, names: Vec::new() })?;
    let cores = Cores::find()?;
    let plane = ControlPlane::start();
    let setting = Setting {
        program,
        scratch: scratch.path(),
        certs: &certs,
        core: cores.map(|it| it.server),
        path: Kind::Pod.path(),
        policies: None,
        counted: None,
    };
    let subject = Subject::ringfence("ringfence", &setting, &[])?;
    let webhooks = webhooks(program, &subject, &certs.ca)?;
    let labels = json!({"ringfence.dev/tenant": "alpha"});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": reviews::NAMESPACE, "labels": labels}});
    plane.admin().kubectl_with(&namespace.to_string(), &["apply", "-f", "-"]).success();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let creator = runtime.block_on(Creator::new(&plane))?;
    let mut latencies = [Vec::new(), Vec::new()];
    let mut added = Vec::new();
    for round in 0..args.rounds {
        let mut medians = [0.0; 2];
        for with in [round % 2 == 0, round % 2 == 1] {
            let change: &[&str] = if with {
                &["apply", "-f", "-"]
            } else {
                &["delete", "--ignore-not-found", "-f", "-"]
            };
            plane.admin().kubectl_with(&webhooks, change).success();
            let mut times = runtime.block_on(creator.round(with, args.pods))?;
            times.sort_unstable();
            if let Some(median) = medians.get_mut(usize::from(with)) {
                *median = at(&times, 50);
            }
            if let Some(all) = latencies.get_mut(usize::from(with)) {
                all.extend(times);
            }
        }
        let [without, with] = medians;
        say(&format!("round {}: p50 {without:.2} ms without, {with:.2} ms with\n", round + 1))?;
        added.push(with - without);
    }
    added.sort_unstable_by(f64::total_cmp);
    say("\n| | pods | p50 ms | p99 ms |\n|---|--:|--:|--:|\n")?;
    for (name, mut all) in ["without webhooks", "with Ringfence's"].into_iter().zip(latencies) {
        all.sort_unstable();
        let (count, p50, p99) = (all.len(), at(&all, 50), at(&all, 99));
        say(&format!("| {name} | {count} | {p50:.2} | {p99:.2} |\n"))?;
    }
    let median = added.get(added.len() / 2).copied().unwrap_or_default();
    say(&format!("added to the p50 of a creation, median of the rounds: {median:.2} ms\n"))?;
    say(&runtime.block_on(creator.account())?)
}

/// The configurations that make an API server ask the subject.
fn webhooks(program: &Path, subject: &Subject, ca: &Path) -> Result<String> {
    let url = format!("https://{}", subject.address);
    let mut command = Command::new(program);
    command.args(["webhooks", "--url", &url, "--ca-file"]).arg(ca);
    Ok(String::from_utf8(command.output()?.stdout)?)
}

/// A percentile of sorted times, in milliseconds.
fn at(times: &[Duration], percent: usize) -> f64 {
    let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
    time.as_secs_f64() * 1000.0
}

/// Creates pods as an administrator.
struct Creator {
    client: kube::Client,
    pods: Api<Pod>,
}

impl Creator {
    async fn new(plane: &ControlPlane) -> Result<Self> {
        let file = Kubeconfig::read_from(plane.admin().path())?;
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(file, &options).await?;
        let client = kube::Client::try_from(config)?;
        let pods = Api::namespaced(client.clone(), reviews::NAMESPACE);
        Ok(Self { client, pods })
    }

    /// How long each creation takes, from when the API server does as it should.
    async fn round(&self, with: bool, count: usize) -> Result<Vec<Duration>> {
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        let refused = pod("refused", &reviews::denied_pod())?;
        let until = Instant::now() + PATIENCE;
        while self.pods.create(&dry, &refused).await.is_err() != with {
            ensure!(Instant::now() < until, "the API server asks as before after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut times = Vec::new();
        for number in 0..count {
            let pod = pod(&format!("checkout-{number}"), &reviews::pod())?;
            let from = Instant::now();
            self.pods.create(&PostParams::default(), &pod).await?;
            times.push(from.elapsed());
        }
        let now = DeleteParams::default().grace_period(0);
        self.pods.delete_collection(&now, &ListParams::default()).await?;
        Ok(times)
    }

    /// What the API server says of our webhooks: calls, their mean, and how many took how long.
    async fn account(&self) -> Result<String> {
        let request = http::Request::get("/metrics").body(Vec::new())?;
        let metrics = self.client.request_text(request).await?;
        // By webhook: its buckets, sum and count.
        let mut webhooks: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for line in metrics.lines() {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let Some((kind, labels)) =
                series.strip_prefix(METRIC).and_then(|it| it.split_once('{'))
            else {
                continue;
            };
            let of = |key: &str| {
                let (_, rest) = labels.split_once(&format!("{key}=\""))?;
                Some(rest.split_once('"')?.0)
            };
            let (Some(name), Some("CREATE"), Some("false"), Some(sort)) =
                (of("name"), of("operation"), of("rejected"), of("type"))
            else {
                continue;
            };
            let figure = of("le").map_or_else(|| kind.to_owned(), |le| format!("≤ {le} s"));
            let figures = webhooks.entry(format!("{name} ({sort})")).or_default();
            *figures.entry(figure).or_default() += value.parse::<f64>()?;
        }
        let mut text = format!("\n{METRIC}, of creations that were not refused:\n");
        for (name, figures) in webhooks {
            let of = |figure: &str| figures.get(figure).copied().unwrap_or_default();
            let (count, sum) = (of("_count"), of("_sum"));
            text += &format!("{name}: {count} calls, {:.2} ms on average", sum / count * 1000.0);
            for bucket in ["0.005", "0.025"] {
                let share = 100.0 * of(&format!("≤ {bucket} s")) / count;
                text += &format!(", {share:.1} % within {bucket} s");
            }
            text.push('\n');
        }
        Ok(text)
    }
}

/// The pod of a review as a client would create it.
fn pod(name: &str, reviews::Review(text): &reviews::Review) -> Result<Pod> {
    let review: Value = serde_json::from_str(text)?;
    let mut spec = review.pointer("/request/object/spec").cloned().unwrap_or_default();
    if let Some(spec) = spec.as_object_mut() {
        // The account is not there.
        spec.retain(|field, _| !field.starts_with("serviceAccount"));
    }
    let labels = review.pointer("/request/object/metadata/labels");
    let meta = json!({"name": name, "labels": labels});
    Ok(serde_json::from_value(json!({"metadata": meta, "spec": spec}))?)
}
