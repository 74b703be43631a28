//! Are tenants isolated from each other? Documents and what stands in a cluster → a verdict for every
//! ordered pair of tenants.
//!
//! [`prove()`] asks [`reach`]'s symbolic engine about all that tenants may write and policies
//! let through, and nothing more; [`standings()`] says of each tenant what all its pairs come to:
//!
//! - **namespaces** (`sites`): those that are there, and those that a tenant could make. One that could be
//!   made has the tenant's label, a name that the door lets the tenant choose, and what the controller
//!   keeps in it. Labels that the door lets its owners change may be anything, the others are as they stand.
//!   Where things are taken as they stand, only the namespaces that are there count.
//! - **pods**: with any labels but those that the Platform reserves, which none has but who has it now; with
//!   any address of the pods' ranges; with any number behind the name of a port.
//! - **policies**: those that stand. Those that tenants could still write are the door's to judge.
//! - **permits** (`grants`): the Grants in force.
//!
//! A pair is *open* where there is a witness. Else it is *unknown* where something that the proof rests on
//! does not hold ([`Doubt`]), and else *granted* where a Grant lets something pass, or *proven*.
//!
//! Deliberately absent: where objects come from, text for people, the clock.

mod doubts;
mod grants;
mod sites;
mod spoken;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::TenantName;
use crate::policy::{Tenant, Tenants};
use crate::reach::{self, Inquiry, Namespace, Pod, Policy, Prover, Witness, World};
use doubts::Doubts;
use sites::Sites;

pub use doubts::Doubt;
pub use standing::{Leak, Standing, Suspects, standings};

/// What a proof is made of.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The documents.
    pub tenants: &'a Tenants,
    /// The namespaces that are there, with the tenants' labels on theirs.
    pub namespaces: Vec<&'a Namespace>,
    /// The pods that run, as far as they are known.
    pub pods: &'a [Pod],
    /// The policies that stand, and unless things are taken as they stand what the controller keeps in the
    /// namespaces that are there.
    pub policies: Vec<&'a Policy>,
    /// Whether things are taken as they stand.
    pub as_is: bool,
    /// When.
    pub now: Timestamp,
}

impl<'a> Asked<'a> {
    /// About all that a world holds.
    #[must_use]
    pub fn of(tenants: &'a Tenants, world: &'a World, as_is: bool, now: Timestamp) -> Self {
        let World { namespaces, pods, policies, .. } = world;
        let (namespaces, policies) = (namespaces.iter().collect(), policies.iter().collect());
        Self { tenants, namespaces, pods, policies, as_is, now }
    }
}

/// A verdict for every ordered pair of tenants.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The tenants, by name.
    pub tenants: Vec<TenantName>,
    /// Those pairs, by numbers of tenants, of which there is more to say than that nothing passes.
    pub pairs: BTreeMap<(usize, usize), Pair>,
}

/// What is known of the paths from one tenant to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The verdict.
    pub verdict: Verdict,
    /// The Grants by which something could pass, by name.
    pub grants: Vec<String>,
}

/// Whether there could be a path from one tenant to another that no Grant permits.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// There is none at all.
    Proven,
    /// There is none but what Grants permit.
    Granted,
    /// There is this one.
    Open(Box<Witness>),
    /// None was found, and that is no proof.
    Unknown(Vec<Doubt>),
}

impl Verdict {
    /// Whether the one tenant is isolated from the other, Grants aside.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        match self {
            Self::Proven | Self::Granted => true,
            Self::Open(_) | Self::Unknown(_) => false,
        }
    }

    /// `proven`, `granted`, `open` or `unknown`
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Granted => "granted",
            Self::Open(_) => "open",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// A pair of which there is nothing to say.
static NOTHING: Pair = Pair { verdict: Verdict::Proven, grants: Vec::new() };

impl Proof {
    /// Every ordered pair of tenants, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&TenantName, &TenantName, &Pair)> {
        let numbered = || self.tenants.iter().enumerate();
        let pairs = numbered().flat_map(move |from| numbered().map(move |to| (from, to)));
        pairs.filter(|((from, _), (to, _))| from != to).map(
            |((from, source), (to, destination))| {
                (source, destination, self.pairs.get(&(from, to)).unwrap_or(&NOTHING))
            },
        )
    }

    /// Whether every tenant is isolated from every other one, Grants aside.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pairs.values().all(|pair| pair.verdict.is_isolated())
    }
}

/// Proves of every ordered pair of tenants that nothing passes but what Grants permit, or shows what would.
#[must_use]
pub fn prove(asked: &Asked<'_>) -> Proof {
    judge(asked, |judge| {
        let all = judge.all.iter().enumerate();
        let of = |from| judge.row(from, |_| true).map(move |(to, pair)| ((from, to), pair));
        Proof {
            tenants: judge.all.iter().map(|tenant| tenant.name.clone()).collect(),
            pairs: all.flat_map(|(from, _)| of(from)).collect(),
        }
    })
}

/// What judges pairs of tenants.
struct Judge<'q> {
    /// The tenants, by name.
    all: &'q [&'q Tenant],
    prover: Prover<'q>,
    doubts: Doubts,
}

/// Has something asked who knows the answers.
fn judge<T>(asked: &Asked<'_>, ask: impl FnOnce(&Judge<'_>) -> T) -> T {
    let all: Vec<&Tenant> = asked.tenants.iter().collect();
    let permits = grants::permits(asked, &all);
    let Sites { sites, seals } = Sites::of(asked, &all, &permits);
    let ranges = asked.tenants.platform.pod_ranges();
    let question = Inquiry {
        sites,
        policies: asked.policies.iter().copied().chain(&seals).collect(),
        permits,
        addresses: ranges.iter().collect(),
    };
    let doubts = Doubts::of(asked, &all, &question);
    ask(&Judge { all: &all, prover: Prover::new(&question), doubts })
}

impl Judge<'_> {
    /// The paths from a tenant to those that are wanted: the pairs of which there is more to say than that
    /// nothing passes.
    fn row(
        &self,
        from: usize,
        wanted: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = (usize, Pair)> {
        let wanted = move |to: usize| to != from && wanted(to);
        let mut paths = self.prover.paths(from, &wanted);
        (0..self.all.len()).filter(move |to| wanted(*to)).filter_map(move |to| {
            let found = paths.remove(&to);
            let is_plain = found.is_none() && self.doubts.is_free(from, to);
            (!is_plain).then(|| (to, judged(found, self.doubts.about(from, to))))
        })
    }
}

fn judged(found: Option<reach::Pair>, mut doubts: Vec<Doubt>) -> Pair {
    let (verdict, grants) = match found {
        Some(reach::Pair { verdict, permits }) => (verdict, permits),
        None => (reach::Verdict::Proven, Vec::new()),
    };
    let verdict = match verdict {
        reach::Verdict::Open(witness) => Verdict::Open(witness),
        reach::Verdict::Undecided => {
            doubts.push(Doubt::Puzzle);
            Verdict::Unknown(doubts)
        }
        reach::Verdict::Proven if !doubts.is_empty() => Verdict::Unknown(doubts),
        reach::Verdict::Proven if grants.is_empty() => Verdict::Proven,
        reach::Verdict::Proven => Verdict::Granted,
    };
    Pair { verdict, grants }
}
