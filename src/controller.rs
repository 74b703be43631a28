//! The cluster: what is watched there becomes changes of the state, and what the state does not
//! know is asked there.

mod authority;
mod cluster;
mod namespaces;

pub use cluster::{Cluster, ClusterError};
pub use namespaces::watch_namespaces;
