//! The symbolic engine against the naive one: two tenants on a random cluster.
//!
//! What the policies and permits of a cluster speak of cuts labels, addresses and ports into parts that none
//! of them tells apart; one of each part is tried with one of each other. So the naive engine knows every
//! pod that there could be.

mod all;
mod tenants;

use proptest::prelude::*;

use super::cluster::of_engine;
use super::oracle::{self, End};
use super::random::rounds;
use crate::reach::{Endpoint, Prover, Verdict, Witness};
use all::{All, Path};
use tenants::{Tenants, tenants};

/// Everything that could pass from tenant 0 to tenant 1 agrees with what the engine says.
fn agrees(tenants: &Tenants) -> Result<(), TestCaseError> {
    let policies = tenants.cluster.world().policies;
    let question = tenants.question(&policies);
    let found = Prover::new(&question).paths(0, |_| true).remove(&1);
    if let Some(Verdict::Open(witness)) = found.as_ref().map(|pair| &pair.verdict) {
        witnessed(tenants, witness)?;
        if tenants.permits.is_empty() {
            return Ok(());
        }
    }
    let all = All::of(tenants);
    let (mut open, mut used) = (None, vec![false; tenants.permits.len()]);
    all.each(|path| {
        let mut permitted = false;
        for (used, permit) in used.iter_mut().zip(&tenants.permits) {
            let own = permit.permits(&path);
            *used |= own;
            permitted |= own;
        }
        if !permitted && open.is_none() {
            open = Some(format!("{path:?}"));
        }
    });
    let names = tenants.permits.iter().zip(used).filter(|(_, used)| *used);
    let names: Vec<&str> = names.map(|(permit, _)| permit.name.as_str()).collect();
    let permits = found.as_ref().map_or(&[][..], |pair| &pair.permits);
    prop_assert_eq!(permits, &names[..]);
    match found.map_or(Verdict::Proven, |pair| pair.verdict) {
        Verdict::Proven => prop_assert_eq!(open, None, "the engine found no path"),
        Verdict::Open(witness) => {
            prop_assert!(open.is_some(), "the engine found {:?}", witness);
        }
        Verdict::Undecided => prop_assert!(false, "nothing here is a puzzle"),
    }
    Ok(())
}

/// The naive engine allows what a witness shows, it could be, and nothing permits it.
fn witnessed(tenants: &Tenants, witness: &Witness) -> Result<(), TestCaseError> {
    let mut cluster = tenants.cluster.clone();
    for party in [&witness.source, &witness.destination] {
        prop_assert!(tenants.could_be(&party.namespace), "{:?}", party);
        let found = cluster.namespaces.iter_mut().find(|(name, _)| *name == party.namespace.name);
        found.unwrap().1 = of_engine(&party.namespace.labels);
        prop_assert!(tenants.could_have(&of_engine(&party.pod.labels)), "{:?}", party);
        prop_assert!(tenants.addresses().contains(party.pod.addresses[0]));
    }
    let pod = |party: &Endpoint| {
        let ports = party.pod.ports.iter();
        super::cluster::Pod {
            namespace: party.namespace.name.to_string(),
            labels: of_engine(&party.pod.labels),
            addresses: party.pod.addresses.clone(),
            ports: ports.map(|own| (own.name.to_string(), own.protocol, own.number)).collect(),
            ..super::cluster::Pod::default()
        }
    };
    let (source, destination) = (pod(&witness.source), pod(&witness.destination));
    let port = (witness.protocol, witness.port);
    let ends = (End::Pod(&source), End::Pod(&destination));
    prop_assert!(oracle::allowed(&cluster, ends.0, ends.1, port), "{:?}", witness);
    let path = Path { source: &source, destination: &destination, port };
    prop_assert!(!tenants.permits.iter().any(|permit| permit.permits(&path)), "{:?}", witness);
    Ok(())
}

proptest! {
    #![proptest_config(rounds(2_000))]

    #[test]
    fn tenants_could_reach_each_other_as_the_naive_engine_says(tenants in tenants()) {
        agrees(&tenants)?;
    }
}

/// The law means something: of the clusters that it is tried on, each verdict is common.
#[test]
fn random_clusters_are_open_closed_and_permitted() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut proven, mut granted, mut open) = (0, 0, 0);
    for _ in 0..300 {
        let tenants = tenants().new_tree(&mut runner).unwrap().current();
        let policies = tenants.cluster.world().policies;
        match Prover::new(&tenants.question(&policies)).paths(0, |_| true).get(&1) {
            None => proven += 1,
            Some(pair) if pair.verdict == Verdict::Proven => granted += 1,
            Some(_) => open += 1,
        }
    }
    assert!([proven, granted, open].iter().all(|count| *count >= 15), "{proven} {granted} {open}");
}
