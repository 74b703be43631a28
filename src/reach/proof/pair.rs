//! Two tenants: the search for a path that nothing permits, and for one by each permit.

use std::borrow::Cow;

use super::formula::{Case, Fact, Formula, Range, Which};
use super::ground::Ground;
use super::side::has;
use super::{Cause, Endpoint, Pair, Permit, Permitted, Site, Verdict, Witness};
use crate::reach::model::{Direction, Namespace, Pod, PodPort};
use crate::reach::sides::{Decision, End, Step};

impl Ground<'_> {
    /// What could pass between namespaces of two tenants; each pair of namespaces that could have anything
    /// to do with each other.
    pub(super) fn judged(&self, sites: &[(usize, usize)], permits: &[&Permit]) -> Pair {
        let mut verdict = Verdict::Proven;
        let mut used = vec![false; permits.len()];
        for (source, destination) in sites {
            let is_open = matches!(verdict, Verdict::Open(_));
            if is_open && used.iter().all(|used| *used) {
                break;
            }
            let egress = self.side(Direction::Egress, *source, *destination);
            let ingress = self.side(Direction::Ingress, *destination, *source);
            let (Some(egress), Some(ingress)) = (egress, ingress) else { continue };
            let (from, to) = (egress.own, ingress.own);
            let allowed = Formula::all([egress.allows(), ingress.allows()]);
            if allowed.is_never() {
                continue;
            }
            let by_permit: Vec<Formula<'_>> =
                permits.iter().map(|permit| is_of(permit, from, to)).collect();
            if !is_open {
                let by_none = by_permit.iter().map(Formula::negated);
                let wanted = Formula::all(by_none.chain([allowed.clone()]));
                match self.search(&wanted, from, to) {
                    Ok(None) => {}
                    Ok(Some(case)) => {
                        let witness = self.witness(&case, from, to);
                        verdict = witness.map_or(Verdict::Undecided, Verdict::Open);
                    }
                    Err(_) => verdict = Verdict::Undecided,
                }
            }
            for (used, permit) in used.iter_mut().zip(by_permit).filter(|(used, _)| !**used) {
                let wanted = Formula::all([permit, allowed.clone()]);
                // What was not found out counts as if something could pass.
                *used = !matches!(self.search(&wanted, from, to), Ok(None));
            }
        }
        let used = permits.iter().zip(used).filter(|(_, used)| *used);
        Pair { verdict, permits: used.map(|(permit, _)| permit.name.clone()).collect() }
    }

    /// A connection of a case, as the concrete engine allows it.
    fn witness(&self, case: &Case, from: &Site, to: &Site) -> Option<Box<Witness>> {
        let (protocol, port) = case.ports.first()?;
        let named = case.names.iter().filter(|((own, _), given)| *own == protocol && **given);
        let ports =
            named.map(|((_, name), _)| PodPort { name: name.into(), protocol, number: port });
        let source = endpoint(&case.source, from, Vec::new())?;
        let destination = endpoint(&case.destination, to, ports.collect())?;
        let why = |direction, own: &Endpoint, other: &Endpoint| {
            let sides = self.book.sides(direction, &own.namespace, &own.pod.labels);
            let address = other.pod.addresses.first().copied();
            let end = End::Pod { namespace: &other.namespace, pod: &other.pod, address };
            cause(&sides.decide(&end, &destination.pod.ports, (protocol, port)))
        };
        let egress = why(Direction::Egress, &source, &destination)?;
        let ingress = why(Direction::Ingress, &destination, &source)?;
        Some(Box::new(Witness { source, destination, protocol, port, egress, ingress }))
    }
}

/// When a connection is one that a permit is for.
fn is_of<'q>(permit: &'q Permit, from: &Site, to: &Site) -> Formula<'q> {
    let end = |which, own: &'q Permitted, site: &Site| {
        let named = own.namespaces.as_ref().is_none_or(|names| names.contains(&site.name));
        let is_one = Formula::constant(named && own.tenant == site.tenant);
        Formula::all([is_one, has(which, &own.pods)])
    };
    Formula::all([
        end(Which::Source, &permit.from, from),
        end(Which::Destination, &permit.to, to),
        Formula::Is(Fact::Port(Cow::Borrowed(&permit.ports))),
    ])
}

fn endpoint(range: &Range, site: &Site, ports: Vec<PodPort>) -> Option<Endpoint> {
    let (address, _) = range.addresses.ends()?;
    Some(Endpoint {
        namespace: Namespace { name: site.name.as_str().into(), labels: range.namespace.example() },
        pod: Pod {
            namespace: site.name.as_str().into(),
            labels: range.pod.example(),
            addresses: vec![address],
            ports,
            ..Pod::default()
        },
        exists: site.exists,
    })
}

/// Why it is allowed; none where it is not.
fn cause(decision: &Decision<'_>) -> Option<Cause> {
    match decision.steps.last().filter(|_| decision.allowed)? {
        Step::Rule { policy, index, .. } => {
            Some(Cause::Rule { origin: policy.origin.clone(), index: *index })
        }
        Step::Default => Some(Cause::NotIsolated),
        Step::Isolated(_) | Step::Undecided(_) => None,
    }
}
