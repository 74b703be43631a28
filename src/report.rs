//! Renders what others found, for people and for machines; fetches nothing.

pub mod review;
pub mod rules;
pub mod webhooks;
