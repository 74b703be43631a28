//! Whether this replica should be asked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::server::{Check, Readiness};
use crate::state::Handle;

/// What became of the last reading of the documents: nothing, or the first line of what is wrong.
pub(super) type Health = Arc<Mutex<Option<String>>>;

/// Ready once there is a snapshot.
pub(super) struct Ready {
    handle: Handle,
    in_cluster: bool,
    documents: Health,
}

impl Ready {
    pub(super) fn new(handle: Handle, in_cluster: bool, documents: Health) -> Self {
        Self { handle, in_cluster, documents }
    }
}

impl Readiness for Ready {
    fn checks(&self) -> Vec<Check> {
        let loaded = self.handle.snapshot().is_some();
        let policies = if loaded || self.in_cluster {
            Check::passed("policies")
        } else {
            Check::failed("policies", "not loaded yet")
        };
        let wrong = self.documents.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let policies = match wrong {
            Some(wrong) => policies.noting(format!("the last good set is in force: {wrong}")),
            None => policies,
        };
        let mut checks = vec![policies];
        if self.in_cluster {
            checks.push(if loaded {
                Check::passed("namespaces")
            } else {
                Check::failed("namespaces", "not listed yet")
            });
        }
        checks
    }
}
