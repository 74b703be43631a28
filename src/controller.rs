//! The cluster: what is watched there becomes changes of the state, what the state does not know is
//! asked there, and by one replica at a time (`lease`) what closes namespaces is laid and kept there, and what
//! came of each of our documents is said there.

mod ask;
mod authority;
mod census;
mod cluster;
mod documents;
mod events;
mod isolation;
mod keeper;
mod labels;
pub mod lease;
mod marks;
mod namespaces;
mod offboard;
mod ranges;
mod replicas;
mod served;
mod status;
mod stock;
pub mod uninstall;
mod watch;
pub mod webhooks;
mod writes;

pub use ask::AskError;
pub use census::{Census, Closing, TenantNamespace};
pub use cluster::{Cluster, ClusterError};
pub use documents::{Papers, watch_documents};
pub use isolation::{Standings, keep_proof};
pub use keeper::{Ahead, Barriers, Deed, Doing, Estranged, Forecast, Sealing, Stray, keep_seals};
pub use labels::keep_labels;
pub use namespaces::watch_namespaces;
pub use offboard::{Departure, Document, Fate, Leaving, ORDERED_DELETION, OffboardError};
pub use ranges::watch_ranges;
pub use replicas::{Replica, Replicas};
pub use status::{StatusSources, keep_status};
