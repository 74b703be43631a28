//! The servers that are compared.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ringfence::server::tls::DevelopmentFiles;
use serde_json::json;

use crate::client::Client;
use crate::harness::{ControlPlane, binary, free_ports};
use crate::process::{self, Cores, pinned};
use crate::reviews;

/// What subjects have in common.
pub struct Setting<'a> {
    /// Ringfence's.
    pub program: &'a Path,
    pub scratch: &'a Path,
    /// All of them show the same certificate.
    pub certs: &'a DevelopmentFiles,
    pub core: Option<u32>,
    /// Where Ringfence is asked.
    pub path: &'static str,
    /// Its policies; the example set without.
    pub policies: Option<&'a Path>,
    /// Where a program that was built with counters leaves what it counted, by the pattern of LLVM's profiles.
    pub counted: Option<&'a Path>,
}

/// Which uid answers carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uid {
    Echoed,
    Constant,
}

/// A running server; it ends with this value.
pub struct Subject {
    pub name: &'static str,
    pub address: SocketAddr,
    /// Where it tells of itself, if it does.
    pub telemetry: Option<SocketAddr>,
    pub path: &'static str,
    pub uid: Uid,
    child: Child,
    log: File,
}

impl Subject {
    /// The program with its example set.
    pub fn ringfence(name: &'static str, setting: &Setting<'_>, flags: &[&str]) -> Result<Self> {
        let program = setting.program.to_str().context("a path that is no text")?;
        let mut command = pinned(setting.core, program);
        command.arg("serve").args(["--listen=127.0.0.1:0", "--telemetry-listen=127.0.0.1:0"]);
        command.arg("--tls-cert").arg(&setting.certs.cert).arg("--tls-key").arg(&setting.certs.key);
        if let Some(policies) = setting.policies {
            command.arg("--policies").arg(policies);
        }
        if let Some(counted) = setting.counted {
            command.env("LLVM_PROFILE_FILE", counted);
        }
        command.args(flags);
        Self::announced(name, setting, command, Uid::Echoed)
    }

    /// This program, with the library's server and a constant answer.
    pub fn floor(setting: &Setting<'_>) -> Result<Self> {
        let this = std::env::current_exe()?;
        let mut command = pinned(setting.core, this.to_str().context("a path that is no text")?);
        let certs = setting.certs.cert.parent().context("certificates have a directory")?;
        command.arg("floor").arg(certs);
        Self::announced("floor", setting, command, Uid::Constant)
    }

    /// Upstream's Pod Security webhook, looking up namespaces with `kubeconfig`.
    pub fn upstream(setting: &Setting<'_>, kubeconfig: &Path, client: &Client) -> Result<Self> {
        let [port] = free_ports();
        let program = binary::path().to_str().context("a path that is no text")?;
        let mut command = pinned(setting.core, program);
        command.arg("podsecurity-webhook").arg("--kubeconfig").arg(kubeconfig);
        command.args(["--bind-address=127.0.0.1", &format!("--secure-port={port}")]);
        command.arg("--tls-cert-file").arg(&setting.certs.cert);
        command.arg("--tls-private-key-file").arg(&setting.certs.key);
        command.env("CONTROLPLANE_PARENT_PIPE", "1");
        let name = "upstream";
        let (child, log) = spawn(name, setting, &mut command)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (path, uid) = ("/", Uid::Echoed);
        let mut subject = Self { name, address, telemetry: None, path, uid, child, log };
        subject.wait(|subject| client.get(subject.address, "/readyz").is_ok_and(|it| it == 200))?;
        Ok(subject)
    }

    /// A server that says on standard output where it is.
    fn announced(
        name: &'static str,
        setting: &Setting<'_>,
        mut command: Command,
        uid: Uid,
    ) -> Result<Self> {
        let (mut child, mut log) = spawn(name, setting, &mut command)?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("standard output is a pipe")?)
            .read_line(&mut line)?;
        let at = |scheme: &str| {
            line.split(' ').find_map(|word| word.strip_prefix(scheme)?.parse::<SocketAddr>().ok())
        };
        let Some(address) = at("https://") else {
            log.rewind()?;
            bail!("{name} did not start: {line}{}", std::io::read_to_string(log)?);
        };
        let (telemetry, path) = (at("http://"), setting.path);
        Ok(Self { name, address, telemetry, path, uid, child, log })
    }

    /// Ends it as a cluster does, and waits until it has ended.
    pub fn end(mut self) -> Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status()?;
        ensure!(told.success(), "{} cannot be ended", self.name);
        let status = self.child.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }

    /// The process that serves.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Empties the log, which grows by megabytes a second.
    pub fn forget_log(&self) -> Result<()> {
        Ok(self.log.set_len(0)?)
    }

    fn wait(&mut self, ready: impl Fn(&Self) -> bool) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let until = Instant::now() + PATIENCE;
        while !ready(self) {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended: {status}", self.name);
            }
            ensure!(Instant::now() < until, "{} is not ready after {PATIENCE:?}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its standard error goes to a file, as a container's goes to one.
fn spawn(name: &str, setting: &Setting<'_>, command: &mut Command) -> Result<(Child, File)> {
    let log: PathBuf = setting.scratch.join(name).with_extension("log");
    let log = OpenOptions::new().create(true).append(true).read(true).open(log)?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.try_clone()?);
    let child = command.spawn().with_context(|| format!("cannot start {name}: {command:?}"))?;
    Ok((child, log))
}

/// A control plane in which the review's namespace is held to `restricted`, so that upstream judges.
pub fn control_plane(cores: Option<Cores>) -> Result<(ControlPlane, PathBuf)> {
    let started = ControlPlane::start();
    for id in started.process_ids() {
        // Idle, but not quite: what it does shall not be done where the servers are.
        cores.map_or(Ok(()), |cores| process::pin(id, cores.client))?;
    }
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": reviews::NAMESPACE,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    });
    started.admin().kubectl_with(&namespace.to_string(), &["apply", "-f", "-"]).success();
    let kubeconfig = started.admin().path().to_owned();
    Ok((started, kubeconfig))
}
