//! Which namespaces get no seal because their tenant has more than it may.
//!
//! What [`over_limit`] says of what stands holds, with two additions for as long as watches are behind. An
//! object that may be another namespace's of the same name stands for nothing until it was looked for. And a
//! namespace in which laying has begun counts as one in which something stands until a watch tells so, or all
//! writes have failed: else an older one that comes to be known meanwhile would be sealed beside it.

use std::collections::HashSet;

use super::{Book, Closed, Outlook};
use crate::controller::keeper::objects::Object;
use crate::controller::keeper::write::{Step, What};
use crate::seal::{Candidate, over_limit};
use crate::state::{Namespaces, Snapshot};

/// Namespaces that get no seal.
#[derive(Debug, Default)]
pub(super) struct Ration {
    over: HashSet<String>,
    /// Those of which that has been told.
    told: HashSet<String>,
    /// Those in which something is being laid, and of which no watch tells anything yet.
    laying: HashSet<String>,
    /// Whether something has changed that it follows from.
    doubted: bool,
}

impl Ration {
    /// Something has changed that it follows from.
    pub(super) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Something of a seal stands in a namespace. Where it may be laid that changes nothing for others.
    pub(super) fn came(&mut self, namespace: &str) {
        self.laying.remove(namespace);
        self.doubted |= self.over.contains(namespace);
    }

    /// A namespace has gone.
    pub(super) fn forget(&mut self, namespace: &str) {
        self.laying.remove(namespace);
        self.told.remove(namespace);
        self.doubt();
    }

    /// Writing begins in a namespace in which nothing stands.
    pub(super) fn begins(&mut self, namespace: &str) {
        if !self.over.contains(namespace) {
            self.laying.insert(namespace.to_owned());
        }
    }

    /// Nothing could be written in a namespace.
    pub(super) fn fails(&mut self, namespace: &str) {
        if self.laying.remove(namespace) {
            self.doubt();
        }
    }

    /// Whether a namespace gets no seal.
    pub(super) fn leaves(&self, namespace: &str) -> bool {
        self.over.contains(namespace)
    }

    /// Notes that it is told whether a namespace gets none; whether that it gets none was told before.
    pub(super) fn told(&mut self, namespace: &str, leaves: bool) -> bool {
        if leaves { !self.told.insert(namespace.to_owned()) } else { self.told.remove(namespace) }
    }
}

impl Book {
    /// Works out which namespaces get no seal, where that may have changed; where it has, they are looked at.
    pub(in crate::controller::keeper) fn ration(&mut self) {
        if !std::mem::take(&mut self.ration.doubted) {
            return;
        }
        let over = self.snapshot.as_ref().map(|snapshot| self.over(snapshot)).unwrap_or_default();
        self.open.extend(over.symmetric_difference(&self.ration.over).cloned());
        self.ration.over = over;
    }

    fn over(&self, snapshot: &Snapshot) -> HashSet<String> {
        let Namespaces::Watched(all) = &*snapshot.namespaces else { return HashSet::new() };
        let candidates = all.iter().filter_map(|(name, namespace)| {
            Some(Candidate {
                tenant: snapshot.labelled(name, namespace.tenant.as_deref()).tenant()?,
                name,
                created: namespace.created,
                stands: self.holds_something(name) || self.ration.laying.contains(name),
                ending: namespace.ending,
            })
        });
        over_limit(candidates)
    }

    /// Whether a namespace gets no seal.
    pub(in crate::controller::keeper) fn leaves(&self, namespace: &str) -> bool {
        self.ration.leaves(namespace)
    }

    /// Whether something of a seal surely stands in a namespace.
    pub(super) fn holds_something(&self, namespace: &str) -> bool {
        let standing = self.objects.get(namespace);
        standing.is_some_and(|standing| standing.values().any(|known| !known.doubted))
    }

    /// What must be done in a namespace that gets no seal: what may stand there is looked for.
    pub(super) fn left_open(&self, namespace: &str) -> Outlook {
        let standing = self.objects.get(namespace).into_iter().flatten();
        let steps = standing.filter(|(_, known)| known.doubted).map(|((kind, name), known)| {
            let object = Object { kind, namespace: namespace.to_owned(), name: name.clone() };
            Step { object, what: What::Look(known.seen.uid.clone()), drift: None }
        });
        Outlook { steps: steps.collect(), closed: Closed::OverLimit }
    }
}
