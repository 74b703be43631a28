//! What the proofs of all pairs say of each tenant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Asked, Doubt, Judge, Verdict, judge};
use crate::domain::TenantName;
use crate::reach::{Cause, Origin, Unclear, Witness};

/// How a tenant stands to all others, in both directions.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Nothing passes.
    Isolated,
    /// Nothing passes but what Grants permit.
    Granted,
    /// This could pass, and no Grant permits it.
    Open(Arc<Leak>),
    /// Nothing was found that surely passes, and that is no proof: the first reasons.
    Unknown(Vec<Doubt>),
}

/// A connection from one tenant to another that could be, and that no Grant permits.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// Whose pod opens it.
    pub from: TenantName,
    /// Whose pod takes it.
    pub to: TenantName,
    /// It.
    pub witness: Witness,
}

/// What a question holds by which more could pass than does: a path that needs one of them is no leak, and no
/// proof is left either.
#[derive(Debug, Clone, Default)]
pub struct Suspects<'a> {
    /// The namespaces of which it is not known that they hold what closes them.
    pub unsealed: BTreeSet<&'a str>,
    /// The policies that were not understood.
    pub unclear: Vec<&'a Unclear>,
}

/// How many reasons are kept of a tenant.
const MOST_DOUBTS: usize = 3;

/// How each tenant stands, by its name.
#[must_use]
pub fn standings(asked: &Asked<'_>, suspects: &Suspects<'_>) -> BTreeMap<String, Standing> {
    let mut tally = Tally { tenants: vec![OfTenant::default(); asked.tenants.iter().count()] };
    if suspects.are_none() {
        judge(asked, |judge| tally.leaks(judge));
    } else {
        // What passes without them passes in any case.
        judge(&suspects.left_out(asked), |judge| tally.leaks(judge));
        judge(asked, |judge| tally.suspicions(judge, suspects));
    }
    let names = asked.tenants.iter().map(|tenant| tenant.name.to_string());
    names.zip(tally.tenants.into_iter().map(OfTenant::standing)).collect()
}

impl Suspects<'_> {
    fn are_none(&self) -> bool {
        self.unsealed.is_empty() && self.unclear.is_empty()
    }

    /// The question without them.
    fn left_out<'a>(&self, asked: &Asked<'a>) -> Asked<'a> {
        let unclear: BTreeSet<&Origin> = self.unclear.iter().map(|own| &own.origin).collect();
        let mut asked = asked.clone();
        asked.namespaces.retain(|own| !self.unsealed.contains(own.name.as_str()));
        asked.policies.retain(|own| !unclear.contains(&own.origin));
        asked
    }
}

/// What is found, tenant by tenant.
struct Tally {
    tenants: Vec<OfTenant>,
}

#[derive(Debug, Clone, Default)]
struct OfTenant {
    leak: Option<Arc<Leak>>,
    doubts: Vec<Doubt>,
    is_suspected: bool,
    is_granted: bool,
}

impl Tally {
    /// Takes in what passes.
    fn leaks(&mut self, judge: &Judge<'_>) {
        self.judge(
            judge,
            |own| own.leak.is_some(),
            |tally, ends, verdict| match verdict {
                Verdict::Proven => {}
                Verdict::Granted => tally.tell(ends, |own| own.is_granted = true),
                Verdict::Unknown(doubts) => tally.tell(ends, |own| own.doubt(&doubts)),
                Verdict::Open(witness) => tally.leak(judge, ends, *witness),
            },
        );
    }

    /// Takes in what passes by what is suspect.
    fn suspicions(&mut self, judge: &Judge<'_>, suspects: &Suspects<'_>) {
        let unclear: HashMap<&Origin, &Unclear> =
            suspects.unclear.iter().map(|own| (&own.origin, *own)).collect();
        let is_settled = |own: &OfTenant| own.leak.is_some() || own.is_suspected;
        self.judge(judge, is_settled, |tally, ends, verdict| {
            let Verdict::Open(witness) = verdict else { return };
            match suspicion(&witness, suspects, &unclear) {
                Some(doubt) => tally.tell(ends, |own| {
                    own.is_suspected = true;
                    own.doubt(std::slice::from_ref(&doubt));
                }),
                None => tally.leak(judge, ends, *witness),
            }
        });
    }

    /// Goes through the verdicts. Where both tenants are settled, no more is asked of them.
    fn judge(
        &mut self,
        judge: &Judge<'_>,
        is_settled: impl Fn(&OfTenant) -> bool,
        take: impl Fn(&mut Self, [usize; 2], Verdict),
    ) {
        for from in 0..self.tenants.len() {
            let settled: Vec<bool> = self.tenants.iter().map(&is_settled).collect();
            let is_settled = |tenant: usize| settled.get(tenant).is_some_and(|own| *own);
            for (to, pair) in judge.row(from, |to| !(is_settled(from) && is_settled(to))) {
                take(self, [from, to], pair.verdict);
            }
        }
    }

    fn leak(&mut self, judge: &Judge<'_>, ends: [usize; 2], witness: Witness) {
        let [Some(from), Some(to)] = ends.map(|tenant| judge.all.get(tenant)) else { return };
        let leak = Arc::new(Leak { from: from.name.clone(), to: to.name.clone(), witness });
        self.tell(ends, |own| {
            own.leak.get_or_insert_with(|| Arc::clone(&leak));
        });
    }

    /// Tells something of both tenants of a pair.
    fn tell(&mut self, ends: [usize; 2], what: impl Fn(&mut OfTenant)) {
        for tenant in ends {
            self.tenants.get_mut(tenant).into_iter().for_each(&what);
        }
    }
}

impl OfTenant {
    fn doubt(&mut self, doubts: &[Doubt]) {
        for doubt in doubts {
            if self.doubts.len() < MOST_DOUBTS && !self.doubts.contains(doubt) {
                self.doubts.push(doubt.clone());
            }
        }
    }

    fn standing(self) -> Standing {
        match self.leak {
            Some(leak) => Standing::Open(leak),
            None if !self.doubts.is_empty() => Standing::Unknown(self.doubts),
            None if self.is_granted => Standing::Granted,
            None => Standing::Isolated,
        }
    }
}

/// What a path needs that is suspect.
fn suspicion(
    witness: &Witness,
    suspects: &Suspects<'_>,
    unclear: &HashMap<&Origin, &Unclear>,
) -> Option<Doubt> {
    let policy = [&witness.egress, &witness.ingress].into_iter().find_map(|cause| match cause {
        Cause::Rule { origin, .. } => unclear.get(origin),
        Cause::NotIsolated => None,
    });
    let policy = policy.map(|own| Doubt::NotUnderstood {
        policy: own.origin.to_string(),
        because: own.text.clone(),
    });
    let ends = [&witness.source, &witness.destination].into_iter();
    let mut unsealed = ends.filter(|end| suspects.unsealed.contains(end.namespace.name.as_str()));
    policy.or_else(|| {
        let namespace = unsealed.next()?.namespace.name.to_string();
        Some(Doubt::Unsealed { namespace })
    })
}
