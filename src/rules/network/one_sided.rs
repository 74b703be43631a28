//! The one-sided rule.
//!
//! Each allow rule of a tenant's policy is a set of connections: of the pods that the policy selects, with
//! a peer, on some ports. It must lie within what the tenant may have by its own side alone ([`Region`]): its
//! own pods, what the seal opens of the platform's, addresses outside that the profile lists, and for egress
//! one Grant. Then no two tenants can open a path together, whichever policies they write, in whatever order
//! and at whatever moment: the other side's policy lies within the same bounds.
//!
//! It is decided over all pods and namespaces that could be, not over those that are there: by the two
//! labels that no tenant can write, `ringfence.dev/tenant` and `kubernetes.io/metadata.name`. A name counts
//! as what its namespace is now. A named port stands for every number, since any pod may give it one. What
//! takes too long to decide ([`Budget`]) is refused.

use super::region::{Budget, Region, Whose};
use super::{NetworkView, SHOWN, fields, numbers, shown};
use crate::domain::{Cidr, Edit, EditValue, FieldPath, Fix, InvalidCidr, TENANT_LABEL, sanitise};
use crate::objects::NetworkPolicySpec;
use crate::reach::{AddressSet, Direction, Labels, Namespaces, Peer, Policy, PortSet, Scope, Side};
use crate::rules::Report;

pub(super) fn one_sided(view: &NetworkView<'_>, report: &mut Report<'_>) {
    let budget = &Budget::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        let rules = view.policy.side(direction).into_iter().flat_map(|side| &side.rules);
        for (number, rule) in rules.enumerate() {
            let judged = Judged { view, direction, ports: numbers(&rule.ports), budget };
            let (list, peers) = fields(direction);
            let at = FieldPath::fields(&["spec", list]).item(number, "");
            if rule.peers.contains(&Peer::Everyone) {
                let found =
                    format!("no `{peers}`, which is every pod of every tenant and all addresses");
                report.add(at, found, judged.must(), judged.named(peers));
                continue;
            }
            let breaches: Vec<_> = rule
                .peers
                .iter()
                .enumerate()
                .filter_map(|(index, peer)| {
                    let place = at.field(peers).item(index, "");
                    let block = block(view.written, direction, (number, index));
                    let breach = judged.peer(peer, &place, block)?;
                    Some((place, breach))
                })
                .collect();
            // Without any peer the rule would be for everyone.
            let in_vain = breaches.iter().filter(|(_, breach)| breach.mend.is_none()).count();
            let gone = (in_vain == rule.peers.len()).then_some(&at);
            for (place, Breach { found, mend }) in breaches {
                let fix = mend.map_or_else(|| judged.removed(gone.unwrap_or(&place)), Fix::edit);
                report.add(place, found, judged.must(), fix);
            }
        }
    }
}

/// What a peer opens too much.
struct Breach {
    found: String,
    /// The narrowest change that ends it; none where the peer is for others alone.
    mend: Option<Edit>,
}

/// The range of a peer, before anything is excepted from it.
fn block(
    written: &NetworkPolicySpec<'_>,
    direction: Direction,
    (rule, peer): (usize, usize),
) -> Option<AddressSet> {
    let peers = match direction {
        Direction::Ingress => &written.ingress.get(rule)?.from,
        Direction::Egress => &written.egress.get(rule)?.to,
    };
    match peers.get(peer)?.block.as_ref()?.cidr.parse::<Cidr>() {
        Ok(range) | Err(InvalidCidr::HostBits { range, .. }) => Some(AddressSet::of(&range)),
        Err(InvalidCidr::Shape(_)) => None,
    }
}

/// A rule that is judged.
struct Judged<'a> {
    view: &'a NetworkView<'a>,
    direction: Direction,
    ports: PortSet,
    budget: &'a Budget,
}

impl Judged<'_> {
    fn peer(&self, peer: &Peer, at: &FieldPath, block: Option<AddressSet>) -> Option<Breach> {
        match peer {
            Peer::Pods(scope) => self.pods(scope, at),
            Peer::Addresses(addresses) => self.addresses(addresses, at, block),
            Peer::Everyone => None,
        }
    }

    fn pods(&self, scope: &Scope, at: &FieldPath) -> Option<Breach> {
        let whole = Region::of(scope, self.ports.clone());
        let NetworkView { tenant, owner, .. } = *self.view;
        let whose = Whose { tenant, owner, budget: self.budget };
        let shared = self.view.shared.iter().flat_map(|policy| self.opened(policy));
        let foreign = whose.foreign(whole.clone());
        let rest = shared.fold(foreign, |rest, own| self.budget.without(rest, &own));
        let witness = self.beyond_grants(rest)?;
        let found = format!(
            "{}: also {} of a namespace that is not tenant {tenant}'s, at {}",
            told(scope),
            pod(&witness.pods.example()),
            first_port(&witness.ports),
        );
        let mend = whose.has_own(whole).then(|| {
            let label = at.down(&["namespaceSelector", "matchLabels"]).key(TENANT_LABEL);
            Edit::Set(label, EditValue::Text(tenant.to_string().into()))
        });
        Some(Breach { found, mend })
    }

    /// One connection that no Grant permits, where there is any: all of what is left must lie in one.
    fn beyond_grants(&self, rest: Vec<Region>) -> Option<Region> {
        let witness = rest.first()?.clone();
        let granted = self.granted(|grant| {
            let opened = self.opened(grant);
            opened.fold(rest.clone(), |rest, own| self.budget.without(rest, &own)).is_empty()
        });
        (!granted).then_some(witness)
    }

    /// The sets of pods and ports that a policy opens in this direction.
    fn opened<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = Region> + use<'p> {
        rules(policy.side(self.direction)).flat_map(|(peers, ports)| {
            peers.iter().filter_map(move |peer| match peer {
                Peer::Pods(scope) => Some(Region::of(scope, ports.clone())),
                Peer::Addresses(_) | Peer::Everyone => None,
            })
        })
    }

    fn addresses(
        &self,
        wanted: &AddressSet,
        at: &FieldPath,
        block: Option<AddressSet>,
    ) -> Option<Breach> {
        let shared = self.view.shared.iter().flat_map(|policy| self.opened_addresses(policy));
        let own: Vec<_> = self.view.outside.iter().cloned().chain(shared).collect();
        let rest = beyond(vec![(wanted.clone(), self.ports.clone())], &own);
        let (addresses, ports) = rest.first()?.clone();
        if self.granted(|grant| {
            let opened: Vec<_> = self.opened_addresses(grant).collect();
            beyond(rest.clone(), &opened).is_empty()
        }) {
            return None;
        }
        let example = addresses.ends().map(|(first, _)| first.to_string()).unwrap_or_default();
        let found = format!("addresses: also {example} at {}", first_port(&ports));
        let allowed = rest.iter().fold(wanted.clone(), |left, (own, _)| left.without(own));
        let except = block.map(|block| block.without(&allowed).to_cidrs()).unwrap_or_default();
        let few = !allowed.is_empty() && (1..=MOST_EXCEPT).contains(&except.len());
        let mend = few.then(|| {
            let values = except.iter().map(|own| own.to_string().into()).collect();
            Edit::Set(at.down(&["ipBlock", "except"]), EditValue::List(values))
        });
        Some(Breach { found, mend })
    }

    /// Whether one Grant permits the policy's pods to open what it asks for.
    fn granted(&self, permits: impl Fn(&Policy) -> bool) -> bool {
        let subject = &self.view.policy.subject.pods;
        let mut grants = self.view.grants.iter();
        self.direction == Direction::Egress
            && grants.any(|grant| grant.subject.pods.includes(subject) && permits(grant))
    }

    fn opened_addresses<'p>(
        &self,
        policy: &'p Policy,
    ) -> impl Iterator<Item = (AddressSet, PortSet)> + use<'p> {
        rules(policy.side(self.direction)).flat_map(|(peers, ports)| {
            peers.iter().filter_map(move |peer| match peer {
                Peer::Addresses(addresses) => Some((addresses.clone(), ports.clone())),
                Peer::Pods(_) | Peer::Everyone => None,
            })
        })
    }

    /// What no change of a peer mends goes.
    fn removed(&self, gone: &FieldPath) -> Fix {
        let open = match self.direction {
            Direction::Egress => "DNS, shared services and what Grants permit are open without it",
            Direction::Ingress => "shared services and what Grants permit come in without it",
        };
        Fix {
            text: format!("remove {gone}: {open}").into(),
            edits: vec![Edit::Discard(gone.clone())],
        }
    }

    /// Who a rule for everyone is for.
    fn named(&self, peers: &str) -> Fix {
        let tenant = self.view.tenant;
        Fix::advice(format!(
            "name who it is for: {peers}: [{{namespaceSelector: {{matchLabels: {{{TENANT_LABEL}: {tenant}}}}}}}]"
        ))
    }

    fn must(&self) -> String {
        let tenant = self.view.tenant;
        let grant = match self.direction {
            Direction::Egress => ", or one Grant",
            Direction::Ingress => "",
        };
        format!(
            "it must lie within tenant {tenant}, what its profile shares or lists as outside{grant}"
        )
    }
}

/// How many parts are cut out of a range, at most, before it is better to say another.
const MOST_EXCEPT: usize = 16;

/// The peers and ports of a side's rules.
fn rules(side: Option<&Side>) -> impl Iterator<Item = (&[Peer], PortSet)> {
    let rules = side.into_iter().flat_map(|side| &side.rules);
    rules.map(|rule| (rule.peers.as_slice(), numbers(&rule.ports)))
}

/// What is left of some addresses and ports without those.
fn beyond(
    mut rest: Vec<(AddressSet, PortSet)>,
    own: &[(AddressSet, PortSet)],
) -> Vec<(AddressSet, PortSet)> {
    for (addresses, ports) in own {
        let parts = rest.into_iter().flat_map(|(wanted, on)| {
            let elsewhere = (wanted.without(addresses), on.clone());
            let other_ports = (wanted.and(addresses), on.without(ports));
            [elsewhere, other_ports]
        });
        rest = parts.filter(|(left, on)| !left.is_empty() && !on.is_empty()).collect();
    }
    rest
}

/// Pods as people call them.
fn told(Scope { namespaces, pods }: &Scope) -> String {
    let namespaces = match namespaces {
        Namespaces::Named(name) => format!("namespace {}", sanitise(name, SHOWN)),
        Namespaces::Chosen(all) if all.is_everything() => "all namespaces".to_owned(),
        Namespaces::Chosen(chosen) => format!("namespaces {}", shown(chosen)),
    };
    if pods.is_everything() { namespaces } else { format!("pods {} of {namespaces}", shown(pods)) }
}

/// One pod of those.
fn pod(labels: &Labels) -> String {
    let labels = labels.iter().map(|(key, value)| format!(" {key}={value}"));
    format!("a pod{}", sanitise(&labels.collect::<String>(), SHOWN))
}

fn first_port(ports: &PortSet) -> String {
    ports
        .first()
        .map_or_else(String::new, |(protocol, port)| format!("{} {port}", protocol.as_str()))
}
