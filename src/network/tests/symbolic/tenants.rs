//! Tenants on a random cluster, and what is permitted between them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::super::cluster::{Cluster, Labels, of_engine};
use super::super::oracle::{End, list, on, selects};
use super::super::random::{NAMESPACES, own_labels, peer, port, rule_of, selector};
use super::all::Path;
use crate::domain::Cidr;
use crate::network::selector as read_selector;
use crate::objects::{LabelSelector, from_json};
use crate::reach::{
    AddressSet, Inquiry, Namespace, Permit, Permitted, Policy, PortSet, Protocol, Selector, Site,
    Wanted,
};

/// The addresses of pods.
const RANGES: [&str; 2] = ["10.0.0.0/8", "fd00::/16"];

/// The one key of a namespace's labels that tenants may set.
pub(super) const FREE: &str = "a";
/// The key of pods' labels that they may not, where it is said.
const RESERVED: &str = "b";

/// A cluster without pods. The namespace x is tenant 0's, y is tenant 1's, and z anybody's.
#[derive(Debug, Clone)]
pub(in crate::network::tests) struct Tenants {
    pub(super) cluster: Cluster,
    pub(super) third: usize,
    /// Whether no pod has the label [`RESERVED`].
    pub(super) reserves: bool,
    pub(super) permits: Vec<Permitting>,
}

/// What is permitted from tenant 0 to tenant 1.
#[derive(Debug, Clone)]
pub(super) struct Permitting {
    pub(super) name: String,
    pub(super) from: (Option<Vec<&'static str>>, Value),
    pub(super) to: (Option<Vec<&'static str>>, Value),
    pub(super) ports: Vec<Value>,
}

impl Permitting {
    pub(super) fn permits(&self, path: &Path<'_>) -> bool {
        let named = |names: &Option<Vec<&str>>, own: &str| {
            names.as_ref().is_none_or(|names| names.contains(&own))
        };
        named(&self.from.0, &path.source.namespace)
            && selects(&self.from.1, &path.source.labels)
            && named(&self.to.0, &path.destination.namespace)
            && selects(&self.to.1, &path.destination.labels)
            && self.ports.iter().any(|own| on(own, End::Pod(path.destination), path.port))
    }

    fn permit(&self) -> Permit {
        let end = |tenant, (names, pods): &(Option<Vec<&str>>, Value)| Permitted {
            tenant,
            namespaces: names
                .as_ref()
                .map(|names| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>()),
            pods: read(pods),
        };
        let port = |own: &Value| {
            let protocol = own.get("protocol").map_or("TCP", |own| own.as_str().unwrap());
            let number =
                |key: &str| own.get(key).map(|it| u16::try_from(it.as_u64().unwrap()).unwrap());
            let first = number("port").unwrap();
            let last = number("endPort").unwrap_or(first);
            PortSet::range(Protocol::parse(protocol).unwrap(), first, last)
        };
        Permit {
            name: self.name.clone(),
            from: end(0, &self.from),
            to: end(1, &self.to),
            ports: self.ports.iter().map(port).fold(PortSet::default(), |all, own| all.or(&own)),
        }
    }
}

fn read(selector: &Value) -> Selector {
    let text = selector.to_string();
    read_selector(&from_json::<LabelSelector<'_>>(&text).unwrap()).unwrap()
}

impl Tenants {
    /// The tenant of a namespace.
    pub(super) fn of(&self, namespace: &str) -> usize {
        match namespace {
            "x" => 0,
            "y" => 1,
            _ => self.third,
        }
    }

    pub(super) fn could_have(&self, pod: &Labels) -> bool {
        !(self.reserves && pod.contains_key(RESERVED))
    }

    /// Whether a namespace could have become this.
    pub(super) fn could_be(&self, namespace: &Namespace) -> bool {
        let held = |labels: &Labels| -> Labels {
            let held = labels.iter().filter(|(key, _)| *key != FREE);
            held.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        held(&of_engine(&namespace.labels)) == held(&self.cluster.labels_of(&namespace.name))
    }

    pub(super) fn addresses(&self) -> AddressSet {
        let ranges = RANGES.iter().map(|own| AddressSet::of(&own.parse::<Cidr>().unwrap()));
        ranges.fold(AddressSet::default(), |all, own| all.or(&own))
    }

    pub(super) fn question<'w>(&self, policies: &'w [Policy]) -> Inquiry<'w> {
        let site = |(name, _): &(String, Labels)| {
            let mut labels = self.cluster.labels_of(name);
            labels.remove(FREE);
            let exactly = labels.iter().map(|(key, value)| (key.into(), value.into())).collect();
            let selector = Selector::exactly(&exactly);
            let absent = |own: Selector, key| {
                if labels.contains_key(key) { own } else { own.with(key, Wanted::absent()) }
            };
            let everything = Selector::everything();
            Site {
                tenant: self.of(name),
                name: name.clone(),
                labels: absent(selector, RESERVED),
                pods: if self.reserves {
                    everything.with(RESERVED, Wanted::absent())
                } else {
                    everything
                },
                exists: true,
            }
        };
        Inquiry {
            sites: self.cluster.namespaces.iter().map(site).collect(),
            policies: policies.iter().collect(),
            permits: self.permits.iter().map(Permitting::permit).collect(),
            addresses: self.addresses(),
        }
    }
}

/// A rule that more often than not says who it is for.
fn rule(side: &'static str) -> impl Strategy<Value = Value> {
    let peers = prop_oneof![
        1 => Just(None),
        9 => prop::collection::vec(peer(), 1..3).prop_map(Some),
    ];
    let ports = prop::option::of(prop::collection::vec(port(), 1..3));
    rule_of(side, peers, ports)
}

fn policy() -> impl Strategy<Value = Value> {
    let types = subsequence(vec!["Ingress", "Egress"], 1..=2);
    let rules = |side| prop::collection::vec(rule(side), 0..3);
    let closing = prop::bool::weighted(0.3);
    (select(NAMESPACES.to_vec()), selector(false), types, rules("from"), rules("to"), closing)
        .prop_map(|(namespace, pods, types, ingress, egress, closing)| {
            let spec = if closing {
                json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
            } else {
                json!({"podSelector": pods, "policyTypes": types, "ingress": ingress, "egress": egress})
            };
            json!({"metadata": {"name": "own", "namespace": namespace}, "spec": spec})
        })
}

fn permitting() -> impl Strategy<Value = Permitting> {
    let names = |of: &'static [&'static str]| prop::option::of(subsequence(of.to_vec(), 1..=1));
    let end = |of| {
        prop_oneof![
            2 => (Just(None), Just(json!({}))),
            1 => (names(of), selector(false)),
        ]
    };
    let number = |own: &Value| own.get("port").is_some_and(Value::is_u64);
    let ports = prop_oneof![
        1 => Just(every_port()),
        1 => prop::collection::vec(port().prop_filter("it has a number", number), 1..3),
    ];
    (end(&["x", "z"]), end(&["y", "z"]), ports).prop_map(|(from, to, ports)| Permitting {
        name: String::new(),
        from,
        to,
        ports,
    })
}

fn every_port() -> Vec<Value> {
    let of = |own: &Protocol| json!({"protocol": own.as_str(), "port": 1, "endPort": 65_535});
    Protocol::ALL.iter().map(of).collect()
}

/// What a cluster is about beside labels: to try every pod of one about everything takes long.
#[derive(Debug, Clone, Copy)]
struct About {
    addresses: bool,
    ports: bool,
}

fn about() -> impl Strategy<Value = About> {
    let of = |addresses, ports| Just(About { addresses, ports });
    prop_oneof![
        12 => of(false, false),
        4 => of(true, false),
        3 => of(false, true),
        1 => of(true, true),
    ]
}

impl About {
    /// Leaves of a policy what it is about, with few values and numbers.
    fn narrow(self, own: &mut Value) {
        match own {
            Value::Array(items) => items.iter_mut().for_each(|own| self.narrow(own)),
            Value::Object(fields) => {
                if !self.ports {
                    fields.remove("ports");
                }
                if !self.addresses && fields.remove("ipBlock").is_some() {
                    fields.insert("podSelector".to_owned(), json!({}));
                }
                if let Some(Value::Object(labels)) = fields.get_mut("matchLabels") {
                    labels.iter_mut().for_each(|(key, value)| few(key, value));
                }
                let key = fields.get("key").and_then(Value::as_str).map(ToOwned::to_owned);
                if let (Some(key), Some(Value::Array(values))) = (key, fields.get_mut("values")) {
                    values.iter_mut().for_each(|value| few(&key, value));
                }
                for key in ["port", "endPort"] {
                    if let Some(number) = fields.get(key).and_then(Value::as_u64) {
                        fields.insert(key.to_owned(), json!(if number <= 80 { 80 } else { 90 }));
                    }
                }
                fields.values_mut().for_each(|own| self.narrow(own));
            }
            _ => {}
        }
    }
}

/// One of two values of a, and the one of b; names stay.
fn few(key: &str, value: &mut Value) {
    match (key, value.as_str()) {
        ("a", Some("q" | "y")) => *value = json!("q"),
        ("a" | "b", _) => *value = json!("p"),
        _ => {}
    }
}

pub(in crate::network::tests) fn tenants() -> impl Strategy<Value = Tenants> {
    let namespaces = prop::collection::vec(own_labels(), NAMESPACES.len());
    let policies = prop::collection::vec(policy(), 2..8);
    let permits = prop::collection::vec(permitting(), 0..3);
    (namespaces, policies, permits, 0..3usize, any::<bool>(), about()).prop_map(
        |(labels, mut policies, mut permits, third, reserves, about)| {
            policies.iter_mut().for_each(|own| about.narrow(own));
            for (number, permit) in permits.iter_mut().enumerate() {
                permit.name = format!("permit-{number}");
                about.narrow(&mut permit.from.1);
                about.narrow(&mut permit.to.1);
                if !about.ports {
                    permit.ports = every_port();
                }
            }
            let cluster = Cluster {
                namespaces: NAMESPACES.iter().map(ToString::to_string).zip(labels).collect(),
                policies,
                blocks_match_pods: true,
                ..Cluster::default()
            };
            Tenants { cluster, third, reserves, permits }
        },
    )
}

/// Every selector, port and block that anything speaks of, as it is written.
pub(super) fn written(tenants: &Tenants) -> Vec<&Value> {
    let permits = tenants.permits.iter();
    let of_permits = permits.flat_map(|own| [&own.from.1, &own.to.1].into_iter().chain(&own.ports));
    tenants.cluster.policies.iter().flat_map(parts).chain(of_permits).collect()
}

/// The parts of a policy.
fn parts(policy: &Value) -> Vec<&Value> {
    let spec = &policy["spec"];
    let rules = list(&spec["ingress"]).iter().chain(list(&spec["egress"]));
    let mut all = vec![&spec["podSelector"]];
    for rule in rules {
        for peer in list(&rule["from"]).iter().chain(list(&rule["to"])) {
            all.extend(
                ["podSelector", "namespaceSelector", "ipBlock"]
                    .iter()
                    .filter_map(|key| peer.get(key)),
            );
        }
        all.extend(list(&rule["ports"]));
    }
    all
}
