//! The cluster: what is watched there becomes changes of the state, what the state does not know is
//! asked there, and what closes namespaces is laid and kept there, by one replica at a time (`lease`).

mod ask;
mod authority;
mod census;
mod cluster;
mod documents;
mod keeper;
pub mod lease;
mod namespaces;
mod offboard;
mod ranges;
mod replicas;
pub mod uninstall;
mod watch;
pub mod webhooks;

pub use ask::AskError;
pub use census::{Census, Closing, TenantNamespace};
pub use cluster::{Cluster, ClusterError};
pub use documents::watch_documents;
pub use keeper::keep_seals;
pub use namespaces::watch_namespaces;
pub use offboard::{Departure, Document, Fate, Leaving, ORDERED_DELETION, OffboardError};
pub use ranges::watch_ranges;
pub use replicas::{Replica, Replicas};
