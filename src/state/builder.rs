//! The single writer.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Handle, Namespaces, Snapshot};
use crate::domain::Version;
use crate::policy::Tenants;

/// Something that a decision depends on has changed.
#[derive(Debug)]
pub enum Change {
    /// The documents are these now.
    Tenants(Arc<Tenants>),
    /// The namespaces are these now, each with its tenant label.
    Namespaces(HashMap<String, Option<String>>),
    /// A namespace came, or has another tenant label.
    Namespace(String, Option<String>),
    /// A namespace went.
    NamespaceGone(String),
}

/// Makes a snapshot of every change and publishes it. Nothing is published before the documents are
/// there, and in a cluster not before the namespaces have been listed.
#[derive(Debug)]
pub struct Builder {
    handle: Handle,
    tenants: Option<Arc<Tenants>>,
    namespaces: Option<Arc<Namespaces>>,
    latest: Version,
}

impl Builder {
    /// A builder for a server without a cluster.
    #[must_use]
    pub fn without_cluster(handle: Handle) -> Self {
        let namespaces = Some(Arc::new(Namespaces::Unwatched));
        Self { handle, tenants: None, namespaces, latest: Version::NEWEST }
    }

    /// A builder for a cluster of this version.
    #[must_use]
    pub fn in_cluster(handle: Handle, latest: Version) -> Self {
        Self { handle, tenants: None, namespaces: None, latest }
    }

    /// Takes a change in, and publishes what follows from it.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Tenants(tenants) => self.tenants = Some(tenants),
            Change::Namespaces(listed) => {
                self.namespaces = Some(Arc::new(Namespaces::Watched(listed)));
            }
            Change::Namespace(name, label) => {
                if let Some(known) = self.watched() {
                    known.insert(name, label);
                }
            }
            Change::NamespaceGone(name) => {
                if let Some(known) = self.watched() {
                    known.remove(&name);
                }
            }
        }
        if let (Some(tenants), Some(namespaces)) = (&self.tenants, &self.namespaces) {
            self.handle.publish(Snapshot {
                tenants: Arc::clone(tenants),
                namespaces: Arc::clone(namespaces),
                latest: self.latest,
            });
        }
    }

    fn watched(&mut self) -> Option<&mut HashMap<String, Option<String>>> {
        match Arc::make_mut(self.namespaces.as_mut()?) {
            Namespaces::Watched(known) => Some(known),
            Namespaces::Unwatched => None,
        }
    }
}
