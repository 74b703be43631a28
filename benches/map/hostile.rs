//! Policies that are made to take long: each about as large as the API server takes them.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::cluster;

/// What one is, and its spec.
type Hostile = (&'static str, Value);

/// All of them. They are meant for the first namespace of the first tenant.
pub fn policies() -> Vec<Hostile> {
    [peers(), selectors(), addresses(), ports()].concat()
}

fn ingress(from: impl Iterator<Item = Value>) -> Value {
    let from: Vec<Value> = from.collect();
    json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": from}]})
}

fn egress(to: impl Iterator<Item = Value>, ports: &[Value]) -> Value {
    let to: Vec<Value> = to.collect();
    json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to, "ports": ports}]})
}

/// Pods of namespaces with such labels.
fn namespaces(expressions: impl Iterator<Item = Value>) -> Value {
    json!({"namespaceSelector": {"matchExpressions": expressions.collect::<Vec<_>>()}})
}

fn expression(key: &str, operator: &str, values: impl Iterator<Item = String>) -> Value {
    json!({"key": key, "operator": operator, "values": values.collect::<Vec<_>>()})
}

fn names(operator: &str, names: impl Iterator<Item = usize>) -> Value {
    let names = names.map(cluster::namespace);
    namespaces(std::iter::once(expression("kubernetes.io/metadata.name", operator, names)))
}

fn peers() -> Vec<Hostile> {
    let labels = |own: usize| {
        let one = move |key| expression(&format!("k{key}"), "In", [format!("v{own}")].into_iter());
        namespaces((0..20).map(one))
    };
    let foreign = (0..1_000).map(|own| names("In", 10 + own..11 + own));
    let own = (0..1_000).map(|own| names("In", 0..1 + own % 10));
    vec![
        ("1,000 peers, each a namespace of another tenant", ingress(foreign)),
        ("1,000 peers, each by 20 labels", ingress((0..1_000).map(labels))),
        ("1,000 peers, each some of the tenant's own namespaces", ingress(own)),
    ]
}

fn selectors() -> Vec<Hostile> {
    let keys = || {
        let values = || (0..8).map(|own| format!("v{own}"));
        (0..3_000).map(move |key| expression(&format!("k{key}"), "NotIn", values()))
    };
    let pods = json!({"namespaceSelector": {}, "podSelector": {"matchExpressions": keys().collect::<Vec<_>>()}});
    let holes = |hole: usize| {
        let one =
            move |pigeon| expression(&format!("p{pigeon}-{hole}"), "Exists", std::iter::empty());
        namespaces((0..9).map(one))
    };
    let once = std::iter::once;
    vec![
        ("one of 10,000 namespaces", ingress(once(names("In", 0..10_000)))),
        ("all but 10,000 namespaces", ingress(once(names("NotIn", 0..10_000)))),
        ("namespaces by 3,000 keys, each none of 8 values", ingress(once(namespaces(keys())))),
        ("pods of all namespaces by 3,000 such keys", ingress(once(pods))),
        ("1,000 peers of pigeons in holes", ingress((0..1_000).map(holes))),
    ]
}

fn addresses() -> Vec<Hostile> {
    let block = |except: u32| {
        let every_other =
            (0..except).map(|own| format!("{}/32", Ipv4Addr::from(0xcb00_7100 + 2 * own)));
        json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": every_other.collect::<Vec<_>>()}})
    };
    let once = std::iter::once;
    vec![
        ("a range less 30,000 addresses", egress(once(block(30_000)), &[])),
        ("300 ranges less 100 addresses each", egress((0..300).map(|_| block(100)), &[])),
    ]
}

fn ports() -> Vec<Hostile> {
    let every_other = |count: usize| -> Vec<Value> {
        (0..count).map(|own| json!({"protocol": "TCP", "port": 1 + 2 * own})).collect()
    };
    let ranges =
        (0..500).map(|own| json!({"ipBlock": {"cidr": format!("203.0.{}.0/24", own % 256)}}));
    let app = |own| json!({"from": [{"podSelector": {"matchLabels": {"app": format!("a{own}")}}}]});
    let rules: Vec<Value> = (0..10_000).map(app).collect();
    let own = std::iter::once(json!({"podSelector": {}}));
    vec![
        ("10,000 ports", egress(own, &every_other(10_000))),
        ("500 ranges on 5,000 ports", egress(ranges, &every_other(5_000))),
        ("10,000 rules", json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules})),
    ]
}
