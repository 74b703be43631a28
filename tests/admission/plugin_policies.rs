//! Policies of network plugins' own kinds: who may write them.

use jiff::Timestamp;
use ringfence::admission::{Asker, Case, judge};
use ringfence::domain::Code;
use ringfence::objects::json::DEEPEST;
use ringfence::review::read;
use serde_json::{Value, json};

use super::in_cluster;

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec: {administrators: [{kind: Group, name: platform-admins}]}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {owners: [{kind: Group, name: alpha-devs}]}
";

/// Group, version and resource; the version is the plugin's to count.
type Kind = (&'static str, &'static str, &'static str);

const NAMESPACED: [Kind; 8] = [
    ("cilium.io", "v2", "ciliumnetworkpolicies"),
    ("cilium.io", "v2alpha1", "ciliumlocalredirectpolicies"),
    ("cilium.io", "v2", "ciliumenvoyconfigs"),
    ("crd.projectcalico.org", "v1", "networkpolicies"),
    ("projectcalico.org", "v3", "networkpolicies"),
    ("crd.antrea.io", "v1alpha1", "networkpolicies"),
    ("crd.antrea.io", "v1beta1", "networkpolicies"),
    ("k8s.cni.cncf.io", "v1beta1", "multi-networkpolicies"),
];

const CLUSTERWIDE: [Kind; 9] = [
    ("cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
    ("cilium.io", "v2", "ciliumclusterwideenvoyconfigs"),
    ("cilium.io", "v2", "ciliumegressgatewaypolicies"),
    ("crd.projectcalico.org", "v1", "globalnetworkpolicies"),
    ("projectcalico.org", "v3", "globalnetworkpolicies"),
    ("crd.antrea.io", "v1beta1", "clusternetworkpolicies"),
    ("policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies"),
    ("policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies"),
    ("policy.networking.k8s.io", "v1alpha1", "baselineadminnetworkpolicies"),
];

/// A policy that says something.
fn policy(spec: u8, label: &str) -> Value {
    json!({"metadata": {"name": "own", "labels": {"team": label}}, "spec": {"order": spec}})
}

/// The codes of what somebody meets, `-` where they are let through.
fn codes(who: &str, kind: Kind, namespace: &str, verb: &str, objects: (&Value, &Value)) -> String {
    let (user, group) = who.split_once(' ').unwrap_or((who, ""));
    let (api, version, resource) = kind;
    let (new, old) = objects;
    let text = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": verb, "name": "own", "namespace": namespace,
            "kind": {"group": api, "version": version, "kind": "Policy"},
            "resource": {"group": api, "version": version, "resource": resource},
            "userInfo": {"username": user, "groups": [group]}, "object": new, "oldObject": old,
        },
    })
    .to_string();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let namespaces = [("alpha-web", Some("alpha")), ("old", Some("gone")), ("plain", None)];
    let snapshot = in_cluster(DOCUMENTS, &namespaces);
    let standing = snapshot.standing(namespace);
    let case = Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
    let asker = if who == "by-rbac" { Asker::Platform } else { Asker::Named };
    let verdict = judge(&Case { asker, ..case });
    let codes = verdict.findings().iter().map(|own| own.finding.code.to_string());
    let codes = codes.collect::<Vec<_>>().join(" ");
    if codes.is_empty() { "-".to_owned() } else { codes }
}

#[test]
fn tenants_write_none_and_the_platform_does() {
    let refused = Code::PolicyKind.to_string();
    let none = Value::Null;
    let (old, new) = (policy(1, "a"), policy(2, "a"));
    let kinds = NAMESPACED.map(|kind| (kind, "alpha-web"));
    for (kind, namespace) in kinds.into_iter().chain(CLUSTERWIDE.map(|kind| (kind, ""))) {
        let check = |who: &str, verb: &str, objects: (&Value, &Value), expect: &str| {
            assert_eq!(codes(who, kind, namespace, verb, objects), expect, "{who} {verb} {kind:?}");
        };
        for who in ["ada alpha-devs", "system:serviceaccount:alpha-web:deployer", "zoe"] {
            check(who, "CREATE", (&new, &none), &refused);
            check(who, "UPDATE", (&new, &old), &refused);
            // Nothing of what it does changes.
            check(who, "UPDATE", (&policy(1, "b"), &old), "-");
            check(who, "DELETE", (&none, &old), "-");
        }
        for who in
            ["pat platform-admins", "system:serviceaccount:kube-system:cilium-operator", "by-rbac"]
        {
            check(who, "CREATE", (&new, &none), "-");
            check(who, "UPDATE", (&new, &old), "-");
        }
    }
}

#[test]
fn it_depends_on_whose_the_namespace_is() {
    let made = |namespace: &str| {
        codes("ada alpha-devs", NAMESPACED[0], namespace, "CREATE", (&policy(1, "a"), &Value::Null))
    };
    assert_eq!(made("plain"), "-");
    assert_eq!(made("old"), "RF4006");
    assert_eq!(made("nowhere"), "RF9003");
}
