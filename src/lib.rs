//! Ringfence guards the tenants of a shared Kubernetes cluster from each other.

pub mod admission;
pub mod audit;
pub mod cli;
pub mod controller;
pub mod defaults;
pub mod domain;
pub mod objects;
pub mod policy;
pub mod report;
pub mod review;
pub mod rules;
pub mod state;
