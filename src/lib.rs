//! Ringfence guards the tenants of a shared Kubernetes cluster from each other.
//!
//! A request reaches [`server`] as bytes; [`review`] reads it, [`admission`] fills it in or judges it
//! on a snapshot of [`state`], and [`review`] writes the answer. What is refused is a table of
//! [`rules`], what is filled in is [`defaults`]; both read [`objects`] and a tenant's profile from
//! [`policy`]. What a tenant's namespace must hold is [`seal`]. Documents come by [`files`], what the
//! cluster tells by [`controller`]. The same judgement on manifests is [`audit`], printed by [`report`].
//! What network policies let through is asked of [`reach`], in whose form [`network`] puts them;
//! [`isolation`] asks it whether tenants could ever reach each other.
//! [`cli`] wires the rooms together, and [`domain`] is the vocabulary of them all.
//!
//! Modules are in reading order: each uses only those above it. `tests/architecture` holds that.

pub mod domain;
pub mod objects;
pub mod reach;
pub mod telemetry;

pub mod network;
pub mod policy;
pub mod rules;

pub mod defaults;
pub mod seal;

pub mod isolation;

pub mod review;
pub mod state;

pub mod admission;
pub mod server;

pub mod controller;
pub mod files;

pub mod audit;
pub mod report;

pub mod cli;
