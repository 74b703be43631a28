//! The map of a cluster, read once: what `ringfence reach --cluster` and `explain --cluster` say.

use serde_json::{Value, json};

use super::harness::{ControlPlane, Options, wait_until};
use super::people::ringfence;
use super::program::PATIENCE;
use super::walls::Walls;

/// Kinds as network plugins define them, as far as a cluster must know them.
const KINDS: [(&str, &str, &str, &str, &str); 2] = [
    (
        "policy.networking.k8s.io",
        "v1alpha2",
        "ClusterNetworkPolicy",
        "clusternetworkpolicies",
        "Cluster",
    ),
    ("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", "Namespaced"),
];

pub fn definition((group, version, kind, plural, scope): (&str, &str, &str, &str, &str)) -> Value {
    let approved = json!({"api-approved.kubernetes.io": "unapproved, a test"});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}"), "annotations": approved},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": version, "served": true, "storage": true, "schema":
                {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}

pub fn deployment(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]},
            },
        },
    })
}

const CLOSED: &str = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
    "metadata": {"name": "closed", "namespace": "plain"}, "spec": {"podSelector": {}}}"#;

const TIERS: &str = r#"{"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
    "metadata": {"name": "scrape"}, "spec": {"tier": "Admin", "priority": 7,
    "subject": {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "plain"}}},
    "ingress": [{"action": "Accept", "from": [{"namespaces": {}}],
        "protocols": [{"tcp": {"destinationPort": {"number": 9100}}}]}]}}"#;

const PLUGIN: &str = r#"{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "own", "namespace": "plain"}, "spec": {}}"#;

/// Policies of the whole cluster count, and those that are not read are told.
fn policies_of_plugins(cluster: &ControlPlane) {
    let admin = cluster.admin();
    let apply = |text: &str| admin.kubectl_with(text, &["apply", "-f", "-"]).success();
    let ran = |args: &[&str]| ringfence(cluster, admin, args);
    for kind in KINDS {
        apply(&definition(kind).to_string());
    }
    for text in [TIERS, PLUGIN] {
        wait_until(PATIENCE, "the kinds to be served", || {
            admin.kubectl_with(text, &["apply", "-f", "-"]).code == 0
        });
    }
    let scrape = |port: &'static str| {
        ran(&[
            "reach",
            "--cluster",
            "--from",
            "alpha-web/web",
            "--to",
            "plain/tool",
            "--as-is",
            "--port",
            port,
        ])
    };
    let warned = "warning: the cluster: CiliumNetworkPolicy plain/own: kind CiliumNetworkPolicy of cilium.io/v2 is not read; it counts as open\n";
    assert_eq!((scrape("80").code, scrape("80").stderr.as_str()), (0, warned));
    admin.kubectl(&["delete", "ciliumnetworkpolicy", "own", "-n=plain"]).success();
    assert_eq!(
        (scrape("80").code, scrape("9100").code, scrape("9100").stderr.as_str()),
        (1, 0, "")
    );
}

/// What could pass between tenants is found, and that nothing could.
fn proofs(cluster: &ControlPlane) {
    let admin = cluster.admin();
    let apply =
        |text: &Value| admin.kubectl_with(&text.to_string(), &["apply", "-f", "-"]).success();
    let prove = |more: &[&str]| {
        let ran = ringfence(cluster, admin, &[&["prove", "--cluster"], more].concat());
        format!(
            "$ ringfence prove --cluster {}\nexit code: {}\n{}{}",
            more.join(" "),
            ran.code,
            ran.stderr,
            ran.stdout
        )
    };
    let labels = json!({"ringfence.dev/tenant": "beta"});
    apply(
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "beta-api", "labels": labels}}),
    );
    let sealed = prove(&[]);
    for (namespace, rule) in [("alpha-web", "egress"), ("beta-api", "ingress")] {
        let spec = json!({"podSelector": {}, rule: [{"ports": [{"port": 8443}]}]});
        apply(&json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "wide", "namespace": namespace}, "spec": spec}));
    }
    let open = prove(&[]);
    let as_is = prove(&["--as-is", "-o", "json"]);
    insta::assert_snapshot!("proofs", [sealed, open, as_is].join("\n"));
}

#[test]
fn a_cluster_is_read_as_it_stands() {
    // Nothing is laid: what the controller would keep counts all the same.
    let cluster = Walls::cluster(&Options::default());
    let admin = cluster.admin();
    let apply = |text: &str| admin.kubectl_with(text, &["apply", "-f", "-"]).success();
    let labelled = |name: &str, labels: Value| {
        apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}).to_string())
    };
    labelled("alpha-web", json!({"ringfence.dev/tenant": "alpha"}));
    labelled("plain", json!({}));
    apply(&deployment("alpha-web", "web").to_string());
    apply(&deployment("plain", "tool").to_string());
    apply(CLOSED);
    wait_until(PATIENCE, "pods", || {
        let pods = admin.kubectl(&["get", "pods", "-A", "-o=name"]).success();
        pods.lines().count() == 4
    });
    let ran = |args: &[&str]| ringfence(&cluster, admin, args);
    let by_workload = ["reach", "--cluster", "--by", "workload", "-o", "csv"];
    let sealed = ran(&by_workload);
    insta::assert_snapshot!("sealed", format!("{}{}", sealed.stdout, sealed.stderr));
    let as_is = ran(&[&by_workload[..], &["--as-is"]].concat());
    assert!(
        as_is.stdout.contains("alpha-web/web[Deployment],0.0.0.0-255.255.255.255,all ports"),
        "{as_is:?}"
    );
    assert_eq!(as_is.code, 0);

    let first = |namespace: &str| {
        let names = ["-o=jsonpath={.items[0].metadata.name}", "-n", namespace];
        admin.kubectl(&[&["get", "pods"], &names[..]].concat()).success()
    };
    let (tool, web) = (first("plain"), first("alpha-web"));
    let from = format!("plain/{tool}");
    let explained = ran(&["explain", "--cluster", "--from", &from, "--to", "alpha-web/web:80"]);
    insta::assert_snapshot!(
        "explained",
        explained.stdout.replace(&tool, "TOOL").replace(&web, "WEB")
    );

    policies_of_plugins(&cluster);
    proofs(&cluster);
    let stranger = cluster.user("nobody", &[]);
    let refused = ringfence(&cluster, &stranger, &["reach", "--cluster"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("forbidden"), "{refused:?}");
}
