//! The seal: the objects that close a tenant's namespace, and whether what stands in a cluster is them.
//!
//! [`plan()`] makes them of the documents, the namespace's name and a moment: what is kept apart
//! (`network`), what the platform's documents open again (`grants`), who has which rights (`access`),
//! and how much there may be (`amounts`). Their names never collide (`name`), and each carries a hash of
//! what it says ([`Managed`]). [`clusterwide()`] is what stands beside the seals, once in a cluster, and
//! [`barrier()`] what denies tenants each other whatever stands in their namespaces.
//!
//! [`differs()`] compares one with what the API server tells, as the API server fills it in
//! (`normal`), [`Seen`] is what is remembered of it, and [`enforced()`] says whether a ResourceQuota counts yet.
//! [`over_limit()`] says which namespaces get none.
//!
//! The default is closed: what a document says counts where all that it needs is there and means what it
//! must, and else opens nothing. A peer is always chosen by a label that no tenant can write
//! (`ringfence.dev/tenant`, `kubernetes.io/metadata.name`), and what is the platform's never lies in a
//! namespace that has a tenant.
//!
//! Deliberately absent: the cluster, the clock, and addresses that only the cluster knows.

mod access;
mod amounts;
mod barrier;
mod differ;
mod grants;
mod limit;
mod managed;
mod name;
mod network;
mod normal;
mod openings;
mod peers;
mod plan;
mod seen;
#[cfg(test)]
mod tests;

pub use access::{NAMESPACE_OWNER, OWNERS, clusterwide};
pub use barrier::{Barrier, Dialect, PluginKind, PluginObject, TIER, barrier, tier};
pub use differ::{differs, enforced, is_ours};
pub use grants::{in_force, next_end};
pub use limit::{Candidate, over_limit};
pub use managed::{HASH_ANNOTATION, Managed};
pub use network::DEFAULT_DENY;
pub use openings::{Openings, openings};
pub use plan::{Plan, network_policies, plan, wanted};
pub use seen::Seen;

/// Who the API server's `managedFields` name as the owner of what the seal says.
pub const FIELD_MANAGER: &str = "ringfence";
