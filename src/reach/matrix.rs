//! Can they now? Every pod that is there with every other, and with addresses outside.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use smol_str::SmolStr;

use super::addresses::AddressSet;
use super::labels::Labels;
use super::model::{Direction, Namespace, Peer, Pod, PodPort, Policy, Scope, World};
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

impl Connection {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { ports: PortSet::default(), undefined: false }
    }

    /// What either lets through.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self { ports: self.ports.or(&other.ports), undefined: self.undefined || other.undefined }
    }
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
    egress: Arc<Sides<'w>>,
    ingress: Arc<Sides<'w>>,
}

/// What policies say; the same policies say the same of all pods that they select.
struct Shared<'b, 'w> {
    book: &'b Book<'w>,
    /// By where the policies stand in memory.
    known: HashMap<(Direction, Vec<*const Policy>), Arc<Sides<'w>>>,
}

impl<'w> Shared<'_, 'w> {
    fn sides(
        &mut self,
        direction: Direction,
        namespace: &Namespace,
        labels: &Labels,
    ) -> Arc<Sides<'w>> {
        let own = self.book.selecting(direction, namespace, labels);
        let places = own.iter().map(|policy| std::ptr::from_ref(*policy)).collect();
        let made = || Arc::new(self.book.sides_of(direction, &own));
        Arc::clone(self.known.entry((direction, places)).or_insert_with(made))
    }
}

/// What policies can tell of a pod.
#[derive(PartialEq, Eq, Hash)]
struct Told<'w> {
    namespace: &'w str,
    labels: Vec<(&'w str, &'w str)>,
    /// For each address its family and the sets of addresses that it is in; each such once, in order.
    addresses: Vec<(bool, Vec<usize>)>,
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
        let mut shared = Shared { book: &book, known: HashMap::new() };
        let mut of_pod = Vec::with_capacity(world.pods.len());
        for pod in &world.pods {
            let Some(namespace) = namespaces.get(pod.namespace.as_str()).copied() else {
                of_pod.push(None);
                continue;
            };
            let class = *known.entry(spoken.told(pod)).or_insert_with(|| {
                let mut sides = |direction| shared.sides(direction, namespace, &pod.labels);
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
        match (self.of(src), self.of(dst)) {
            (Some(src), Some(dst)) => passes(src, dst),
            _ => Connection::none(),
        }
    }

    /// The class of a pod, by its number: pods of one class reach the same and are reached by the same. None
    /// where its namespace is not there.
    #[must_use]
    pub fn class(&self, pod: usize) -> Option<usize> {
        self.of_pod.get(pod).copied().flatten()
    }

    /// What may pass between pods of two classes.
    #[must_use]
    pub fn between_classes(&self, src: usize, dst: usize) -> Connection {
        match (self.classes.get(src), self.classes.get(dst)) {
            (Some(src), Some(dst)) => passes(src, dst),
            _ => Connection::none(),
        }
    }

    /// What may pass between pods of a class and an address outside.
    #[must_use]
    pub fn with_outside(&self, class: usize, address: IpAddr, direction: Direction) -> Connection {
        let Some(class) = self.classes.get(class) else { return Connection::none() };
        let ports = class.with_outside(address, direction);
        let undefined = class.pod.host_network && !ports.is_empty();
        Connection { ports, undefined }
    }

    /// What pods of a class take from a pod that is not there, whose address nobody knows; its own egress
    /// is not asked.
    #[must_use]
    pub fn takes(&self, class: usize, from: &End<'_>) -> Connection {
        let Some(class) = self.classes.get(class) else { return Connection::none() };
        if class.pod.host_network {
            return Connection { ports: PortSet::all(), undefined: true };
        }
        Connection { ports: class.ingress.allow(from, &class.pod.ports), undefined: false }
    }

    /// A pod of a class, as others see it.
    #[must_use]
    pub fn example(&self, class: usize) -> Option<End<'w>> {
        let class = self.classes.get(class)?;
        let address = class.pod.addresses.first().copied();
        Some(End::Pod { namespace: class.namespace, pod: class.pod, address })
    }

    /// All addresses in ranges that no policy of a direction cuts, in order. Those of IPv6 are among them
    /// where a policy speaks of one or a pod has one.
    #[must_use]
    pub fn ranges(&self, direction: Direction) -> Vec<(IpAddr, IpAddr)> {
        let spoken = |direction| {
            let sides = self.world.policies.iter().filter_map(move |own| own.side(direction));
            let peers = sides.flat_map(|side| &side.rules).flat_map(|rule| &rule.peers);
            peers.filter_map(Peer::addresses)
        };
        let mut sets: Vec<&AddressSet> = spoken(direction).collect();
        sets.sort_unstable();
        sets.dedup();
        let [v4, v6] = AddressSet::all().by_family();
        let mut all = spoken(Direction::Egress).chain(spoken(Direction::Ingress));
        let mut pods = self.world.pods.iter().flat_map(|pod| &pod.addresses);
        let speaks = all.any(|set| !set.and(&v6).is_empty()) || pods.any(IpAddr::is_ipv6);
        let families = if speaks { vec![v4, v6] } else { vec![v4] };
        let parts = families.iter().flat_map(|own| own.cut_by(sets.iter().copied()));
        let mut ranges: Vec<_> = parts.flat_map(|part| part.ranges()).collect();
        ranges.sort_unstable();
        ranges
    }

    /// What may pass from a pod to each pod of the world, in their order.
    #[must_use]
    pub fn row(&self, src: usize) -> Vec<Connection> {
        let Some(src) = self.of(src) else {
            return vec![Connection::none(); self.world.pods.len()];
        };
        let classes: Vec<Connection> = self.classes.iter().map(|dst| passes(src, dst)).collect();
        let of = |class: &Option<usize>| class.and_then(|class| classes.get(class)).cloned();
        self.of_pod.iter().map(|class| of(class).unwrap_or_else(Connection::none)).collect()
    }

    /// The addresses outside that a pod and they can reach, by the ports; addresses of no policy's
    /// making are one set.
    #[must_use]
    pub fn outside(&self, pod: usize, direction: Direction) -> Vec<(AddressSet, PortSet)> {
        let Some(class) = self.of(pod) else { return Vec::new() };
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

    fn of(&self, pod: usize) -> Option<&Class<'w>> {
        self.classes.get(self.class(pod)?)
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
        let label = |(key, value): (&'w SmolStr, &'w SmolStr)| (key.as_str(), value.as_str());
        let spoken = |(key, _): &(&str, &str)| self.keys.contains(key);
        let labels: &Labels = &pod.labels;
        let mut ports: Vec<&PodPort> =
            pod.ports.iter().filter(|own| self.port_names.contains(own.name.as_str())).collect();
        ports.sort_unstable();
        let sets = |address: &IpAddr| {
            let within = self.sets.iter().enumerate().filter(|(_, set)| set.contains(*address));
            (address.is_ipv4(), within.map(|(index, _)| index).collect())
        };
        let mut addresses: Vec<_> = pod.addresses.iter().map(sets).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Told {
            namespace: &pod.namespace,
            labels: labels.iter().map(label).filter(spoken).collect(),
            addresses,
            ports,
            host_network: pod.host_network,
        }
    }
}
