//! The one-sided rule: what a tenant's own NetworkPolicies may open.

use jiff::Timestamp;
use ringfence::admission::{Case, judge};
use ringfence::domain::{Code, Decision, Finding, Mode, Verdict};
use ringfence::objects::json::DEEPEST;
use ringfence::objects::yaml;
use ringfence::review::read;
use ringfence::state::Snapshot;
use serde_json::{Value, json};

use super::openings::{ADMITTED, DOCUMENTS, NAMESPACES, REFUSED, policies, policy};
use super::{edits, in_cluster};

/// What does not do what it looks as if it did.
const WARNED: &str = include_str!("network/warned.yaml");
/// Neighbours of those that do.
const EFFECTIVE: &str = include_str!("network/effective.yaml");
/// One of the Grants has ended.
const NOW: &str = "2026-06-01T00:00:00Z";

fn snapshot() -> Snapshot {
    in_cluster(DOCUMENTS, &NAMESPACES)
}

fn verdict(snapshot: &Snapshot, policy: &Value, old: &Value, now: &str) -> Verdict {
    let verb = if old.is_null() { "CREATE" } else { "UPDATE" };
    let namespace = policy["metadata"]["namespace"].as_str().unwrap();
    let text = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": verb, "name": "own", "namespace": namespace,
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "NetworkPolicy"},
            "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "networkpolicies"},
            "userInfo": {"username": "ada", "groups": ["alpha-devs"]},
            "object": policy, "oldObject": old,
        },
    })
    .to_string();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let now: Timestamp = now.parse().unwrap();
    let case = Case::new(&request, snapshot, snapshot.standing(namespace), now).unwrap();
    judge(&case)
}

fn judged(spec: &Value) -> Verdict {
    verdict(&snapshot(), &policy("alpha-web", spec), &Value::Null, NOW)
}

/// What one rule found.
fn findings(verdict: &Verdict, code: Code) -> Vec<&Finding> {
    let findings = verdict.findings().iter().map(|judged| &judged.finding);
    findings.filter(|finding| finding.code == code).collect()
}

/// The policy with the fixes made; who a rule for everyone is for is in the text of its fix.
fn mended(policy: &Value, found: &[&Finding]) -> Value {
    let mut policy = edits::fixed(policy, found);
    for finding in found {
        if let Some((_, peers)) = finding.fix.text.split_once("name who it is for: ") {
            let peers = yaml::documents(peers).pop().unwrap().unwrap().to_value();
            let rule = policy.pointer_mut(&finding.path.pointer()).unwrap();
            let (list, value) = peers.as_object().unwrap().iter().next().unwrap();
            rule[list] = value.clone();
        }
    }
    policy
}

#[test]
fn what_a_side_cannot_open_alone_is_refused_and_the_fixes_pass() {
    let refused = policies(REFUSED);
    assert!(refused.len() >= 30);
    let mut told = String::new();
    for (name, spec) in &refused {
        let verdict = judged(spec);
        let found = findings(&verdict, Code::OneSided);
        assert_eq!(verdict.decision(), Decision::Deny, "{name}");
        told += &format!("{name}\n");
        for finding in &found {
            let Finding { path, found, must, fix, .. } = finding;
            assert!(
                !found.contains("beta") || spec.to_string().contains("beta"),
                "{name}: {found}"
            );
            assert!(must.starts_with("it must lie within tenant alpha"), "{must}");
            told += &format!("  {path}: {found}\n    fix: {}\n", fix.text);
        }
        let mended = mended(&policy("alpha-web", spec), &found);
        let again = verdict_of(&mended);
        assert_eq!(findings(&again, Code::OneSided), Vec::<&Finding>::new(), "{name}: {mended}");
        assert_ne!(again.decision(), Decision::Deny, "{name}: {mended}");
    }
    insta::assert_snapshot!("refused_policies", told);
}

fn verdict_of(policy: &Value) -> Verdict {
    verdict(&snapshot(), policy, &Value::Null, NOW)
}

#[test]
fn what_a_side_may_open_alone_passes() {
    let admitted = policies(ADMITTED);
    assert!(admitted.len() >= 30);
    for (name, spec) in &admitted {
        let verdict = judged(spec);
        assert_eq!(verdict.decision(), Decision::Admit, "{name}: {verdict:?}");
    }
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let mut told = String::new();
    for (name, spec) in policies(WARNED) {
        let verdict = judged(&spec);
        assert_eq!(verdict.decision(), Decision::Warn, "{name}: {verdict:?}");
        told += &format!("{name}\n");
        for judged in verdict.findings() {
            let Finding { code, path, found, must, fix, .. } = &judged.finding;
            assert_eq!(judged.mode, Mode::Warn, "{name}");
            told += &format!("  {path}: {code} {found}; {must}\n    fix: {}\n", fix.text);
        }
        let found: Vec<&Finding> = verdict.findings().iter().map(|own| &own.finding).collect();
        if found.iter().all(|finding| !finding.fix.edits.is_empty()) {
            let mended = edits::fixed(&policy("alpha-web", &spec), &found);
            assert_eq!(verdict_of(&mended).decision(), Decision::Admit, "{name}: {mended}");
        }
    }
    insta::assert_snapshot!("policies_without_effect", told);
    for (name, spec) in policies(EFFECTIVE) {
        let verdict = judged(&spec);
        assert_eq!(verdict.decision(), Decision::Admit, "{name}: {verdict:?}");
    }
}

/// As it is copied most often; beside that, it opens more than the tenant may.
#[test]
fn dns_by_a_label_that_nothing_sets_is_told() {
    let told = |peer: Value| {
        let ports = json!([{"port": 53, "protocol": "UDP"}, {"port": 53}]);
        let verdict = judged(&json!({"podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [peer], "ports": ports}]}));
        let found = findings(&verdict, Code::DnsRule);
        found.iter().map(|own| format!("{}: {}", own.path, own.fix.text)).collect::<Vec<_>>()
    };
    let by = |labels: Value| json!({"namespaceSelector": {"matchLabels": labels}});
    assert_eq!(
        told(by(json!({"name": "kube-system"}))),
        ["spec.egress[0].to[0].namespaceSelector: select it by its name: namespaceSelector: \
          {matchLabels: {kubernetes.io/metadata.name: kube-system}}"]
    );
    let nothing = Vec::<String>::new();
    assert_eq!(told(by(json!({"kubernetes.io/metadata.name": "kube-system"}))), nothing);
    assert_eq!(told(by(json!({}))), nothing);
}

/// Where nothing is one-sided, nobody needs to know what is open beside; what has no effect is told all the same.
#[test]
fn rules_of_one_policy_have_modes_of_their_own() {
    let spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}],
        "egress": [{"to": [{"podSelector": {}}]}]});
    let verdict = verdict_of(&policy("free", &spec));
    assert_eq!(findings(&verdict, Code::OneSided), Vec::<&Finding>::new());
    assert_eq!(findings(&verdict, Code::IdlePolicy).len(), 1);
    assert_eq!(verdict.decision(), Decision::Warn);
}

#[test]
fn a_grant_opens_until_it_ends() {
    let admitted = policies(ADMITTED);
    let (_, spec) = admitted.iter().find(|(name, _)| name == "what the Grant permits").unwrap();
    let policy = policy("alpha-web", spec);
    let at = |now: &str| verdict(&snapshot(), &policy, &Value::Null, now).decision();
    assert_eq!(at("2026-06-30T23:59:59Z"), Decision::Admit);
    assert_eq!(at("2026-07-01T00:00:00Z"), Decision::Deny);
}

#[test]
fn a_policy_is_judged_when_its_spec_changes() {
    let open = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]});
    let closed = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
    let (open, closed) = (policy("alpha-web", &open), policy("alpha-web", &closed));
    let mut labelled = open.clone();
    labelled["metadata"]["labels"] = json!({"team": "a"});
    let update = |old: &Value, new: &Value| verdict(&snapshot(), new, old, NOW).decision();
    assert_eq!(update(&open, &labelled), Decision::Admit);
    assert_eq!(update(&closed, &open), Decision::Deny);
    assert_eq!(update(&open, &closed), Decision::Admit);
}

#[test]
fn a_profile_may_warn_only() {
    let spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]});
    let verdict = verdict_of(&policy("warned", &spec));
    assert_eq!(verdict.decision(), Decision::Warn);
    assert_eq!(verdict.in_mode(Mode::Warn).count(), 1);
    // Nobody's namespace has no side of its own.
    assert_eq!(verdict_of(&policy("plain", &spec)).decision(), Decision::Admit);
}

#[test]
fn what_takes_too_long_to_decide_is_refused() {
    let names: Vec<String> = (0..3_000).map(|number| format!("alpha-{number}")).collect();
    let peer = json!({"namespaceSelector": {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": names}]}});
    let own =
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "alpha-db"}}});
    let spec = |peers: &[&Value]| json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]});
    // Nothing is left for the second, which would pass alone.
    let verdict = judged(&spec(&[&peer, &own]));
    assert_eq!(findings(&verdict, Code::OneSided).len(), 2);
    assert_eq!(judged(&spec(&[&own])).decision(), Decision::Admit);
}
