//! A tenant's NetworkPolicies.

use super::case::{Case, Fault, Stage, malformed, required};
use crate::domain::{Code, Finding, MANAGED_LABEL, Operation, TenantName, sanitise};
use crate::network::network_policy;
use crate::objects::{NetworkPolicy, from_json};
use crate::policy::Tenant;
use crate::policy::documents::{OneSided, Protocol as Written};
use crate::reach::{AddressSet, Policy, PortSet, Protocol};
use crate::rules::{NetworkView, judge_network};
use crate::seal::{Managed, openings};
use crate::state::Standing;

/// The kind that is judged.
const KIND: &str = "NetworkPolicy";

/// Judges what a tenant's policy opens, whole whenever its spec changes. What the controller keeps is not
/// the tenant's: who may write it is another rule's.
pub(super) fn policy(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let Standing::Owned(tenant) = case.standing else { return Ok(Vec::new()) };
    let changes = matches!(case.operation, Operation::Create | Operation::Update);
    let judged = tenant.profile.network.one_sided != OneSided::Ignore;
    if case.resource.kind != KIND || !changes || !judged || case.keeps(Some(tenant)) {
        return Ok(Vec::new());
    }
    let text = required("object", case.request.object.text())?;
    let read = |what, text| -> Result<NetworkPolicy<'_>, Fault> {
        from_json(text).map_err(|error| malformed(what, &error))
    };
    let written = read("object", text)?;
    let old = case.request.old_object.text().filter(|_| case.stage == Stage::Admission);
    let old = old.map(|old| read("oldObject", old)).transpose()?;
    let same = old.is_some_and(|old| old.spec == written.spec);
    if same || written.meta.label(MANAGED_LABEL) == Some("true") {
        return Ok(Vec::new());
    }
    let namespace = &*case.request.namespace;
    let unread = |error| malformed("object", &error);
    let policy = network_policy(text, namespace, &str::to_owned).map_err(unread)?;
    if let Some(unclear) = policy.unclear {
        return Err(Fault::new(Code::Malformed, sanitise(&unclear.text, 300)));
    }
    let opened = openings(&case.snapshot.tenants, tenant, namespace, case.now);
    let owner = |name: &str| -> Option<TenantName> {
        case.snapshot.standing(name).tenant().map(|tenant| tenant.name.clone())
    };
    Ok(judge_network(&NetworkView {
        policy: &policy.policy,
        written: &written.spec,
        tenant: &tenant.name,
        shared: &policies(&opened.shared, namespace),
        grants: &policies(&opened.grants, namespace),
        outside: &outside(case, tenant),
        owner: &owner,
    }))
}

/// Policies of ours; one that could not be read would open nothing.
fn policies(managed: &[Managed], namespace: &str) -> Vec<Policy> {
    let read = |managed: &Managed| {
        let text = managed.to_value().to_string();
        let read = network_policy(&text, namespace, &str::to_owned).ok()?;
        read.unclear.is_none().then_some(read.policy)
    };
    managed.iter().filter_map(read).collect()
}

/// What the profile lists, less what is not outside.
fn outside(case: &Case<'_>, tenant: &Tenant) -> Vec<(AddressSet, PortSet)> {
    let listed = &tenant.profile.network.outside;
    if listed.is_empty() {
        return Vec::new();
    }
    let inside = case.snapshot.tenants.platform.not_outside();
    let inside = inside.iter().fold(AddressSet::default(), |all, own| all.or(&AddressSet::of(own)));
    let one = |ports: &crate::policy::Ports| {
        ports.spans().fold(PortSet::default(), |all, (protocol, first, last)| {
            let protocol = match protocol {
                Written::Tcp => Protocol::Tcp,
                Written::Udp => Protocol::Udp,
                Written::Sctp => Protocol::Sctp,
            };
            all.or(&PortSet::range(protocol, first, last))
        })
    };
    let listed = listed.iter();
    listed.map(|own| (AddressSet::of(&own.cidr).without(&inside), one(&own.ports))).collect()
}
