//! What is told of pods that run.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::audit::{Asked, Input, Settings, review};
use crate::domain::Version;
use crate::policy::{Source, load};
use crate::state::{Namespace, Namespaces, Seals};

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {cordoned: true, namespaces: {names: [old]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: mild}
spec: {rules: {RF2003: warn, RF3: audit}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec: {profile: mild}
---
apiVersion: ringfence.dev/v1alpha1
kind: Exemption
metadata: {name: driver}
spec: {tenant: alpha, rules: [RF2003, RF2006], namespaces: [one], workloads: [{kind: DaemonSet, name: driver}], owner: jo, reason: a test, expiresAt: 2027-01-01T00:00:00Z}
";

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

fn snapshot() -> Snapshot {
    let source = Source { name: "documents.yaml".to_owned(), text: DOCUMENTS.to_owned() };
    let labels = [
        ("one", Some("alpha")),
        ("old", None),
        ("mild", Some("beta")),
        ("nobodys", None),
        ("orphan", Some("gone")),
        ("kube-system", Some("alpha")),
    ];
    let known: HashMap<_, _> =
        labels.map(|(name, label)| (name.to_owned(), Namespace::labelled(label))).into();
    Snapshot {
        tenants: load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve(),
        namespaces: Arc::new(Namespaces::Watched(known)),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    }
}

/// A pod that this made, with two containers of which both may be privileged.
fn pod(maker: (&str, &str), image: &str, privileged: bool) -> Value {
    let security = if privileged { json!({"privileged": true}) } else { json!({}) };
    let container =
        |name: &str| json!({"name": name, "image": image, "securityContext": security.clone()});
    let owner = json!([{"kind": maker.0, "name": maker.1, "controller": true}]);
    let owners = if maker.0 == "Pod" { json!([]) } else { owner };
    json!({"metadata": {"name": maker.1, "labels": {"pod-template-hash": "5d4f"}, "ownerReferences": owners},
        "spec": {"containers": [container("app"), container("side")]}})
}

/// What is told of pods of a namespace: how many were judged and would be refused, and a line for each
/// finding of each workload.
fn told(namespace: &str, pods: &[Value]) -> (usize, usize, Vec<String>) {
    let snapshot = snapshot();
    let mut running = Running::new(&snapshot, now());
    for pod in pods {
        running.judge(namespace, &pod.to_string());
    }
    let own = running.told().remove(namespace).unwrap_or_default();
    let lines = own.workloads.iter().flat_map(|((kind, name), breaches)| {
        breaches.found.iter().map(move |((_, code, mode, by), breach)| {
            let by = by.as_deref().map_or(String::new(), |by| format!(" by {by}"));
            format!(
                "{kind} {name} {}: {code} {mode}{by} {} {}",
                breaches.pods, breach.pods, breach.example.path
            )
        })
    });
    (own.judged, own.refused, lines.collect())
}

const WEB: (&str, &str) = ("ReplicaSet", "web-5d4f");

#[test]
fn what_pods_have_in_common_is_told_of_what_made_them() {
    let bad = pod(WEB, "registry.example.com/web:latest", true);
    let worse = pod(WEB, "registry.example.com/web:1", true);
    let good = pod(WEB, "registry.example.com/web:1", false);
    let at = "spec.containers[app]";
    assert_eq!(
        told("one", &[bad, worse, good]),
        (
            3,
            2,
            vec![
                format!("Deployment web 2: RF2003 enforce 2 {at}.securityContext.privileged"),
                format!(
                    "Deployment web 2: RF2006 enforce 2 {at}.securityContext.allowPrivilegeEscalation"
                ),
                format!("Deployment web 2: RF3004 enforce 1 {at}.image"),
            ]
        )
    );
}

#[test]
fn a_pod_is_completed_before_it_is_judged() {
    // It says nothing of all that the level asks for, and its tenant is cordoned.
    let bare = pod(("Pod", "bare"), "registry.example.com/web:1", false);
    assert_eq!(told("one", std::slice::from_ref(&bare)), (1, 0, vec![]));
    let mut root = bare;
    root["spec"]["securityContext"] = json!({"runAsUser": 0});
    let (judged, refused, lines) = told("one", &[root]);
    assert_eq!((judged, refused), (1, 1));
    assert!(lines.iter().any(|line| line.starts_with("Pod bare 1: RF2019 enforce")), "{lines:?}");
}

#[test]
fn a_namespace_counts_as_what_it_is_or_will_be() {
    let bad = [pod(WEB, "registry.example.com/web:1", true)];
    let count = |namespace| {
        let (judged, refused, _) = told(namespace, &bad);
        (judged, refused)
    };
    assert_eq!(count("one"), (1, 1));
    assert_eq!(count("old"), (1, 1), "a tenant names it");
    for namespace in ["nobodys", "orphan", "kube-system", "unknown"] {
        assert_eq!(count(namespace), (0, 0), "{namespace}");
    }
}

#[test]
fn what_is_permitted_or_only_warned_of_is_told_and_refuses_nothing() {
    let driver = pod(("DaemonSet", "driver"), "registry.example.com/driver:1", true);
    let (judged, refused, lines) = told("one", &[driver]);
    assert_eq!((judged, refused, lines.len()), (1, 0, 2), "{lines:?}");
    assert!(lines[0].starts_with("DaemonSet driver 1: RF2003 enforce by driver 1"), "{lines:?}");
    let (_, refused, lines) = told("mild", &[pod(WEB, "registry.example.com/web:latest", true)]);
    assert_eq!(refused, 1, "it asks for no escalation");
    let modes: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').nth(4)).collect();
    assert_eq!(modes, ["warn", "enforce", "audit"], "{lines:?}");
}

#[test]
fn of_many_workloads_the_first_are_told() {
    let one =
        |number: usize| pod(("Pod", &format!("p{number}")), "registry.example.com/web:1", true);
    let pods: Vec<Value> = (0..MOST + 3).chain([0]).map(one).collect();
    let snapshot = snapshot();
    let mut running = Running::new(&snapshot, now());
    for pod in &pods {
        running.judge("one", &pod.to_string());
    }
    let own = running.told().remove("one").unwrap();
    assert_eq!((own.workloads.len(), own.unlisted), (MOST, 3));
    assert_eq!((own.judged, own.refused), (MOST + 4, MOST + 4));
    assert_eq!(own.workloads[&("Pod".to_owned(), "p0".to_owned())].pods, 2);
}

/// The same verdict as `ringfence review` of the pod, which asks where the door asks.
#[test]
fn a_review_says_the_same() {
    let snapshot = snapshot();
    let settings = Settings {
        snapshot: &snapshot,
        asked: Asked::Tenants,
        operation: Operation::Create,
        requester: None,
        namespace: None,
        now: now(),
    };
    for (image, privileged) in
        [("a:latest", true), ("a:1", true), ("a:latest", false), ("a:1", false)]
    {
        let mut pod = pod(("Pod", "p"), &format!("registry.example.com/{image}"), privileged);
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["namespace"] = json!("mild");
        // The review knows namespaces by their labels in what it reads.
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mild",
            "labels": {"ringfence.dev/tenant": "beta"}}});
        let text = format!("{pod}\n---\n{namespace}");
        let reviewed = review(&[Input { source: "-".to_owned(), text }], &settings, |_| ());
        let of_pod = &reviewed.records[0].verdict;
        let mut codes: Vec<_> = of_pod.findings().iter().map(|it| it.finding.code).collect();
        codes.dedup();
        let mut running = Running::new(&snapshot, now());
        running.judge("mild", &pod.to_string());
        let own = running.told().remove("mild").unwrap();
        assert_eq!(own.refused == 1, of_pod.decision() == Decision::Deny);
        let found = own.workloads.values().flat_map(|own| own.found.keys());
        assert_eq!(found.map(|(_, code, ..)| *code).collect::<Vec<_>>(), codes, "{image}");
    }
}
