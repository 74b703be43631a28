//! Several replicas on a real API server, with exactly the rights that `manifests/base` gives them: one
//! writes, and another does when that one ends, is killed or stands still.

mod replica;
mod terms;
mod uninstall;
mod webhooks;

use serde_json::Value;

use super::harness::{ControlPlane, Kubeconfig, Options, wait_until};
use super::program::PATIENCE;
use super::walls::ALPHA;
use replica::Replica;

/// A cluster whose API server writes down who changes what.
struct Cluster {
    plane: ControlPlane,
}

/// What the API server writes down: changes, once they are made.
const AUDIT: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, verbs: [create, update, patch, delete]}
- {level: None}
";

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("audit-").tempdir().unwrap().keep();
        let policy = folder.join("policy.yaml");
        std::fs::write(&policy, AUDIT).unwrap();
        let flags = [
            format!("--audit-policy-file={}", policy.display()),
            "--audit-log-path=audit.log".to_owned(),
            "--audit-log-mode=blocking".to_owned(),
        ];
        let plane = ControlPlane::start_with(&Options {
            api_server_flags: flags.into(),
            ..Options::default()
        });
        std::fs::remove_dir_all(folder).unwrap();
        super::walls::prepare(&plane);
        Self { plane }
    }

    fn admin(&self) -> &Kubeconfig {
        self.plane.admin()
    }

    /// A namespace of tenant alpha that is sealed.
    fn sealed_namespace(&self, name: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{ringfence.dev/tenant: alpha}}}}\n"
        );
        self.admin().kubectl_with(&text, &["apply", "-f", "-"]).success();
        self.wait_sealed(name);
    }

    fn wait_sealed(&self, name: &str) {
        let kinds = "networkpolicies,resourcequotas,limitranges,rolebindings";
        let namespace = format!("--namespace={name}");
        wait_until(PATIENCE, &format!("{name} to be sealed"), || {
            let listed = self.admin().kubectl(&["get", kinds, &namespace, "--output=name"]);
            let mut names: Vec<&str> = listed.stdout.lines().collect();
            names.sort_unstable();
            names == ALPHA
        });
    }

    /// Deletes a policy that closes a namespace.
    fn open(&self, namespace: &str) {
        let namespace = format!("--namespace={namespace}");
        let policy = "networkpolicy/ringfence-default-deny";
        self.admin().kubectl(&["delete", policy, &namespace]).success();
    }

    /// The replica that the Lease names.
    fn leader(&self) -> String {
        let get = ["get", "lease/ringfence-leader", "--namespace=ringfence-system"];
        let holder = [&get[..], &["--output=jsonpath={.spec.holderIdentity}"]].concat();
        let holder = self.admin().kubectl(&holder).stdout;
        ringfence::controller::lease::replica_of(&holder).to_owned()
    }

    fn wait_leader(&self, wanted: &str) {
        wait_until(PATIENCE, &format!("{wanted} to lead"), || self.leader() == wanted);
    }

    /// Who changed objects of seals, in the order in which the API server answered.
    fn writers(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.plane.scratch().join("audit.log")).unwrap();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_seals = events.filter(|event| {
            event["objectRef"]["name"].as_str().is_some_and(|name| name.starts_with("ringfence-"))
                && event["objectRef"]["resource"] != "leases"
                && event["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300)
        });
        let mut writes: Vec<(String, String)> = of_seals
            .filter_map(|event| {
                let groups = event["user"]["groups"].as_array()?;
                let replica = groups.iter().find_map(|it| it.as_str()?.strip_prefix("replica:"))?;
                Some((event["stageTimestamp"].as_str()?.to_owned(), replica.to_owned()))
            })
            .collect();
        writes.sort();
        writes.into_iter().map(|(_, replica)| replica).collect()
    }

    /// The replicas that wrote, one after another.
    fn turns(&self) -> Vec<String> {
        let mut turns = self.writers();
        turns.dedup();
        turns
    }

    fn replica(&self, name: &'static str) -> Replica {
        Replica::start(&self.plane, name, &[])
    }
}
