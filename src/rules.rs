//! What is refused: one table of rules and the functions that judge.
//!
//! [`table`] is the register that everything is made from: what is judged, what `ringfence rules`
//! prints, which resources the webhook entries name, and what the tests go through. A rule is a pure
//! function of a subject that pushes findings; it reads no clock, asks nobody and cannot fail. A
//! new rule is an entry in its family's table and a function beside it.
//!
//! [`resources`] says which kinds exist and where each keeps its pod.

pub mod entries;
mod examples;
mod frameworks;
pub mod guard;
pub mod identity;
pub mod images;
pub mod network;
pub mod pod_security;
pub mod resources;
mod rule;
pub mod tenancy;

pub use examples::{Example, Step};
pub use images::{ImagesView, judge_images};
pub use network::{NetworkView, PodMetadataView, judge_network, judge_pod_metadata};
pub use pod_security::{PodView, backstop_in, is_significant, judge_pod, standards};
pub use resources::{Resource, Shape, find_kind, find_resource};
pub use rule::{Concern, MOST_FINDINGS, PodCheck, Report, Revision, Rule, Terms};
pub use tenancy::{KeptView, NamespaceView, judge_kept, judge_namespace};

use crate::domain::Code;

/// Every rule in force, in the order of the codes.
pub fn table() -> impl Iterator<Item = &'static Rule> {
    let tables = [
        tenancy::RULES,
        pod_security::RULES,
        images::RULES,
        network::RULES,
        identity::RULES,
        guard::RULES,
    ];
    tables.into_iter().flatten()
}

/// The rule with this code.
#[must_use]
pub fn rule(code: Code) -> Option<&'static Rule> {
    table().find(|rule| rule.code == code)
}

/// The families whose rules are yet to come; profiles may name their keys already.
pub const HELD_FAMILIES: [(&str, &str); 4] = [
    ("RF5", "services and entry points"),
    ("RF6", "identity, beside RF6001: roles, bindings, tokens"),
    ("RF7", "storage"),
    ("RF8", "fair share and placement"),
];

#[cfg(test)]
mod tests;
