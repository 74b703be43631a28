//! The door without a socket: laws that hold for random pods, and what reviews are answered.
#![cfg(test)]

#[path = "../support/edits.rs"]
mod edits;
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;
#[path = "../support/openings.rs"]
mod openings;
#[path = "../support/pods.rs"]
mod pods;
#[path = "../support/reviews.rs"]
mod reviews;

mod advisories;
mod corpora;
mod documents;
mod examples;
mod exemptions;
mod filling_in;
mod fixes;
mod images;
mod kept;
mod network;
mod orphans;
mod plugin_policies;
mod pod_metadata;
mod strangers;
mod streams;
mod texts;

use fuzz::styles;
use proptest::prelude::ProptestConfig;
use ringfence::policy::Source;
use ringfence::state::{Namespace, Namespaces, Snapshot};

/// So many cases; a counterexample is printed, and kept as a fixture by whoever mends it.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What documents come to in a cluster with these namespaces, each with its tenant label.
fn in_cluster(documents: &str, namespaces: &[(&str, Option<&str>)]) -> Snapshot {
    let source = Source { name: "tenants.yaml".into(), text: documents.into() };
    let known = namespaces.iter();
    let known = known.map(|(name, tenant)| ((*name).to_owned(), Namespace::labelled(*tenant)));
    let namespaces = Namespaces::Watched(known.collect()).into();
    Snapshot { namespaces, ..reviews::snapshot(&[source]) }
}
