//! One connection: whether it may pass, and why.

use std::net::IpAddr;

use super::model::{Direction, Namespace, Pod, PodPort, World};
use super::ports::Protocol;
use super::sides::{Book, Decision, End};

/// Where a connection begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A pod, by its number in the world.
    Pod(usize),
    /// Another pod that is like one of the world: of the same template.
    Another(usize),
    /// An address that is no pod's.
    Outside(IpAddr),
}

/// A connection that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Who opens it.
    pub src: Point,
    /// Who takes it.
    pub dst: Point,
    /// On which port.
    pub port: (Protocol, u16),
}

/// Whether it may pass.
#[derive(Debug, Clone)]
pub struct Answer<'w> {
    /// Whether it may; what is undefined counts as allowed.
    pub allowed: bool,
    /// Why.
    pub why: Why<'w>,
}

/// Why a connection may pass or not.
#[derive(Debug, Clone)]
pub enum Why<'w> {
    /// A pod reaches itself, whatever policies say.
    Itself,
    /// An end has its node's network: Kubernetes leaves it to the network plugin.
    NodeNetwork,
    /// The ends have no addresses of one family.
    NoFamily,
    /// An end is not there, or no end is a pod: there is nothing to ask policies about.
    Nothing,
    /// Policies decided, those of each end; none of an end that is no pod.
    Policies {
        /// Those of who opens it.
        egress: Option<Decision<'w>>,
        /// Those of who takes it.
        ingress: Option<Decision<'w>>,
    },
}

impl Why<'_> {
    /// What the policies of an end said.
    #[must_use]
    pub fn decision(&self, direction: Direction) -> Option<&Decision<'_>> {
        match (self, direction) {
            (Self::Policies { egress, .. }, Direction::Egress) => egress.as_ref(),
            (Self::Policies { ingress, .. }, Direction::Ingress) => ingress.as_ref(),
            (Self::Itself | Self::NodeNetwork | Self::NoFamily | Self::Nothing, _) => None,
        }
    }
}

/// An end with what is known of it.
pub(super) enum Known<'w> {
    Pod(&'w Namespace, &'w Pod),
    Outside(IpAddr),
}

impl<'w> Known<'w> {
    pub(super) fn of(world: &'w World, point: Point) -> Option<Self> {
        match point {
            Point::Outside(address) => Some(Self::Outside(address)),
            Point::Pod(number) | Point::Another(number) => {
                let pod = world.pods.get(number)?;
                let namespace = world.namespaces.iter().find(|own| own.name == pod.namespace)?;
                Some(Self::Pod(namespace, pod))
            }
        }
    }

    pub(super) fn pod(&self) -> Option<(&'w Namespace, &'w Pod)> {
        match *self {
            Self::Pod(namespace, pod) => Some((namespace, pod)),
            Self::Outside(_) => None,
        }
    }

    pub(super) fn ports(&self) -> &'w [PodPort] {
        self.pod().map_or(&[], |(_, pod)| &pod.ports)
    }

    fn addresses(&self) -> Vec<Option<IpAddr>> {
        match self {
            Self::Outside(address) => vec![Some(*address)],
            Self::Pod(_, pod) if pod.addresses.is_empty() => vec![None],
            Self::Pod(_, pod) => pod.addresses.iter().copied().map(Some).collect(),
        }
    }

    pub(super) fn end(&self, address: Option<IpAddr>) -> End<'w> {
        match *self {
            Self::Pod(namespace, pod) => End::Pod { namespace, pod, address },
            Self::Outside(address) => End::Outside(address),
        }
    }
}

/// The pairs of addresses that two ends can talk by: of one family, where both are known.
pub(super) fn pairs(src: &Known<'_>, dst: &Known<'_>) -> Vec<(Option<IpAddr>, Option<IpAddr>)> {
    let (from, to) = (src.addresses(), dst.addresses());
    let pairs = from.into_iter().flat_map(|from| to.iter().map(move |to| (from, *to)));
    pairs
        .filter(|pair| match pair {
            (Some(from), Some(to)) => from.is_ipv4() == to.is_ipv4(),
            _ => true,
        })
        .collect()
}

/// Asks. Of ends with several addresses, what the first pair says that lets it pass, or else the first.
#[must_use]
pub fn ask<'w>(world: &'w World, book: &Book<'w>, question: &Question) -> Answer<'w> {
    let Question { src, dst, port } = *question;
    let plain = |allowed, why| Answer { allowed, why };
    let (Some(from), Some(to)) = (Known::of(world, src), Known::of(world, dst)) else {
        return plain(false, Why::Nothing);
    };
    if from.pod().is_none() && to.pod().is_none() {
        return plain(false, Why::Nothing);
    }
    if matches!((src, dst), (Point::Pod(one), Point::Pod(other)) if one == other) {
        return plain(true, Why::Itself);
    }
    let is_node = |end: &Known<'_>| end.pod().is_some_and(|(_, pod)| pod.host_network);
    if is_node(&from) || is_node(&to) {
        return plain(true, Why::NodeNetwork);
    }
    let side = |direction, own: &Known<'w>, other: End<'w>| {
        let (namespace, pod) = own.pod()?;
        let sides = book.sides(direction, namespace, &pod.labels);
        Some(sides.decide(&other, to.ports(), port))
    };
    let passes = |own: &Option<Decision<'_>>| own.as_ref().is_none_or(|own| own.allowed);
    let mut first = None;
    for (by, at) in pairs(&from, &to) {
        let egress = side(Direction::Egress, &from, to.end(at));
        let ingress = side(Direction::Ingress, &to, from.end(by));
        let allowed = passes(&egress) && passes(&ingress);
        let answer = Answer { allowed, why: Why::Policies { egress, ingress } };
        if allowed {
            return answer;
        }
        first.get_or_insert(answer);
    }
    first.unwrap_or_else(|| plain(false, Why::NoFamily))
}
