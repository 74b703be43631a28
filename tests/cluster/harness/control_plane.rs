//! Starts the servers in order, and hands out users.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::certificate::{Authority, Identity};
use super::kubectl::Kubeconfig;
use super::process::{Server, free_ports};

/// What a test may change about the API server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Appended to the API server's flags, so that they win, e.g.
    /// `--admission-control-config-file=PATH`.
    pub api_server_flags: Vec<String>,
    /// Admission plugins beyond those that are on by default.
    pub admission_plugins: Vec<String>,
}

/// A running control plane; it ends with this value, or with the test process.
pub struct ControlPlane {
    // Fields drop in this order: the servers end before their directory goes.
    servers: Vec<Server>,
    api_server_flags: Vec<String>,
    /// Where etcd listens for clients.
    pub etcd: SocketAddr,
    url: String,
    authority: Authority,
    admin: Kubeconfig,
    users: AtomicUsize,
    pub(super) node: OnceLock<()>,
    pub(super) pods: AtomicUsize,
    scratch: TempDir,
}

impl ControlPlane {
    /// The instance that all tests of this process share: names must differ between tests.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts a control plane of the caller's own.
    pub fn start() -> Self {
        Self::start_with(&Options::default())
    }

    /// Starts a control plane and returns when it is ready; panics with the servers' last words
    /// when it does not become so.
    pub fn start_with(options: &Options) -> Self {
        const ATTEMPTS: usize = 3;
        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            match Self::try_start(options) {
                Ok(started) => return started,
                Err(message) => failure = message,
            }
            // Somebody took a port between our choice and the server's: choose again.
            if !failure.contains("address already in use") {
                break;
            }
        }
        panic!("the control plane did not start: {failure}");
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let scratch = tempfile::Builder::new().prefix("controlplane-").tempdir().unwrap();
        let directory = scratch.path();
        let authority = Authority::new();
        write_credentials(directory, &authority);
        let [etcd_port, peer_port, port] = free_ports();
        let url = format!("https://127.0.0.1:{port}");
        let config = |name: &str, user: &Identity| {
            let path = directory.join(format!("{name}.kubeconfig"));
            Kubeconfig::write(path, directory, &url, &authority.pem(), user)
        };
        let admin = config("admin", &authority.client("admin", &["system:masters"]));
        let manager_user = authority.client("system:kube-controller-manager", &[]);
        let manager_config = config("manager", &manager_user);

        let mut etcd = Server::spawn(directory, "etcd", &etcd_flags(etcd_port, peer_port));
        check(&mut etcd, |server| server.log().contains("etcd is ready"))?;
        let flags = api_server_flags(etcd_port, port, options);
        let api_server = start_api_server(directory, &flags, &admin)?;
        let api_server_flags = flags;
        let flags = controller_manager_flags(&manager_config);
        let mut manager = Server::spawn(directory, "kube-controller-manager", &flags);
        check(&mut manager, |_| {
            let account = ["get", "serviceaccount", "default", "--namespace=default"];
            admin.kubectl(&account).code == 0
        })?;
        Ok(Self {
            servers: vec![manager, api_server, etcd],
            api_server_flags,
            etcd: SocketAddr::from(([127, 0, 0, 1], etcd_port)),
            url,
            authority,
            admin,
            users: AtomicUsize::new(0),
            node: OnceLock::new(),
            pods: AtomicUsize::new(0),
            scratch,
        })
    }

    /// Kills the API server, does something without it, and starts it again.
    pub fn without_api_server(&mut self, then: impl FnOnce(&Self)) {
        drop(self.servers.remove(API_SERVER));
        then(self);
        let started =
            start_api_server(self.scratch.path(), &self.api_server_flags, &self.admin).unwrap();
        self.servers.insert(API_SERVER, started);
    }

    /// A member of `system:masters`.
    pub fn admin(&self) -> &Kubeconfig {
        &self.admin
    }

    /// A new client certificate: any name, any groups (`system:authenticated` comes by itself).
    pub fn user(&self, name: &str, groups: &[&str]) -> Kubeconfig {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let path = self.scratch.path().join(format!("user-{number}.kubeconfig"));
        let identity = self.authority.client(name, groups);
        Kubeconfig::write(path, self.scratch.path(), &self.url, &self.ca_pem(), &identity)
    }

    /// The certificate of the authority that signed the API server's certificate.
    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// The directory that ends with the control plane, for what is started beside it.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// `https://127.0.0.1:PORT`.
    pub fn server_url(&self) -> &str {
        &self.url
    }

    /// The last lines of each server's log.
    pub fn logs(&self) -> String {
        self.servers.iter().map(Server::log_tail).collect()
    }

    /// The servers' process ids: controller-manager, API server, etcd.
    pub fn process_ids(&self) -> Vec<u32> {
        self.servers.iter().map(Server::id).collect()
    }
}

/// Which of the servers it is.
const API_SERVER: usize = 1;

fn start_api_server(
    directory: &Path,
    flags: &[String],
    admin: &Kubeconfig,
) -> Result<Server, String> {
    let mut server = Server::spawn(directory, "kube-apiserver", flags);
    check(&mut server, |_| admin.kubectl(&["get", "--raw", "/readyz"]).code == 0)?;
    Ok(server)
}

fn check(server: &mut Server, ready: impl FnMut(&Server) -> bool) -> Result<(), String> {
    server.wait_ready(ready).map_err(|failure| format!("{failure}\n{}", server.log_tail()))
}

fn write_credentials(directory: &Path, authority: &Authority) {
    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc", "10.0.0.1"];
    let server = authority.server(&names);
    let service_accounts = rcgen::KeyPair::generate().unwrap();
    for (name, content) in [
        ("ca.crt", authority.pem()),
        ("server.crt", server.certificate),
        ("server.key", server.key),
        ("service-accounts.key", service_accounts.serialize_pem()),
        ("service-accounts.pub", service_accounts.public_key_pem()),
    ] {
        fs::write(directory.join(name), content).unwrap();
    }
}

fn etcd_flags(client_port: u16, peer_port: u16) -> Vec<String> {
    vec![
        "--data-dir=etcd".into(),
        format!("--client-port={client_port}"),
        format!("--peer-port={peer_port}"),
    ]
}

fn api_server_flags(etcd_port: u16, port: u16, options: &Options) -> Vec<String> {
    let mut flags = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
    ];
    flags.extend(
        [
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--cert-dir=.",
            "--tls-cert-file=server.crt",
            "--tls-private-key-file=server.key",
            "--client-ca-file=ca.crt",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=service-accounts.pub",
            "--service-account-signing-key-file=service-accounts.key",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--allow-privileged=true",
            "--authorization-mode=RBAC",
            "--endpoint-reconciler-type=none",
        ]
        .map(String::from),
    );
    if !options.admission_plugins.is_empty() {
        let plugins = options.admission_plugins.join(",");
        flags.push(format!("--enable-admission-plugins={plugins}"));
    }
    flags.extend(options.api_server_flags.iter().cloned());
    flags
}

fn controller_manager_flags(config: &Kubeconfig) -> Vec<String> {
    let mut flags = vec![format!("--kubeconfig={}", config.path().display())];
    flags.extend(
        [
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--node-monitor-grace-period=24h",
            "--bind-address=127.0.0.1",
            // At the default of 20 a second, making its own accounts alone takes four seconds.
            "--kube-api-qps=1000",
            "--kube-api-burst=1000",
            // Nobody asks it for metrics, and a port less is one that cannot be taken.
            "--secure-port=0",
            "--root-ca-file=ca.crt",
            "--service-account-private-key-file=service-accounts.key",
            "--cert-dir=.",
        ]
        .map(String::from),
    );
    flags
}
