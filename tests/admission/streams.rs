//! Streams into pods: whose they are to open, and what is told to others.

use jiff::Timestamp;
use ringfence::admission::{Asker, Case, judge, needs_namespace, tenant_told};
use ringfence::domain::{Code, Decision, Verdict};
use ringfence::objects::json::DEEPEST;
use ringfence::review::read;
use ringfence::state::Snapshot;
use serde_json::json;

use super::in_cluster;

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec:
  administrators:
  - {kind: Group, name: platform-admins}
  - {kind: ServiceAccount, name: listed, namespace: alpha-dev}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec:
  owners: [{kind: Group, name: alpha-devs}, {kind: ServiceAccount, name: deployer, namespace: plain}]
  members: [{kind: User, name: olga}, {kind: Group, name: alpha-oncall}]
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec: {owners: [{kind: Group, name: beta-devs}]}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: audited}
spec: {profile: audit-only}
";

fn snapshot() -> Snapshot {
    let namespaces = [
        ("alpha-dev", Some("alpha")),
        ("alpha-ops", Some("alpha")),
        ("beta-dev", Some("beta")),
        ("audited", Some("audited")),
        ("old", Some("gone")),
        ("plain", None),
    ];
    in_cluster(DOCUMENTS, &namespaces)
}

/// A user, and a group after a blank.
type Who = &'static str;

const STREAMS: [(&str, &str); 5] = [
    ("pods", "exec"),
    ("pods", "attach"),
    ("pods", "portforward"),
    ("pods", "proxy"),
    ("services", "proxy"),
];
const NODE: (&str, &str) = ("nodes", "proxy");

fn review(who: Who, namespace: &str, (resource, subresource): (&str, &str)) -> String {
    let (user, group) = who.split_once(' ').unwrap_or((who, "system:serviceaccounts"));
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "CONNECT", "name": "web", "namespace": namespace,
            "kind": {"group": "", "version": "v1", "kind": "PodExecOptions"},
            "resource": {"group": "", "version": "v1", "resource": resource},
            "subResource": subresource,
            "userInfo": {"username": user, "groups": [group]},
            "object": {"kind": "PodExecOptions", "apiVersion": "v1", "command": ["sh"]},
        },
    })
    .to_string()
}

/// What is decided, and which tenant whoever asks is told of.
fn judged(asker: Asker, text: &str) -> (Verdict, Option<String>) {
    let snapshot = snapshot();
    let request = read(text, DEEPEST).unwrap().request.unwrap();
    let standing = snapshot.standing(&request.namespace);
    let case = Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
    let case = Case { asker, ..case };
    (judge(&case), tenant_told(&case).map(|tenant| tenant.name.to_string()))
}

#[track_caller]
fn check(asker: Asker, who: Who, namespace: &str, stream: (&str, &str), expect: &[Code]) {
    let (verdict, _) = judged(asker, &review(who, namespace, stream));
    let codes: Vec<Code> = verdict.findings().iter().map(|it| it.finding.code).collect();
    assert_eq!(codes, expect, "{who} {namespace} {stream:?}");
    let refused = verdict.decision() == Decision::Deny;
    assert_eq!(refused, !expect.is_empty() && namespace != "audited", "{who} {namespace}");
}

#[test]
fn a_stream_into_a_tenants_namespace_is_for_its_own_people() {
    for stream in STREAMS {
        let check = |who, namespace, expect: &[Code]| {
            check(Asker::Named, who, namespace, stream, expect);
        };
        for own in [
            "ada alpha-devs",
            "olga nobody",
            "otto alpha-oncall",
            "system:serviceaccount:alpha-dev:default",
            "system:serviceaccount:alpha-ops:ci",
            "system:serviceaccount:plain:deployer",
            "pat platform-admins",
            "root system:masters",
            "system:apiserver",
            "system:serviceaccount:kube-system:debugger",
        ] {
            check(own, "alpha-dev", &[]);
        }
        for stranger in [
            "bob beta-devs",
            "zoe nobody",
            "alpha-devs nobody",
            "system:serviceaccount:beta-dev:default",
            "system:serviceaccount:plain:default",
            "system:serviceaccount:old:ci",
            "system:serviceaccount:not-known-yet:ci",
            "system:serviceaccount:alpha-dev",
            "system:serviceaccount: alpha-dev:ci",
        ] {
            check(stranger, "alpha-dev", &[Code::Connect]);
            check(stranger, "audited", &[Code::Connect]);
        }
        // Listed by a mistake: it is alpha's account, and alpha's alone.
        check("system:serviceaccount:alpha-dev:listed", "alpha-dev", &[]);
        check("system:serviceaccount:alpha-dev:listed", "beta-dev", &[Code::Connect]);
        // Of a tenant that is gone nobody is one; of nobody's namespace RBAC alone speaks.
        check("ada alpha-devs", "old", &[Code::Connect]);
        check("system:serviceaccount:old:ci", "old", &[Code::Connect]);
        check("pat platform-admins", "old", &[]);
        check("zoe nobody", "plain", &[]);
        check("ada alpha-devs", "not-known-yet", &[Code::UnknownNamespace]);
        check("pat platform-admins", "not-known-yet", &[]);
    }
    let exec = STREAMS[0];
    check(Asker::Platform, "zoe nobody", "alpha-dev", exec, &[]);
    check(Asker::Owner, "", "alpha-dev", exec, &[]);
}

#[test]
fn a_stream_to_a_node_is_for_the_platform() {
    let check = |who, expect: &[Code]| check(Asker::Named, who, "", NODE, expect);
    check("pat platform-admins", &[]);
    check("system:apiserver", &[]);
    check("system:serviceaccount:kube-system:metrics", &[]);
    // Monitoring of the platform's own.
    check("system:serviceaccount:plain:prometheus", &[]);
    for refused in [
        "ada alpha-devs",
        "zoe nobody",
        "system:serviceaccount:alpha-dev:listed",
        "system:serviceaccount:old:ci",
        "system:serviceaccount:not-known-yet:ci",
    ] {
        check(refused, &[Code::Connect]);
    }
}

#[test]
fn a_stranger_is_not_told_whose_it_is() {
    let told = |who| judged(Asker::Named, &review(who, "alpha-dev", STREAMS[0])).1;
    assert_eq!(told("bob beta-devs"), None);
    assert_eq!(told("ada alpha-devs").as_deref(), Some("alpha"));
    assert_eq!(told("pat platform-admins").as_deref(), Some("alpha"));
}

#[test]
fn what_is_a_namespace_is_found_out() {
    for (stream, expect) in STREAMS.map(|it| (it, true)).into_iter().chain([(NODE, false)]) {
        let text = review("zoe nobody", "new", stream);
        let request = read(&text, DEEPEST).unwrap().request.unwrap();
        assert_eq!(needs_namespace(&request), expect, "{stream:?}");
    }
}
