//! What is told of namespaces.

use std::sync::Arc;

use super::super::objects::tenant_of;
use super::{Book, Closed};
use crate::state::Change;

impl Book {
    /// What is told of a namespace where that is news.
    pub(in super::super) fn tell(&mut self, namespace: &str, closed: Closed) -> Option<Change> {
        if let Some(tenant) = tenant_of(namespace) {
            self.note_barrier(tenant, closed);
            return None;
        }
        let (name, uid) = (namespace.to_owned(), Arc::clone(&self.namespace(namespace)?.uid));
        match closed {
            Closed::NotYet | Closed::OverLimit => self.unsealed.insert(name.clone()),
            Closed::Never | Closed::Now => self.unsealed.remove(namespace),
        };
        let was_sealed = self.sealed.remove(namespace);
        let was_left = self.ration.told(namespace, closed == Closed::OverLimit);
        match closed {
            Closed::Now => {
                self.sealed.insert(name.clone());
                (!was_sealed).then_some(Change::Sealed(name, uid))
            }
            Closed::OverLimit => (!was_left).then_some(Change::OverLimit(name, uid)),
            Closed::Never | Closed::NotYet => {
                (was_sealed || was_left).then_some(Change::Unsealed(name))
            }
        }
    }

    /// How many of the tenants' namespaces are sealed, and how many are not.
    pub(in super::super) fn count(&self) -> (usize, usize) {
        (self.sealed.len(), self.unsealed.len())
    }
}
