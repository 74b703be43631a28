//! What Grants open: egress where connections begin, ingress where they end.

use jiff::Timestamp;
use k8s_openapi::api::networking::v1::{NetworkPolicyPeer, NetworkPolicyPort};

use super::managed::Managed;
use super::name::name;
use super::peers::{Allow, Way, at_addresses, of_tenant, policy, ports, selector};
use crate::policy::documents::{GrantPort, GrantSpec, Party, Protocol, Selector};
use crate::policy::{Named, Tenant, Tenants};

/// A grant that opens something, and on which ports.
type Usable<'a> = (&'a Named<GrantSpec>, Vec<NetworkPolicyPort>);

/// The policies of the grants that concern a namespace, by the grants' names.
pub(super) fn policies(
    tenants: &Tenants,
    tenant: &Tenant,
    namespace: &str,
    now: Timestamp,
) -> Vec<Managed> {
    let of_grant = |grant| {
        let ways = [Way::Out, Way::In];
        ways.into_iter().filter_map(move |way| side(grant, tenant, namespace, way))
    };
    let concerned = |grant: &GrantSpec| {
        [&grant.from, &grant.to].iter().any(|party| concerns(party, tenant, namespace))
    };
    some_with_ports(tenants, now, concerned).iter().flat_map(of_grant).collect()
}

/// The policies of the grants by which pods of a namespace open connections.
pub(super) fn egress(
    tenants: &Tenants,
    tenant: &Tenant,
    namespace: &str,
    now: Timestamp,
) -> Vec<Managed> {
    let concerned = |grant: &GrantSpec| concerns(&grant.from, tenant, namespace);
    let grants = some_with_ports(tenants, now, concerned);
    grants.iter().filter_map(|grant| side(grant, tenant, namespace, Way::Out)).collect()
}

/// What a grant opens of one way in a namespace, if that is concerned.
fn side(
    (Named { name: own, spec }, ports): &Usable<'_>,
    tenant: &Tenant,
    namespace: &str,
    way: Way,
) -> Option<Managed> {
    let (prefix, here, there) = match way {
        Way::Out => ("ringfence-grant-egress", &spec.from, &spec.to),
        Way::In => ("ringfence-grant-ingress", &spec.to, &spec.from),
    };
    concerns(here, tenant, namespace).then(|| {
        let pods = here.pod_selector.as_ref().map(selector).unwrap_or_default();
        let rule = Allow { way, peers: peers(there), ports: ports.clone() };
        policy(namespace, name(prefix, own), pods, vec![rule])
    })
}

/// The grants that open something now.
pub fn in_force(tenants: &Tenants, now: Timestamp) -> impl Iterator<Item = &Named<GrantSpec>> {
    tenants.grants.iter().filter(move |grant| usable(tenants, &grant.spec, now).is_some())
}

/// The same, each with its ports, by their names.
pub(super) fn with_ports(tenants: &Tenants, now: Timestamp) -> Vec<Usable<'_>> {
    some_with_ports(tenants, now, |_| true)
}

/// Some of them.
fn some_with_ports(
    tenants: &Tenants,
    now: Timestamp,
    wanted: impl Fn(&GrantSpec) -> bool,
) -> Vec<Usable<'_>> {
    let grants = tenants.grants.iter().filter(|grant| wanted(&grant.spec));
    let mut all: Vec<_> =
        grants.filter_map(|grant| Some((grant, usable(tenants, &grant.spec, now)?))).collect();
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    all
}

/// When the next of the grants ends, so that what is wanted becomes another.
#[must_use]
pub fn next_end(tenants: &Tenants, now: Timestamp) -> Option<Timestamp> {
    let ends = tenants.grants.iter().map(|grant| grant.spec.expires_at.0);
    ends.filter(|end| now < *end).min()
}

/// The ports of a grant that is in force and says what it must: a document that came by the API server
/// may name a tenant that is gone or addresses that have become the cluster's.
fn usable(tenants: &Tenants, grant: &GrantSpec, now: Timestamp) -> Option<Vec<NetworkPolicyPort>> {
    let parties = [&grant.from, &grant.to];
    let sound = now < grant.expires_at.0
        && parties.iter().any(|party| party.tenant.is_some())
        && parties.iter().all(|party| is_sound(tenants, party))
        && !grant.ports.is_empty();
    sound.then(|| grant.ports.iter().map(port).collect())?
}

fn port(given: &GrantPort) -> Option<NetworkPolicyPort> {
    let GrantPort { protocol, port, end_port } = *given;
    let sound = end_port.is_none_or(|end| port <= end);
    sound.then(|| ports(protocol.unwrap_or(Protocol::Tcp), Some(port), end_port))
}

fn is_sound(tenants: &Tenants, party: &Party) -> bool {
    let Party { tenant, namespaces, pod_selector, cidrs } = party;
    match (tenant, cidrs) {
        (Some(tenant), None) => {
            tenants.tenant(tenant.as_str()).is_some()
                && namespaces.as_ref().is_none_or(|names| !names.is_empty())
                && pod_selector.as_ref().is_none_or(Selector::is_sound)
        }
        (None, Some(cidrs)) => {
            namespaces.is_none()
                && pod_selector.is_none()
                && !cidrs.is_empty()
                && !cidrs.iter().any(|cidr| tenants.platform.meets_cluster(cidr))
        }
        (None, None) | (Some(_), Some(_)) => false,
    }
}

fn concerns(party: &Party, tenant: &Tenant, namespace: &str) -> bool {
    let named = party.namespaces.as_ref();
    party.tenant.as_ref() == Some(&tenant.name)
        && named.is_none_or(|names| names.iter().any(|name| name.as_str() == namespace))
}

fn peers(party: &Party) -> Vec<NetworkPolicyPeer> {
    let Party { tenant, namespaces, pod_selector, cidrs } = party;
    let pods =
        tenant.as_ref().map(|tenant| of_tenant(tenant, namespaces.as_ref(), pod_selector.as_ref()));
    pods.into_iter().chain(cidrs.iter().flat_map(|cidrs| at_addresses(cidrs))).collect()
}
