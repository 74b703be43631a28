//! What decisions are made on: an immutable [`Snapshot`], published by one [`Builder`] and read
//! through a [`Handle`] without a lock.
//!
//! Until the first snapshot is published there is none, and whoever asks must refuse.

mod builder;
mod snapshot;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

use crate::domain::Requester;

pub use builder::{Builder, Change};
pub use snapshot::{Namespace, Namespaces, SealState, Seals, Snapshot, Standing};

/// Where readers find the snapshot in force.
#[derive(Debug, Clone, Default)]
pub struct Handle(Arc<Published>);

#[derive(Debug, Default)]
struct Published {
    snapshot: ArcSwapOption<Snapshot>,
    news: Notify,
}

impl Handle {
    /// The snapshot in force; `None` before the first one.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.0.snapshot.load_full()
    }

    /// Waits for a snapshot of which `wanted` is true, beginning with the one in force.
    pub async fn snapshot_that(&self, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        loop {
            let mut news = std::pin::pin!(self.0.news.notified());
            // From here on nothing is missed that is published after the look.
            news.as_mut().enable();
            match self.snapshot() {
                Some(snapshot) if wanted(&snapshot) => return snapshot,
                _ => news.await,
            }
        }
    }

    fn publish(&self, snapshot: Snapshot) {
        self.0.snapshot.store(Some(Arc::new(snapshot)));
        self.0.news.notify_waiters();
    }
}

/// A namespace's tenant label: `None` where there is no such namespace, `Some(None)` where it has no
/// label.
pub type Found = Result<Option<Option<String>>, LookupError>;

/// Asks the cluster for a namespace that no snapshot knows. It must be bounded in time by its
/// caller.
pub trait NamespaceLookup: Send + Sync + 'static {
    /// Asks once.
    fn tenant_label<'a>(
        &'a self,
        namespace: &'a str,
    ) -> Pin<Box<dyn Future<Output = Found> + Send + 'a>>;
}

/// Asks the cluster whether somebody is the platform. It must be bounded in time by its caller.
pub trait AuthorityLookup: Send + Sync + 'static {
    /// Whether RBAC allows the requester to `administer` tenants.ringfence.dev.
    fn administers<'a>(
        &'a self,
        requester: &'a Requester,
    ) -> Pin<Box<dyn Future<Output = Result<bool, LookupError>> + Send + 'a>>;
}

/// What a decision may ask of a cluster.
pub trait ClusterLookup: NamespaceLookup + AuthorityLookup {}

impl<T: NamespaceLookup + AuthorityLookup> ClusterLookup for T {}

/// The cluster could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot ask the API server: {0}")]
pub struct LookupError(pub String);
