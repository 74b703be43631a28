//! Ringfence guards the tenants of a shared Kubernetes cluster from each other.

pub mod domain;
pub mod server;
pub mod telemetry;
