//! Random policies of the whole cluster.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::{CIDRS, PORTS, cluster, protocol, selector};
use crate::network::tests::cluster::Cluster;

fn namespaced() -> impl Strategy<Value = Value> {
    prop_oneof![
        selector(true).prop_map(|own| json!({"namespaces": own})),
        (selector(true), selector(false)).prop_map(
            |(own, pods)| json!({"pods": {"namespaceSelector": own, "podSelector": pods}})
        ),
    ]
}

fn peer(side: &'static str) -> BoxedStrategy<Value> {
    let networks = subsequence(CIDRS.to_vec(), 1..=2).prop_map(|own| json!({"networks": own}));
    match side {
        "to" => prop_oneof![2 => namespaced(), 1 => networks].boxed(),
        _ => namespaced().boxed(),
    }
}

/// Numbers and ranges as a ClusterNetworkPolicy has them.
fn one_protocol() -> impl Strategy<Value = Value> {
    let port = prop_oneof![
        select(PORTS.to_vec()).prop_map(|own| json!({"number": own})),
        Just(json!({"range": {"start": 80, "end": 90}})),
    ];
    let numbered = (protocol(), port).prop_map(
        |(protocol, port)| json!({protocol.as_str().to_lowercase(): {"destinationPort": port}}),
    );
    let named = select(vec!["http", "dns"]).prop_map(|own| json!({"destinationNamedPort": own}));
    prop_oneof![3 => numbered, 1 => named]
}

/// The same as the two older kinds have them.
fn one_port() -> impl Strategy<Value = Value> {
    let protocol = prop::option::of(protocol());
    let own =
        (protocol, select(PORTS.to_vec()), any::<bool>()).prop_map(|(protocol, port, range)| {
            let mut own = match range {
                true => json!({"start": 80, "end": 90}),
                false => json!({"port": port}),
            };
            if let Some(protocol) = protocol {
                own["protocol"] = json!(protocol.as_str());
            }
            json!({if range { "portRange" } else { "portNumber" }: own})
        });
    let named = select(vec!["http", "dns"]).prop_map(|own| json!({"namedPort": own}));
    prop_oneof![3 => own, 1 => named]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Cluster(&'static str),
    Admin,
    Baseline,
}

fn rule(kind: Kind, side: &'static str) -> impl Strategy<Value = Value> {
    let actions = match kind {
        Kind::Cluster(_) => vec!["Accept", "Deny", "Pass"],
        Kind::Admin => vec!["Allow", "Deny", "Pass"],
        Kind::Baseline => vec!["Allow", "Deny"],
    };
    let ports = match kind {
        Kind::Cluster(_) => prop::collection::vec(one_protocol(), 1..3).boxed(),
        Kind::Admin | Kind::Baseline => prop::collection::vec(one_port(), 1..3).boxed(),
    };
    let field = if matches!(kind, Kind::Cluster(_)) { "protocols" } else { "ports" };
    let peers = prop::collection::vec(peer(side), 1..3);
    (select(actions), peers, prop::option::of(ports)).prop_map(move |(action, peers, ports)| {
        let mut rule = json!({"action": action, side: peers});
        if let Some(ports) = ports {
            rule[field] = json!(ports);
        }
        rule
    })
}

fn policy(kind: Kind) -> impl Strategy<Value = Value> {
    let rules = |side| prop::option::of(prop::collection::vec(rule(kind, side), 0..3));
    (namespaced(), rules("from"), rules("to")).prop_map(move |(subject, ingress, egress)| {
        let (version, named) = match kind {
            Kind::Cluster(_) => ("v1alpha2", "ClusterNetworkPolicy"),
            Kind::Admin => ("v1alpha1", "AdminNetworkPolicy"),
            Kind::Baseline => ("v1alpha1", "BaselineAdminNetworkPolicy"),
        };
        let mut spec = json!({"subject": subject});
        if let Kind::Cluster(tier) = kind {
            spec["tier"] = json!(tier);
        }
        for (field, rules) in [("ingress", ingress), ("egress", egress)] {
            if let Some(rules) = rules {
                spec[field] = json!(rules);
            }
        }
        json!({
            "apiVersion": format!("policy.networking.k8s.io/{version}"),
            "kind": named,
            "metadata": {"name": "default"},
            "spec": spec,
        })
    })
}

/// A cluster with policies of all tiers.
pub(in crate::network::tests) fn with_admin() -> impl Strategy<Value = Cluster> {
    let kind = select(vec![Kind::Cluster("Admin"), Kind::Admin, Kind::Cluster("Baseline")]);
    let numbered = prop::collection::vec(kind.prop_flat_map(policy), 0..5);
    let baseline = prop::option::of(policy(Kind::Baseline));
    let priorities = Just((0..5).collect::<Vec<i32>>()).prop_shuffle();
    (cluster(), numbered, baseline, priorities).prop_map(
        |(cluster, numbered, baseline, priorities)| {
            let mut admin = numbered;
            for (own, priority) in admin.iter_mut().zip(priorities) {
                own["spec"]["priority"] = json!(priority);
            }
            admin.extend(baseline);
            Cluster { admin, ..cluster }
        },
    )
}
