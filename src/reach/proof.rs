//! Could they ever? Every pod that one tenant could have with every pod that another one could.
//!
//! A [`Inquiry`] has the namespaces that there are or could be ([`Site`]), each with what its labels and
//! those of its pods may be; the policies; the addresses that pods have; and what is permitted. For two
//! tenants the [`Prover`] answers whether there is a pod in a namespace of the one and a pod in a namespace
//! of the other, with some labels, addresses and names of ports, a protocol and a port, so that the policies
//! of both allow the connection and nothing permits it: *proven* if there is none, else a [`Witness`].
//!
//! 1. `rows`: which namespaces could have anything to do with each other, as sets of numbers. Where the
//!    policies close namespaces, few pairs are left.
//! 2. `side`: for a pair that is left, when a connection is allowed, as a formula over labels, addresses
//!    and ports.
//! 3. `formula`: the search for a connection of which it holds, and of which no permit does.
//!
//! The answer is exact, for what the question holds: no pod is merged with one that policies can tell apart.
//! A witness is given only if the concrete engine allows it too. A search that takes too long is given up,
//! and the pair stays undecided.
//!
//! An address in a peer matches pods that have it. A named port stands for any number.

mod formula;
mod ground;
mod pair;
mod rows;
mod side;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use ground::Ground;
use rows::Rows;

use super::addresses::AddressSet;
use super::labels::Selector;
use super::model::{Namespace, Origin, Pod, Policy};
use super::ports::{PortSet, Protocol};

/// Everything that a proof is about. Tenants are numbers, in an order that is the caller's.
#[derive(Debug, Clone, Default)]
pub struct Inquiry<'w> {
    /// The namespaces of all tenants. Two that have one name are never there at once. Of a pair the first that
    /// has a witness gives it.
    pub sites: Vec<Site>,
    /// The policies, in any order.
    pub policies: Vec<&'w Policy>,
    /// What is permitted.
    pub permits: Vec<Permit>,
    /// The addresses that a pod may have.
    pub addresses: AddressSet,
}

/// A namespace that is there, or that its tenant could make.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Whose it is.
    pub tenant: usize,
    /// Its name.
    pub name: String,
    /// What its labels may be, that of its name among them.
    pub labels: Selector,
    /// What the labels of its pods may be.
    pub pods: Selector,
    /// Whether it is there.
    pub exists: bool,
}

impl Site {
    fn could_be(&self, selector: &Selector) -> bool {
        self.labels.meets(selector)
    }
}

/// A permitted path.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    /// What it is called.
    pub name: String,
    /// Who opens connections.
    pub from: Permitted,
    /// Who takes them.
    pub to: Permitted,
    /// The ports.
    pub ports: PortSet,
}

/// Pods of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Permitted {
    /// The tenant.
    pub tenant: usize,
    /// The names of their namespaces; none is all of the tenant's.
    pub namespaces: Option<BTreeSet<String>>,
    /// Their labels.
    pub pods: Selector,
}

/// What is known of the paths from one tenant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The verdict.
    pub verdict: Verdict,
    /// The permits by which something could pass, in the question's order.
    pub permits: Vec<String>,
}

/// Whether there could be a path that nothing permits.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// None that nothing permits; and where no permit lets anything pass either, none at all.
    Proven,
    /// This one.
    Open(Box<Witness>),
    /// The search was given up.
    Undecided,
}

/// A connection that could be.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Who opens it.
    pub source: Endpoint,
    /// Who takes it.
    pub destination: Endpoint,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its port.
    pub port: u16,
    /// Why the policies of who opens it allow it.
    pub egress: Cause,
    /// Why the policies of who takes it do.
    pub ingress: Cause,
}

/// One end of a witness.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The namespace, with as few labels as can be.
    pub namespace: Namespace,
    /// The pod, with as few labels as can be and one address.
    pub pod: Pod,
    /// Whether the namespace is there.
    pub exists: bool,
}

/// Why one side allows a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// By a rule.
    Rule {
        /// Of this policy.
        origin: Origin,
        /// This one of the direction.
        index: usize,
    },
    /// No policy isolates the pod.
    NotIsolated,
}

/// The symbolic engine.
#[derive(Debug)]
pub struct Prover<'q> {
    ground: Ground<'q>,
    rows: Rows,
    permits: BTreeMap<(usize, usize), Vec<&'q Permit>>,
    /// The namespaces of each tenant.
    sites: BTreeMap<usize, Vec<usize>>,
}

impl<'q> Prover<'q> {
    /// Of a question.
    #[must_use]
    pub fn new(question: &'q Inquiry<'q>) -> Self {
        let ground = Ground::of(question);
        let mut permits: BTreeMap<_, Vec<&Permit>> = BTreeMap::new();
        for permit in &question.permits {
            permits.entry((permit.from.tenant, permit.to.tenant)).or_default().push(permit);
        }
        let mut sites: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, site) in question.sites.iter().enumerate() {
            sites.entry(site.tenant).or_default().push(number);
        }
        Self { rows: Rows::of(&ground), ground, permits, sites }
    }

    /// The paths from a tenant to each other one that is wanted and of which there could be any; of all that
    /// are not here it is proven that there are none.
    #[must_use]
    pub fn paths(&self, from: usize, wanted: impl Fn(usize) -> bool) -> BTreeMap<usize, Pair> {
        let mut near: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for source in self.sites.get(&from).into_iter().flatten() {
            for destination in self.rows.ends(*source) {
                let destination = destination as usize;
                let to = self.ground.differ(*source, destination).map(|site| site.tenant);
                if let Some(to) = to.filter(|tenant| *tenant != from && wanted(*tenant)) {
                    near.entry(to).or_default().push((*source, destination));
                }
            }
        }
        let judged = near.into_iter().map(|(to, sites)| {
            let permits = self.permits.get(&(from, to)).map_or(&[][..], Vec::as_slice);
            (to, self.ground.judged(&sites, permits))
        });
        let nothing = Pair { verdict: Verdict::Proven, permits: Vec::new() };
        judged.filter(|(_, pair)| *pair != nothing).collect()
    }
}
