//! Documents, a namespace's name and a moment → the objects of its seal.

use jiff::Timestamp;

use super::managed::Managed;
use super::{access, amounts, grants, network};
use crate::policy::documents::Seal;
use crate::policy::{Tenant, Tenants};

/// The seal of a namespace, and what is to be done with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// It is laid and kept, in this order: first what closes the namespace, last who gets rights.
    Kept(Vec<Managed>),
    /// Nothing is laid; this is what would be.
    Planned(Vec<Managed>),
}

impl Plan {
    /// The objects, whether they are laid or not.
    #[must_use]
    pub fn objects(&self) -> &[Managed] {
        match self {
            Self::Kept(objects) | Self::Planned(objects) => objects,
        }
    }
}

/// The seal of a tenant's namespace. Every network policy of it that concerns a direction of a pod only
/// adds to the first one, which closes both.
#[must_use]
pub fn plan(tenants: &Tenants, tenant: &Tenant, namespace: &str, now: Timestamp) -> Plan {
    let profile = &tenant.profile;
    let mut objects = policies(tenants, tenant, namespace, now);
    objects.push(amounts::quota(namespace, &profile.quota));
    objects.push(amounts::limits(namespace, &profile.limits));
    objects.extend(access::bindings(tenant, namespace));
    let objects = objects.into_iter().map(Managed::marked).collect();
    match profile.seal {
        Seal::Keep => Plan::Kept(objects),
        Seal::Plan => Plan::Planned(objects),
    }
}

/// What must stand in a tenant's namespace: nothing where its seal is only planned.
#[must_use]
pub fn wanted(tenants: &Tenants, tenant: &Tenant, namespace: &str, now: Timestamp) -> Vec<Managed> {
    match plan(tenants, tenant, namespace, now) {
        Plan::Kept(objects) => objects,
        Plan::Planned(_) => Vec::new(),
    }
}

/// What the seal of a tenant's namespace says of the network, to be read and not to be written: without the
/// label and the hash, which cost more than the rest. Nothing where it is only planned.
#[must_use]
pub fn network_policies(
    tenants: &Tenants,
    tenant: &Tenant,
    namespace: &str,
    now: Timestamp,
) -> Vec<Managed> {
    match tenant.profile.seal {
        Seal::Keep => policies(tenants, tenant, namespace, now),
        Seal::Plan => Vec::new(),
    }
}

fn policies(tenants: &Tenants, tenant: &Tenant, namespace: &str, now: Timestamp) -> Vec<Managed> {
    let mut policies = network::policies(tenants, tenant, namespace);
    policies.extend(grants::policies(tenants, tenant, namespace, now));
    policies
}
