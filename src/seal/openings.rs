//! What a tenant's own policies may open too: what the seal opens of the platform's, and for its pods the
//! beginnings of connections that a Grant permits.

use jiff::Timestamp;

use super::managed::Managed;
use super::{grants, network};
use crate::policy::{Tenant, Tenants};

/// The policies of a seal that open something beyond the tenant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Openings {
    /// DNS, and what the profile shares.
    pub shared: Vec<Managed>,
    /// Egress of the Grants in force, one each.
    pub grants: Vec<Managed>,
}

/// What the seal of a tenant's namespace opens, whether it is laid or not.
#[must_use]
pub fn openings(tenants: &Tenants, tenant: &Tenant, namespace: &str, now: Timestamp) -> Openings {
    let dns = network::open_dns(tenants, namespace);
    let shared = dns.into_iter().chain(network::open_shared(tenants, tenant, namespace)).collect();
    Openings { shared, grants: grants::egress(tenants, tenant, namespace, now) }
}
