//! Tenants' barriers, in the kinds that the cluster has. What closes a namespace never waits for one: neither for
//! its kind to be heard of, nor for its writes.
//!
//! Barriers of a dialect with a tier wait for that: it stands first and goes last. Until both kinds have been
//! listed nothing of such a dialect is laid or taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::objects::{Object, TIER_PLACE, barrier_place, dialect, tenant_of, tenants_of};
use super::super::write::What;
use super::{Book, Closed, Outlook};
use crate::policy::documents::Seal;
use crate::seal::{Dialect, Managed, TIER, barrier, tier};
use crate::state::{Namespaces, Snapshot};

/// How many tenants' barriers are written at once.
const WRITERS: usize = 4;

/// How tenants' barriers stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barriers {
    /// Their kinds that the cluster has, where it has what they need.
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

    /// Barriers of all tenants are looked at, those that stand of others, and what they stand in.
    pub(super) fn open_barriers(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        if self.barriers.kinds.is_empty() {
            return;
        }
        if self.has_tiered_kind() {
            self.open.insert(TIER_PLACE.to_owned());
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

    /// Where barriers are looked at: those of tenants, and those that stand.
    pub(in super::super) fn barrier_places(&self) -> impl Iterator<Item = String> + '_ {
        let snapshot = self.snapshot.iter();
        let tenants = snapshot.flat_map(|own| own.tenants.iter().map(|it| it.name.as_str()));
        let standing = self.objects.keys().filter(|place| tenant_of(place).is_some());
        tenants.map(barrier_place).chain(standing.cloned())
    }

    /// An object came, changed or went: it is looked at, and what hangs on it.
    pub(super) fn open_for(&mut self, object: &Object) {
        self.open.insert(object.place());
        if object.kind == TIER.name {
            self.open_barriers();
        } else if is_tiered(object.kind) {
            self.open.insert(TIER_PLACE.to_owned());
        }
    }

    /// Works out in which kinds barriers are kept.
    pub(super) fn note_kinds(&mut self) {
        let has_tiers = self.listed.contains(TIER.name);
        let served = Dialect::ALL.into_iter().filter(|own| has_tiers || !own.is_tiered());
        let kinds = served.map(|own| own.kind().name).filter(|kind| self.listed.contains(kind));
        self.barriers.kinds = kinds.collect();
    }

    /// The cluster has a kind no more, and nothing of it.
    pub(super) fn unserved(&mut self, kind: &'static str) {
        self.listed.remove(kind);
        self.note_kinds();
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

    /// What must be done for a tenant's barrier.
    pub(super) fn barrier(&mut self, tenant: &str, now: Timestamp) -> Outlook {
        let Some(wanted) = self.wanted_barrier(tenant, now) else { return Outlook::default() };
        let waits = !self.has_tier() && wanted.iter().any(|own| is_tiered(own.kind()));
        let mut outlook = self.compare(&barrier_place(tenant), wanted);
        let kinds = &self.barriers.kinds;
        outlook.steps.retain(|step| {
            let laid = matches!(step.what, What::Lay(_));
            kinds.contains(step.object.kind) && !(waits && laid && is_tiered(step.object.kind))
        });
        if waits {
            outlook.closed = Closed::NotYet;
        }
        outlook
    }

    /// What must be done for the tier.
    pub(super) fn tier(&self) -> Outlook {
        let Some(snapshot) = &self.snapshot else { return Outlook::default() };
        if !self.has_tiered_kind() {
            return Outlook::default();
        }
        let mut tenants = snapshot.tenants.iter();
        let is_needed = tenants.any(|own| own.profile.seal == Seal::Keep)
            || self.objects.values().flat_map(|all| all.keys()).any(|(kind, _)| is_tiered(kind));
        self.compare(TIER_PLACE, if is_needed { vec![tier()] } else { Vec::new() })
    }

    fn has_tiered_kind(&self) -> bool {
        self.barriers.kinds.iter().any(|kind| is_tiered(kind))
    }

    /// Whether the tier has been seen as it must be.
    fn has_tier(&self) -> bool {
        let own = tier();
        self.stands_as(&Object::at(TIER.name, TIER_PLACE, own.name().to_owned()), &own)
    }

    /// What must stand of a tenant's barrier, where anything is kept of it. Of a tenant that is gone it stays as
    /// it is while a namespace has its label, as what closes that one does.
    fn wanted_barrier(&mut self, name: &str, now: Timestamp) -> Option<Vec<Managed>> {
        let snapshot = Arc::clone(self.snapshot.as_ref()?);
        let mut left = Left::new();
        let wanted = match snapshot.tenants.tenant(name) {
            Some(tenant) if tenant.profile.seal == Seal::Keep => {
                let kinds = &self.barriers.kinds;
                let served = Dialect::ALL.into_iter().filter(|it| kinds.contains(it.kind().name));
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

fn is_tiered(kind: &str) -> bool {
    dialect(kind).is_some_and(Dialect::is_tiered)
}

fn has_namespaces(snapshot: &Snapshot, tenant: &str) -> bool {
    match &*snapshot.namespaces {
        Namespaces::Watched(all) => {
            all.values().any(|namespace| namespace.tenant.as_deref() == Some(tenant))
        }
        Namespaces::Unwatched => true,
    }
}
