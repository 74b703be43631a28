//! Kubernetes objects → the normal form of [`reach`](crate::reach).
//!
//! A policy means what the API server would have stored: fields that nobody knows are dropped, what is
//! absent has its default. What the API server would have refused, or what we cannot follow, is reported,
//! and the policy counts as open.
//!
//! Deliberately absent: where the texts come from, tenants.

mod admin;
mod place;
mod pod;
mod policy;
mod selector;
#[cfg(test)]
pub(crate) mod tests;

pub use admin::{AdminKind, admin_policy};
pub use place::place_in;
pub use pod::{Found, namespace, pod, workload};
pub use policy::{Read, network_policy, read_policy};
pub use selector::selector;
