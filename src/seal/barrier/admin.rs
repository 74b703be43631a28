//! ClusterNetworkPolicy: in the Admin tier, which comes before NetworkPolicies and which these cannot override.
//!
//! A grant is a `Pass` above the `Deny`, never an `Accept`. An `Accept` would end the matter: it would open
//! what no policy in the namespaces opens, for all pods of the tenant, for policies of this kind have one
//! subject. A `Pass` hands on to NetworkPolicies, which open what the grant says and nothing more. It also
//! skips what comes later in the Admin tier, so that these policies come last there unless the Platform says
//! otherwise: then nothing of somebody else's is skipped, and what administrators accept or deny in this tier
//! themselves holds before ours. Ours may have one priority: each has pods of its own, and so a connection meets
//! one of them at each of its ends.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicyPort;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::super::peers::of_tenant;
use super::{Granted, Paths, PluginKind, all_but, its_own};
use crate::domain::TENANT_LABEL;
use crate::policy::{Tenant, Tenants};

pub(super) const KIND: PluginKind = PluginKind {
    name: "ClusterNetworkPolicy",
    group: "policy.networking.k8s.io",
    version: "v1alpha2",
    api_version: "policy.networking.k8s.io/v1alpha2",
    plural: "clusternetworkpolicies",
};

/// The last place of a tier.
const LAST: u16 = 1000;
/// How many rules a direction takes (`MaxItems` in apis/v1alpha2 of network-policy-api).
const RULES: usize = 25;
/// How many ports a rule takes (the same).
const PORTS: usize = 25;
/// How long the name of a rule may be (the same).
const NAME: usize = 100;

pub(super) fn spec(
    tenants: &Tenants,
    tenant: &Tenant,
    ingress: &Paths<'_>,
    egress: &Paths<'_>,
) -> (Value, BTreeSet<String>) {
    let own = tenants.platform.spec.cluster_network_policies.as_ref();
    let priority = own.and_then(|own| own.priority).map_or(LAST, |own| own.0);
    let (ingress, mut left) = rules(tenant, "from", ingress);
    let (egress, more) = rules(tenant, "to", egress);
    left.extend(more);
    let spec = json!({
        "tier": "Admin",
        "priority": priority,
        "subject": {"namespaces": its_own(TENANT_LABEL, tenant)},
        "ingress": ingress,
        "egress": egress,
    });
    (spec, left)
}

/// The rules of a direction, and the tenants whose grants do not fit into it: they are not denied.
fn rules(tenant: &Tenant, side: &str, paths: &Paths<'_>) -> (Vec<Value>, BTreeSet<String>) {
    let (mut rules, mut left) = (Vec::new(), BTreeSet::new());
    for (other, granted) in paths {
        let passes: Vec<Value> = granted.iter().flat_map(|own| passes(side, own)).collect();
        if rules.len() + passes.len() < RULES {
            rules.extend(passes);
        } else {
            left.insert((*other).to_owned());
        }
    }
    let others = all_but(TENANT_LABEL, tenant, left.iter().map(String::as_str));
    rules.push(json!({
        "name": "other tenants",
        "action": "Deny",
        side: [{"namespaces": {"matchExpressions": others}}],
    }));
    (rules, left)
}

/// What passes by a grant, so many ports in a rule.
fn passes<'a>(side: &'a str, own: &'a Granted<'a>) -> impl Iterator<Item = Value> + 'a {
    let party = own.there;
    let peer = party
        .tenant
        .as_ref()
        .map(|other| of_tenant(other, party.namespaces.as_ref(), party.pod_selector.as_ref()));
    let peer = peer.unwrap_or_default();
    let name: String = own.name.chars().take(NAME).collect();
    let pods = json!({
        "namespaceSelector": peer.namespace_selector.unwrap_or_default(),
        "podSelector": peer.pod_selector.unwrap_or_default(),
    });
    own.ports.chunks(PORTS).map(move |ports| {
        let ports: Vec<Value> = ports.iter().filter_map(protocol).collect();
        json!({"name": name, "action": "Pass", side: [{"pods": pods}], "protocols": ports})
    })
}

/// Ports of a protocol, as these policies write them.
fn protocol(own: &NetworkPolicyPort) -> Option<Value> {
    // A Grant's ports are numbers, each of a protocol.
    let Some(IntOrString::Int(first)) = own.port else { return None };
    let port = match own.end_port {
        Some(last) if last > first => json!({"range": {"start": first, "end": last}}),
        _ => json!({"number": first}),
    };
    let protocol = own.protocol.as_deref().unwrap_or("TCP").to_ascii_lowercase();
    Some(json!({ protocol: {"destinationPort": port} }))
}
