//! Can they now? Every pod that is there with every other, and with addresses outside.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::addresses::AddressSet;
use super::labels::Labels;
use super::model::{Direction, Namespace, Peer, Pod, PodPort, Scope, World};
use super::ports::PortSet;
use super::sides::{Book, End, Sides};

/// What may pass from one end to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The ports.
    pub ports: PortSet,
    /// Whether Kubernetes leaves it to the network plugin, because an end has its node's network: then
    /// every port counts as open.
    pub undefined: bool,
}

/// The concrete engine. Pods that no policy can tell apart are one class, and only classes are compared.
#[derive(Debug, Clone)]
pub struct Matrix<'w> {
    world: &'w World,
    classes: Vec<Class<'w>>,
    /// The class of each pod; none where its namespace is not there.
    of_pod: Vec<Option<usize>>,
    /// Every address, in parts that no policy can tell apart.
    parts: Vec<AddressSet>,
}

#[derive(Debug, Clone)]
struct Class<'w> {
    namespace: &'w Namespace,
    /// One of its pods.
    pod: &'w Pod,
    egress: Sides<'w>,
    ingress: Sides<'w>,
}

/// What policies can tell of a pod.
#[derive(PartialEq, Eq, Hash)]
struct Told<'w> {
    namespace: &'w str,
    labels: Vec<(&'w str, &'w str)>,
    /// For each address its family and the sets of addresses that it is in.
    addresses: BTreeSet<(bool, Vec<usize>)>,
    ports: Vec<&'w PodPort>,
    host_network: bool,
}

impl<'w> Matrix<'w> {
    /// Of what stands in a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let book = Book::new(world);
        let spoken = Spoken::of(world);
        let namespaces: HashMap<&str, &Namespace> =
            world.namespaces.iter().map(|own| (own.name.as_str(), own)).collect();
        let mut classes = Vec::new();
        let mut known: HashMap<Told<'w>, usize> = HashMap::new();
        let mut of_pod = Vec::with_capacity(world.pods.len());
        for pod in &world.pods {
            let Some(namespace) = namespaces.get(pod.namespace.as_str()).copied() else {
                of_pod.push(None);
                continue;
            };
            let class = *known.entry(spoken.told(pod)).or_insert_with(|| {
                let sides = |direction| book.sides(direction, namespace, &pod.labels);
                let (egress, ingress) = (sides(Direction::Egress), sides(Direction::Ingress));
                classes.push(Class { namespace, pod, egress, ingress });
                classes.len() - 1
            });
            of_pod.push(Some(class));
        }
        let families = AddressSet::all().by_family();
        let parts =
            families.iter().flat_map(|own| own.cut_by(spoken.sets.iter().copied())).collect();
        Self { world, classes, of_pod, parts }
    }

    /// What may pass between two pods of the world, by their numbers; nothing where one is not there.
    #[must_use]
    pub fn between(&self, src: usize, dst: usize) -> Connection {
        match (self.class(src), self.class(dst)) {
            (Some(src), Some(dst)) => passes(src, dst),
            _ => Connection { ports: PortSet::default(), undefined: false },
        }
    }

    /// What may pass from a pod to each pod of the world, in their order.
    #[must_use]
    pub fn row(&self, src: usize) -> Vec<Connection> {
        let Some(src) = self.class(src) else {
            let nothing = Connection { ports: PortSet::default(), undefined: false };
            return vec![nothing; self.world.pods.len()];
        };
        let classes: Vec<Connection> = self.classes.iter().map(|dst| passes(src, dst)).collect();
        let nothing = Connection { ports: PortSet::default(), undefined: false };
        let of = |class: &Option<usize>| class.and_then(|class| classes.get(class)).cloned();
        self.of_pod.iter().map(|class| of(class).unwrap_or_else(|| nothing.clone())).collect()
    }

    /// The addresses outside that a pod and they can reach, by the ports; addresses of no policy's
    /// making are one set.
    #[must_use]
    pub fn outside(&self, pod: usize, direction: Direction) -> Vec<(AddressSet, PortSet)> {
        let Some(class) = self.class(pod) else { return Vec::new() };
        let mut found: Vec<(AddressSet, PortSet)> = Vec::new();
        for part in &self.parts {
            let Some((address, _)) = part.ends() else { continue };
            let ports = class.with_outside(address, direction);
            match found.iter_mut().find(|(_, own)| *own == ports) {
                Some((set, _)) => *set = set.or(part),
                None => found.push((part.clone(), ports)),
            }
        }
        found.retain(|(_, ports)| !ports.is_empty());
        found
    }

    fn class(&self, pod: usize) -> Option<&Class<'w>> {
        self.classes.get((*self.of_pod.get(pod)?)?)
    }
}

impl Class<'_> {
    fn with_outside(&self, address: IpAddr, direction: Direction) -> PortSet {
        if self.pod.host_network {
            return PortSet::all();
        }
        let family = |own: &IpAddr| own.is_ipv4() == address.is_ipv4();
        if !self.pod.addresses.is_empty() && !self.pod.addresses.iter().any(family) {
            return PortSet::default();
        }
        let outside = End::Outside(address);
        match direction {
            Direction::Egress => self.egress.allow(&outside, &[]),
            Direction::Ingress => self.ingress.allow(&outside, &self.pod.ports),
        }
    }
}

fn passes(src: &Class<'_>, dst: &Class<'_>) -> Connection {
    if src.pod.host_network || dst.pod.host_network {
        return Connection { ports: PortSet::all(), undefined: true };
    }
    let mut ports = PortSet::default();
    for (from, to) in addresses(src.pod, dst.pod) {
        let (from, to) = (src.end(from), dst.end(to));
        let target = &dst.pod.ports;
        let both = src.egress.allow(&to, target).and(&dst.ingress.allow(&from, target));
        ports = ports.or(&both);
    }
    Connection { ports, undefined: false }
}

impl Class<'_> {
    fn end(&self, address: Option<IpAddr>) -> End<'_> {
        End::Pod { namespace: self.namespace, pod: self.pod, address }
    }
}

/// The addresses that two pods can talk by: of one family, where both are known.
fn addresses(src: &Pod, dst: &Pod) -> Vec<(Option<IpAddr>, Option<IpAddr>)> {
    let known = |pod: &Pod| -> Vec<Option<IpAddr>> {
        if pod.addresses.is_empty() {
            return vec![None];
        }
        pod.addresses.iter().copied().map(Some).collect()
    };
    let pairs =
        known(src).into_iter().flat_map(|from| known(dst).into_iter().map(move |to| (from, to)));
    let family = |(from, to): &(Option<IpAddr>, Option<IpAddr>)| match (from, to) {
        (Some(from), Some(to)) => from.is_ipv4() == to.is_ipv4(),
        _ => true,
    };
    pairs.filter(family).collect()
}

/// What the policies of a world speak of.
struct Spoken<'w> {
    keys: BTreeSet<&'w str>,
    port_names: BTreeSet<&'w str>,
    sets: Vec<&'w AddressSet>,
}

impl<'w> Spoken<'w> {
    fn of(world: &'w World) -> Self {
        let mut own = Self { keys: BTreeSet::new(), port_names: BTreeSet::new(), sets: Vec::new() };
        let mut sets = BTreeSet::new();
        for policy in &world.policies {
            own.keys.extend(policy.subject.pods.keys());
            let sides = [&policy.egress, &policy.ingress];
            for rule in sides.into_iter().flatten().flat_map(|side| &side.rules) {
                own.port_names.extend(rule.ports.names.iter().map(|(_, name)| name.as_str()));
                for peer in &rule.peers {
                    match peer {
                        Peer::Pods(Scope { pods, .. }) => own.keys.extend(pods.keys()),
                        Peer::Addresses(set) => {
                            sets.insert(set);
                        }
                        Peer::Everyone => {}
                    }
                }
            }
        }
        own.sets = sets.into_iter().collect();
        own
    }

    fn told(&self, pod: &'w Pod) -> Told<'w> {
        let label = |(key, value): (&'w String, &'w String)| (key.as_str(), value.as_str());
        let spoken = |(key, _): &(&str, &str)| self.keys.contains(key);
        let labels: &Labels = &pod.labels;
        let mut ports: Vec<&PodPort> =
            pod.ports.iter().filter(|own| self.port_names.contains(own.name.as_str())).collect();
        ports.sort_unstable();
        let sets = |address: &IpAddr| {
            let within = self.sets.iter().enumerate().filter(|(_, set)| set.contains(*address));
            (address.is_ipv4(), within.map(|(index, _)| index).collect())
        };
        Told {
            namespace: &pod.namespace,
            labels: labels.iter().map(label).filter(spoken).collect(),
            addresses: pod.addresses.iter().map(sets).collect(),
            ports,
            host_network: pod.host_network,
        }
    }
}
