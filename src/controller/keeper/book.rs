//! What is known, and what follows from it. Nothing here asks or waits.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::watch::News;
use super::objects::{KINDS, Object, Told};
use super::write::Step;
use crate::seal::{self, Managed, Plan, Seen};
use crate::state::{Change, Namespaces, Snapshot};

/// The objects of one namespace, by kind and name.
type Standing = BTreeMap<(&'static str, String), Seen>;

/// What is known of namespaces and of the objects in them. What stands for the whole cluster is kept
/// under the empty name.
#[derive(Debug, Default)]
pub(super) struct Book {
    snapshot: Option<Arc<Snapshot>>,
    objects: HashMap<String, Standing>,
    /// The kinds that have been listed; before all have, nothing is concluded.
    listed: BTreeSet<&'static str>,
    /// The namespaces to look at.
    open: BTreeSet<String>,
    /// Those that are written to.
    busy: HashSet<String>,
    /// Those that are looked at again at a time.
    awaited: HashMap<String, Instant>,
    sealed: HashSet<String>,
    next_end: Option<Timestamp>,
}

/// What is to be done in a namespace, and whether it is sealed.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    pub(super) steps: Vec<Step>,
    pub(super) sealed: bool,
}

impl Book {
    /// The documents and namespaces are these now.
    pub(super) fn adopt(&mut self, snapshot: Arc<Snapshot>, now: Timestamp) {
        self.next_end = seal::next_end(&snapshot.tenants, now);
        let before = self.snapshot.replace(Arc::clone(&snapshot));
        let same_tenants =
            before.as_ref().is_some_and(|it| Arc::ptr_eq(&it.tenants, &snapshot.tenants));
        let Namespaces::Watched(all) = &*snapshot.namespaces else { return };
        let known = before.as_ref().and_then(|it| match &*it.namespaces {
            Namespaces::Watched(known) => Some(known),
            Namespaces::Unwatched => None,
        });
        if !same_tenants {
            self.open.insert(String::new());
        }
        let same = |name, label| known.is_some_and(|known| known.get(name) == Some(label));
        for (name, label) in all {
            if !same_tenants || !same(name, label) {
                self.open.insert(name.clone());
            }
        }
        for name in known.into_iter().flat_map(HashMap::keys) {
            if !all.contains_key(name) {
                self.sealed.remove(name);
                self.objects.remove(name);
                self.awaited.remove(name);
            }
        }
    }

    /// When a grant ends next.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.next_end
    }

    /// Whether a snapshot may want other seals than the one that is known.
    pub(super) fn is_news(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.as_ref().is_none_or(|known| {
            !Arc::ptr_eq(&known.tenants, &snapshot.tenants)
                || !Arc::ptr_eq(&known.namespaces, &snapshot.namespaces)
        })
    }

    /// Takes in what was seen of a kind.
    pub(super) fn take(&mut self, kind: &'static str, news: News<Told>) {
        match news {
            News::All(listed) => self.listed(kind, listed),
            News::Came(told) => self.came(told),
            News::Went(Told { object, seen: gone, .. }) => {
                let Some(standing) = self.objects.get_mut(&object.namespace) else { return };
                let key = (object.kind, object.name);
                // Perhaps it is there again already.
                if standing.get(&key).is_some_and(|seen| seen.uid == gone.uid) {
                    standing.remove(&key);
                    self.open.insert(object.namespace);
                }
            }
        }
    }

    fn listed(&mut self, kind: &'static str, listed: Vec<Told>) {
        for (namespace, standing) in &mut self.objects {
            let before = standing.len();
            standing.retain(|(own, _), _| *own != kind);
            if standing.len() != before {
                self.open.insert(namespace.clone());
            }
        }
        for Told { object, seen, .. } in listed {
            self.open.insert(object.namespace.clone());
            let standing = self.objects.entry(object.namespace).or_default();
            standing.insert((object.kind, object.name), seen);
        }
        if self.listed.insert(kind) && self.listed.len() == KINDS.len() {
            self.open_all();
        }
    }

    /// Everything is looked at again.
    pub(super) fn open_all(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        if let Namespaces::Watched(all) = &*snapshot.namespaces {
            self.open.extend(all.keys().cloned());
        }
        self.open.insert(String::new());
    }

    fn came(&mut self, Told { object, seen, by }: Told) {
        let standing = self.objects.entry(object.namespace.clone()).or_default();
        let key = (object.kind, object.name.clone());
        let known = standing.get(&key);
        let is_old = |known: &Seen| known.uid == seen.uid && known.version >= seen.version;
        if known.is_some_and(is_old) {
            return;
        }
        let was = standing.insert(key, seen.clone());
        if was.is_some_and(|was| was != seen) && by.as_deref() != Some(seal::FIELD_MANAGER) {
            let by = by.unwrap_or_default();
            tracing::info!(%object, by, "an object of a seal was changed");
        }
        self.open.insert(object.namespace);
    }

    /// The next namespace to look at, of which nothing is being written.
    pub(super) fn next(&mut self, may_write: bool) -> Option<String> {
        if self.snapshot.is_none() || self.listed.len() < KINDS.len() || !may_write {
            return None;
        }
        let next = self.open.iter().find(|name| !self.busy.contains(*name))?.clone();
        self.open.take(&next)
    }

    /// A namespace is being written to.
    pub(super) fn begin(&mut self, namespace: &str) {
        self.busy.insert(namespace.to_owned());
    }

    /// All that was begun in a namespace has ended.
    pub(super) fn end(&mut self, namespace: &str) {
        self.busy.remove(namespace);
        self.open.insert(namespace.to_owned());
    }

    /// A namespace is looked at again at a time.
    pub(super) fn await_until(&mut self, namespace: &str, at: Instant) {
        let known = self.awaited.entry(namespace.to_owned()).or_insert(at);
        *known = (*known).min(at);
    }

    /// When the next namespace is looked at again.
    pub(super) fn next_pause(&self) -> Option<Instant> {
        self.awaited.values().min().copied()
    }

    /// Looks again at what was to be looked at by now, and at everything where a grant has ended.
    pub(super) fn look_again(&mut self, now: Instant, moment: Timestamp) {
        let due = self.awaited.extract_if(|_, at| *at <= now).map(|(namespace, _)| namespace);
        self.open.extend(due);
        if self.next_end.is_some_and(|end| end <= moment) {
            self.open_all();
            self.next_end = self
                .snapshot
                .as_ref()
                .and_then(|snapshot| seal::next_end(&snapshot.tenants, moment));
        }
    }

    /// What must be done in a namespace at a moment.
    pub(super) fn outlook(&self, namespace: &str, now: Timestamp) -> Outlook {
        let Some(snapshot) = &self.snapshot else { return Outlook::default() };
        let tenants = &snapshot.tenants;
        let plan = if namespace.is_empty() {
            Plan::Kept(seal::clusterwide(tenants))
        } else {
            match snapshot.standing(namespace).tenant() {
                Some(tenant) => seal::plan(tenants, tenant, namespace, now),
                // Of an orphaned namespace the seal stays as it is.
                None => return Outlook::default(),
            }
        };
        match plan {
            Plan::Kept(wanted) => self.compare(namespace, wanted),
            Plan::Planned(_) => Outlook::default(),
        }
    }

    fn compare(&self, namespace: &str, wanted: Vec<Managed>) -> Outlook {
        let none = Standing::new();
        let standing = self.objects.get(namespace).unwrap_or(&none);
        let mut outlook = Outlook { steps: Vec::new(), sealed: true };
        let mut left: BTreeSet<_> = standing.keys().collect();
        for wanted in wanted {
            let key = (wanted.kind(), wanted.name().to_owned());
            left.remove(&key);
            let object =
                Object { kind: key.0, namespace: namespace.to_owned(), name: key.1.clone() };
            match standing.get(&key) {
                Some(seen) if seen.is(&wanted) => outlook.sealed &= seen.counts(),
                Some(_) => outlook.steps.push(Step::Mend(object, wanted)),
                None => outlook.steps.push(Step::Lay(object, wanted)),
            }
        }
        for (kind, name) in left {
            let object = Object { kind, namespace: namespace.to_owned(), name: name.clone() };
            let uid = standing.get(&(*kind, name.clone())).map(|seen| seen.uid.clone());
            outlook.steps.push(Step::Take(object, uid.unwrap_or_default()));
        }
        outlook.sealed &= outlook.steps.is_empty();
        outlook
    }

    /// What is told of a namespace where that is news.
    pub(super) fn tell(&mut self, namespace: &str, sealed: bool) -> Option<Change> {
        if namespace.is_empty() || self.sealed.contains(namespace) == sealed {
            return None;
        }
        Some(if sealed {
            self.sealed.insert(namespace.to_owned());
            Change::Sealed(namespace.to_owned())
        } else {
            self.sealed.remove(namespace);
            Change::Unsealed(namespace.to_owned())
        })
    }
}

#[cfg(test)]
mod tests;
