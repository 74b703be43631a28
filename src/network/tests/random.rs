//! Random clusters: few names, so that they meet, and every form that a policy can have.

mod admin;

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::cluster::{Cluster, Labels, Pod};
use crate::reach::Protocol;

pub(super) use admin::with_admin;

pub(super) const NAMESPACES: [&str; 3] = ["x", "y", "z"];

/// Where something in a policy or a pod changes what is let through.
pub(super) const PORTS: [u16; 8] = [1, 53, 79, 80, 81, 90, 91, 65_535];

/// One in each part that the ranges below cut the addresses into, and some outside.
pub(super) const ADDRESSES: [&str; 8] = [
    "10.0.0.1",
    "10.0.0.7",
    "10.0.1.9",
    "10.1.0.1",
    "8.8.8.8",
    "fd00::1",
    "fd00::1:1",
    "2001:db8::1",
];

pub(super) const CIDRS: [&str; 8] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/24",
    "10.0.0.1/32",
    "::/0",
    "fd00::/16",
    "fd00::/112",
    "8.0.0.0/7",
];

/// The number of rounds, and of a long profile where the environment asks for it.
pub(crate) fn rounds(usual: u32) -> ProptestConfig {
    let asked = std::env::var("RINGFENCE_ROUNDS").ok().and_then(|own| own.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(usual), ..ProptestConfig::default() }
}

pub(super) fn own_labels() -> impl Strategy<Value = Labels> {
    let one = |key: &'static str| {
        let value = select(vec!["p", "q", "r"]);
        prop::option::weighted(0.7, value.prop_map(move |value| (key.to_owned(), value.to_owned())))
    };
    (one("a"), one("b")).prop_map(|(a, b)| a.into_iter().chain(b).collect())
}

fn name() -> impl Strategy<Value = &'static str> {
    select(NAMESPACES.to_vec())
}

pub(super) fn protocol() -> impl Strategy<Value = Protocol> {
    select(Protocol::ALL.to_vec())
}

fn pod() -> impl Strategy<Value = Pod> {
    let address = select(ADDRESSES.to_vec()).prop_map(|own| own.parse::<IpAddr>().unwrap());
    let addresses = prop_oneof![
        1 => Just(Vec::new()),
        3 => prop::collection::vec(address, 1..3),
    ];
    let port = (select(vec!["http", "dns"]), protocol(), select(PORTS.to_vec()))
        .prop_map(|(name, protocol, number)| (name.to_owned(), protocol, number));
    let ports = prop::collection::vec(port, 0..3);
    (name(), own_labels(), addresses, ports).prop_map(|(namespace, labels, addresses, ports)| Pod {
        namespace: namespace.to_owned(),
        name: "web".to_owned(),
        labels,
        addresses,
        ports,
    })
}

/// A selector that speaks of the keys that the pods have, or of the namespaces' names.
pub(super) fn selector(names: bool) -> impl Strategy<Value = Value> {
    let keys = if names { vec!["a", "b", "kubernetes.io/metadata.name"] } else { vec!["a", "b"] };
    let values = ["p", "q", "x", "y"];
    let labels = (select(keys.clone()), select(values.to_vec()));
    let labels = prop::collection::vec(labels, 0..2).prop_map(|all| {
        let map: Map<String, Value> =
            all.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        json!(map)
    });
    let valued = (
        select(keys.clone()),
        select(vec!["In", "NotIn"]),
        subsequence(values.to_vec(), 1..=2),
    )
        .prop_map(
            |(key, operator, values)| json!({"key": key, "operator": operator, "values": values}),
        );
    let plain = (select(keys), select(vec!["Exists", "DoesNotExist"]))
        .prop_map(|(key, operator)| json!({"key": key, "operator": operator}));
    let expressions = prop::collection::vec(prop_oneof![valued, plain], 0..2);
    prop_oneof![
        1 => Just(json!({})),
        3 => (labels, expressions).prop_map(|(labels, expressions)| {
            json!({"matchLabels": labels, "matchExpressions": expressions})
        }),
    ]
}

pub(super) fn peer() -> impl Strategy<Value = Value> {
    let block = (select(CIDRS.to_vec()), subsequence(CIDRS.to_vec(), 0..=2))
        .prop_map(|(cidr, except)| json!({"ipBlock": {"cidr": cidr, "except": except}}));
    prop_oneof![
        selector(false).prop_map(|pods| json!({"podSelector": pods})),
        selector(true).prop_map(|own| json!({"namespaceSelector": own})),
        (selector(true), selector(false))
            .prop_map(|(own, pods)| { json!({"namespaceSelector": own, "podSelector": pods}) }),
        block,
    ]
}

pub(super) fn port() -> impl Strategy<Value = Value> {
    let protocol = prop::option::of(protocol().prop_map(Protocol::as_str));
    let number = prop_oneof![
        Just(json!({})),
        select(PORTS.to_vec()).prop_map(|own| json!({"port": own})),
        Just(json!({"port": 80, "endPort": 90})),
        select(vec!["http", "dns"]).prop_map(|own| json!({"port": own})),
    ];
    (protocol, number).prop_map(|(protocol, mut port)| {
        if let Some(protocol) = protocol {
            port["protocol"] = json!(protocol);
        }
        port
    })
}

/// A rule with such peers, at `from` or `to`, and such ports; absent where there are none.
pub(crate) fn rule_of(
    side: &'static str,
    peers: impl Strategy<Value = Option<Vec<Value>>>,
    ports: impl Strategy<Value = Option<Vec<Value>>>,
) -> impl Strategy<Value = Value> {
    (peers, ports).prop_map(move |(peers, ports)| {
        let mut rule = json!({});
        if let Some(peers) = peers {
            rule[side] = json!(peers);
        }
        if let Some(ports) = ports {
            rule["ports"] = json!(ports);
        }
        rule
    })
}

fn rule(side: &'static str) -> impl Strategy<Value = Value> {
    let peers = prop::option::of(prop::collection::vec(peer(), 0..3));
    let ports = prop::option::of(prop::collection::vec(port(), 0..3));
    rule_of(side, peers, ports)
}

pub(super) fn policy(namespaces: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let types = prop_oneof![
        Just(None),
        Just(Some(vec![])),
        Just(Some(vec!["Ingress"])),
        Just(Some(vec!["Egress"])),
        Just(Some(vec!["Ingress", "Egress"])),
    ];
    let rules = |side| prop::option::of(prop::collection::vec(rule(side), 0..3));
    (select(namespaces.to_vec()), selector(false), types, rules("from"), rules("to")).prop_map(
        |(namespace, pods, types, ingress, egress)| {
            let mut spec = json!({"podSelector": pods});
            for (field, value) in [
                ("policyTypes", types.map(|own| json!(own))),
                ("ingress", ingress.map(|own| json!(own))),
                ("egress", egress.map(|own| json!(own))),
            ] {
                if let Some(value) = value {
                    spec[field] = value;
                }
            }
            json!({"metadata": {"name": "own", "namespace": namespace}, "spec": spec})
        },
    )
}

pub(super) fn cluster() -> impl Strategy<Value = Cluster> {
    let namespaces = prop::collection::vec(own_labels(), NAMESPACES.len());
    let pods = prop::collection::vec(pod(), 1..5);
    let policies = prop::collection::vec(policy(&NAMESPACES), 0..6);
    (namespaces, pods, policies, any::<bool>()).prop_map(
        |(labels, pods, policies, blocks_match_pods)| Cluster {
            namespaces: NAMESPACES.iter().map(ToString::to_string).zip(labels).collect(),
            pods,
            policies,
            admin: Vec::new(),
            blocks_match_pods,
        },
    )
}
