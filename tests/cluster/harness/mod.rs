//! A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager as
//! separate processes on loopback, spoken to through the real kubectl with throw-away client
//! certificates; beside it upstream's Pod Security evaluator ([`Upstream`]).
//!
//! Everything comes from one Go binary ([`binary`]), built once from `tests/controlplane`.
//! Deliberately absent: scheduler, kubelet and kube-proxy ([`ControlPlane::run_pod`] plays the
//! first two for one pod at a time).
#![cfg(test)]

mod api;
pub mod binary;
mod certificate;
mod control_plane;
mod kubectl;
mod node;
mod process;
mod upstream;

pub use api::Api;
pub use control_plane::{ControlPlane, Options};
pub use kubectl::{Kubeconfig, Output, on_one_line};
pub use process::{Server, free_ports, wait_until};
pub use upstream::{
    Answer, Defaulter, Defaults, Manifests, Query, References, Upstream, upstream_checks,
};

mod tests;
