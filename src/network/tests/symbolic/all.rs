//! Every path that there could be, one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use serde_json::Value;

use super::super::cluster::{Cluster, Labels, Pod};
use super::super::oracle::{End, list, side};
use super::super::random::ADDRESSES;
use super::tenants::{FREE, Tenants, written};
use crate::reach::Protocol;

type Port = (Protocol, u16);

/// A connection that could be made.
#[derive(Debug)]
pub(super) struct Path<'a> {
    pub(super) source: &'a Pod,
    pub(super) destination: &'a Pod,
    pub(super) port: Port,
}

/// One of each part that nothing tells apart.
pub(super) struct All<'t> {
    tenants: &'t Tenants,
    /// The labels of pods.
    pods: Vec<Labels>,
    /// What the label that tenants may set is.
    free: Vec<Option<String>>,
    addresses: Vec<IpAddr>,
    ports: Vec<Port>,
}

/// The other end of a connection, as policies see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Seen {
    labels: usize,
    free: usize,
    address: usize,
}

impl<'t> All<'t> {
    pub(super) fn of(tenants: &'t Tenants) -> Self {
        let written = written(tenants);
        let spoken = spoken(&written);
        let values = |key: &str| -> Vec<Option<String>> {
            let named = spoken.get(key).into_iter().flatten().cloned().map(Some);
            // Another value, and none.
            let others = [Some("other".to_owned()), None];
            let others = others.into_iter().filter(|own| own.is_none() || spoken.contains_key(key));
            named.chain(others).collect()
        };
        let mut pods = Vec::new();
        for a in values("a") {
            for b in values("b") {
                let own = [("a", a.clone()), ("b", b)].into_iter();
                let own = own.filter_map(|(key, value)| Some((key.to_owned(), value?)));
                pods.push(own.collect::<Labels>());
            }
        }
        pods.retain(|own| tenants.could_have(own));
        let blocks = written.iter().any(|own| own.get("cidr").is_some());
        let addresses = ADDRESSES.iter().map(|own| own.parse().unwrap());
        let ranges = tenants.addresses();
        let addresses = addresses.filter(move |own| ranges.contains(*own));
        let addresses = addresses.take(if blocks { usize::MAX } else { 1 });
        Self {
            tenants,
            pods,
            free: values(FREE),
            addresses: addresses.collect(),
            ports: ports(&written),
        }
    }

    /// Calls with every path from tenant 0 to tenant 1.
    pub(super) fn each(&self, mut found: impl FnMut(Path<'_>)) {
        let names = |tenant| {
            let all = self.tenants.cluster.namespaces.iter().map(|(name, _)| name.as_str());
            all.filter(move |name| self.tenants.of(name) == tenant)
        };
        for from in names(0) {
            for to in names(1) {
                self.between(from, to, &mut found);
            }
        }
    }

    fn between(&self, from: &str, to: &str, found: &mut impl FnMut(Path<'_>)) {
        let (sources, destinations) = (self.labelled(from), self.labelled(to));
        let mut known: HashMap<(usize, Port, Seen), bool> = HashMap::new();
        for (own, labels) in self.pods.iter().enumerate() {
            let source = pod(from, labels, None);
            for (port, there) in
                self.ports.iter().flat_map(|port| self.seen().map(move |it| (*port, it)))
            {
                let destination = pod(to, &self.pods[there.labels], Some(port));
                let address = self.addresses[there.address];
                let (end, other) = (End::Pod(&source), End::Pod(&destination));
                let cluster = &destinations[there.free];
                if !side(cluster, "egress", end, (other, Some(address)), (other, port)) {
                    continue;
                }
                for here in self.seen().filter(|here| here.labels == own) {
                    if self.addresses[here.address].is_ipv4() != address.is_ipv4() {
                        continue;
                    }
                    let takes = *known.entry((there.labels, port, here)).or_insert_with(|| {
                        let address = Some(self.addresses[here.address]);
                        side(&sources[here.free], "ingress", other, (end, address), (other, port))
                    });
                    if takes {
                        found(Path { source: &source, destination: &destination, port });
                    }
                }
            }
        }
    }

    fn seen(&self) -> impl Iterator<Item = Seen> {
        let (labels, free, addresses) = (self.pods.len(), self.free.len(), self.addresses.len());
        (0..labels * free * addresses).map(move |number| Seen {
            labels: number % labels,
            free: number / labels % free,
            address: number / labels / free,
        })
    }

    /// The cluster with each label that a namespace's tenant could set.
    fn labelled(&self, namespace: &str) -> Vec<Cluster> {
        let with = |value: &Option<String>| {
            let mut cluster = self.tenants.cluster.clone();
            let found = cluster.namespaces.iter_mut().find(|(name, _)| name == namespace);
            let labels = &mut found.unwrap().1;
            labels.remove(FREE);
            labels.extend(value.iter().map(|value| (FREE.to_owned(), value.clone())));
            cluster
        };
        self.free.iter().map(with).collect()
    }
}

/// A pod that calls the port by every name that there is: more names only allow more.
fn pod(namespace: &str, labels: &Labels, port: Option<Port>) -> Pod {
    let names =
        |(protocol, number): Port| ["http", "dns"].map(|own| (own.to_owned(), protocol, number));
    Pod {
        namespace: namespace.to_owned(),
        labels: labels.clone(),
        ports: port.into_iter().flat_map(names).collect(),
        ..Pod::default()
    }
}

/// The values that selectors speak of, by key.
fn spoken(written: &[&Value]) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for own in written {
        for (key, value) in own["matchLabels"].as_object().into_iter().flatten() {
            all.entry(key.clone()).or_default().insert(text(value));
        }
        for one in list(&own["matchExpressions"]) {
            all.entry(text(&one["key"])).or_default().extend(list(&one["values"]).iter().map(text));
        }
    }
    all
}

/// The first of each range of ports that nothing cuts.
fn ports(written: &[&Value]) -> Vec<Port> {
    let ports: Vec<&&Value> =
        written.iter().filter(|own| own.get("matchLabels").is_none()).collect();
    let mut firsts = BTreeSet::from([1]);
    for own in &ports {
        let number = |key: &str| own.get(key).and_then(Value::as_u64);
        let Some(first) = number("port") else { continue };
        let last = number("endPort").unwrap_or(first);
        firsts.extend([first, last + 1]);
    }
    let firsts = firsts.into_iter().filter_map(|own| u16::try_from(own).ok());
    let speaks = ports.iter().any(|own| own.get("port").is_some() || own.get("protocol").is_some());
    // `{}` among the ports of a rule is every port of TCP.
    let empty = ports.iter().any(|own| own.as_object().is_some_and(serde_json::Map::is_empty));
    let protocols = if speaks || empty { &Protocol::ALL[..] } else { &[Protocol::Tcp] };
    firsts.flat_map(|own| protocols.iter().map(move |protocol| (*protocol, own))).collect()
}
