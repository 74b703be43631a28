//! A tenant's life from an empty cluster to its end, as those who take part in it see it. README shows
//! the same text.

mod transcript;

use super::harness::ControlPlane;
use super::program::{ask_by_url, in_seconds};
use super::walls::Walls;
use transcript::Transcript;

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

    shown.run(admin, "kubectl apply --server-side -k manifests/crds");
    shown.run_until(admin, "kubectl apply -k manifests/base", "deployment.apps/ringfence ");
    // What the Deployment's pods would run; there is no node for them.
    let server = Walls::controller(&cluster, &[]);
    ask_by_url(&cluster, &server);

    shown.run(admin, "ringfence tenant new alpha --owner group:alpha-devs --contact '#team-alpha' --namespace-limit 3 --apply");
    shown.run(admin, "ringfence tenant new beta --owner group:beta-devs --apply");
    shown.run_until(ada, "kubectl create namespace alpha-web", "created");
    shown.run_until(bob, "kubectl create namespace beta-api", "created");
    denied_and_mended(&mut shown, ada);
    shown.run_until(admin, "ringfence tenant list", "1/1     ");

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
    shown.run(admin, "ringfence tenant show alpha");
    shown.tell("and once the Grant has ended");
    for (who, side) in [ada, bob].into_iter().zip(sides) {
        shown.run_until(who, side, "NotFound");
    }

    let pods = ["get", "pods", "-n=alpha-web", "-o=jsonpath={.items[*].metadata.name}"];
    shown.varies(&cluster.admin().kubectl(&pods).success(), "web-7d4b9c6f5-x2x7k");
    shown.refused(admin, "ringfence tenant offboard alpha");
    shown.run(ada, "kubectl delete deployment web -n alpha-web");
    shown.run_until(ada, "kubectl get pods -n alpha-web", "No resources found");
    shown.run(admin, "ringfence tenant offboard alpha --yes");
    shown.refused(ada, "kubectl create namespace alpha-again");
    shown.run(admin, "ringfence tenant list");
    insta::assert_snapshot!("story", shown.text());
}

/// A Deployment is refused, mended as it is told, and taken.
fn denied_and_mended(shown: &mut Transcript, ada: transcript::Who<'_>) {
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
