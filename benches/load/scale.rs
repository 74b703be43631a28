//! How the controller bears many namespaces: a real API server, and exactly the rights that it ships with.
//!
//! The namespaces are there first. Then the program starts, closes all of them, and is started again
//! where all of them are closed already.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::{TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use ringfence::server::tls::{Development, DevelopmentFiles, development};
use serde_json::json;

use crate::harness::ControlPlane;
use crate::process::{cpu_time, peak, resident, say};
use crate::review::Kind;
use crate::subject::{Setting, Subject};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many tenants there are, each with an owner.
    #[arg(long, value_name = "N", default_value_t = 200)]
    tenants: usize,
    /// How many namespaces they have together.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    namespaces: usize,
}

/// The account of `manifests/base`.
const ACCOUNT: &str = "system:serviceaccount:ringfence-system:ringfence";
/// How many objects are created at once.
const CREATORS: usize = 16;
/// How long nothing may come of it.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_millis(100);

pub fn measure(program: &Path, args: &Args) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("load-").tempdir()?;
    let certs = scratch.path().join("certs");
    let certs = development(&Development { dir: certs, names: Vec::new() })?;
    let plane = ControlPlane::start();
    install(&plane)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    runtime.block_on(populate(&plane, args))?;
    let Args { tenants, namespaces } = args;
    let took = began.elapsed();
    say(&format!("{tenants} tenants and {namespaces} namespaces made in {took:.1?}\n\n"))?;
    let groups = ["system:serviceaccounts", "system:serviceaccounts:ringfence-system"];
    let account = plane.user(ACCOUNT, &groups);
    say(
        "| | ready | all sealed | writes | CPU | resident | at most |\n|---|--:|--:|--:|--:|--:|--:|\n",
    )?;
    for what in ["closing them", "started again"] {
        let run = Run::of((program, scratch.path()), &certs, account.path(), *namespaces)?;
        say(&format!("| {what} | {run}\n"))?;
    }
    Ok(())
}

/// Our kinds and our rights.
fn install(plane: &ControlPlane) -> Result<()> {
    let paper = |path: &str| format!("{}/manifests/{path}", env!("CARGO_MANIFEST_DIR"));
    let admin = plane.admin();
    admin.kubectl(&["apply", "--server-side", "-k", &paper("crds")]).success();
    admin.kubectl(&["create", "namespace", "ringfence-system"]).success();
    admin.kubectl(&["apply", "-f", &paper("base/rbac.yaml")]).success();
    let established = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
    admin.kubectl(&established).success();
    Ok(())
}

/// Makes the tenants and their namespaces, as an administrator.
async fn populate(plane: &ControlPlane, args: &Args) -> Result<()> {
    ensure!(args.tenants > 0, "without a tenant no namespace is anybody's");
    let file = Kubeconfig::read_from(plane.admin().path())?;
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    let client = kube::Client::try_from(config)?;
    let kind = GroupVersionKind::gvk("ringfence.dev", "v1alpha1", "Tenant");
    let resource = ApiResource::from_gvk(&kind);
    let tenants: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    create(&tenants, args.tenants, |number| {
        let owner = format!("team-{number}-owners");
        json!({
            "apiVersion": "ringfence.dev/v1alpha1",
            "kind": "Tenant",
            "metadata": {"name": format!("team-{number}")},
            "spec": {"owners": [{"kind": "Group", "name": owner}]},
        })
    })
    .await?;
    create(&Api::<Namespace>::all(client), args.namespaces, |number| {
        let (tenant, which) = (number % args.tenants, number / args.tenants);
        let labels = json!({"ringfence.dev/tenant": format!("team-{tenant}")});
        json!({"metadata": {"name": format!("team-{tenant}-{which}"), "labels": labels}})
    })
    .await
}

async fn create<K>(
    api: &Api<K>,
    count: usize,
    each: impl Fn(usize) -> serde_json::Value,
) -> Result<()>
where
    K: Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    stream::iter((0..count).map(each).map(Ok))
        .try_for_each_concurrent(CREATORS, async |object| {
            let object = serde_json::from_value(object)?;
            api.create(&PostParams::default(), &object).await?;
            anyhow::Ok(())
        })
        .await
}

/// What a start of the program came to.
struct Run {
    ready: Duration,
    sealed: Duration,
    writes: u64,
    cpu: Duration,
    resident: u64,
    peak: u64,
}

impl Run {
    fn of(
        (program, scratch): (&Path, &Path),
        certs: &DevelopmentFiles,
        kubeconfig: &Path,
        namespaces: usize,
    ) -> Result<Self> {
        let setting = Setting {
            program,
            scratch,
            certs,
            core: None,
            path: Kind::Pod.path(),
            policies: None,
            counted: None,
        };
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        let began = Instant::now();
        let subject = Subject::ringfence("ringfence", &setting, &[&kubeconfig, "--grace", "0.01"])?;
        let telemetry = subject.telemetry.context("it does not say where it tells of itself")?;
        let until = began + PATIENCE;
        let mut ready = None;
        loop {
            ensure!(Instant::now() < until, "not done after {PATIENCE:?}");
            if ready.is_none() && get(telemetry, "/readyz")?.starts_with("HTTP/1.1 200") {
                ready = Some(began.elapsed());
            }
            let metrics = get(telemetry, "/metrics")?;
            let sealed = sum(&metrics, "ringfence_tenant_namespaces{seal=\"sealed\"}");
            match ready {
                Some(ready) if sealed == namespaces as u64 => {
                    return Ok(Self {
                        ready,
                        sealed: began.elapsed(),
                        writes: sum(&metrics, "ringfence_seal_writes_total"),
                        cpu: cpu_time(subject.id())?,
                        resident: resident(subject.id())?,
                        peak: peak(subject.id())?,
                    });
                }
                _ => std::thread::sleep(LOOK),
            }
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let Self { ready, sealed, writes, cpu, resident, peak } = self;
        let (resident, peak) = (megabytes(*resident), megabytes(*peak));
        write!(
            f,
            "{ready:.2?} | {sealed:.1?} | {writes} | {cpu:.1?} | {resident:.0} MB | {peak:.0} MB |"
        )
    }
}

/// What the telemetry says at a path, with its head.
fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// What the series that begin so come to together.
fn sum(metrics: &str, series: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(series)?.rsplit_once(' '));
    lines.filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
}
