//! Ringfence before a real API server, as administrators, owners and their neighbours meet it.
//!
//! One `ringfence serve` on the shared control plane, called in the form of production: by a Service
//! (of type ExternalName, since there is no kube-proxy), with the configurations that `ringfence
//! webhooks` prints. Each test has namespaces of its own.

mod filling_in;
mod images;
mod lifecycle;
mod refusals;
mod streams;
mod tenancy;

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::harness::{ControlPlane, Kubeconfig, Output, Server, wait_until};
use super::program::{PATIENCE, PROGRAM, ask_by_service};

/// A cluster that Ringfence guards.
pub struct Door {
    cluster: &'static ControlPlane,
    server: Server,
}

impl Door {
    /// The one that all tests share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Door> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(ControlPlane::shared()))
    }

    fn start(cluster: &'static ControlPlane) -> Self {
        let scratch = cluster.scratch();
        let flags = [
            ("--policies", policies()),
            ("--kubeconfig", cluster.admin().path().display().to_string()),
            ("--listen", "127.0.0.1:0".to_owned()),
            ("--telemetry-listen", "127.0.0.1:0".to_owned()),
            ("--tls-name", "ringfence.ringfence-system.svc".to_owned()),
            ("--grace", "0.01".to_owned()),
        ];
        let mut args = vec!["serve".to_owned()];
        args.extend(flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]));
        let mut server = Server::spawn_program(scratch, "ringfence", Path::new(PROGRAM), &args);
        let ready = server.wait_ready(|server| server.log().contains("ready: https://"));
        assert_eq!(ready, Ok(()), "{}", server.log_tail());
        let door = Self { cluster, server };
        door.install();
        door
    }

    fn install(&self) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "ringfence-system"}});
        self.cluster.admin().kubectl_with(&namespace.to_string(), &["apply", "-f", "-"]).success();
        ask_by_service(self.cluster, &self.server);
        // In force once a namespace is completed and a pod in it is judged.
        self.open_namespace("alpha", "door-probe");
        wait_until(PATIENCE, "the webhooks to be in force", || {
            let pod = include_str!("manifests/root-pod.yaml");
            let create = ["create", "-f", "-", "--dry-run=server", "--namespace=door-probe"];
            self.cluster.admin().kubectl_with(pod, &create).stderr.contains("RF2019")
        });
    }

    /// A namespace of a tenant, in which its owners and, by a mistake that must not matter, those of
    /// tenant beta have RBAC's rights. Pod Security admission is left to what Ringfence says.
    pub fn namespace(&self, tenant: &str, name: &str) {
        self.create_namespace(tenant, name, &[]);
    }

    /// The same, with Pod Security admission off, so that pods reach Ringfence.
    pub fn open_namespace(&self, tenant: &str, name: &str) {
        self.create_namespace(
            tenant,
            name,
            &[("pod-security.kubernetes.io/enforce", "privileged")],
        );
    }

    fn create_namespace(&self, tenant: &str, name: &str, labels: &[(&str, &str)]) {
        let mut labels: Value =
            labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        if !tenant.is_empty() {
            labels["ringfence.dev/tenant"] = json!(tenant);
        }
        let groups = ["alpha-devs", "beta-devs"].map(|group| {
            json!({"kind": "Group", "name": group, "apiGroup": "rbac.authorization.k8s.io"})
        });
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
             "metadata": {"name": "developers", "namespace": name},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
             "subjects": groups},
        ]});
        let admin = self.cluster.admin();
        admin.kubectl_with(&objects.to_string(), &["apply", "-f", "-"]).success();
        wait_until(PATIENCE, "the default service account", || {
            let namespace = format!("--namespace={name}");
            admin.kubectl(&["get", "serviceaccount", "default", &namespace]).code == 0
        });
    }

    /// An owner of tenant alpha.
    pub fn owner(&self) -> Kubeconfig {
        self.cluster.user("ada", &["alpha-devs"])
    }

    /// An owner of tenant beta.
    pub fn neighbour(&self) -> Kubeconfig {
        self.cluster.user("bob", &["beta-devs"])
    }

    /// An object, as JSON.
    pub fn get(&self, namespace: &str, object: &str) -> Value {
        let namespace = format!("--namespace={namespace}");
        let get = ["get", object, &namespace, "--output=json"];
        serde_json::from_str(&self.cluster.admin().kubectl(&get).success()).unwrap()
    }
}

fn policies() -> String {
    format!("{}/tests/cluster/door/policies", env!("CARGO_MANIFEST_DIR"))
}

/// What a terminal shows, command by command.
#[derive(Default)]
pub struct Transcript(String);

impl Transcript {
    /// Runs kubectl as somebody in a namespace; `stdin` is a manifest for `-f -`.
    pub fn run(
        &mut self,
        who: (&str, &Kubeconfig),
        namespace: &str,
        command: &str,
        stdin: &str,
    ) -> Output {
        let (name, user) = who;
        let in_namespace = format!("--namespace={namespace}");
        let mut args: Vec<&str> = words(command);
        args.insert(1, &in_namespace);
        let output =
            if stdin.is_empty() { user.kubectl(&args) } else { user.kubectl_with(stdin, &args) };
        self.0 += &format!("{name} $ kubectl {command}\n{}{}", output.stdout, output.stderr);
        if output.code != 0 {
            self.0 += &format!("(exit {})\n", output.code);
        }
        self.0 += "\n";
        output
    }

    pub fn text(&self) -> &str {
        self.0.trim_end()
    }
}

/// The words of a command line; what stands in single quotes is one word.
fn words(command: &str) -> Vec<&str> {
    let quoted = command.split('\'').enumerate();
    quoted
        .flat_map(
            |(index, part)| {
                if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
            },
        )
        .collect()
}
