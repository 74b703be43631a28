//! Labels and annotations of pods that networks go by: who may give and take them, and when.

use jiff::Timestamp;
use ringfence::admission::{Case, judge};
use ringfence::domain::{Code, Decision, Finding};
use ringfence::objects::json::DEEPEST;
use ringfence::review::read;
use ringfence::state::Snapshot;
use serde_json::{Value, json};

use super::edits::fixed;
use super::in_cluster;

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec:
  administrators: [{kind: Group, name: platform-admins}]
  reservedPodLabels: ['platform.example.com/*']
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: free}
spec: {podSecurity: {level: privileged}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {profile: free, owners: [{kind: Group, name: alpha-devs}]}
";

/// A user, and a group after a blank.
type Who = &'static str;

const OWNER: Who = "ada alpha-devs";
const LISTED: Who = "pat platform-admins";
const REPLICASETS: Who = "system:serviceaccount:kube-system:replicaset-controller";
const KUBELET: Who = "system:node:one system:nodes";

fn snapshot() -> Snapshot {
    let namespaces = [("alpha-web", Some("alpha")), ("old", Some("gone")), ("plain", None)];
    in_cluster(DOCUMENTS, &namespaces)
}

/// Labels and annotations, each `key=value` or a key alone.
type Metadata<'a> = (&'a [&'a str], &'a [&'a str]);

fn pod((labels, annotations): Metadata<'_>) -> Value {
    let map = |pairs: &[&str]| -> Value {
        let pairs = pairs.iter().map(|pair| pair.split_once('=').unwrap_or((pair, "1")));
        pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect()
    };
    json!({
        "metadata": {"name": "web", "labels": map(labels), "annotations": map(annotations)},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1.4", "imagePullPolicy": "Always"}]},
    })
}

/// What is found of a request for a resource (`deployments`, `pods/status`).
fn found(who: Who, namespace: &str, resource: &str, new: &Value, old: &Value) -> Vec<Finding> {
    let (user, group) = who.split_once(' ').unwrap_or((who, ""));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let group_of = if resource == "pods" { "" } else { "apps" };
    let text = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": if old.is_null() { "CREATE" } else { "UPDATE" },
            "name": "web", "namespace": namespace, "subResource": subresource,
            "kind": {"group": group_of, "version": "v1", "kind": "K"},
            "resource": {"group": group_of, "version": "v1", "resource": resource},
            "userInfo": {"username": user, "groups": [group]},
            "object": new, "oldObject": old,
        },
    })
    .to_string();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let snapshot = snapshot();
    let standing = snapshot.standing(namespace);
    let verdict = judge(&Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap());
    let findings = verdict.findings().iter().map(|own| own.finding.clone());
    let network = |own: &Finding| {
        [Code::ReservedPodLabel, Code::PodNetworkAnnotation, Code::UnknownNamespace]
            .contains(&own.code)
    };
    let findings: Vec<Finding> = findings.filter(network).collect();
    assert_eq!(findings.is_empty(), verdict.decision() != Decision::Deny, "{verdict:?}");
    findings
}

fn paths(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|own| format!("{} {}", own.code, own.path)).collect()
}

#[test]
fn keys_that_networks_go_by_are_refused_and_their_neighbours_pass() {
    let check = |metadata: Metadata<'_>, expect: &[&str]| {
        let pod = pod(metadata);
        let findings = found(OWNER, "alpha-web", "pods", &pod, &Value::Null);
        assert_eq!(paths(&findings), expect, "{metadata:?}");
        let mended = fixed(&pod, &findings.iter().collect::<Vec<_>>());
        let again = found(OWNER, "alpha-web", "pods", &mended, &Value::Null);
        assert_eq!(again, [], "{metadata:?}");
    };
    for key in [
        "io.kubernetes.pod.namespace",
        "io.cilium.k8s.policy.serviceaccount",
        "io.cilium.k8s.namespace.labels.team",
        "platform.example.com/role",
    ] {
        check((&[key, "app"], &[]), &[&format!("RF4004 metadata.labels[{key}]")]);
        check((&[], &[key]), &[]);
    }
    for key in [
        "k8s.v1.cni.cncf.io/networks",
        "v1.multus-cni.io/default-network",
        "cni.projectcalico.org/ipAddrs",
        "cni.projectcalico.org/ipAddrsNoIpam",
        "cni.projectcalico.org/floatingIPs",
        "cni.projectcalico.org/allowedSourcePrefixes",
        "k8s.ovn.org/pod-networks",
        "ovn.kubernetes.io/ip_address",
        "ovn.kubernetes.io/ip_pool",
        "net1.default.ovn.kubernetes.io/mac_address",
        "ovn.kubernetes.io/logical_switch",
    ] {
        check((&[], &[key, "team"]), &[&format!("RF4005 metadata.annotations[{key}]")]);
        check((&[key], &[]), &[]);
    }
    check(
        (&["io.kubernetes.pod.name", "io.ciliums", "platform.example.org/role", "k8s-app"], &[]),
        &[],
    );
    check(
        (
            &[],
            &[
                "k8s.v1.cni.cncf.io/network-status",
                "cni.projectcalico.org/podIP",
                "ovn.kubernetes.io/allocated",
                "notovn.kubernetes.io/ip_address",
                "k8s.ovn.org/other",
            ],
        ),
        &[],
    );
}

/// What controllers make of templates is judged, and so are the templates.
#[test]
fn pods_and_templates_are_judged_whoever_makes_them() {
    let wrong = pod((&["io.kubernetes.pod.namespace"], &["k8s.v1.cni.cncf.io/networks"]));
    for who in [OWNER, LISTED, REPLICASETS] {
        let findings = found(who, "alpha-web", "pods", &wrong, &Value::Null);
        assert_eq!(findings.len(), 2, "{who}");
    }
    let deployment =
        |template: &Value| json!({"metadata": {"name": "web"}, "spec": {"template": template}});
    let expect = [
        "RF4004 spec.template.metadata.labels[io.kubernetes.pod.namespace]",
        "RF4005 spec.template.metadata.annotations[k8s.v1.cni.cncf.io/networks]",
    ];
    let made = found(OWNER, "alpha-web", "deployments", &deployment(&wrong), &Value::Null);
    assert_eq!(paths(&made), expect);
    let old = deployment(&pod((&["app"], &[])));
    let changed = found(OWNER, "alpha-web", "deployments", &deployment(&wrong), &old);
    assert_eq!(paths(&changed), expect);
    let scaled = found(OWNER, "alpha-web", "deployments", &deployment(&wrong), &deployment(&wrong));
    assert_eq!(scaled, []);
    assert_eq!(found(OWNER, "plain", "pods", &wrong, &Value::Null), []);
}

/// Every way to change the metadata of a pod that is there.
#[test]
fn of_a_pod_that_is_there_what_changes_is_judged() {
    let plain = pod((&["app"], &["team"]));
    let labelled = pod((&["app", "io.kubernetes.pod.namespace=a"], &["team"]));
    let otherwise = pod((&["app", "io.kubernetes.pod.namespace=b"], &["team"]));
    let annotated = pod((&["app"], &["team", "cni.projectcalico.org/floatingIPs"]));
    let attached = pod((&["app"], &["team", "k8s.ovn.org/pod-networks"]));
    for resource in ["pods", "pods/status"] {
        let check = |who: Who, old: &Value, new: &Value, expect: usize| {
            let findings = found(who, "alpha-web", resource, new, old);
            assert_eq!(findings.len(), expect, "{who} {resource}: {findings:?}");
            let mended = fixed(new, &findings.iter().collect::<Vec<_>>());
            assert_eq!(found(who, "alpha-web", resource, &mended, old), []);
        };
        check(OWNER, &plain, &labelled, 1);
        check(OWNER, &labelled, &otherwise, 1);
        check(OWNER, &labelled, &plain, 1);
        check(OWNER, &labelled, &labelled, 0);
        check(OWNER, &plain, &annotated, 1);
        check(OWNER, &annotated, &plain, 1);
        // OVN-Kubernetes says what it has attached, by an account of its own.
        check("system:serviceaccount:ovn-kubernetes:ovnkube", &plain, &attached, 0);
        for who in [KUBELET, REPLICASETS, LISTED] {
            check(who, &plain, &labelled, 0);
            check(who, &plain, &annotated, 0);
        }
    }
    // Where the tenant is gone, nobody's pods are renamed either; the network goes on.
    let orphaned = |new: &Value| found(OWNER, "old", "pods/status", new, &plain).len();
    assert_eq!((orphaned(&labelled), orphaned(&attached)), (1, 0));
    assert_eq!(paths(&found(OWNER, "nowhere", "pods/status", &plain, &plain)).len(), 1);
}
