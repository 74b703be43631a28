//! Documents: read once, or followed, or looked at.

pub(super) mod check;

use std::path::Path;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

use super::output;
use super::readiness::Health;
use crate::domain::Version;
use crate::files::{self, Watch};
use crate::policy::{self, Report, Tenants};
use crate::state::{Change, Namespaces, Seals, Snapshot};
use crate::telemetry::{Metrics, Outcome};

/// The documents of a folder, or the example set.
pub(super) struct Documents {
    tenants: Arc<Tenants>,
    watch: Option<Watch>,
    health: Health,
}

impl Documents {
    /// Reads the folder; `None` where there are mistakes, which have been printed.
    pub(super) fn load(folder: Option<&Path>) -> Option<Self> {
        let loaded = match folder {
            Some(folder) => files::open(folder).map(|(documents, watch)| (documents, Some(watch))),
            None => policy::load(&policy::embedded()).map(|documents| (documents, None)),
        };
        let (documents, watch) = printed(loaded)?;
        for line in documents.expired(Timestamp::now()) {
            output::warning(&line);
        }
        Some(Self { tenants: documents.resolve(), watch, health: Health::default() })
    }

    /// They, as decisions need them.
    pub(super) fn tenants(&self) -> Arc<Tenants> {
        Arc::clone(&self.tenants)
    }

    /// What became of the last reading, kept up to date by [`Self::follow`].
    pub(super) fn health(&self) -> Health {
        Arc::clone(&self.health)
    }

    /// Sends the documents, and again whenever the folder changes, until nobody listens. A bad edit is
    /// logged, counted and remembered, and changes nothing.
    pub(super) async fn follow(self, changes: Sender<Change>, metrics: Arc<Metrics>) {
        metrics.policy_reload(Outcome::Success);
        // Only the newest matters, and it must not be lost when the builder is busy.
        let (newest, seen) = watch::channel(self.tenants);
        let health = self.health;
        let followed = async {
            if let Some(folder) = self.watch {
                folder.run(|read| taken(read, &newest, &health, &metrics)).await;
            }
        };
        tokio::select! {
            () = forward(seen, changes) => {}
            () = async { followed.await; std::future::pending().await } => {}
        }
    }
}

async fn forward(mut seen: watch::Receiver<Arc<Tenants>>, changes: Sender<Change>) {
    loop {
        let tenants = Arc::clone(&seen.borrow_and_update());
        let sent = changes.send(Change::Tenants(tenants)).await;
        if sent.is_err() || seen.changed().await.is_err() {
            return;
        }
    }
}

fn taken(
    read: Result<policy::Documents, Report>,
    newest: &watch::Sender<Arc<Tenants>>,
    health: &Health,
    metrics: &Metrics,
) {
    let wrong = match read {
        Ok(documents) => {
            metrics.policy_reload(Outcome::Success);
            tracing::info!("the documents have changed and are in force");
            for line in documents.expired(Timestamp::now()) {
                tracing::warn!("{line}");
            }
            newest.send_replace(documents.resolve());
            None
        }
        Err(report) => {
            metrics.policy_reload(Outcome::Failure);
            let text = report.to_string();
            tracing::error!("the documents have mistakes; the last good set stays\n{text}");
            Some(text.lines().next().unwrap_or_default().to_owned())
        }
    };
    *health.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
}

pub(super) fn printed<T>(loaded: Result<T, Report>) -> Option<T> {
    loaded.map_err(|report| output::error(&format!("the documents have mistakes\n{report}"))).ok()
}

/// The snapshot of a folder's documents, or of the example set; `None` where there are mistakes, which
/// have been printed.
pub(super) fn snapshot(folder: Option<&Path>) -> Option<Snapshot> {
    let documents = Documents::load(folder)?;
    Some(Snapshot {
        tenants: documents.tenants,
        namespaces: Arc::new(Namespaces::Unwatched),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    })
}
