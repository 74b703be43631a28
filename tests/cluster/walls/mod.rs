//! The controller on a real API server: what closes namespaces is laid, kept and put right.
//!
//! It runs with exactly the rights that `manifests/base` gives it.

pub mod audit;
mod barriers;
mod drift;
mod ending;
mod laying;
mod limit;
mod race;
mod ranges;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::harness::{Api, ControlPlane, Kubeconfig, Options, Server, wait_until};
use super::program::{PATIENCE, PROGRAM};
pub use barriers::ALL as BARRIERS;

/// The account that `manifests/base` makes.
pub const ACCOUNT: &str = "system:serviceaccount:ringfence-system:ringfence";

/// What closes a namespace of tenant alpha.
pub const ALPHA: [&str; 8] = [
    "limitrange/ringfence-limits",
    "networkpolicy.networking.k8s.io/ringfence-default-deny",
    "networkpolicy.networking.k8s.io/ringfence-dns",
    "networkpolicy.networking.k8s.io/ringfence-intra-tenant",
    "networkpolicy.networking.k8s.io/ringfence-shared-metrics",
    "resourcequota/ringfence-quota",
    "rolebinding.rbac.authorization.k8s.io/ringfence-namespace-owner",
    "rolebinding.rbac.authorization.k8s.io/ringfence-owners-admin",
];

/// Makes our kinds, our account with its rights, and some documents.
pub fn prepare(cluster: &ControlPlane) {
    let admin = cluster.admin();
    let paper = |path: &str| format!("{}/manifests/{path}", env!("CARGO_MANIFEST_DIR"));
    admin.kubectl(&["apply", "--server-side", "-k", &paper("crds")]).success();
    admin.kubectl(&["create", "namespace", "ringfence-system"]).success();
    admin.kubectl(&["apply", "-f", &paper("base/rbac.yaml")]).success();
    for kind in ["platforms", "profiles", "tenants", "exemptions", "grants"] {
        let definition = format!("crd/{kind}.ringfence.dev");
        admin
            .kubectl(&["wait", "--for=condition=Established", &definition, "--timeout=60s"])
            .success();
    }
    let documents = include_str!("documents.yaml");
    wait_until(PATIENCE, "the kinds to be served", || {
        admin.kubectl_with(documents, &["apply", "-f", "-"]).code == 0
    });
}

/// A cluster with our documents as custom resources, and a controller.
pub struct Walls {
    pub cluster: ControlPlane,
    pub server: Server,
    /// The API server, spoken to without kubectl where that would take too long.
    pub api: Api,
}

impl Walls {
    /// The one that all tests share; each has namespaces and documents of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Walls> = OnceLock::new();
        SHARED.get_or_init(|| Self::start_with(&[]))
    }

    /// One of its own, whose server has these flags beside.
    pub fn start_with(flags: &[&str]) -> Self {
        Self::start_on(&Options::default(), flags)
    }

    /// The same, on an API server that is started so.
    pub fn start_on(options: &Options, flags: &[&str]) -> Self {
        let cluster = Self::cluster(options);
        let server = Self::controller(&cluster, flags);
        let api = Api::of(cluster.admin());
        Self { cluster, server, api }
    }

    /// A cluster with our documents and rights, and no controller yet.
    pub fn cluster(options: &Options) -> ControlPlane {
        let cluster = ControlPlane::start_with(options);
        prepare(&cluster);
        cluster
    }

    /// A controller with the account of the manifests.
    pub fn controller(cluster: &ControlPlane, more: &[&str]) -> Server {
        let account = cluster
            .user(ACCOUNT, &["system:serviceaccounts", "system:serviceaccounts:ringfence-system"]);
        Self::serve(cluster, "ringfence", account.path(), more)
    }

    /// A server of this name with a kubeconfig.
    pub fn serve(
        cluster: &ControlPlane,
        name: &'static str,
        config: &Path,
        more: &[&str],
    ) -> Server {
        let config = config.display().to_string();
        let mut args = vec!["serve", "--kubeconfig", &config, "--grace", "0.01"];
        args.extend(["--telemetry-listen", "127.0.0.1:0"]);
        if !more.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        args.extend(more);
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        let mut server = Server::spawn_program(cluster.scratch(), name, Path::new(PROGRAM), &args);
        let ready = server.wait_ready(|server| server.log().contains("ready: https://"));
        assert_eq!(ready, Ok(()), "{}", server.log_tail());
        server
    }

    pub fn admin(&self) -> &Kubeconfig {
        self.cluster.admin()
    }

    /// A namespace of a tenant.
    pub fn namespace(&self, tenant: &str, name: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{ringfence.dev/tenant: {tenant}}}}}\n"
        );
        self.admin().kubectl_with(&text, &["apply", "-f", "-"]).success();
    }

    /// The managed objects of a namespace, as `kind/name`, sorted.
    pub fn managed(&self, namespace: &str) -> Vec<String> {
        let namespace = format!("--namespace={namespace}");
        let listed = self.admin().kubectl(&[
            "get",
            "networkpolicies,resourcequotas,limitranges,rolebindings",
            &namespace,
            "--selector=ringfence.dev/managed=true",
            "-o=name",
        ]);
        let mut names: Vec<String> = listed.success().lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Waits until a namespace holds these managed objects.
    pub fn wait_managed(&self, namespace: &str, wanted: &[&str]) {
        let mut found = Vec::new();
        wait_until(PATIENCE, &format!("{namespace} to hold {wanted:?}"), || {
            found = self.managed(namespace);
            found == wanted
        });
    }

    /// An object, as JSON.
    pub fn get(&self, namespace: &str, object: &str) -> Option<Value> {
        let namespace = format!("--namespace={namespace}");
        let found = self
            .admin()
            .kubectl(&[
                "get",
                object,
                &namespace,
                "-o=json",
                "--ignore-not-found",
                "--show-managed-fields",
            ])
            .success();
        (!found.is_empty()).then(|| serde_json::from_str(&found).unwrap())
    }

    /// What the series of a metric come to together.
    pub fn metric(&self, name: &str) -> f64 {
        let text = telemetry(&self.server);
        let values = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        values.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    /// The Events in a namespace that we have written.
    pub fn events(&self, namespace: &str) -> Vec<Value> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        let mut listed = self.api.get(&path).unwrap();
        let mut events: Vec<Value> = serde_json::from_value(listed["items"].take()).unwrap();
        events.retain(|event| event["reportingController"] == "ringfence.dev/controller");
        events
    }

    /// Applies documents or other objects.
    pub fn apply(&self, text: &str) {
        self.admin().kubectl_with(text, &["apply", "-f", "-"]).success();
    }
}

/// The metrics of a server.
pub fn telemetry(server: &Server) -> String {
    let log = server.log();
    let address = log.split("(admission), http://").nth(1).unwrap().split(' ').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
