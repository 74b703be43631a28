//! What a document says that could never have been read from a file, but may come by the API server, or
//! has become wrong since: it opens nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{SET, names, now, of, tenants};
use crate::policy::documents::PlatformSpec;
use crate::policy::{Named, Tenants};

/// The policies of alpha's namespace that are there only in `more`, and those that are there only in
/// `less`.
fn difference(more: &Tenants, less: &Tenants) -> (Vec<String>, Vec<String>) {
    let of = |set| names(&of(set, "alpha", "alpha-web", now())).into_iter().collect();
    let (more, less): (BTreeSet<String>, BTreeSet<String>) = (of(more), of(less));
    (more.difference(&less).cloned().collect(), less.difference(&more).cloned().collect())
}

/// What a grant opens that is `sound` but for these fields.
fn granted(change: &Value) -> Vec<String> {
    let mut spec = json!({
        "from": {"tenant": "alpha"}, "to": {"tenant": "beta"}, "ports": [{"port": 1}],
        "owner": "jo", "reason": "because", "expiresAt": "2027-03-01T00:00:00Z",
    });
    for (key, value) in change.as_object().unwrap() {
        spec[key] = value.clone();
    }
    let plain = tenants(SET);
    let mut set = Tenants::clone(&plain);
    let spec = serde_json::from_value(spec).unwrap();
    set.grants.push(Named { name: "new".to_owned(), spec });
    let (more, less) = difference(&set, &plain);
    assert_eq!(less, Vec::<String>::new());
    more
}

#[test]
fn a_grant_that_is_not_sound_opens_nothing() {
    let (out, back) =
        ("NetworkPolicy ringfence-grant-egress-new", "NetworkPolicy ringfence-grant-ingress-new");
    assert_eq!(granted(&json!({})), [out]);
    assert_eq!(granted(&json!({"to": {"tenant": "alpha"}})), [out, back]);
    assert_eq!(
        granted(&json!({"from": {"cidrs": ["203.0.113.0/24"]}, "to": {"tenant": "alpha"}})),
        [back]
    );
    let requirement = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
    let to = |party: Value| json!({"to": party});
    for change in [
        to(json!({"tenant": "nobody"})),
        to(json!({})),
        to(json!({"tenant": "beta", "cidrs": ["203.0.113.0/24"]})),
        to(json!({"tenant": "beta", "namespaces": []})),
        to(json!({"tenant": "beta", "podSelector": requirement("In", json!([]))})),
        to(json!({"tenant": "beta", "podSelector": requirement("Exists", json!(["b"]))})),
        to(json!({"cidrs": []})),
        to(json!({"cidrs": ["203.0.113.0/24"], "podSelector": {}})),
        to(json!({"cidrs": ["203.0.113.0/24"], "namespaces": ["a"]})),
        to(json!({"cidrs": ["203.0.113.0/24", "10.244.7.0/24"]})),
        to(json!({"cidrs": ["0.0.0.0/0"]})),
        json!({"from": {"tenant": "alpha", "podSelector": requirement("NotIn", json!(null))}}),
        json!({"from": {"cidrs": ["203.0.113.0/24"]}, "to": {"cidrs": ["203.0.113.0/24"]}}),
        json!({"from": {"tenant": "nobody"}, "to": {"tenant": "alpha"}}),
        json!({"ports": []}),
        json!({"ports": [{"port": 1}, {"port": 3, "endPort": 2}]}),
        json!({"expiresAt": "2026-12-01T00:00:00Z"}),
    ] {
        assert_eq!(granted(&change), Vec::<String>::new(), "{change}");
    }
}

/// The policies that go where the Platform says this in place of that.
fn lost(change: impl Fn(&mut Value)) -> Vec<String> {
    let plain = tenants(SET);
    let mut set = Tenants::clone(&plain);
    let mut spec = serde_json::to_value(&*set.platform.spec).unwrap();
    change(&mut spec);
    let spec: PlatformSpec = serde_json::from_value(spec).unwrap();
    set.platform.spec = Arc::new(spec);
    let (less, more) = difference(&plain, &set);
    assert_eq!(more, Vec::<String>::new());
    less
}

#[test]
fn a_shared_service_that_is_not_sound_opens_nothing() {
    assert_eq!(lost(|_| {}), Vec::<String>::new());
    let check = |index: usize, service: &str, change: Value| {
        let lost = lost(|platform| {
            for (key, value) in change.as_object().unwrap() {
                platform["shared"][index][key] = value.clone();
            }
        });
        assert_eq!(lost, [format!("NetworkPolicy ringfence-shared-{service}")], "{change}");
    };
    check(0, "ingress", json!({"namespace": "beta-api"}));
    check(0, "ingress", json!({"namespace": null}));
    check(0, "ingress", json!({"cidrs": ["203.0.113.0/24"]}));
    check(0, "ingress", json!({"name": "other"}));
    check(
        0,
        "ingress",
        json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
    );
    check(1, "metrics", json!({"ports": []}));
    check(1, "metrics", json!({"ports": [{"port": 2, "endPort": 1}]}));
    check(1, "metrics", json!({"ports": [{"endPort": 1}]}));
    check(2, "api", json!({"cidrs": []}));
    check(2, "api", json!({"cidrs": ["10.96.0.1/32"]}));
    check(2, "api", json!({"podSelector": {}}));
    check(3, "ingress", json!({"name": "ingress"}));
}

#[test]
fn dns_that_is_not_sound_opens_nothing() {
    let gone = ["NetworkPolicy ringfence-dns"];
    let check = |dns: Value| {
        assert_eq!(lost(|platform| platform["cluster"]["dns"] = dns.clone()), gone, "{dns}")
    };
    check(json!([]));
    check(json!([{}]));
    check(json!([{"namespace": "beta-api"}]));
    check(json!([{"namespace": "kube-system", "ports": []}]));
    check(json!([{"namespace": "kube-system", "cidrs": ["169.254.20.10/32"]}]));
    check(json!([{"cidrs": []}]));
    check(json!([{"cidrs": ["169.254.20.10/32"], "podSelector": {}}]));
    // Of several the others count.
    let two = json!([{"namespace": "beta-api"}, {"namespace": "dns"}]);
    assert_eq!(lost(|platform| platform["cluster"]["dns"] = two.clone()), Vec::<String>::new());
}
