//! The engine held to a naive one, and to Kubernetes' own cases.

mod cluster;
mod concrete;
mod files;
mod oracle;
mod random;
mod symbolic;
mod unclear;
mod upstream;
