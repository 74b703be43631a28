//! What is known, and what follows from it. Nothing here asks or waits.

mod barriers;
mod ration;
mod tell;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::watch::News;
use super::drift::Drift;
use super::objects::{Heard, KINDS, Object, TIER_PLACE, Told, tenant_of};
use super::write::{Step, What};
use crate::seal::{self, Managed, Plan, Seen};
use crate::state::{Namespace, Namespaces, Snapshot};
pub use barriers::Barriers;
use ration::Ration;

/// An object at a place: its kind and name.
type Key = (&'static str, String);

/// The objects at one place.
type Standing = BTreeMap<Key, Known>;

/// An object that was seen.
#[derive(Debug)]
struct Known {
    seen: Seen,
    /// It was seen before its namespace was made anew: perhaps it went with the old one, and its watch has
    /// not told yet.
    doubted: bool,
}

/// What is known of namespaces and of the objects in them. What stands for the whole cluster is kept
/// under the empty name, and a tenant's barrier and their tier under names of their own (`barriers`).
#[derive(Debug, Default)]
pub(super) struct Book {
    snapshot: Option<Arc<Snapshot>>,
    objects: HashMap<String, Standing>,
    /// The kinds that have been listed; before all have that each cluster has, nothing is concluded.
    listed: BTreeSet<&'static str>,
    barriers: Barriers,
    /// The namespaces to look at.
    open: BTreeSet<String>,
    /// Those that are written to.
    busy: HashSet<String>,
    /// Those that are looked at again at a time.
    awaited: HashMap<String, Instant>,
    sealed: HashSet<String>,
    unsealed: HashSet<String>,
    ration: Ration,
    /// What others did to objects that are not as they must be since.
    drifts: HashMap<String, BTreeMap<Key, Drift>>,
    next_end: Option<Timestamp>,
}

/// What is to be done in a namespace, and what it is.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    pub(super) steps: Vec<Step>,
    pub(super) closed: Closed,
}

/// Whether a namespace is sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Closed {
    /// Nothing is kept in it.
    #[default]
    Never,
    /// Not every object has been seen as it must be.
    NotYet,
    /// Nothing is laid: the tenant has more namespaces than it may.
    OverLimit,
    /// Every one has.
    Now,
}

impl Book {
    /// The documents and namespaces are these now.
    pub(super) fn adopt(&mut self, snapshot: Arc<Snapshot>, now: Timestamp) {
        self.next_end = seal::next_end(&snapshot.tenants, now);
        let before = self.snapshot.replace(Arc::clone(&snapshot));
        let same_tenants =
            before.as_ref().is_some_and(|it| Arc::ptr_eq(&it.tenants, &snapshot.tenants));
        self.ration.doubt();
        let Namespaces::Watched(all) = &*snapshot.namespaces else { return };
        let known = before.as_ref().and_then(|it| match &*it.namespaces {
            Namespaces::Watched(known) => Some(known),
            Namespaces::Unwatched => None,
        });
        if !same_tenants {
            self.open.insert(String::new());
            self.open_barriers();
        }
        for (name, namespace) in all {
            let was = known.and_then(|known| known.get(name));
            if !same_tenants || was != Some(namespace) {
                self.open.insert(name.clone());
            }
        }
        for (name, was) in known.into_iter().flatten() {
            if all.get(name).is_none_or(|now| now.uid != was.uid) {
                self.forget(name);
            }
        }
        self.open_left_over();
    }

    /// A namespace has gone, whether or not there is another of its name. What is known of its objects
    /// stays until their watches tell that they went: they may know of the next one's already.
    fn forget(&mut self, name: &str) {
        self.sealed.remove(name);
        self.unsealed.remove(name);
        self.awaited.remove(name);
        self.drifts.remove(name);
        self.ration.forget(name);
        for known in self.objects.get_mut(name).into_iter().flat_map(BTreeMap::values_mut) {
            known.doubted = true;
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

    /// Takes in what was heard of a kind.
    pub(super) fn take(&mut self, (kind, heard): Heard) {
        match heard {
            Some(News::All(listed)) => self.listed(kind, listed),
            Some(News::Came(told)) => self.came(told),
            Some(News::Went(Told { object, seen, .. })) => self.went(&object, &seen.uid),
            None => self.unserved(kind),
        }
    }

    fn listed(&mut self, kind: &'static str, listed: Vec<Told>) {
        let mut gone: HashMap<Object, String> = HashMap::new();
        for (place, standing) in &self.objects {
            for ((_, name), known) in standing.iter().filter(|((own, _), _)| *own == kind) {
                gone.insert(Object::at(kind, place, name.clone()), known.seen.uid.clone());
            }
        }
        for told in listed {
            gone.remove(&told.object);
            self.came(told);
        }
        for (object, uid) in gone {
            self.went(&object, &uid);
        }
        if self.listed.insert(kind) {
            self.note_kinds();
            self.open_all();
        }
    }

    /// Whether all kinds have been listed that each cluster has.
    fn knows_all(&self) -> bool {
        KINDS.iter().all(|(kind, ..)| self.listed.contains(kind))
    }

    /// The object with this uid is there no more.
    pub(super) fn went(&mut self, object: &Object, uid: &str) {
        let place = object.place();
        let Some(standing) = self.objects.get_mut(&place) else { return };
        let key = (object.kind, object.name.clone());
        // Perhaps it is there again already.
        if standing.get(&key).is_none_or(|known| known.seen.uid != uid) {
            return;
        }
        let doubted = standing.remove(&key).is_some_and(|known| known.doubted);
        if standing.is_empty() {
            self.objects.remove(&place);
        }
        if !doubted {
            self.drifted(object, Drift::Deleted);
        }
        if !self.holds_something(&place) {
            self.ration.doubt();
        }
        self.open_for(object);
    }

    /// The object with this uid is there, as somebody found who asked.
    pub(super) fn stands(&mut self, object: &Object, uid: &str) {
        let standing = self.objects.get_mut(&object.place());
        let key = (object.kind, object.name.clone());
        let known = standing.and_then(|standing| standing.get_mut(&key));
        if let Some(known) = known.filter(|known| known.seen.uid == uid) {
            known.doubted = false;
            self.ration.came(&object.namespace);
        }
    }

    /// Whether that matters is seen when its namespace is looked at.
    fn drifted(&mut self, object: &Object, drift: Drift) {
        let drifts = self.drifts.entry(object.place()).or_default();
        drifts.insert((object.kind, object.name.clone()), drift);
    }

    /// Everything is looked at again.
    pub(super) fn open_all(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        if let Namespaces::Watched(all) = &*snapshot.namespaces {
            self.open.extend(all.keys().cloned());
        }
        self.open.insert(String::new());
        self.open_barriers();
    }

    fn came(&mut self, Told { object, seen, by }: Told) {
        let place = object.place();
        let standing = self.objects.entry(place).or_default();
        let key = (object.kind, object.name.clone());
        let was = standing.get(&key);
        let same = was.filter(|was| was.seen.uid == seen.uid);
        if same.is_some_and(|was| was.seen.version >= seen.version) {
            return;
        }
        let changed = match was {
            Some(was) => !was.seen.says_the_same_as(&seen),
            // It was changed while nobody looked.
            None => seen.has_strayed() && by.is_some(),
        };
        let doubted = same.is_some_and(|was| was.doubted);
        standing.insert(key, Known { seen, doubted });
        if !doubted {
            self.ration.came(&object.namespace);
        }
        if changed {
            self.drifted(&object, Drift::Changed(by));
        }
        self.open_for(&object);
    }

    /// The next namespace to look at, of which nothing is being written.
    pub(super) fn next(&mut self, may_write: bool) -> Option<String> {
        if self.snapshot.is_none() || !self.knows_all() || !may_write {
            return None;
        }
        self.ration();
        let enough = self.enough_barriers();
        let held =
            |place: &String| self.busy.contains(place) || enough && tenant_of(place).is_some();
        let next = self.open.iter().find(|place| !held(place))?.clone();
        self.open.take(&next)
    }

    /// A namespace is being written to.
    pub(super) fn begin(&mut self, namespace: &str) {
        self.busy.insert(namespace.to_owned());
        if !self.holds_something(namespace) {
            self.ration.begins(namespace);
        }
    }

    /// All that was begun in a namespace has ended, with something written or in vain.
    pub(super) fn end(&mut self, namespace: &str, wrote: bool) {
        self.busy.remove(namespace);
        if !wrote {
            self.ration.fails(namespace);
        }
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
    pub(super) fn outlook(&mut self, namespace: &str, now: Timestamp) -> Outlook {
        let outlook = if self.leaves(namespace) {
            self.left_open(namespace)
        } else {
            match tenant_of(namespace) {
                Some(tenant) => self.barrier(tenant, now),
                None if namespace == TIER_PLACE => self.tier(),
                None => {
                    let wanted = self.wanted(namespace, now);
                    wanted.map(|wanted| self.compare(namespace, wanted)).unwrap_or_default()
                }
            }
        };
        if let Some(drifts) = self.drifts.get_mut(namespace) {
            drifts.retain(|(kind, name), _| {
                let is = |object: &Object| object.kind == *kind && object.name == *name;
                outlook.steps.iter().any(|step| is(&step.object))
            });
            if drifts.is_empty() {
                self.drifts.remove(namespace);
            }
        }
        outlook
    }

    /// What must stand in a namespace, where anything is kept in it.
    fn wanted(&self, namespace: &str, now: Timestamp) -> Option<Vec<Managed>> {
        let snapshot = self.snapshot.as_ref()?;
        let tenants = &snapshot.tenants;
        if namespace.is_empty() {
            return Some(seal::clusterwide(tenants));
        }
        // Of an orphaned namespace the seal stays as it is.
        let tenant = snapshot.standing(namespace).tenant()?;
        match seal::plan(tenants, tenant, namespace, now) {
            Plan::Kept(wanted) => Some(wanted),
            Plan::Planned(_) => None,
        }
    }

    fn compare(&self, namespace: &str, wanted: Vec<Managed>) -> Outlook {
        let none = Standing::new();
        let standing = self.objects.get(namespace).unwrap_or(&none);
        let mut outlook = Outlook { steps: Vec::new(), closed: Closed::Now };
        let mut left: BTreeMap<&Key, &Known> = standing.iter().collect();
        let drifts = self.drifts.get(namespace);
        let mut do_to = |(kind, name): Key, what: What| {
            let drift = drifts.and_then(|drifts| drifts.get(&(kind, name.clone())).cloned());
            let object = Object::at(kind, namespace, name);
            outlook.steps.push(Step { object, what, drift });
        };
        for wanted in wanted {
            let key = (wanted.kind(), wanted.name().to_owned());
            match left.remove(&key) {
                Some(known) if !known.seen.is(&wanted) => do_to(key, What::Mend(wanted)),
                Some(known) if known.doubted => do_to(key, What::Look(known.seen.uid.clone())),
                Some(known) if !known.seen.counts() => outlook.closed = Closed::NotYet,
                Some(_) => {}
                None => do_to(key, What::Lay(wanted)),
            }
        }
        for (key, known) in left {
            do_to(key.clone(), What::Take(known.seen.uid.clone()));
        }
        if !outlook.steps.is_empty() {
            outlook.closed = Closed::NotYet;
        }
        if self.namespace(namespace).is_some_and(|known| known.ending) {
            // Its objects go one by one, what closes it after its pods; none may come again.
            outlook.steps.retain(|step| matches!(step.what, What::Mend(_)));
        }
        outlook
    }

    /// Whether an object has been seen as it is wanted.
    pub(super) fn stands_as(&self, object: &Object, wanted: &Managed) -> bool {
        let standing = self.objects.get(&object.place());
        let known = standing.and_then(|all| all.get(&(object.kind, object.name.clone())));
        known.is_some_and(|known| known.seen.is(wanted))
    }

    fn namespace(&self, name: &str) -> Option<&Namespace> {
        match &*self.snapshot.as_ref()?.namespaces {
            Namespaces::Watched(known) => known.get(name),
            Namespaces::Unwatched => None,
        }
    }

    /// Whose a namespace is, and its uid.
    pub(super) fn owner(&self, namespace: &str) -> Option<(String, Arc<str>)> {
        let tenant = self.snapshot.as_ref()?.standing(namespace).tenant()?;
        Some((tenant.name.to_string(), Arc::clone(&self.namespace(namespace)?.uid)))
    }
}

#[cfg(test)]
mod tests;
