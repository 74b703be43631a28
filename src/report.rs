//! Renders what others found, for people and for machines; fetches nothing.

pub mod admission_policy;
pub mod policies;
pub mod review;
pub mod rules;
pub mod status;
pub mod tenants;
pub mod webhooks;
