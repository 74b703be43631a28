//! What is said of each tenant of all its pairs.

use serde_json::json;

use super::{GRANT, Stands, TWO, anybody, document, now, tenants};
use crate::domain::TENANT_LABEL;
use crate::isolation::{Asked, Standing, Suspects, standings};
use crate::reach::{Namespaces, World};

/// A third tenant, which has nothing to do with the others.
const GAMMA: &str = "---\napiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: gamma}\nspec: {namespaces: {prefix: gamma-}}\n";

/// How each tenant stands, a line each; of namespaces that begin with `unsealed` nothing of a seal stands.
fn said(stands: &Stands, documents: &str, unsealed: &[&'static str]) -> Vec<String> {
    let tenants = tenants(&format!("{documents}{GAMMA}"));
    let mut world: World = stands.world(&tenants, false);
    let is_open = |name: &str| unsealed.contains(&name);
    world.policies.retain(|own| match &own.subject.namespaces {
        Namespaces::Named(name) => !(is_open(name) && own.origin.name.starts_with("ringfence-")),
        Namespaces::Chosen(_) => true,
    });
    let suspects = Suspects {
        unsealed: unsealed.iter().copied().collect(),
        unclear: world.unclear.iter().collect(),
    };
    let asked = Asked::of(&tenants, &world, false, now());
    let line = |(name, standing): (String, Standing)| match standing {
        Standing::Isolated => format!("{name} isolated"),
        Standing::Granted => format!("{name} granted"),
        Standing::Open(leak) => format!("{name} open: {} to {}", leak.from, leak.to),
        Standing::Unknown(doubts) => {
            let texts: Vec<String> =
                doubts.iter().map(|own| format!("{}: {own}", own.word())).collect();
            format!("{name} unknown: {}", texts.join("; "))
        }
    };
    standings(&asked, &suspects).into_iter().map(line).collect()
}

#[track_caller]
fn check(stands: &Stands, documents: &str, unsealed: &[&'static str], expect: [&str; 3]) {
    assert_eq!(said(stands, documents, unsealed), expect);
}

const ISOLATED: [&str; 3] = ["alpha isolated", "beta isolated", "gamma isolated"];

fn both() -> Stands {
    Stands::with(vec![("alpha-web", anybody()), ("beta-api", anybody())])
}

#[test]
fn a_leak_is_both_tenants() {
    check(&Stands::with(vec![]), TWO, &[], ISOLATED);
    let open = ["alpha open: alpha to beta", "beta open: alpha to beta", "gamma isolated"];
    check(&both(), TWO, &[], open);
    let granted = format!("{TWO}{}", document("Grant", "orders", GRANT));
    let expect = ["alpha granted", "beta granted", "gamma isolated"];
    check(&Stands::with(vec![]), &granted, &[], expect);
    check(&both(), &granted, &[], open);
}

#[test]
fn a_namespace_that_is_not_closed_yet_is_no_leak_and_no_proof() {
    let stands = || Stands::with(vec![]);
    // The other side is closed.
    check(&stands(), TWO, &["alpha-web"], ISOLATED);
    let doubt = |name: &str| {
        format!("unknown: Unsealed: namespace {name} is not closed, and so something could pass")
    };
    let alphas = doubt("alpha-web");
    let (alpha, beta) = (format!("alpha {alphas}"), format!("beta {alphas}"));
    let all = said(&stands(), TWO, &["alpha-web", "beta-api"]);
    assert!(all[0].starts_with(&alpha) && all[1].starts_with(&beta), "{all:?}");
    assert_eq!(all[2], "gamma isolated");
    // Where one side is opened for all, the other is enough.
    let one = Stands::with(vec![("beta-api", anybody())]);
    check(&one, TWO, &["alpha-web"], [&alpha, &beta, "gamma isolated"]);
    // What passes beside is a leak.
    let of = |tenant: &str| json!({TENANT_LABEL: tenant});
    let beside = both().namespace("alpha-more", of("alpha")).namespace("beta-more", of("beta"));
    let open = ["alpha open: alpha to beta", "beta open: alpha to beta", "gamma isolated"];
    check(&beside, TWO, &["alpha-more", "beta-more"], open);
    // Where nobody means to close anything, what is open is open.
    let planned = format!("{TWO}{}", document("Profile", "restricted", "{seal: plan}"));
    let all = said(&stands(), &planned, &[]);
    assert!(all.iter().all(|own| own.contains(" open: ")), "{all:?}");
}

#[test]
fn what_is_not_understood_is_no_leak_and_no_proof() {
    let odd = || json!({"podSelector": {}, "policyTypes": ["Both"]});
    check(&Stands::with(vec![("alpha-web", odd())]), TWO, &[], ISOLATED);
    let stands = Stands::with(vec![("alpha-web", odd()), ("beta-api", anybody())]);
    let doubt = "unknown: NotUnderstood: NetworkPolicy alpha-web/own-0 is not understood and may let \
                 something pass: the policy type `Both` is not known";
    let (alpha, beta) = (format!("alpha {doubt}"), format!("beta {doubt}"));
    check(&stands, TWO, &[], [&alpha, &beta, "gamma isolated"]);
    let mut leaks = both();
    leaks.policies.push(("alpha-web", odd()));
    let open = ["alpha open: alpha to beta", "beta open: alpha to beta", "gamma isolated"];
    check(&leaks, TWO, &[], open);
}

#[test]
fn one_doubtful_tenant_is_doubtful_for_all() {
    let rehearsal = format!("{TWO}{}", document("Platform", "default", "{rehearsal: true}"));
    let doubt = "unknown: Rehearsal: the Platform rehearses: nothing is refused";
    let [alpha, beta, gamma] = ["alpha", "beta", "gamma"].map(|own| format!("{own} {doubt}"));
    check(&Stands::with(vec![]), &rehearsal, &[], [&alpha, &beta, &gamma]);
    let open = ["alpha open: alpha to beta", "beta open: alpha to beta", &gamma];
    check(&both(), &rehearsal, &[], open);
}
