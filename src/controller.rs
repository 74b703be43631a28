//! The cluster: what is watched there becomes changes of the state, and what the state does not
//! know is asked there.

mod authority;
mod cluster;
mod documents;
mod keeper;
mod namespaces;

pub use cluster::{Cluster, ClusterError};
pub use documents::watch_documents;
pub use keeper::{Hand, keep_seals};
pub use namespaces::watch_namespaces;
