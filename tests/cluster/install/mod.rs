//! An installation from `manifests/`, on a control plane of its own: what is there is for all
//! namespaces.
//!
//! No pod of it runs, for there are no nodes. What stands in for them runs as a kubelet would have
//! it: the Dockerfile's binary in an empty root, with the Deployment's arguments and the account's token.

mod attempts;

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::harness::{ControlPlane, Kubeconfig, Server, free_ports, wait_until};
use super::installation::Root;
use super::program::{PATIENCE, printed, told_alike};
use attempts::{Attempt, attempts, neighbours};

const POLICY: &str = "validatingadmissionpolicy/namespaces.ringfence.dev";
const BINDING: &str = "validatingadmissionpolicybinding/namespaces.ringfence.dev";

fn paper(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

struct Installation {
    cluster: ControlPlane,
    /// An owner of tenant alpha, who may read and change two namespaces.
    owner: Kubeconfig,
    /// Who may change all and read none.
    blind: Kubeconfig,
}

impl Installation {
    fn new() -> Self {
        let cluster = ControlPlane::start();
        let admin = cluster.admin();
        admin.kubectl_with(include_str!("cluster.yaml"), &["apply", "-f", "-"]).success();
        admin.kubectl(&["apply", "--server-side", "-k", &paper("manifests/crds")]).success();
        let documents = paper("tests/cluster/door/policies");
        wait_until(PATIENCE, "the kinds to be served", || {
            admin.kubectl(&["apply", "-f", &documents]).code == 0
        });
        let owner = cluster.user("ada", &["alpha-devs"]);
        let blind = cluster.user("bob", &["movers"]);
        Self { cluster, owner, blind }
    }

    fn admin(&self) -> &Kubeconfig {
        self.cluster.admin()
    }

    /// A manifest applied by the administrator.
    fn apply(&self, manifest: &str) {
        self.admin().kubectl_with(manifest, &["apply", "-f", "-"]).success();
    }

    fn tenant_of(&self, namespace: &str) -> Value {
        let get = ["get", "namespace", namespace, "--output=json"];
        let object: Value = serde_json::from_str(&self.admin().kubectl(&get).success()).unwrap();
        object["metadata"]["labels"]["ringfence.dev/tenant"].clone()
    }

    /// Waits until the owner is refused, or is not.
    fn until_refused(&self, refused: bool, by: &str) {
        wait_until(PATIENCE, by, || {
            let label = ["label", "namespace", "one", "ringfence.dev/tenant-", "--dry-run=server"];
            let output = self.owner.kubectl(&label);
            if refused { output.stderr.contains(by) } else { output.code == 0 }
        });
    }

    /// What each attempt of the owner is told, and that it changed nothing.
    fn refusals(&self) -> Vec<(&'static str, String)> {
        let refused = |attempt: Attempt| {
            let output = attempt.run(&self.owner);
            assert_ne!(output.code, 0, "{} {output:?}", attempt.name);
            (attempt.name, output.told())
        };
        let refusals = attempts("one", "two").into_iter().map(refused).collect();
        assert_eq!((self.tenant_of("one"), self.tenant_of("two")), (json!("alpha"), Value::Null));
        refusals
    }

    /// What is no change of the tenant passes.
    fn neighbours_pass(&self) {
        let get = ["get", "namespace", "one", "--output=json"];
        let live = serde_json::from_str(&self.admin().kubectl(&get).success()).unwrap();
        for attempt in neighbours("one", &live) {
            let output = attempt.run(&self.owner);
            assert_eq!(output.code, 0, "{} {output:?}", attempt.name);
        }
    }

    /// Administrators are not locked out, nor is the control plane.
    fn platform_passes(&self, who: &str, user: &Kubeconfig, extra: &[&str]) {
        for tenant in ["beta", "alpha"] {
            let label = format!("ringfence.dev/tenant={tenant}");
            let args = ["label", "namespace", "one", &label, "--overwrite"];
            let output = user.kubectl(&[&args[..], extra].concat());
            assert_eq!(output.code, 0, "{who} {output:?}");
            assert_eq!(self.tenant_of("one"), tenant, "{who}");
        }
    }

    /// A namespace of a tenant comes and goes to its end, which the control plane brings about.
    fn a_namespace_ends(&self, name: &str) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"ringfence.dev/tenant": "alpha"}}});
        self.apply(&namespace.to_string());
        self.admin().kubectl(&["delete", "namespace", name, "--timeout=60s"]).success();
    }

    /// The container, with the rights of the account that the base makes, and with nothing else.
    fn serve(&self) -> Server {
        let token = ["create", "token", "ringfence", "--namespace=ringfence-system"];
        let token = self.admin().kubectl(&token).success();
        let scratch = self.cluster.scratch();
        let root = Root::new(scratch);
        let account = "var/run/secrets/kubernetes.io/serviceaccount";
        root.add(&format!("{account}/token"), token.trim().as_bytes());
        root.add(&format!("{account}/ca.crt"), self.cluster.ca_pem().as_bytes());
        root.add(&format!("{account}/namespace"), b"ringfence-system");
        let address = self.cluster.server_url().strip_prefix("https://").unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let mut words = vec![
            format!("KUBERNETES_SERVICE_HOST={host}"),
            format!("KUBERNETES_SERVICE_PORT={port}"),
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ];
        let [own] = free_ports();
        words.extend(root.deployed(own));
        // There is no kube-proxy that would lead from the Service to the pods.
        let service = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "ringfence", "namespace": "ringfence-system"},
            "spec": {"type": "ExternalName", "externalName": "localhost"}});
        self.admin()
            .kubectl_with(&service.to_string(), &["replace", "--force", "-f", "-"])
            .success();
        let env = Path::new("/usr/bin/env");
        let mut server = Server::spawn_program(scratch, "ringfence", env, &words);
        let ready = server.wait_ready(|server| server.log().contains("ready: https://"));
        assert_eq!(ready, Ok(()), "{}", server.log_tail());
        server
    }
}

#[test]
fn an_installation_holds_with_and_without_its_pods() {
    let it = Installation::new();
    the_base_is_taken(&it);
    let policys = the_policy_holds(&it);
    the_platform_is_left_out(&it);
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "shop", "namespace": "one"},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]}});
    it.apply(&service.to_string());
    let server = it.serve();
    let webhooks = the_webhook_says_the_same(&it);
    let more = told_alike(&policys, &webhooks, "#platform-team");
    // The namespace is not the owner's either, or what replaces all labels takes ours away too.
    let all = ["strategic patch, all labels", "finalize, changed", "finalize, removed", "replace"];
    assert_eq!(more, [&["label, added", "label, added to nobody's"][..], &all].concat());
    it.apply(&fs::read_to_string(paper("manifests/admission-policy/policy.yaml")).unwrap());
    it.until_refused(true, "ValidatingAdmissionPolicy");
    drop(server);
    assert_eq!(it.refusals(), policys, "it holds while the webhook is away");
    it.platform_passes("admin", it.admin(), &[]);
    it.a_namespace_ends("ends-without-webhook");
    the_control_plane_goes_on(&it);
    nothing_is_left(&it);
}

/// While the webhook is away, what Kubernetes keeps in a tenant's namespace it makes again, and a node
/// tells how it is.
fn the_control_plane_goes_on(it: &Installation) {
    let namespace = "--namespace=one";
    for kind in ["serviceaccount/default", "configmap/kube-root-ca.crt"] {
        it.admin().kubectl(&["delete", kind, namespace]).success();
        wait_until(PATIENCE, kind, || it.admin().kubectl(&["get", kind, namespace]).code == 0);
    }
    let slices = || {
        let get = ["get", "endpointslices", namespace, "--output=name"];
        it.admin().kubectl(&get).success().trim().to_owned()
    };
    wait_until(PATIENCE, "the endpoints of a service", || !slices().is_empty());
    let first = slices();
    it.admin().kubectl(&["delete", &first, namespace]).success();
    wait_until(PATIENCE, "its endpoints again", || !slices().is_empty() && slices() != first);
    let mut node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}});
    it.apply(&node.to_string());
    let bind = ["create", "clusterrolebinding", "nodes", "--clusterrole=system:node"];
    it.admin().kubectl(&[&bind[..], &["--group=system:nodes"]].concat()).success();
    node["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    let put = ["replace", "--raw", "/api/v1/nodes/node/status", "-f", "-"];
    let user = it.cluster.user("system:node:node", &["system:nodes"]);
    user.kubectl_with(&node.to_string(), &put).success();
}

/// Everything in the base is valid, comes in one apply, changes nothing the second time, and its pods
/// pass the Pod Security admission that their namespace enforces.
fn the_base_is_taken(it: &Installation) {
    let (base, admin) = (paper("manifests/base"), it.admin());
    let applied = admin.kubectl(&["apply", "-k", &base]);
    assert_eq!((applied.code, applied.stderr.as_str()), (0, ""), "{applied:?}");
    assert_snapshot!("applied", applied.stdout);
    admin.kubectl(&["apply", "-k", &base]).success();
    let deployment = ["get", "deployment/ringfence", "--namespace=ringfence-system"];
    let generation = ["--output=jsonpath={.metadata.generation}"];
    let generation = admin.kubectl(&[&deployment[..], &generation].concat()).success();
    assert_eq!(generation, "1", "the second time changes nothing");
    let dry = ["apply", "-k", &base, "--server-side", "--force-conflicts", "--dry-run=server"];
    admin.kubectl(&dry).success();
    wait_until(PATIENCE, "the pods", || {
        let pods = ["get", "pods", "--namespace=ringfence-system", "--output=name"];
        admin.kubectl(&pods).stdout.lines().count() == 2
    });
    wait_until(PATIENCE, "the disruption budget", || {
        let budget = ["get", "poddisruptionbudget/ringfence", "--namespace=ringfence-system"];
        let expected = [&budget[..], &["--output=jsonpath={.status.expectedPods}"]].concat();
        admin.kubectl(&expected).stdout == "2"
    });
}

/// The shipped policy, without a webhook.
fn the_policy_holds(it: &Installation) -> Vec<(&'static str, String)> {
    it.until_refused(true, "ValidatingAdmissionPolicy");
    let warnings = ["get", POLICY, "--output=jsonpath={.status.typeChecking}"];
    let mut checked = String::new();
    wait_until(PATIENCE, "the policy's types to be checked", || {
        checked = it.admin().kubectl(&warnings).success();
        !checked.is_empty()
    });
    assert_eq!(checked, "{}");
    let refusals = it.refusals();
    let lines: Vec<String> =
        refusals.iter().map(|(name, told)| format!("{name}\n  {told}")).collect();
    assert_snapshot!("the_policys_refusals", lines.join("\n"));
    it.neighbours_pass();

    // Who may not read the namespace is not told whose it is.
    let moved = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "one", "labels": {"ringfence.dev/tenant": "beta"}}});
    let replace = ["replace", "--raw", "/api/v1/namespaces/one", "-f", "-"];
    let output = it.blind.kubectl_with(&moved.to_string(), &replace);
    assert_snapshot!("a_stranger_is_told_less", output.stderr);
    it.a_namespace_ends("ends-with-policy");
    refusals
}

/// Whom the policy leaves out: the control plane, whom RBAC lets administer tenants (but no service
/// account), and the Platform's list where it was printed with it.
fn the_platform_is_left_out(it: &Installation) {
    let admin = it.admin();
    it.platform_passes("admin", admin, &[]);
    let carol = it.cluster.user("carol", &["by-rbac"]);
    it.platform_passes("an administrator by RBAC", &carol, &[]);
    let accounts = "--as=system:serviceaccount";
    let controller = format!("{accounts}:kube-system:namespace-controller");
    it.platform_passes("the control plane", admin, &[&controller]);
    it.platform_passes("ourselves", admin, &[&format!("{accounts}:ringfence-system:ringfence")]);

    let listed = it.cluster.user("dora", &["listed", "movers", "readers"]);
    let label = ["label", "namespace", "one", "ringfence.dev/tenant=beta", "--overwrite"];
    let account = format!("{accounts}:one:deployer");
    let by_account = [&label[..], &[&account]].concat();
    for output in [listed.kubectl(&label), admin.kubectl(&by_account)] {
        assert!(output.told().contains("RF1001"), "{output:?}");
    }
    let documents = it.cluster.scratch().join("documents");
    fs::create_dir(&documents).unwrap();
    let platform = "apiVersion: ringfence.dev/v1alpha1\nkind: Platform\nmetadata: {name: default}\n\
                    spec: {administrators: [{kind: Group, name: listed}]}\n";
    fs::write(documents.join("platform.yaml"), platform).unwrap();
    let documents = documents.to_str().unwrap();
    it.apply(&printed(&["webhooks", "--admission-policy", "--policies", documents]));
    wait_until(PATIENCE, "the list to be known", || {
        listed.kubectl(&[&label[..], &["--dry-run=server"]].concat()).code == 0
    });
    it.platform_passes("a listed administrator", &listed, &[]);
    it.until_refused(true, "ValidatingAdmissionPolicy");
}

/// The webhook alone, on the rights of the base.
fn the_webhook_says_the_same(it: &Installation) -> Vec<(&'static str, String)> {
    it.admin().kubectl(&["delete", BINDING, POLICY]).success();
    it.until_refused(true, "admission webhook");
    wait_until(PATIENCE, "the namespace's labels to be completed", || {
        let get = ["get", "namespace", "one", "--output=yaml"];
        it.admin().kubectl(&get).success().contains("pod-security.kubernetes.io/enforce:")
    });
    let refusals = it.refusals();
    it.neighbours_pass();
    // It asks RBAC about an account, and takes it for the platform's: its namespace is no tenant's.
    it.platform_passes("gitops", it.admin(), &["--as=system:serviceaccount:gitops:flux"]);
    refusals
}

/// What one apply brought, one delete takes away, and the configurations with it.
fn nothing_is_left(it: &Installation) {
    let admin = it.admin();
    let ours = "validatingwebhookconfiguration,mutatingwebhookconfiguration";
    let there = admin.kubectl(&["get", ours, "--output=name"]).success();
    assert_eq!(there.lines().filter(|it| it.ends_with("/ringfence")).count(), 2, "{there}");
    admin.kubectl(&["delete", "-k", &paper("manifests/base"), "--timeout=60s"]).success();
    it.until_refused(false, "nothing to be in the way");
    let left = format!("{ours},validatingadmissionpolicy,clusterrole,clusterrolebinding,namespace");
    wait_until(PATIENCE, "nothing of ours to be left", || {
        let left = admin.kubectl(&["get", &left, "--output=name"]).success();
        // What the seals give to owners stays, as the seals do.
        let ours = |line: &&str| line.contains("ringfence") && !line.ends_with("/ringfence-owners");
        left.lines().filter(ours).count() == 0
    });
}
