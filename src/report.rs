//! Renders what others found, for people and for machines; fetches nothing.

pub mod admission_policy;
pub mod explain;
pub mod plan;
pub mod policies;
pub mod proof;
pub mod reach;
pub mod review;
pub mod rules;
pub mod status;
pub mod tenants;
pub mod webhooks;
