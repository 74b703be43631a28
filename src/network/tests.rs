//! The engine held to a naive one, and to Kubernetes' own cases.

pub(crate) mod cluster;
mod concrete;
mod edits;
mod files;
pub(crate) mod oracle;
pub(crate) mod random;
mod symbolic;
mod unclear;
mod upstream;
