//! What the controller keeps: who may do what with it.

use jiff::Timestamp;
use ringfence::admission::{Asker, Case, judge, may_administer};
use ringfence::domain::{Code, Mode};
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
  administrators:
  - {kind: Group, name: platform-admins}
  - {kind: ServiceAccount, name: listed, namespace: kube-system}
  - {kind: ServiceAccount, name: listed, namespace: alpha-dev}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec:
  owners: [{kind: Group, name: alpha-devs}, {kind: ServiceAccount, name: deployer, namespace: alpha-dev}]
";

/// A user, and a group after a blank.
type Who = &'static str;

const OWNER: Who = "ada alpha-devs";
const ACCOUNT: Who = "system:serviceaccount:alpha-dev:deployer";
const LISTED: Who = "pat platform-admins";
const GARBAGE: Who = "system:serviceaccount:kube-system:generic-garbage-collector";
const NAMESPACES: Who = "system:serviceaccount:kube-system:namespace-controller";
const QUOTAS: Who = "system:serviceaccount:kube-system:resourcequota-controller";

const KINDS: [(&str, &str, &str); 4] = [
    ("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    ("", "resourcequotas", "ResourceQuota"),
    ("", "limitranges", "LimitRange"),
    ("rbac.authorization.k8s.io", "rolebindings", "RoleBinding"),
];

fn snapshot() -> Snapshot {
    let namespaces = [
        ("alpha-dev", Some("alpha")),
        ("old", Some("gone")),
        ("plain", None),
        ("kube-system", None),
    ];
    in_cluster(DOCUMENTS, &namespaces)
}

fn object(name: &str, managed: bool) -> Value {
    let mut object = json!({"metadata": {"name": name, "namespace": "alpha-dev"}});
    if managed {
        object["metadata"]["labels"] = json!({"ringfence.dev/managed": "true"});
    }
    object
}

fn ours() -> Value {
    object("ringfence-dns", true)
}

/// A review of a request in a namespace; what is null is absent. The name is left out, as it is of
/// collections and where it has yet to be made.
fn review(
    who: Who,
    operation: &str,
    (namespace, kind, subresource): (&str, (&str, &str, &str), &str),
    old: &Value,
    new: &Value,
) -> String {
    let (user, group) = who.split_once(' ').unwrap_or((who, "system:serviceaccounts"));
    let (api_group, resource, kind) = kind;
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": operation, "name": "", "namespace": namespace,
            "kind": {"group": api_group, "version": "v1", "kind": kind},
            "resource": {"group": api_group, "version": "v1", "resource": resource},
            "subResource": subresource,
            "userInfo": {"username": user, "groups": [group]},
            "object": new, "oldObject": old,
        },
    })
    .to_string()
}

/// The codes that refuse it.
fn refused(asker: Asker, text: &str) -> Vec<Code> {
    let snapshot = snapshot();
    let request = read(text, DEEPEST).unwrap().request.unwrap();
    let standing = snapshot.standing(&request.namespace);
    let case = Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
    let verdict = judge(&Case { asker, ..case });
    verdict.in_mode(Mode::Enforce).map(|finding| finding.code).collect()
}

/// Everything that is done to an object, with its operation: what it was and what it becomes.
fn uses(kind: &str) -> Vec<(&'static str, &'static str, Value, Value)> {
    let mut held = ours();
    held["metadata"]["finalizers"] = json!(["example.com/held"]);
    let mut owned = ours();
    owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap",
        "name": "absent", "uid": "00000000-0000-0000-0000-000000000000"}]);
    let mut changed = ours();
    changed["spec"] = json!({"anything": "else"});
    let mut all = vec![
        ("UPDATE", "", ours(), ours()),
        ("UPDATE", "", ours(), changed.clone()),
        ("UPDATE", "", ours(), held.clone()),
        ("UPDATE", "", ours(), owned),
        ("UPDATE", "", held, ours()),
        ("UPDATE", "", ours(), object("ringfence-dns", false)),
        ("UPDATE", "", object("ringfence-dns", false), ours()),
        ("UPDATE", "", object("own", true), object("own", false)),
        ("UPDATE", "", object("own", false), object("own", true)),
        ("DELETE", "", ours(), Value::Null),
        ("DELETE", "", object("ringfence-dns", false), Value::Null),
        ("DELETE", "", object("own", true), Value::Null),
        ("CREATE", "", Value::Null, object("ringfence-mine", false)),
        ("CREATE", "", Value::Null, object("own", true)),
    ];
    if kind == "resourcequotas" {
        all.push(("UPDATE", "status", ours(), changed));
    }
    all
}

#[test]
fn who_may_use_what_the_controller_keeps() {
    let check = |who: Who, asker: Asker, namespace: &str, allowed: bool| {
        for kind in KINDS {
            for (operation, subresource, old, new) in uses(kind.1) {
                let at = (namespace, kind, subresource);
                let codes = refused(asker, &review(who, operation, at, &old, &new));
                let what = format!("{who} {operation} {at:?} {old} {new}");
                assert_eq!(codes.is_empty(), allowed, "{what}: {codes:?}");
                assert!(codes.iter().all(|code| *code == Code::ManagedObject), "{what}: {codes:?}");
            }
        }
    };
    let named = |who: Who, allowed: bool| check(who, Asker::Named, "alpha-dev", allowed);
    named(OWNER, false);
    named(ACCOUNT, false);
    named("zoe nobody", false);
    named("system:serviceaccount:plain:flux", false);
    // Listed by a mistake that must not matter.
    named("system:serviceaccount:alpha-dev:listed", false);
    // An account of kube-system may act for whoever asks it.
    named("system:serviceaccount:kube-system:helm", false);
    named("system:serviceaccount:kube-system:default", false);
    named("system:kube-scheduler", false);
    named("system:node:one system:nodes", false);
    named("system:serviceaccount:kube-system2:namespace-controller", false);
    named(LISTED, true);
    named("root system:masters", true);
    named("system:serviceaccount:kube-system:listed", true);
    named("system:serviceaccount:ringfence-system:ringfence", true);
    named("system:apiserver", true);
    named("system:kube-controller-manager", true);
    named(GARBAGE, true);
    named(NAMESPACES, true);
    named(QUOTAS, true);
    check("zoe nobody", Asker::Platform, "alpha-dev", true);
    check("system:serviceaccount:kube-system:helm", Asker::Platform, "alpha-dev", true);
    check("", Asker::Owner, "alpha-dev", false);
    // Where a tenant is gone its walls stay, and what nobody knows could be anybody's.
    check(OWNER, Asker::Named, "old", false);
    check(NAMESPACES, Asker::Named, "old", true);
    check(OWNER, Asker::Named, "not-known-yet", false);
    check(NAMESPACES, Asker::Named, "not-known-yet", true);
    check(OWNER, Asker::Named, "plain", true);
}

/// What denies tenants each other once in a cluster is held as what stands in their namespaces.
#[test]
fn barriers_are_nobodys_to_touch() {
    let kinds = [
        ("policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies", "ClusterNetworkPolicy"),
        ("cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"),
        ("projectcalico.org", "v3", "globalnetworkpolicies", "GlobalNetworkPolicy"),
        ("projectcalico.org", "v3", "tiers", "Tier"),
    ];
    let barrier = json!({"metadata": {"name": "ringfence-tenant-alpha", "labels": {"ringfence.dev/managed": "true"}}});
    let own = json!({"metadata": {"name": "own"}});
    let null = Value::Null;
    for ((group, version, resource, kind), who) in
        kinds.iter().flat_map(|kind| [(*kind, OWNER), (*kind, LISTED)])
    {
        let refused = |operation, old: &Value, new: &Value| {
            let text = review(who, operation, ("", (group, resource, kind), ""), old, new);
            let mut review: Value = serde_json::from_str(&text).unwrap();
            for named in ["kind", "resource"] {
                review["request"][named]["version"] = json!(version);
            }
            refused(Asker::Named, &review.to_string())
        };
        let expect = if who == LISTED { vec![] } else { vec![Code::ManagedObject] };
        for (operation, old, new) in [
            ("CREATE", &null, &barrier),
            ("UPDATE", &barrier, &own),
            ("UPDATE", &barrier, &barrier),
            ("DELETE", &barrier, &null),
        ] {
            let mut codes = refused(operation, old, new);
            codes.dedup();
            assert_eq!(codes, expect, "{who} {operation} {kind}");
        }
        // Others of the kind are the platform's too, by another rule.
        let expect = if who == LISTED { vec![] } else { vec![Code::PolicyKind] };
        assert_eq!(refused("CREATE", &null, &own), expect, "{who} {kind}");
        assert_eq!(refused("DELETE", &own, &null), [], "{who} {kind}");
    }
}

#[test]
fn what_is_a_tenants_own_stays_its_own() {
    let own = |labels: Value| json!({"metadata": {"name": "own", "labels": labels}});
    for kind in KINDS {
        for (operation, old, new) in [
            ("CREATE", Value::Null, own(json!({}))),
            ("CREATE", Value::Null, own(json!(null))),
            ("UPDATE", own(json!({})), own(json!({"team": "a"}))),
            ("UPDATE", own(json!({"ringfence.dev-managed": "true"})), own(json!({}))),
            ("DELETE", own(json!({"managed": "true"})), Value::Null),
        ] {
            let text = review(OWNER, operation, ("alpha-dev", kind, ""), &old, &new);
            assert_eq!(refused(Asker::Named, &text), [], "{text}");
        }
    }
}

/// What cannot be read, or is not there, passes for nobody who is bound.
#[test]
fn what_cannot_be_told_is_refused() {
    let policies = ("alpha-dev", KINDS[0], "");
    let null = Value::Null;
    for (operation, old, new) in [
        ("DELETE", &null, &null),
        ("UPDATE", &null, &ours()),
        ("UPDATE", &ours(), &null),
        ("CREATE", &null, &null),
        ("CREATE", &null, &json!({"metadata": {"labels": ["ringfence.dev/managed"]}})),
        ("DELETE", &json!({"metadata": 7}), &null),
    ] {
        let text = review(OWNER, operation, policies, old, new);
        assert_eq!(refused(Asker::Named, &text), [Code::Malformed], "{text}");
    }
}

/// The fix that is an edit ends the finding, and is made by nobody unasked.
#[test]
fn a_label_that_is_taken_away_is_no_finding() {
    let object = object("own", true);
    let text = review(OWNER, "CREATE", ("alpha-dev", KINDS[0], ""), &Value::Null, &object);
    let snapshot = snapshot();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let standing = snapshot.standing("alpha-dev");
    let case = Case::new(&request, &snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
    let verdict = judge(&case);
    let findings: Vec<_> = verdict.in_mode(Mode::Enforce).collect();
    let [only] = &findings[..] else { panic!("{findings:?}") };
    assert!(!only.is_safe_to_fix() && !only.fix.edits.is_empty(), "{only:?}");
    let fixed = fixed(&object, &findings);
    let text = review(OWNER, "CREATE", ("alpha-dev", KINDS[0], ""), &Value::Null, &fixed);
    assert_eq!(refused(Asker::Named, &text), [], "{fixed}");
}

/// RBAC is asked about whoever is refused and may be the platform, accounts of kube-system too.
#[test]
fn who_is_asked_about() {
    let check = |who: Who, expect: bool| {
        let text = review(who, "DELETE", ("alpha-dev", KINDS[0], ""), &ours(), &Value::Null);
        let request = read(&text, DEEPEST).unwrap().request.unwrap();
        assert_eq!(may_administer(&request, &snapshot()), expect, "{who}");
    };
    check(OWNER, true);
    check("system:serviceaccount:kube-system:helm", true);
    check("system:serviceaccount:plain:flux", true);
    check(ACCOUNT, false);
    check("system:serviceaccount:not-known-yet:flux", false);
    check(LISTED, false);
}
