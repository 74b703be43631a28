//! A tenant's NetworkPolicies, and policies of other kinds.

use super::case::{Case, Fault, Stage, malformed, required};
use super::tenancy::requesters;
use crate::domain::{Class, Code, Finding, MANAGED_LABEL, Mode, Operation, TenantName, sanitise};
use crate::network::read_policy;
use crate::objects::{NetworkPolicy, content_changed, from_json};
use crate::policy::Tenant;
use crate::reach::{AddressSet, Policy, PortSet};
use crate::rules::{NetworkView, judge_network};
use crate::seal::{Managed, openings};
use crate::state::Standing;

/// The kind that is read.
const KIND: &str = "NetworkPolicy";

/// Judges what a tenant's policy does, whole whenever its spec changes. What the controller keeps is not
/// the tenant's: who may write it is another rule's.
pub(super) fn policy(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let Standing::Owned(tenant) = case.standing else { return Ok(Vec::new()) };
    if case.resource.kind != KIND || !changes(case) || case.keeps(Some(tenant)) {
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
    let policy = read_policy(&written, namespace, &str::to_owned);
    if let Some(unclear) = policy.unclear {
        return Err(Fault::new(Code::Malformed, sanitise(&unclear.text, 300)));
    }
    let wanted = |code| tenant.profile.mode(code) != Mode::Ignore;
    let (opened, outside) = if wanted(Code::OneSided) {
        (openings(&case.snapshot.tenants, tenant, namespace, case.now), outside(case, tenant))
    } else {
        Default::default()
    };
    let owner = |name: &str| -> Option<TenantName> {
        case.snapshot.standing(name).tenant().map(|tenant| tenant.name.clone())
    };
    let view = NetworkView {
        policy: &policy.policy,
        written: &written.spec,
        tenant: &tenant.name,
        shared: &policies(&opened.shared),
        grants: &policies(&opened.grants),
        outside: &outside,
        owner: &owner,
    };
    Ok(judge_network(&view, wanted))
}

/// Judges who writes a policy of a plugin's own kind, which no rule reads: for tenants' namespaces, and once in
/// a cluster, the platform and the control plane do.
pub(super) fn plugin_policy(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let clusterwide = case.resource.cluster_scoped();
    let elsewhere = !clusterwide && matches!(case.standing, Standing::Unowned(_));
    if !changes(case) || elsewhere || case.class(case.standing.tenant()) != Class::Subject {
        return Ok(Vec::new());
    }
    if !clusterwide && matches!(case.standing, Standing::Unknown) {
        return Err(case.unknown_namespace());
    }
    let text = required("object", case.request.object.text())?;
    let old = case.request.old_object.text().filter(|_| case.stage == Stage::Admission);
    if old.is_some_and(|old| !content_changed(text, old)) {
        return Ok(Vec::new());
    }
    let found = format!("a {} of {}", case.resource.kind, case.resource.group);
    Ok(vec![requesters(Code::PolicyKind, found, "only the platform writes policies of this kind")])
}

fn changes(case: &Case<'_>) -> bool {
    matches!(case.operation, Operation::Create | Operation::Update)
}

/// Policies of ours; one that could not be read would open nothing.
fn policies(managed: &[Managed]) -> Vec<Policy> {
    let read = |managed: &Managed| {
        let read = managed.read("the seal")?;
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
    let inside: AddressSet = inside.iter().collect();
    let one = |ports: &crate::policy::Ports| {
        ports.spans().fold(PortSet::default(), |all, (protocol, first, last)| {
            all.or(&PortSet::range(protocol.into(), first, last))
        })
    };
    let listed = listed.iter();
    listed.map(|own| (AddressSet::of(&own.cidr).without(&inside), one(&own.ports))).collect()
}

#[cfg(test)]
mod tests;
