//! Policies as articles on multi-tenancy give them, taken as they stand.

use serde_json::{Value, json};

use super::{PROVEN, Stands, TWO, check, document, said, witness};
use crate::domain::TENANT_LABEL;
use crate::reach::Cause;

const BOTH: [&str; 2] = ["alpha-web", "beta-api"];

/// The same policies in both tenants' namespaces.
fn everywhere(policies: impl Fn(&str) -> Vec<Value>) -> Stands {
    let of =
        |namespace: &'static str| policies(namespace).into_iter().map(move |own| (namespace, own));
    Stands::with(BOTH.into_iter().flat_map(of).collect())
}

fn closed() -> Value {
    json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
}

/// One closes everything and lets a role talk to a role.
#[test]
fn roles_within_a_namespace_isolate_and_roles_of_anybody_do_not() {
    let role = |role: &str| json!({"matchLabels": {"role": role}});
    let opens = |peer: fn(Value) -> Value| {
        let from = json!({"from": [peer(role("frontend"))], "ports": [{"port": 8080}]});
        let to = json!({"to": [peer(role("backend"))], "ports": [{"port": 8080}]});
        vec![
            closed(),
            json!({"podSelector": role("backend"), "policyTypes": ["Ingress"], "ingress": [from]}),
            json!({"podSelector": role("frontend"), "policyTypes": ["Egress"], "egress": [to]}),
        ]
    };
    let own = everywhere(|_| opens(|pods| json!({"podSelector": pods})));
    check(&own.proof(TWO, true), &PROVEN);
    // A role is a label that everybody can set.
    let any = everywhere(|_| opens(|pods| json!({"podSelector": pods, "namespaceSelector": {}})));
    let proof = any.proof(TWO, true);
    let expect = [
        "alpha beta open TCP 8080: alpha-web to beta-api",
        "beta alpha open TCP 8080: beta-api to alpha-web",
    ];
    check(&proof, &expect);
    let found = witness(&proof);
    assert_eq!(found.source.pod.labels.get("role").unwrap(), "frontend");
    assert_eq!(found.destination.pod.labels.get("role").unwrap(), "backend");
}

/// The other lists what pods may call: the world less private ranges, the tenant's namespaces by a label,
/// and at last some ports of whoever it is.
fn egress(tenant: &str, key: &str, last: bool) -> Value {
    let world = json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}});
    let own = json!({"namespaceSelector": {"matchLabels": {key: tenant}}});
    let ports = json!([{"protocol": "UDP", "port": 53}, {"port": 443}, {"port": 8443}]);
    let mut rules = vec![json!({"to": [world]}), json!({"to": [own]})];
    rules.extend(last.then(|| json!({"ports": ports})));
    json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": rules})
}

fn tenant(namespace: &str) -> &str {
    namespace.split('-').next().unwrap()
}

#[test]
fn a_list_of_what_may_be_called_leaks_by_its_last_rule() {
    let platform = document("Platform", "default", "{cluster: {podCIDRs: [10.244.0.0/16]}}");
    let documents = format!("{TWO}{platform}");
    let leaks = everywhere(|own| vec![egress(tenant(own), TENANT_LABEL, true)]);
    let proof = leaks.proof(&documents, true);
    // A rule without `to` is for everybody, and nothing closes who takes it.
    let expect = [
        "alpha beta open TCP 443: alpha-web to beta-api",
        "beta alpha open TCP 443: beta-api to alpha-web",
    ];
    check(&proof, &expect);
    let found = witness(&proof);
    assert!(matches!(found.egress, Cause::Rule { index: 2, .. }), "{found:?}");
    assert_eq!(found.ingress, Cause::NotIsolated);
    let mended = everywhere(|own| vec![egress(tenant(own), TENANT_LABEL, false)]);
    check(&mended.proof(&documents, true), &PROVEN);
    // Where the other side is closed, the rule leaks to nobody.
    let ingress = |own: &str| {
        let from = json!([{"namespaceSelector": {"matchLabels": {TENANT_LABEL: tenant(own)}}}]);
        json!({"podSelector": {}, "ingress": [{"from": from}]})
    };
    let closed = everywhere(|own| vec![egress(tenant(own), TENANT_LABEL, true), ingress(own)]);
    check(&closed.proof(&documents, true), &PROVEN);
}

#[test]
fn a_label_that_nobody_guards_names_no_tenant() {
    let platform = document("Platform", "default", "{cluster: {podCIDRs: [10.244.0.0/16]}}");
    let proof = everywhere(|own| vec![egress(tenant(own), "tenant", false)])
        .proof(&format!("{TWO}{platform}"), true);
    assert_eq!(said(&proof)[0], "alpha beta open TCP 1: alpha-web to beta-api");
    // Beta calls its namespace alpha's.
    assert_eq!(witness(&proof).destination.namespace.labels.get("tenant").unwrap(), "alpha");
}

/// Pods may have addresses that the list of private ranges forgets.
#[test]
fn an_ip_block_of_the_world_reaches_pods_beyond_the_private_ranges() {
    let platform = document("Platform", "default", "{cluster: {podCIDRs: [100.64.0.0/16]}}");
    let proof = everywhere(|own| vec![egress(tenant(own), TENANT_LABEL, false)])
        .proof(&format!("{TWO}{platform}"), true);
    assert!(matches!(witness(&proof).egress, Cause::Rule { index: 0, .. }));
    assert_eq!(witness(&proof).destination.pod.addresses[0].to_string(), "100.64.0.0");
}
