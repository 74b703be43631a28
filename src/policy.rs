//! Our documents: Platform, Profile, Tenant, Exemption and Grant, and what follows from them.
//!
//! A text is read into typed documents (`documents`, of values that are checked where they are read:
//! `values`), every mistake with its place (`read`, `explain`, `report`); what one document says is
//! checked (`check`), then how they fit together, and each tenant's profile is worked out (`load`,
//! `effective`). What comes out is [`Tenants`], which decisions read.
//!
//! A set of files is taken whole or not at all. Deliberately absent: files, clocks, the cluster.

mod builtin;
mod check;
pub mod documents;
mod effective;
mod exemptions;
mod explain;
mod load;
mod read;
mod report;
mod tenants;
#[cfg(test)]
mod tests;
pub mod values;

pub use builtin::{builtin_profiles, embedded};
pub use documents::{PullPolicy, Seccomp};
pub use effective::{
    EffectiveProfile, ImagePolicy, LabelKeyRules, Modes, NamespaceRules, PodDefaults, PodSecurity,
};
pub use exemptions::{Exemption, Exemptions};
pub use load::{Documents, load};
pub use report::{Excerpt, Problem, Report, Source};
pub use tenants::{Named, PlatformFacts, Tenant, Tenants};
