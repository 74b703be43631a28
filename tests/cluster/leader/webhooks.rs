//! The webhook configurations that the leader keeps.

use std::fs;

use serde_json::{Value, json};

use super::super::harness::{free_ports, wait_until};
use super::super::program::{PATIENCE, printed};
use super::Cluster;
use super::replica::Replica;

const JUDGES: &str = "validatingwebhookconfiguration/ringfence";
const FILLS: &str = "mutatingwebhookconfiguration/ringfence";

impl Cluster {
    /// A replica that the API server finds by the Service, of type ExternalName since there is no
    /// kube-proxy, and which tells it to trust this CA. Its port is told too.
    pub(super) fn asked(&self, name: &'static str, ca: &str) -> (Replica, u16) {
        let service = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "ringfence", "namespace": "ringfence-system"},
            "spec": {"type": "ExternalName", "externalName": "localhost"}});
        self.admin().kubectl_with(&service.to_string(), &["apply", "-f", "-"]).success();
        let [port] = free_ports();
        let service = format!("ringfence-system/ringfence:{port}");
        let listen = format!("127.0.0.1:{port}");
        let flags = ["--webhooks", &service, "--tls-ca", ca, "--listen", &listen];
        let names = ["--tls-name", "ringfence.ringfence-system.svc"];
        (Replica::start(&self.plane, name, &[&flags[..], &names].concat()), port)
    }

    pub(super) fn object(&self, name: &str) -> Option<Value> {
        let get = ["get", name, "--output=json", "--ignore-not-found"];
        let text = self.admin().kubectl(&get).success();
        (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap())
    }

    /// The entries of a configuration, each with what becomes of a request that is not answered.
    fn entries(&self, name: &str) -> Vec<String> {
        let object = self.object(name).unwrap_or_default();
        let entry = |it: &Value| {
            let name = it["name"].as_str().unwrap().trim_end_matches(".ringfence.dev");
            format!("{name} {}", it["failurePolicy"].as_str().unwrap())
        };
        object["webhooks"].as_array().into_iter().flatten().map(entry).collect()
    }

    fn wait_entries(&self, name: &str, wanted: &[&str]) {
        let mut found = Vec::new();
        wait_until(PATIENCE, &format!("{name} to hold {wanted:?}"), || {
            found = self.entries(name);
            found == wanted
        });
    }

    pub(super) fn wait_whole(&self) {
        self.wait_entries(
            JUDGES,
            &["namespaces Fail", "tenants Fail", "cluster Fail", "documents Fail", "probe Fail"],
        );
        self.wait_entries(FILLS, &["namespaces Ignore", "tenants Ignore"]);
    }

    /// Waits until Events tell of what others did to the configurations.
    fn wait_told(&self) {
        let wanted = [
            "MutatingWebhookConfiguration ringfence was deleted; it stands again as it must",
            "ValidatingWebhookConfiguration ringfence was changed by `kubectl-patch` (webhooks)",
            "ValidatingWebhookConfiguration ringfence was deleted; it stands again as it must",
        ];
        let notes = "--output=jsonpath={range .items[*]}{.note}{\"\\n\"}{end}";
        let selected = "--field-selector=reason=DriftReverted,regarding.name=ringfence";
        let get = ["get", "events.events.k8s.io", "--namespace=default", selected, notes];
        wait_until(PATIENCE, &format!("Events to tell {wanted:?}"), || {
            let told = self.admin().kubectl(&get).success();
            wanted.iter().all(|wanted| told.lines().any(|line| line.starts_with(wanted)))
        });
    }

    fn patch(&self, object: &str, kind: &str, patch: &Value) {
        let kind = format!("--type={kind}");
        let patch = ["patch", object, &kind, "--patch", &patch.to_string()];
        self.admin().kubectl(&patch).success();
    }

    /// Has the Platform say something, and waits until a replica knows.
    fn platform(&self, said: &Value) {
        let revision = || {
            let lease = self.admin().kubectl(&[
                "get",
                "leases",
                "--namespace=ringfence-system",
                "--selector=ringfence.dev/replica=true",
                r"--output=jsonpath={.items[0].metadata.annotations.ringfence\.dev/report}",
            ]);
            let report: Value = serde_json::from_str(&lease.stdout).unwrap_or_default();
            report["revision"].clone()
        };
        let before = revision();
        self.patch("platform/default", "merge", &json!({ "spec": said }));
        wait_until(PATIENCE, &format!("{said} to be known"), || revision() != before);
    }

    /// Has one entry let pass what is not answered, and waits until it does so no more.
    fn loosen(&self) {
        let path = "/webhooks/0/failurePolicy";
        self.patch(JUDGES, "json", &json!([{"op": "replace", "path": path, "value": "Ignore"}]));
        let first = "namespaces Fail".to_owned();
        wait_until(PATIENCE, "it to be put right", || self.entries(JUDGES).first() == Some(&first));
    }
}

/// A pod that nobody but us refuses: for its image's tag.
pub(super) fn pod(namespace: &str) -> Value {
    let container = json!({"name": "c", "image": "registry.example.com/c:latest",
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}});
    let security = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad", "namespace": namespace},
        "spec": {"containers": [container], "securityContext": security}})
}

/// An entry as it is printed: without what the API server fills in, and without the bundle, which is
/// written anew in a fixed order.
fn plain(mut configuration: Value) -> Value {
    for entry in configuration["webhooks"].as_array_mut().unwrap() {
        let fields = entry.as_object_mut().unwrap();
        fields.retain(|_, value| *value != json!({}));
        fields["clientConfig"].as_object_mut().unwrap().remove("caBundle").unwrap();
    }
    configuration["webhooks"].take()
}

#[test]
fn the_leader_keeps_the_configurations() {
    let cluster = Cluster::start();
    let (one, port) = cluster.asked("one", "certs/ca.crt");
    cluster.wait_whole();
    let ca = cluster.plane.scratch().join("certs/ca.crt");
    let service = format!("ringfence-system/ringfence:{port}");
    let print = ["webhooks", "--service", &service, "--ca-file", ca.to_str().unwrap(), "-ojson"];
    for (line, name) in printed(&print).lines().zip([JUDGES, FILLS]) {
        let live = cluster.object(name).unwrap();
        assert_eq!(live["metadata"]["ownerReferences"][0]["name"], "ringfence");
        assert_eq!(plain(live), plain(serde_json::from_str(line).unwrap()), "{name}");
    }
    cluster.sealed_namespace("asked");
    let refused = cluster.admin().kubectl_with(&pod("asked").to_string(), &["create", "-f", "-"]);
    assert!(refused.stderr.contains("RF3004"), "{refused:?}");

    cluster.loosen();
    for name in [JUDGES, FILLS] {
        cluster.admin().kubectl(&["delete", name]).success();
        cluster.wait_whole();
    }
    cluster.wait_told();
    suspended(&cluster);
    cluster.platform(&json!({"rehearsal": true}));
    let rehearsed = [
        "namespaces Ignore",
        "tenants Ignore",
        "cluster Ignore",
        "documents Ignore",
        "probe Ignore",
    ];
    cluster.wait_entries(JUDGES, &rehearsed);
    cluster.platform(&json!({"rehearsal": null}));
    cluster.wait_whole();

    cluster.admin().kubectl(&["delete", "clusterrole/ringfence"]).success();
    wait_until(PATIENCE, "the configurations to go with their owner", || {
        cluster.object(JUDGES).is_none() && cluster.object(FILLS).is_none()
    });
    drop(one);
}

/// Deleted ones are left alone until then, and others are not.
fn suspended(cluster: &Cluster) {
    cluster.platform(&json!({"suspendedUntil": "2999-01-01T00:00:00Z"}));
    cluster.admin().kubectl(&["delete", FILLS]).success();
    cluster.loosen();
    assert_eq!(cluster.object(FILLS), None);
    cluster.admin().kubectl(&["delete", JUDGES]).success();
    cluster.platform(&json!({"contact": "#another"}));
    assert_eq!((cluster.object(JUDGES), cluster.object(FILLS)), (None, None));
    cluster.platform(&json!({"suspendedUntil": null}));
    cluster.wait_whole();
}

#[test]
fn nothing_refuses_where_the_api_server_does_not_reach_us() {
    let cluster = Cluster::start();
    let other = cluster.plane.scratch().join("other");
    printed(&["certs", "--dir", other.to_str().unwrap()]);
    let file = cluster.plane.scratch().join("trusted.crt");
    fs::copy(other.join("ca.crt"), &file).unwrap();
    let (one, _) = cluster.asked("one", file.to_str().unwrap());
    wait_until(PATIENCE, "the probe to fail", || one.server.log().contains("does not reach us"));
    cluster.wait_entries(JUDGES, &["probe Fail"]);
    assert_eq!(cluster.object(FILLS), None);
    cluster.sealed_namespace("not-asked");

    // Both: the old one stays while the new one comes.
    let own = fs::read_to_string(cluster.plane.scratch().join("certs/ca.crt")).unwrap();
    let strange = fs::read_to_string(other.join("ca.crt")).unwrap();
    fs::write(&file, format!("{strange}{own}")).unwrap();
    cluster.wait_whole();
    let bundle = |index: usize| {
        cluster.object(JUDGES).unwrap()["webhooks"][index]["clientConfig"]["caBundle"].clone()
    };
    let both = bundle(0);
    fs::write(&file, strange).unwrap();
    wait_until(PATIENCE, "the new bundle to be tried", || bundle(4) != both);
    wait_until(PATIENCE, "the probe to fail again", || {
        one.server.log().matches("does not reach us").count() >= 2
    });
    assert_eq!((bundle(0), bundle(1)), (both.clone(), both), "what works stays");
    fs::write(&file, own).unwrap();
    wait_until(PATIENCE, "the right one to be in force", || bundle(0) == bundle(4));
    cluster.wait_whole();
}
