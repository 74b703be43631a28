//! Random clusters: few names, so that they meet, and every form that a NetworkPolicy can have.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::cluster::{Cluster, Labels, PODS, Pod};
use super::prober::PORTS;

const NAMESPACES: [&str; 3] = ["x", "y", "z"];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
const PORT_NAMES: [&str; 2] = ["http", "dns"];

/// Ranges, and ranges within them.
const BLOCKS: [(&str, &[&str]); 10] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "10.0.0.0/24", "10.0.0.1/32", "203.0.113.0/24"]),
    ("10.0.0.0/8", &["10.0.0.0/23", "10.0.0.1/32", "10.1.0.0/30"]),
    ("10.0.0.0/24", &["10.0.0.1/32", "10.0.0.4/30"]),
    ("10.0.0.6/31", &[]),
    ("10.1.0.0/16", &["10.1.0.2/32"]),
    ("128.0.0.0/1", &["203.0.113.5/32"]),
    ("::/0", &["fd00::/16", "fd00::/112", "2001:db8:1::/48"]),
    ("fd00::/16", &["fd00::/112", "fd00:1::/32", "fd00::7/128"]),
    ("fd00:1::/126", &["fd00:1::2/127"]),
    ("2001:db8::/32", &["2001:db8::5/128"]),
];

fn labels() -> impl Strategy<Value = Labels> {
    let one = |key: &'static str| {
        let value = select(vec!["p", "q", "r"]);
        prop::option::weighted(0.7, value.prop_map(move |value| (key.to_owned(), value.to_owned())))
    };
    (one("a"), one("b")).prop_map(|(a, b)| a.into_iter().chain(b).collect())
}

fn pod() -> impl Strategy<Value = Pod> {
    let port = (select(&PORT_NAMES[..]), select(&PROTOCOLS[..]), select(&PORTS[..]));
    let port = port.prop_map(|(name, protocol, number)| (name.to_owned(), protocol, number));
    (select(&NAMESPACES[..]), labels(), prop::collection::vec(port, 0..3)).prop_map(
        |(namespace, labels, ports)| Pod { namespace: namespace.to_owned(), labels, ports },
    )
}

/// A selector that speaks of the keys that pods have, or of the namespaces' names.
fn selector(names: bool) -> impl Strategy<Value = Value> {
    let keys = if names { vec!["a", "b", "kubernetes.io/metadata.name"] } else { vec!["a", "b"] };
    let values = ["p", "q", "x", "y"];
    let labels = (select(keys.clone()), select(values.to_vec()))
        .prop_map(|(key, value)| json!({key: value}));
    let labels = prop::option::of(labels);
    let valued =
        (select(keys.clone()), select(vec!["In", "NotIn"]), subsequence(values.to_vec(), 1..=3));
    let valued = valued.prop_map(
        |(key, operator, values)| json!({"key": key, "operator": operator, "values": values}),
    );
    let plain = (select(keys), select(vec!["Exists", "DoesNotExist"]));
    let plain = plain.prop_map(|(key, operator)| json!({"key": key, "operator": operator}));
    let expressions = prop::collection::vec(prop_oneof![valued, plain], 0..2);
    prop_oneof![
        1 => Just(json!({})),
        3 => (labels, expressions).prop_map(|(labels, expressions)| {
            with(json!({"matchExpressions": expressions}), [("matchLabels", labels)])
        }),
    ]
}

/// An object, and those fields that are there.
fn with<const N: usize>(mut object: Value, fields: [(&str, Option<Value>); N]) -> Value {
    for (field, value) in fields {
        if let Some(value) = value {
            object[field] = value;
        }
    }
    object
}

fn peer() -> impl Strategy<Value = Value> {
    let block = select(&BLOCKS[..]).prop_flat_map(|(cidr, within)| {
        let except = subsequence(within.to_vec(), 0..=within.len());
        except.prop_map(move |except| json!({"ipBlock": {"cidr": cidr, "except": except}}))
    });
    prop_oneof![
        selector(false).prop_map(|pods| json!({"podSelector": pods})),
        selector(true).prop_map(|own| json!({"namespaceSelector": own})),
        (selector(true), selector(false))
            .prop_map(|(own, pods)| json!({"namespaceSelector": own, "podSelector": pods})),
        block,
    ]
}

fn port() -> impl Strategy<Value = Value> {
    let number = select(&PORTS[..]);
    let number = prop_oneof![
        Just(json!({})),
        number.clone().prop_map(|own| json!({"port": own})),
        (number, 0..12_u16)
            .prop_map(|(first, more)| json!({"port": first, "endPort": first + more})),
        select(&PORT_NAMES[..]).prop_map(|own| json!({"port": own})),
    ];
    let protocol = prop::option::of(select(&PROTOCOLS[..]).prop_map(|own| json!(own)));
    (protocol, number).prop_map(|(protocol, port)| with(port, [("protocol", protocol)]))
}

fn rules(peers: &'static str) -> impl Strategy<Value = Option<Value>> {
    let some = |list: BoxedStrategy<Value>| {
        prop::option::weighted(0.8, prop::collection::vec(list, 0..3).prop_map(|own| json!(own)))
    };
    let rule = (some(peer().boxed()), some(port().boxed()));
    let rule =
        rule.prop_map(move |(from, ports)| with(json!({}), [(peers, from), ("ports", ports)]));
    prop::option::weighted(0.8, prop::collection::vec(rule, 0..3).prop_map(|own| json!(own)))
}

fn policy() -> impl Strategy<Value = Value> {
    let types = select(vec![
        None,
        Some(json!([])),
        Some(json!(["Ingress"])),
        Some(json!(["Egress"])),
        Some(json!(["Ingress", "Egress"])),
    ]);
    (select(&NAMESPACES[..]), selector(false), types, rules("from"), rules("to")).prop_map(
        |(namespace, pods, types, ingress, egress)| {
            let spec = json!({"podSelector": pods});
            let fields = [("policyTypes", types), ("ingress", ingress), ("egress", egress)];
            json!({"metadata": {"namespace": namespace}, "spec": with(spec, fields)})
        },
    )
}

pub fn cluster() -> impl Strategy<Value = Cluster> {
    let namespaces = prop::collection::vec(labels(), NAMESPACES.len());
    let pods = prop::collection::vec(pod(), PODS);
    let policies = prop::collection::vec(policy(), 1..8);
    (namespaces, pods, policies).prop_map(|(labels, pods, policies)| {
        let namespaces = NAMESPACES.iter().map(ToString::to_string).zip(labels).collect();
        Cluster { namespaces, pods, policies }
    })
}
