//! `ringfence serve`

mod replica;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::limits::{LimitArgs, seconds};
use super::{Outcome, output, policies, readiness::Ready, webhooks};
use crate::controller::lease::Hand;
use crate::controller::{
    Barriers, Cluster, Papers, Standings, StatusSources, keep_labels, keep_proof, keep_seals,
    keep_status, watch_documents, watch_namespaces, watch_ranges,
};
use crate::report::webhooks::Target;
use crate::server::tls::{self, Development, Files, Identity, Source};
use crate::server::{Door, Ended, Server, Settings, shutdown};
use crate::state::{Builder, Change, ClusterLookup, Handle};
use crate::telemetry::{Metrics, logs};

/// Runs the admission webhook, and in a cluster the controller.
///
/// Without a cluster it judges by the documents in --policies (or by an example set), and a namespace
/// is a tenant's that a Tenant claims by name. With --kubeconfig, or in a cluster, namespaces are
/// watched there; without --policies so are the documents, as custom resources (`ringfence crds`), and
/// every namespace of a tenant is closed, and kept closed, before a pod comes into it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence serve
  ringfence serve --policies policies/ --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
  ringfence serve --kubeconfig ~/.kube/config
  ringfence serve --policies policies/ --kubeconfig ~/.kube/config

Signals: SIGTERM and SIGINT drain and exit with 0; a second one ends at once")]
pub(super) struct Args {
    /// The folder of Platform, Profile, Tenant, Exemption and Grant documents; changes take effect
    /// within two seconds. In a cluster: in place of custom resources, and nothing is sealed.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The admission port (HTTPS): /validate and /mutate.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The telemetry port (HTTP): /livez, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    telemetry_listen: SocketAddr,
    /// Our certificate (PEM, leaf first); swapped when the file changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Where certificates for development are kept that are made without --tls-cert.
    #[arg(long, value_name = "DIR", default_value = "certs", conflicts_with = "tls_cert")]
    certs_dir: PathBuf,
    /// A DNS name or address that such a certificate is for, beside localhost; may come several
    /// times.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert")]
    tls_name: Vec<String>,
    /// Clients must show a certificate of one of these CAs (PEM).
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// The cluster to watch; in a pod it is the pod's own.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Whether this replica may become the one that changes the cluster, which lays what closes
    /// namespaces, or only looks whether another has. Pods wait for it in both cases.
    #[arg(long, value_enum, default_value = "on")]
    controller: Controller,
    /// Where replicas agree on who changes the cluster: the pod's own namespace, elsewhere
    /// `ringfence-system`; where that is not there, each replica takes itself for the only one.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The Service by which the API server asks us: the replica that changes the cluster keeps the webhook
    /// configurations for it. Absent: nobody does, and `ringfence webhooks` prints them.
    #[arg(long, value_name = "NAMESPACE/NAME[:PORT]", value_parser = service, requires = "tls_ca")]
    webhooks: Option<Target>,
    /// The CA that our certificate comes from (PEM), for the webhook configurations; it may hold
    /// several.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// What is logged, such as `info` or `warn,ringfence=debug`.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
    /// How long to go on accepting after SIGTERM, while Services learn of it.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5")]
    grace: Duration,
    /// How long requests may take after that.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "20")]
    drain: Duration,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Controller {
    On,
    Off,
}

/// The Service of --webhooks.
fn service(text: &str) -> Result<Target, String> {
    webhooks::service_of(text).map_err(|error| error.to_string())
}

/// How many changes wait at most for the one who takes them in.
const CHANGES: usize = 256;

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let format = match args.log_format {
        LogFormat::Text => logs::Format::Text,
        LogFormat::Json => logs::Format::Json,
    };
    let metrics = Arc::new(Metrics::new());
    let _logs = logs::init(format, &args.log, metrics.lost_lines())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let outcome = runtime.block_on(serve(args, metrics));
    // A read that hangs with its file system would hold up the end for ever.
    runtime.shutdown_background();
    outcome
}

async fn serve(args: &Args, metrics: Arc<Metrics>) -> Result<Outcome> {
    // First of all: whoever reads that we are ready may end us.
    let shutdown = shutdown::on_signals().context("cannot listen for signals")?;
    let cluster = tokio::select! {
        cluster = cluster(args) => cluster?,
        () = shutdown.draining() => return Ok(Outcome::Good),
    };
    let handle = Handle::default();
    let documents = if cluster.is_some() && args.policies.is_none() {
        None
    } else {
        let documents = policies::Documents::load(args.policies.as_deref());
        let Some(documents) = documents else { return Ok(Outcome::Failed) };
        Some(documents)
    };
    let identity = Arc::new(identity(args, &metrics)?);
    let (changes, inbox) = mpsc::channel(CHANGES);
    let health = documents.as_ref().map(policies::Documents::health).unwrap_or_default();
    let ready = Ready::new(handle.clone(), cluster.is_some(), health);
    let lookup = cluster.clone().map(|it| Arc::new(it) as Arc<dyn ClusterLookup>);
    let depth = args.limits.max_json_depth;
    let door = Door::new(handle.clone(), lookup, Arc::clone(&metrics), depth);
    let sources = replica::Sources {
        handle: handle.clone(),
        metrics: Arc::clone(&metrics),
        identity: Arc::clone(&identity),
    };
    let server = Server::bind(settings(args), identity, Arc::clone(&metrics), (door, ready))?;
    let addresses = (server.admission_addr(), server.telemetry_addr());
    let builder = builder(handle.clone(), cluster.as_ref(), documents.is_none());
    let announce = Announce { handle: handle.clone(), addresses, done: false };
    tokio::spawn(build(builder, inbox, announce));
    if let Some(cluster) = &cluster {
        tokio::spawn(watch_namespaces(cluster.clone(), changes.clone()));
    }
    let mut tasks = JoinSet::new();
    let joined = cluster.map(|cluster| {
        let hand = replica::join(args, &cluster, sources, (&mut tasks, &shutdown));
        (cluster, hand)
    });
    match (documents, joined) {
        (Some(documents), _) => {
            tokio::spawn(documents.follow(changes, metrics));
        }
        (None, Some((cluster, hand))) => {
            keep((cluster, handle, hand), changes, metrics);
        }
        (None, None) => {}
    }
    let ended = server.run(shutdown).await;
    if ended != Ended::Aborted {
        tasks.join_all().await;
    }
    tracing::info!(?ended, "ended");
    Ok(if ended == Ended::Aborted { Outcome::Failed } else { Outcome::Good })
}

/// Watches and keeps what follows from documents that are in the cluster.
fn keep(
    (cluster, handle, hand): (Cluster, Handle, Hand),
    changes: mpsc::Sender<Change>,
    metrics: Arc<Metrics>,
) {
    let (papers, seen) = watch::channel(Papers::default());
    let (barriers, stand) = watch::channel(Barriers::default());
    let (standings, proven) = watch::channel(Standings::default());
    let sources = StatusSources { papers: seen, barriers: stand, standings: proven };
    let context = (cluster.clone(), Arc::clone(&metrics));
    tokio::spawn(watch_documents(cluster.clone(), changes.clone(), papers));
    tokio::spawn(watch_ranges(cluster.clone(), changes.clone()));
    tokio::spawn(keep_status(handle.clone(), sources, context, hand.clone()));
    let telling = (standings, Arc::clone(&metrics));
    tokio::spawn(keep_proof(cluster.clone(), handle.clone(), hand.clone(), telling));
    tokio::spawn(keep_labels(cluster.clone(), handle.clone(), hand.clone()));
    tokio::spawn(keep_seals(cluster, handle, hand, changes, (barriers, metrics)));
}

/// Pods wait for seals where these are laid, by documents from the cluster.
fn builder(handle: Handle, cluster: Option<&Cluster>, seals: bool) -> Builder {
    match cluster {
        Some(cluster) if seals => Builder::in_cluster(handle, cluster.version).with_seals(),
        Some(cluster) => Builder::in_cluster(handle, cluster.version),
        None => Builder::without_cluster(handle),
    }
}

fn settings(args: &Args) -> Settings {
    Settings {
        listen: args.listen,
        telemetry_listen: args.telemetry_listen,
        limits: args.limits.limits(),
        grace: args.grace,
        drain: args.drain,
    }
}

/// The cluster of --kubeconfig, or the one that this pod runs in.
async fn cluster(args: &Args) -> Result<Option<Cluster>> {
    let in_cluster = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    if args.kubeconfig.is_none() && !in_cluster {
        return Ok(None);
    }
    let connected = Cluster::connect(args.kubeconfig.as_deref()).await;
    connected.map(Some).with_context(|| match &args.kubeconfig {
        Some(path) => format!("cannot use the cluster of `{}`", path.display()),
        None => "cannot use the cluster that this pod runs in".to_owned(),
    })
}

fn identity(args: &Args, metrics: &Arc<Metrics>) -> Result<Identity> {
    let source = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => Source::Files { cert: cert.clone(), key: key.clone() },
        _ => Source::Development(Development {
            dir: args.certs_dir.clone(),
            names: args.tls_name.clone(),
        }),
    };
    let files = Files { source, client_ca: args.client_ca.clone() };
    Ok(tls::load(files, Arc::clone(metrics))?)
}

/// The single writer: takes in the changes that wait, all at once, and says when the first snapshot
/// is there.
async fn build(mut builder: Builder, mut inbox: mpsc::Receiver<Change>, mut announce: Announce) {
    let mut changes = Vec::new();
    while inbox.recv_many(&mut changes, CHANGES).await > 0 {
        builder.apply_all(changes.drain(..));
        announce.when_ready();
    }
}

struct Announce {
    handle: Handle,
    addresses: (SocketAddr, SocketAddr),
    done: bool,
}

impl Announce {
    fn when_ready(&mut self) {
        if self.done || self.handle.snapshot().is_none() {
            return;
        }
        self.done = true;
        let (admission, telemetry) = self.addresses;
        let line =
            format!("ready: https://{admission} (admission), http://{telemetry} (telemetry)\n");
        if let Err(error) = output::result(&line) {
            tracing::warn!(%error, "cannot say that we are ready");
        }
    }
}
