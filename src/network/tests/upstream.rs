//! Kubernetes' own cases for network plugins: each `It` of test/e2e/network/netpol/network_policy.go of
//! 1.37.2 by its name, its policies written anew, its truth table by pod.

mod cases;
mod protocols;
mod table;

/// How many there are upstream.
const CASES: usize = 49;

#[test]
fn every_case_is_here() {
    let here = |text: &str| text.matches("\ncase! {").count();
    let found =
        here(include_str!("upstream/cases.rs")) + here(include_str!("upstream/protocols.rs"));
    assert_eq!(found, CASES);
}
