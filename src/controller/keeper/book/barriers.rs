//! Tenants' barriers, in the kinds that the cluster has. What closes a namespace never waits for one: neither for
//! its kind to be heard of, nor for its writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::objects::{BARRIERS, barrier_place, tenant_of, tenants_of};
use super::{Book, Closed};
use crate::policy::documents::Seal;
use crate::seal::{Dialect, Managed, barrier};
use crate::state::{Namespaces, Snapshot};

/// How many tenants' barriers are written at once.
const WRITERS: usize = 4;

/// How tenants' barriers stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barriers {
    /// The kinds that the cluster has.
    pub(in crate::controller) kinds: BTreeSet<&'static str>,
    /// The tenants of which not every barrier has been seen as it must be.
    pub(in crate::controller) open: BTreeSet<String>,
    /// By tenant and kind, whom a barrier leaves to the policies in the namespaces, in one direction or both.
    pub(in crate::controller) left: Arc<BTreeMap<String, Left>>,
}

/// By kind, whom a barrier does not deny.
pub(in crate::controller) type Left = BTreeMap<&'static str, BTreeSet<String>>;

impl Book {
    /// How barriers stand. One that was not looked at since something changed counts as open.
    pub(in super::super) fn barriers(&self) -> Barriers {
        let mut told = self.barriers.clone();
        told.open.extend(tenants_of(&self.open).map(ToOwned::to_owned));
        told
    }

    /// Barriers of all tenants are looked at, and those that stand of others.
    pub(super) fn open_barriers(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        if self.barriers.kinds.is_empty() {
            return;
        }
        self.open.extend(snapshot.tenants.iter().map(|tenant| barrier_place(tenant.name.as_str())));
        self.open_left_over();
    }

    /// Those that stand of tenants that are gone are looked at: perhaps a namespace was the last of one.
    pub(super) fn open_left_over(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        let gone = |place: &&String| {
            tenant_of(place).is_some_and(|tenant| snapshot.tenants.tenant(tenant).is_none())
        };
        self.open.extend(self.objects.keys().filter(gone).cloned());
    }

    /// The cluster has a kind.
    pub(super) fn served(&mut self, kind: &'static str) {
        if BARRIERS.iter().any(|(own, ..)| *own == kind) {
            self.barriers.kinds.insert(kind);
        }
    }

    /// The cluster has a kind no more, and nothing of it.
    pub(super) fn unserved(&mut self, kind: &'static str) {
        self.listed.remove(kind);
        self.barriers.kinds.remove(kind);
        for standing in self.objects.values_mut() {
            standing.retain(|(own, _), _| *own != kind);
        }
        self.objects.retain(|_, standing| !standing.is_empty());
        if self.barriers.kinds.is_empty() {
            self.open.retain(|place| tenant_of(place).is_none());
            self.barriers = Barriers::default();
        }
        self.open_barriers();
    }

    /// What must stand of a tenant's barrier, where anything is kept of it. Of a tenant that is gone it stays as
    /// it is while a namespace has its label, as what closes that one does.
    pub(super) fn wanted_barrier(&mut self, name: &str, now: Timestamp) -> Option<Vec<Managed>> {
        let snapshot = Arc::clone(self.snapshot.as_ref()?);
        let mut left = Left::new();
        let wanted = match snapshot.tenants.tenant(name) {
            Some(tenant) if tenant.profile.seal == Seal::Keep => {
                let served =
                    Dialect::ALL.into_iter().filter(|it| self.listed.contains(it.kind().name));
                let policy = |dialect: Dialect| {
                    let own = barrier(&snapshot.tenants, tenant, dialect, now);
                    if !own.left.is_empty() {
                        left.insert(dialect.kind().name, own.left);
                    }
                    own.policy
                };
                Some(served.map(policy).collect())
            }
            Some(_) => None,
            None => {
                let stays = name.is_empty() || has_namespaces(&snapshot, name);
                (!stays).then(Vec::new)
            }
        };
        self.note_left(name, left);
        wanted
    }

    fn note_left(&mut self, tenant: &str, left: Left) {
        let known = &mut self.barriers.left;
        if known.get(tenant).map_or(left.is_empty(), |was| *was == left) {
            return;
        }
        match left.is_empty() {
            true => Arc::make_mut(known).remove(tenant),
            false => Arc::make_mut(known).insert(tenant.to_owned(), left),
        };
    }

    /// How a tenant's barrier stands now.
    pub(super) fn note_barrier(&mut self, tenant: &str, closed: Closed) {
        match closed {
            Closed::NotYet | Closed::OverLimit => self.barriers.open.insert(tenant.to_owned()),
            Closed::Never | Closed::Now => self.barriers.open.remove(tenant),
        };
    }

    /// Whether no more barriers may be written at once.
    pub(super) fn enough_barriers(&self) -> bool {
        self.busy.iter().filter(|place| tenant_of(place).is_some()).count() >= WRITERS
    }
}

fn has_namespaces(snapshot: &Snapshot, tenant: &str) -> bool {
    match &*snapshot.namespaces {
        Namespaces::Watched(all) => {
            all.values().any(|namespace| namespace.tenant.as_deref() == Some(tenant))
        }
        Namespaces::Unwatched => true,
    }
}
