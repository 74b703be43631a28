//! The engine held to a naive one, and to Kubernetes' own cases.

mod cluster;
mod concrete;
mod oracle;
mod random;
mod unclear;
mod upstream;
