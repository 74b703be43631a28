//! Our documents: Platform, Profile, Tenant, Exemption and Grant, and what follows from them.
//!
//! A text is read into typed documents (`documents`, of values that are checked where they are read:
//! `values`), every mistake with its place (`read`, `reader`, `explain`, `problems`, `report`); what one document says is
//! checked (`check`, `bounds`), then how they fit together, and each tenant's profile is worked out (`load`, `fit`,
//! `effective`). What comes out is [`Tenants`], which decisions read; [`survey()`] keeps the places too
//! and tells what is in force and why; `status` says it of the kinds that have one. A document that comes alone is checked alone (`one`),
//! and then beside those in force (`beside`).
//!
//! A set of files is taken whole or not at all; of a cluster's objects, what can be used ([`usable()`]).
//! Deliberately absent: files, clocks, the cluster.

mod beside;
mod bounds;
mod builtin;
mod check;
pub mod documents;
mod effective;
mod exemptions;
mod explain;
mod fit;
mod in_force;
mod load;
mod one;
mod problems;
mod ranges;
mod read;
mod reader;
mod report;
mod status;
mod survey;
mod tenants;
#[cfg(test)]
mod tests;
mod usable;
pub mod values;

pub use beside::misfits;
pub use builtin::{builtin_profiles, embedded};
pub use documents::{PullPolicy, Seccomp};
pub use effective::{
    Amounts, ContainerLimits, EffectiveProfile, ImagePolicy, LabelKeyRules, Modes, NamespaceRules,
    NetworkRules, Outside, PodDefaults, PodSecurity, Ports,
};
pub use exemptions::{Exemption, Exemptions, days_left, least_mode};
pub use in_force::{Field, InForce, Origin, Permission};
pub use load::{Documents, load, load_beside, survey};
pub use one::{Flaw, Written, check};
pub use ranges::ToldRanges;
pub use report::{Excerpt, Problem, Report, Source};
pub use status::{
    Said, conditions, document_status, exemption_status, grant_status, mistakes, status_changes,
    unread_status,
};
pub use survey::{Counted, LONGEST, Notice, Survey};
pub use tenants::{Named, PlatformFacts, Tenant, Tenants};
pub use usable::{Usable, usable};
