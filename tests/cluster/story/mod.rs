//! A tenant's life from an empty cluster to its end, as those who take part in it see it. README shows
//! the same text.

mod transcript;

use serde_json::json;

use super::harness::{ControlPlane, Server, free_ports, wait_until};
use super::program::{PATIENCE, in_seconds};
use super::walls::Walls;
use transcript::{Transcript, Who};

fn grant(end: &str) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {{name: web-calls-api}}
spec:
  from: {{tenant: alpha, namespaces: [alpha-web]}}
  to: {{tenant: beta, podSelector: {{matchLabels: {{app: api}}}}}}
  ports: [{{protocol: TCP, port: 8443}}]
  owner: jo@example.com
  reason: orders
  expiresAt: {end}
"
    )
}

#[test]
fn from_an_empty_cluster_to_a_tenants_end() {
    let cluster = ControlPlane::start();
    let mut shown = Transcript::new(cluster.scratch().to_owned());
    let admin = ("admin ", cluster.admin());
    let users = [cluster.user("ada", &["alpha-devs"]), cluster.user("bob", &["beta-devs"])];
    let (ada, bob) = (("ada ", &users[0]), ("bob ", &users[1]));

    let _server = installed(&mut shown, admin, &cluster);
    shown.run(admin, "ringfence tenant new alpha --owner group:alpha-devs --contact '#team-alpha' --namespace-limit 3 --apply");
    shown.run(admin, "ringfence tenant new beta --owner group:beta-devs --apply");
    shown.run_until(ada, "kubectl create namespace alpha-web", "created");
    shown.run_until(bob, "kubectl create namespace beta-api", "created");
    denied_and_mended(&mut shown, ada);
    let pod = run_pod(&cluster, "alpha-web");
    shown.varies(&pod, "web-7d4b9c6f5-x2x7k");
    shown.run(ada, "kubectl get pods -n alpha-web -o 'jsonpath={.items[*].status.phase}'");
    let proven = "True   True      0       0           #team-alpha\nbeta    restricted  1/1     True   True ";
    shown.run_until(admin, "ringfence tenant list", proven);

    let end = in_seconds(20);
    shown.file("grant.yaml", &grant(&end));
    shown.varies(&end, "2027-03-01T12:00:00Z");
    shown.run(admin, "cat grant.yaml");
    shown.run(admin, "kubectl apply -f grant.yaml");
    let sides = [
        "kubectl get networkpolicy ringfence-grant-egress-web-calls-api -n alpha-web -o name",
        "kubectl get networkpolicy ringfence-grant-ingress-web-calls-api -n beta-api -o name",
    ];
    for (who, side) in [ada, bob].into_iter().zip(sides) {
        shown.run_until(who, side, "networkpolicy");
    }
    shown.run_until(admin, "ringfence tenant show alpha", "Granted");
    shown.tell("and once the Grant has ended");
    for (who, side) in [ada, bob].into_iter().zip(sides) {
        shown.run_until(who, side, "NotFound");
    }

    offboarded(&mut shown, (admin, ada), &cluster, &pod);
    shown.run_until(admin, "ringfence tenant list", "True   True ");
    insta::assert_snapshot!("story", shown.text());
}

/// Ringfence comes into the cluster, and the leader has the API server ask it.
fn installed(shown: &mut Transcript, admin: Who<'_>, cluster: &ControlPlane) -> Server {
    shown.run(admin, "kubectl apply --server-side -k manifests/crds");
    shown.run_until(admin, "kubectl apply -k manifests/base", "deployment.apps/ringfence ");
    let server = replica(cluster);
    let entries =
        "kubectl get validatingwebhookconfiguration ringfence -o 'jsonpath={.webhooks[*].name}'";
    shown.run_until(admin, entries, "documents");
    server
}

/// A tenant goes, once nothing runs in its namespaces any more.
fn offboarded(
    shown: &mut Transcript,
    (admin, ada): (Who<'_>, Who<'_>),
    cluster: &ControlPlane,
    pod: &str,
) {
    shown.refused(admin, "ringfence tenant offboard alpha");
    shown.run(ada, "kubectl delete deployment web -n alpha-web");
    // A kubelet says that it has ended.
    let ended = ["delete", "pod", pod, "-n=alpha-web", "--force", "--grace-period=0"];
    cluster.admin().kubectl(&ended);
    shown.run_until(ada, "kubectl get pods -n alpha-web", "No resources found");
    shown.run(admin, "ringfence tenant offboard alpha --yes");
    shown.refused(ada, "kubectl create namespace alpha-again");
}

/// What one of the Deployment's pods would run, found by its Service: there are no nodes and no kube-proxy.
fn replica(cluster: &ControlPlane) -> Server {
    let admin = cluster.admin();
    admin.kubectl(&["delete", "service", "ringfence", "-n=ringfence-system"]).success();
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "ringfence", "namespace": "ringfence-system"},
        "spec": {"type": "ExternalName", "externalName": "localhost"}});
    admin.kubectl_with(&service.to_string(), &["create", "-f", "-"]).success();
    let [port] = free_ports();
    let service = format!("ringfence-system/ringfence:{port}");
    let listen = format!("127.0.0.1:{port}");
    let flags = ["--webhooks", &service, "--tls-ca", "certs/ca.crt", "--listen", &listen];
    let names = ["--tls-name", "ringfence.ringfence-system.svc"];
    Walls::controller(cluster, &[&flags[..], &names].concat())
}

/// Has the one pod of a namespace run, once it is there.
fn run_pod(cluster: &ControlPlane, namespace: &str) -> String {
    let flag = format!("--namespace={namespace}");
    let pods = ["get", "pods", &flag, "--output=jsonpath={.items[*].metadata.name}"];
    let mut name = String::new();
    wait_until(PATIENCE, "a pod", || {
        name = cluster.admin().kubectl(&pods).success();
        !name.is_empty()
    });
    cluster.run_pod(namespace, &name);
    name
}

/// A Deployment is refused, mended as it is told, and taken.
fn denied_and_mended(shown: &mut Transcript, ada: Who<'_>) {
    shown.file("web.yaml", include_str!("web.yaml"));
    shown.run(ada, "cat web.yaml");
    let apply = "kubectl apply -n alpha-web -f web.yaml";
    let denial = shown.run_until(ada, apply, "fix: ");
    for (fixes, command) in [
        (
            &["set privileged: false", "set allowPrivilegeEscalation: false"][..],
            "sed -i 's/{privileged: true}/{privileged: false, allowPrivilegeEscalation: false}/' web.yaml",
        ),
        (&["by another tag than latest"][..], "sed -i 's/web:latest/web:1.4/' web.yaml"),
    ] {
        for fix in fixes {
            assert!(denial.contains(fix), "{fix}: {denial}");
        }
        shown.run(ada, command);
    }
    shown.run_until(ada, apply, "created");
}
