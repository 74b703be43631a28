//! What the policies of one pod say in one direction, of every pod that it could be and every other end.

use std::borrow::Cow;

use super::Site;
use super::formula::{Fact, Formula, Which};
use crate::reach::labels::Selector;
use crate::reach::model::{Action, Direction, Namespaces, Peer, Policy, Rule, Scope, Tier};
use crate::reach::ports::{PortSet, Ports};

/// One direction of connections from one namespace to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a, 'w> {
    pub(super) direction: Direction,
    /// The namespace of the pods whose policies are asked.
    pub(super) own: &'a Site,
    /// The namespace of the other ones.
    pub(super) other: &'a Site,
    /// The policies that could have pods of `own` as subject, in the order in which they are asked; those that
    /// say nothing of the direction may be among them.
    pub(super) policies: &'a [&'w Policy],
}

impl<'w> Side<'_, 'w> {
    /// When a connection is allowed.
    pub(super) fn allows(&self) -> Formula<'w> {
        self.of_tiers(&Tier::ALL)
    }

    /// When it is by these tiers, and allowed where none decides.
    ///
    /// A way on which it is allowed need not rule out an earlier *accept*: by that it would be allowed too.
    fn of_tiers(&self, tiers: &[Tier]) -> Formula<'w> {
        let Some((tier, later)) = tiers.split_first() else { return Formula::ALWAYS };
        let mut ways = Vec::new();
        // That no rule so far has denied it, or passed it on.
        let (mut not_denied, mut not_passed) = (Vec::new(), Vec::new());
        for (policy, rule) in self.rules(*tier) {
            let matches = Formula::all([self.subject(&policy.subject), self.meets(rule)]);
            if matches.is_never() {
                continue;
            }
            match rule.action {
                Action::Accept => {
                    let held = not_denied.iter().chain(&not_passed).cloned();
                    ways.push(Formula::all(held.chain([matches])));
                }
                Action::Pass => {
                    not_passed.push(matches.negated());
                    let held = not_denied.iter().cloned();
                    ways.push(Formula::all(held.chain([matches, self.of_tiers(later)])));
                }
                Action::Deny => not_denied.push(matches.negated()),
            }
        }
        let not_isolated = self.not_isolated(*tier);
        if !not_isolated.is_never() {
            ways.push(Formula::all(
                not_denied.into_iter().chain([not_isolated, self.of_tiers(later)]),
            ));
        }
        Formula::any(ways)
    }

    /// When no policy of a tier isolates the pod.
    pub(super) fn not_isolated(&self, tier: Tier) -> Formula<'w> {
        if self.isolates_all(tier) {
            return Formula::NEVER;
        }
        let isolating = self.isolating(tier);
        Formula::all(isolating.map(|policy| self.subject(&policy.subject).negated()))
    }

    /// Whether one policy of a tier can be seen to isolate every pod.
    pub(super) fn isolates_all(&self, tier: Tier) -> bool {
        let mut isolating = self.isolating(tier);
        isolating.any(|Policy { subject: Scope { namespaces, pods }, .. }| {
            let everywhere = match namespaces {
                // Else it could have no pod of it.
                Namespaces::Named(_) => true,
                Namespaces::Chosen(selector) => selector.is_everything(),
            };
            everywhere && pods.is_everything()
        })
    }

    fn isolating(&self, tier: Tier) -> impl Iterator<Item = &'w Policy> {
        let isolates = move |policy: &&Policy| {
            policy.tier == tier && policy.side(self.direction).is_some_and(|side| side.isolates)
        };
        self.policies.iter().copied().filter(isolates)
    }

    fn rules(&self, tier: Tier) -> impl Iterator<Item = (&'w Policy, &'w Rule)> {
        let of_tier = self.policies.iter().copied().filter(move |own| own.tier == tier);
        of_tier.flat_map(|policy| {
            let side = policy.side(self.direction);
            side.into_iter().flat_map(|side| &side.rules).map(move |rule| (policy, rule))
        })
    }

    /// When the pod is one of a policy's.
    fn subject(&self, scope: &'w Scope) -> Formula<'w> {
        let which = match self.direction {
            Direction::Egress => Which::Source,
            Direction::Ingress => Which::Destination,
        };
        is_in(which, self.own, scope)
    }

    /// When the other end and the port are a rule's.
    fn meets(&self, rule: &'w Rule) -> Formula<'w> {
        let which = match self.direction {
            Direction::Egress => Which::Destination,
            Direction::Ingress => Which::Source,
        };
        let peer = |peer: &'w Peer| match peer {
            Peer::Everyone => Formula::ALWAYS,
            Peer::Pods(scope) => is_in(which, self.other, scope),
            Peer::Addresses(set) => Formula::Is(Fact::Address(which, Cow::Borrowed(set))),
        };
        Formula::all([Formula::any(rule.peers.iter().map(peer)), on(&rule.ports)])
    }
}

/// When a pod of a namespace is one of these.
fn is_in<'w>(which: Which, site: &Site, scope: &'w Scope) -> Formula<'w> {
    let namespace = match &scope.namespaces {
        Namespaces::Named(name) => Formula::constant(*name == site.name),
        Namespaces::Chosen(selector) if selector.is_everything() => Formula::ALWAYS,
        Namespaces::Chosen(selector) if !site.could_be(selector) => Formula::NEVER,
        Namespaces::Chosen(selector) => {
            Formula::Is(Fact::Namespace(which, Cow::Borrowed(selector)))
        }
    };
    Formula::all([namespace, has(which, &scope.pods)])
}

/// When a pod has such labels.
pub(super) fn has(which: Which, selector: &Selector) -> Formula<'_> {
    if selector.is_everything() {
        return Formula::ALWAYS;
    }
    Formula::Is(Fact::Pod(which, Cow::Borrowed(selector)))
}

/// When the port is one of a rule's.
fn on(ports: &Ports) -> Formula<'_> {
    if ports.numbers.is_all() {
        return Formula::ALWAYS;
    }
    let of = |set| Formula::Is(Fact::Port(set));
    let numbers = (!ports.numbers.is_empty()).then(|| of(Cow::Borrowed(&ports.numbers)));
    let named = ports.names.iter().map(|(protocol, name)| {
        let named = Formula::Is(Fact::Named(*protocol, name, true));
        Formula::all([of(Cow::Owned(PortSet::of(*protocol))), named])
    });
    Formula::any(numbers.into_iter().chain(named))
}
