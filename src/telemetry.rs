//! Logs, metrics and what this build is.
//!
//! Logs go to stderr, as text or as JSON lines. Metrics live in one [`Metrics`], made once and
//! handed down; the telemetry port prints it. Every label comes from a closed set, and every
//! series of such a set exists from the start, so that a rate over it is never missing and the hot
//! path only adds to a number that it already holds.
//!
//! Deliberately absent: object bodies and user names; anything that a tenant could make grow.

mod build;
mod isolation;
mod labels;
pub mod logs;
mod metrics;
mod seals;
mod series;

pub use build::BuildInfo;
pub use isolation::IsolationMetrics;
pub use labels::{Endpoint, Outcome, Rejection, SealFailure, SealKind};
pub use metrics::Metrics;
pub use seals::SealMetrics;
/// A number that goes up and down.
pub type Gauge = prometheus_client::metrics::gauge::Gauge;

#[cfg(test)]
mod tests;
