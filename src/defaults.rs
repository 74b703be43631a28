//! What is filled in, and the only place that builds JSON patches.
//!
//! A plan is made from an object as it is and what the tenant's profile fills in. It can be applied
//! in memory ([`PodPlan::apply`]: templates are judged as the pods that they would become) or
//! written as a patch ([`PodPlan::patch`]). A plan adds only what is absent, so that a plan of its own
//! result is empty; what somebody chose is never overwritten, but for the pull policy that a profile
//! forces (`pull`).
//!
//! Deliberately absent: workload templates. GitOps tools would fight a patch of theirs.

mod namespace;
mod patch;
mod pod;
mod pull;

pub use namespace::{
    Completion, DEFAULT_DENY_LABEL, complete, namespace, namespace_labels, service_account,
};
pub use patch::Patch;
pub use pod::{PodPlan, plan_ephemeral, plan_pod};

pub use crate::domain::FILLED_IN;
