//! Streams into pods: exec, attach, port-forward, proxy.

use super::asker::Asker;
use super::case::{Case, Fault, unread};
use super::tenancy::requesters;
use crate::domain::{Class, Code, Finding};
use crate::policy::Tenant;
use crate::state::Standing;

/// A stream into a tenant's namespace is for the tenant's own people. Where the tenant is gone nobody
/// is one of them.
pub(super) fn stream(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let own = match case.standing {
        Standing::Owned(tenant) => is_one_of(case, tenant),
        Standing::Unowned(_) => true,
        Standing::Orphaned | Standing::Unknown => false,
    };
    if own || case.class(case.standing.tenant()) != Class::Subject {
        return unread(case).map(|()| Vec::new());
    }
    if matches!(case.standing, Standing::Unknown) {
        return Err(case.unknown_namespace());
    }
    let must = "only the tenant's own people open streams to its pods";
    Ok(vec![requesters(Code::Connect, case.resource.full_name(), must)])
}

/// By way of a node every tenant's pods are reached. An account of a namespace that is no tenant's may
/// do so: monitoring reads what kubelets measure.
pub(super) fn node_stream(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let requester = case.request.requester();
    let account = requester.service_account();
    let stands_apart = account.is_some_and(|(namespace, _)| {
        matches!(case.snapshot.standing(namespace), Standing::Unowned(_))
    });
    if stands_apart || case.class(None) != Class::Subject {
        return unread(case).map(|()| Vec::new());
    }
    let must = "only the platform reaches pods by way of their node";
    Ok(vec![requesters(Code::Connect, case.resource.full_name(), must)])
}

/// Whether the asker owns the tenant, is a member of it, or is an account of its namespaces.
pub(super) fn is_one_of(case: &Case<'_>, tenant: &Tenant) -> bool {
    if case.asker == Asker::Owner {
        return true;
    }
    let requester = case.request.requester();
    let (name, groups) = (&requester.name, &requester.groups);
    let listed = tenant.owners.iter().any(|owner| owner.subject().is(name, groups))
        || tenant.members.iter().any(|member| member.is(name, groups));
    listed
        || requester.service_account().is_some_and(|(namespace, _)| {
            let standing = case.snapshot.standing(namespace);
            standing.tenant().is_some_and(|own| own.name == tenant.name)
        })
}
