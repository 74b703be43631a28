//! One proof: what is known → how each tenant stands. Nothing here asks or waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::stands::{Namespaces, Policies};
use crate::domain::TenantName;
use crate::isolation::{Asked, Standing, Suspects, standings};
use crate::policy::{Tenant, Tenants};
use crate::reach::Policy;
use crate::seal::network_policies;
use crate::state::Snapshot;

/// What a proof is made of.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) namespaces: Arc<Namespaces>,
    pub(super) policies: Arc<Policies>,
    pub(super) now: Timestamp,
}

/// What stands in sealed namespaces, for as long as the same is wanted there.
#[derive(Debug, Default)]
pub(super) struct Seals {
    tenants: Option<Arc<Tenants>>,
    until: Option<Timestamp>,
    of: HashMap<String, (TenantName, Vec<Policy>)>,
}

impl Round {
    /// How each tenant stands, by its name. Pods are not looked at.
    pub(super) fn prove(&self, seals: &mut Seals) -> BTreeMap<String, Standing> {
        let tenants = &self.snapshot.tenants;
        let mut owned: Vec<(&str, &Tenant)> = Vec::new();
        let mut suspects = Suspects::default();
        for (name, namespace) in self.namespaces.iter() {
            let Some(tenant) = tenants.of_namespace(name, namespace.tenant()) else { continue };
            if self.snapshot.awaits_seal(tenant, name) {
                suspects.unsealed.insert(name);
            } else {
                owned.push((name, tenant));
            }
        }
        suspects.unclear = self.policies.values().filter_map(|own| own.unclear.as_ref()).collect();
        seals.keep(tenants, &owned, self.now);
        let stands = self.policies.values().map(|read| &read.policy);
        let asked = Asked {
            tenants,
            namespaces: self.namespaces.values().map(AsRef::as_ref).collect(),
            pods: &[],
            policies: stands.chain(seals.policies()).collect(),
            as_is: false,
            now: self.now,
        };
        standings(&asked, &suspects)
    }

    /// When it may be another although nothing happens: what is permitted ends.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let tenants = &self.snapshot.tenants;
        let grants = crate::seal::next_end(tenants, self.now);
        grants.into_iter().chain(tenants.exemptions.next_end(self.now)).min()
    }
}

impl Seals {
    /// What stands in these namespaces of tenants, and in no other.
    fn keep(&mut self, tenants: &Arc<Tenants>, owned: &[(&str, &Tenant)], now: Timestamp) {
        let same = self.tenants.as_ref().is_some_and(|known| Arc::ptr_eq(known, tenants));
        if !same || self.until.is_some_and(|until| until <= now) {
            self.of.clear();
        }
        self.until = crate::seal::next_end(tenants, now);
        self.tenants = Some(Arc::clone(tenants));
        let names: BTreeSet<&str> = owned.iter().map(|(name, _)| *name).collect();
        self.of.retain(|name, _| names.contains(name.as_str()));
        for (name, tenant) in owned {
            if self.of.get(*name).is_none_or(|(whose, _)| *whose != tenant.name) {
                let source = format!("the seal of tenant {}", tenant.name);
                let objects = network_policies(tenants, tenant, name, now);
                let read = objects.iter().filter_map(|own| own.read(&source));
                let policies = read.map(|read| read.policy).collect();
                self.of.insert((*name).to_owned(), (tenant.name.clone(), policies));
            }
        }
    }

    fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.of.values().flat_map(|(_, policies)| policies)
    }
}
