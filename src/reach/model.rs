//! The normal form: what stands in a cluster as far as reachability depends on it.

use std::fmt;
use std::net::IpAddr;

use smol_str::SmolStr;

use super::addresses::AddressSet;
use super::labels::{Labels, Selector, Selectors};
use super::ports::{Ports, Protocol};
use crate::domain::{NAME_LABEL, TENANT_LABEL};

/// Everything that policies are asked about, and they.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    /// The namespaces, each name once.
    pub namespaces: Vec<Namespace>,
    /// The pods.
    pub pods: Vec<Pod>,
    /// The policies, in any order.
    pub policies: Vec<Policy>,
    /// What was not understood.
    pub unclear: Vec<Unclear>,
    /// Whether a peer of addresses matches pods that have them. Policies of addresses outside do in any
    /// case.
    pub blocks_match_pods: bool,
}

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: SmolStr,
    /// Its labels, that of its name among them.
    pub labels: Labels,
}

impl Namespace {
    /// One of this name, whose label it has among these.
    #[must_use]
    pub fn new(name: &str, mut labels: Labels) -> Self {
        labels.insert(NAME_LABEL.into(), name.into());
        Self { name: name.into(), labels }
    }

    /// The value of its tenant label.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.labels.get(TENANT_LABEL).map(SmolStr::as_str)
    }
}

/// A pod, or all pods of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    /// The namespace's name.
    pub namespace: SmolStr,
    /// Its name: `web`.
    pub name: SmolStr,
    /// What it is: `Pod`, `Deployment`.
    pub kind: SmolStr,
    /// Its labels.
    pub labels: Labels,
    /// Its addresses, as far as they are known.
    pub addresses: Vec<IpAddr>,
    /// Its ports that have names.
    pub ports: Vec<PodPort>,
    /// Whether it has its node's network and addresses: then nobody can say which policies hold for it.
    pub host_network: bool,
}

/// A port that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodPort {
    /// The name.
    pub name: SmolStr,
    /// The protocol.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

/// Which way a connection goes, seen from the subject of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The subject opens it.
    Egress,
    /// The subject takes it.
    Ingress,
}

/// Policies of an earlier tier are asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// What nobody in a namespace can change.
    Admin,
    /// NetworkPolicies.
    Namespaced,
    /// What holds where no NetworkPolicy does.
    Baseline,
}

impl Tier {
    /// In the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Namespaced, Self::Baseline];
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Where it comes from.
    pub origin: Origin,
    /// When it is asked.
    pub tier: Tier,
    /// When in its tier: the lower first.
    pub priority: i32,
    /// The pods that it is about.
    pub subject: Scope,
    /// What it says of connections that they take; none where it says nothing.
    pub ingress: Option<Side>,
    /// What it says of connections that they open; none where it says nothing.
    pub egress: Option<Side>,
}

impl Policy {
    /// What it says of a direction.
    #[must_use]
    pub fn side(&self, direction: Direction) -> Option<&Side> {
        match direction {
            Direction::Egress => self.egress.as_ref(),
            Direction::Ingress => self.ingress.as_ref(),
        }
    }

    /// Has its selectors be copies of those that are known.
    pub fn share(&mut self, known: &mut Selectors) {
        self.subject.share(known);
        let sides = [&mut self.ingress, &mut self.egress].into_iter().flatten();
        for peer in sides.flat_map(|side| &mut side.rules).flat_map(|rule| &mut rule.peers) {
            match peer {
                Peer::Pods(scope) => scope.share(known),
                Peer::Addresses(_) | Peer::Everyone => {}
            }
        }
    }

    /// When it is asked: in its tier by its priority, and by its name where that says nothing.
    #[must_use]
    pub fn order(&self) -> impl Ord + use<'_> {
        (self.tier, self.priority, &self.origin)
    }

    /// In place of a policy of which something was not understood: it allows its namespace's pods, or
    /// all pods, everything, and isolates none.
    #[must_use]
    pub fn open(origin: Origin, tier: Tier) -> Self {
        let namespaces = match &origin.namespace {
            Some(name) => Namespaces::Named(name.clone()),
            None => Namespaces::Chosen(Selector::everything()),
        };
        let all = Rule { action: Action::Accept, peers: vec![Peer::Everyone], ports: Ports::all() };
        let side = Side { isolates: false, rules: vec![all] };
        Self {
            origin,
            tier,
            // Before every other one.
            priority: i32::MIN,
            subject: Scope { namespaces, pods: Selector::everything() },
            ingress: Some(side.clone()),
            egress: Some(side),
        }
    }
}

/// What a policy says of one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// Whether its tier denies its subject what no rule of the tier matches.
    pub isolates: bool,
    /// In order: the first that matches decides.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is done about what matches.
    pub action: Action,
    /// It matches where one of them does.
    pub peers: Vec<Peer>,
    /// And the port is one of these.
    pub ports: Ports,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Allows it.
    Accept,
    /// Denies it.
    Deny,
    /// Leaves it to the next tier.
    Pass,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// Pods.
    Pods(Scope),
    /// Whoever has one of these addresses.
    Addresses(AddressSet),
    /// Whoever it is, outside too.
    Everyone,
}

impl Peer {
    /// The addresses, where it is chosen by them.
    #[must_use]
    pub fn addresses(&self) -> Option<&AddressSet> {
        match self {
            Self::Addresses(set) => Some(set),
            Self::Pods(_) | Self::Everyone => None,
        }
    }
}

/// Pods by their namespace and their labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Their namespace.
    pub namespaces: Namespaces,
    /// Their labels.
    pub pods: Selector,
}

impl Scope {
    fn share(&mut self, known: &mut Selectors) {
        known.share(&mut self.pods);
        match &mut self.namespaces {
            Namespaces::Chosen(selector) => known.share(selector),
            Namespaces::Named(_) => {}
        }
    }
}

/// Some namespaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespaces {
    /// The one of this name.
    Named(SmolStr),
    /// Those that have such labels.
    Chosen(Selector),
}

impl Namespaces {
    /// Whether a namespace is one of them.
    #[must_use]
    pub fn include(&self, namespace: &Namespace) -> bool {
        match self {
            Self::Named(name) => *name == namespace.name,
            Self::Chosen(selector) => selector.selects(&namespace.labels),
        }
    }
}

/// Where a policy comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// `NetworkPolicy`
    pub kind: SmolStr,
    /// Its namespace; none where it is the whole cluster's.
    pub namespace: Option<SmolStr>,
    /// Its name.
    pub name: SmolStr,
    /// `web.yaml:12`, or what made it.
    pub source: SmolStr,
    /// Where each of its rules stands, by direction, in the order of the rules.
    pub places: Vec<(Direction, SmolStr)>,
}

impl Origin {
    /// Where a rule stands, or else the whole.
    #[must_use]
    pub fn place(&self, direction: Direction, rule: usize) -> &str {
        let mut of_direction = self.places.iter().filter(|(own, _)| *own == direction);
        of_direction.nth(rule).map_or(self.source.as_str(), |(_, place)| place)
    }
}

/// `NetworkPolicy alpha-web/allow-dns`
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name, .. } = self;
        match namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
            None => write!(f, "{kind} {name}"),
        }
    }
}

/// Something that was not understood, and so counts as open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// What it stands in.
    pub origin: Origin,
    /// What it is, for people.
    pub text: String,
}
