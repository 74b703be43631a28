//! What the policies of one pod say in one direction.

use std::collections::HashMap;
use std::net::IpAddr;

use super::labels::Labels;
use super::model::{
    Action, Direction, Namespace, Namespaces, Peer, Pod, PodPort, Policy, Rule, Scope, Tier, World,
};
use super::ports::{PortSet, Ports, Protocol};
use crate::domain::NAME_LABEL;

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub enum End<'w> {
    /// A pod, which has this address if it is known.
    Pod {
        /// Its namespace.
        namespace: &'w Namespace,
        /// It.
        pod: &'w Pod,
        /// The address that it has in this connection.
        address: Option<IpAddr>,
    },
    /// An address that is no pod's.
    Outside(IpAddr),
}

impl<'w> End<'w> {
    /// The ports that have names here.
    #[must_use]
    pub fn ports(&self) -> &'w [PodPort] {
        match self {
            Self::Pod { pod, .. } => &pod.ports,
            Self::Outside(_) => &[],
        }
    }
}

/// A rule, and whose it is.
#[derive(Debug, Clone, Copy)]
struct Held<'w> {
    policy: &'w Policy,
    index: usize,
    rule: &'w Rule,
}

#[derive(Debug, Clone)]
struct OfTier<'w> {
    tier: Tier,
    policies: Vec<&'w Policy>,
    isolated: bool,
    rules: Vec<Held<'w>>,
}

/// The policies that have a pod as subject, in one direction, tier by tier.
#[derive(Debug, Clone)]
pub struct Sides<'w> {
    direction: Direction,
    blocks_match_pods: bool,
    tiers: Vec<OfTier<'w>>,
}

/// What decided about a connection in one direction.
#[derive(Debug, Clone)]
pub struct Decision<'w> {
    /// Whether it is allowed.
    pub allowed: bool,
    /// What was asked, in order; the last one decided.
    pub steps: Vec<Step<'w>>,
}

/// What one tier said.
#[derive(Debug, Clone)]
pub enum Step<'w> {
    /// A rule matched.
    Rule {
        /// Whose it is.
        policy: &'w Policy,
        /// Which one of that direction.
        index: usize,
        /// What it does.
        action: Action,
    },
    /// No rule matched, and these policies isolate the pod.
    Isolated(Vec<&'w Policy>),
    /// No policy of the tier decides.
    Undecided(Tier),
    /// No tier decided, so it is allowed.
    Default,
}

/// All policies, by the namespace that they name.
#[derive(Debug, Clone)]
pub struct Book<'w> {
    blocks_match_pods: bool,
    named: HashMap<&'w str, Vec<&'w Policy>>,
    chosen: Vec<&'w Policy>,
}

impl<'w> Book<'w> {
    /// Those of a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        Self::of_policies(&world.policies, world.blocks_match_pods)
    }

    /// These; whether a peer of addresses matches pods that have them is told.
    #[must_use]
    pub fn of_policies(
        policies: impl IntoIterator<Item = &'w Policy>,
        blocks_match_pods: bool,
    ) -> Self {
        let mut named: HashMap<&str, Vec<&Policy>> = HashMap::new();
        let mut chosen = Vec::new();
        for policy in policies {
            match &policy.subject.namespaces {
                Namespaces::Named(name) => named.entry(name).or_default().push(policy),
                // By its name every namespace has a label.
                Namespaces::Chosen(selector) => match selector.listed_of(NAME_LABEL) {
                    Some(names) => {
                        names.iter().for_each(|name| named.entry(name).or_default().push(policy));
                    }
                    None => chosen.push(policy),
                },
            }
        }
        Self { blocks_match_pods, named, chosen }
    }

    /// The policies that could have a pod of the namespace of this name as subject.
    pub fn of(&self, namespace: &str) -> impl Iterator<Item = &'w Policy> {
        self.named.get(namespace).into_iter().flatten().chain(&self.chosen).copied()
    }

    /// What the policies say that have a pod with these labels in a namespace as subject.
    #[must_use]
    pub fn sides(&self, direction: Direction, namespace: &Namespace, labels: &Labels) -> Sides<'w> {
        self.sides_of(direction, &self.selecting(direction, namespace, labels))
    }

    /// The policies that have a pod with these labels in a namespace as subject, in the order in which they
    /// are asked.
    pub(super) fn selecting(
        &self,
        direction: Direction,
        namespace: &Namespace,
        labels: &Labels,
    ) -> Vec<&'w Policy> {
        let own = self.of(&namespace.name).filter(|policy| {
            policy.side(direction).is_some() && selects(&policy.subject, namespace, labels)
        });
        let mut own: Vec<&Policy> = own.collect();
        own.sort_by_key(|policy| policy.order());
        own
    }

    /// What these policies say of a pod that all of them have as subject.
    pub(super) fn sides_of(&self, direction: Direction, own: &[&'w Policy]) -> Sides<'w> {
        let tier = |tier: Tier| {
            let policies: Vec<&Policy> =
                own.iter().copied().filter(|policy| policy.tier == tier).collect();
            OfTier::new(tier, policies, direction)
        };
        let tiers = Tier::ALL.into_iter().map(tier).collect();
        Sides { direction, blocks_match_pods: self.blocks_match_pods, tiers }
    }
}

impl<'w> OfTier<'w> {
    fn new(tier: Tier, policies: Vec<&'w Policy>, direction: Direction) -> Self {
        let sides = || policies.iter().filter_map(|own| Some((*own, own.side(direction)?)));
        let isolated = sides().any(|(_, side)| side.isolates);
        let rules = sides().flat_map(|(policy, side)| {
            let rules = side.rules.iter().enumerate();
            rules.map(move |(index, rule)| Held { policy, index, rule })
        });
        let rules = rules.collect();
        Self { tier, policies, isolated, rules }
    }
}

impl<'w> Sides<'w> {
    /// The ports on which they allow connections with this end; `target` are the ports of the pod that
    /// takes them.
    #[must_use]
    pub fn allow(&self, other: &End<'_>, target: &[PodPort]) -> PortSet {
        let mut allowed = PortSet::default();
        // What no tier has decided yet.
        let mut open = PortSet::all();
        for tier in &self.tiers {
            let mut passed = PortSet::default();
            for held in &tier.rules {
                if open.is_empty() {
                    break;
                }
                if !held.rule.peers.iter().any(|peer| self.is(peer, other)) {
                    continue;
                }
                let hit = open.and(&numbers(&held.rule.ports, target));
                open = open.without(&hit);
                match held.rule.action {
                    Action::Accept => allowed = allowed.or(&hit),
                    Action::Deny => {}
                    Action::Pass => passed = passed.or(&hit),
                }
            }
            open = if tier.isolated { passed } else { open.or(&passed) };
        }
        allowed.or(&open)
    }

    /// Why one connection is allowed or not.
    #[must_use]
    pub fn decide(
        &self,
        other: &End<'_>,
        target: &[PodPort],
        (protocol, port): (Protocol, u16),
    ) -> Decision<'w> {
        let mut steps = Vec::new();
        for tier in &self.tiers {
            let matches = |held: &&Held<'w>| {
                numbers(&held.rule.ports, target).contains(protocol, port)
                    && held.rule.peers.iter().any(|peer| self.is(peer, other))
            };
            if let Some(Held { policy, index, rule }) = tier.rules.iter().find(matches) {
                let (policy, index, action) = (*policy, *index, rule.action);
                steps.push(Step::Rule { policy, index, action });
                match action {
                    Action::Accept => return Decision { allowed: true, steps },
                    Action::Deny => return Decision { allowed: false, steps },
                    Action::Pass => {}
                }
            } else if tier.isolated {
                let isolates =
                    |own: &&&Policy| own.side(self.direction).is_some_and(|side| side.isolates);
                let isolating = tier.policies.iter().filter(isolates).copied().collect();
                steps.push(Step::Isolated(isolating));
                return Decision { allowed: false, steps };
            } else {
                steps.push(Step::Undecided(tier.tier));
            }
        }
        steps.push(Step::Default);
        Decision { allowed: true, steps }
    }

    /// The rules that accept a connection in the first tier that has any that match it, each with the
    /// number in its policy.
    #[must_use]
    pub fn accepting(
        &self,
        other: &End<'_>,
        target: &[PodPort],
        (protocol, port): (Protocol, u16),
    ) -> Vec<(&'w Policy, usize)> {
        let matches = |held: &&Held<'w>| {
            held.rule.action == Action::Accept
                && numbers(&held.rule.ports, target).contains(protocol, port)
                && held.rule.peers.iter().any(|peer| self.is(peer, other))
        };
        let of_tier = self.tiers.iter().map(|tier| {
            let matching = tier.rules.iter().filter(matches);
            matching.map(|held| (held.policy, held.index)).collect::<Vec<_>>()
        });
        of_tier.into_iter().find(|own| !own.is_empty()).unwrap_or_default()
    }

    fn is(&self, peer: &Peer, other: &End<'_>) -> bool {
        match (peer, other) {
            (Peer::Everyone, _) => true,
            (Peer::Pods(scope), End::Pod { namespace, pod, .. }) => {
                selects(scope, namespace, &pod.labels)
            }
            (Peer::Pods(_), End::Outside(_)) => false,
            (Peer::Addresses(set), End::Pod { address, .. }) => {
                self.blocks_match_pods && address.is_some_and(|own| set.contains(own))
            }
            (Peer::Addresses(set), End::Outside(address)) => set.contains(*address),
        }
    }
}

fn selects(scope: &Scope, namespace: &Namespace, labels: &Labels) -> bool {
    scope.namespaces.include(namespace) && scope.pods.selects(labels)
}

/// The ports of a rule as the destination gives its names numbers.
fn numbers(ports: &Ports, target: &[PodPort]) -> PortSet {
    let named = ports.names.iter().flat_map(|(protocol, name)| {
        let own = target.iter().filter(move |own| own.protocol == *protocol && own.name == *name);
        own.map(|own| PortSet::range(own.protocol, own.number, own.number))
    });
    named.fold(ports.numbers.clone(), |all, own| all.or(&own))
}
