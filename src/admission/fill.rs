//! What is filled in.

use super::case::{Case, Fault, malformed, pod, required, unread};
use super::tenancy::{completed_for, labels_put};
use crate::defaults::{self, Patch, plan_ephemeral, plan_pod};
use crate::domain::Operation;
use crate::objects::{Labelled, Pod, from_json};
use crate::policy::Tenant;
use crate::rules::Shape;
use crate::state::Standing;

/// What is filled in for a case: on the creation of a tenant's pods, namespaces and service
/// accounts, and where ephemeral containers are added. Only some fields of a pod may change later; a
/// patch on another update would make every change of an older pod fail.
///
/// # Errors
/// RF9001 where the object cannot be read, RF9003 where nobody knows the namespace.
pub fn fill(case: &Case<'_>) -> Result<Patch, Fault> {
    let create = case.operation == Operation::Create;
    let resource = case.resource;
    match (resource.shape, resource.subresource) {
        (Shape::Namespace, "") if create => namespace(case),
        (Shape::Pod, "") if create => owned(case, |tenant| {
            let pod = pod(case)?;
            Ok(plan_pod(&pod, &tenant.profile).patch(&pod))
        }),
        (Shape::Pod, "ephemeralcontainers") if case.operation == Operation::Update => {
            owned(case, |tenant| ephemeral(case, tenant))
        }
        // Refusing one would keep a namespace from its default account; that is not for us to do.
        (Shape::ServiceAccount, "") if create => match case.standing {
            Standing::Owned(tenant) => {
                let text = required("object", case.request.object.text())?;
                let object = from_json(text).map_err(|error| malformed("object", &error))?;
                Ok(defaults::service_account(&object, tenant))
            }
            Standing::Unowned(_) | Standing::Orphaned | Standing::Unknown => Ok(Patch::default()),
        },
        _ => unread(case).map(|()| Patch::default()),
    }
}

fn owned(case: &Case<'_>, fill: impl Fn(&Tenant) -> Result<Patch, Fault>) -> Result<Patch, Fault> {
    match case.standing {
        Standing::Owned(tenant) => fill(tenant),
        Standing::Unowned(_) => Ok(Patch::default()),
        Standing::Orphaned | Standing::Unknown => Err(case.unknown_namespace()),
    }
}

fn ephemeral(case: &Case<'_>, tenant: &Tenant) -> Result<Patch, Fault> {
    let pod = pod(case)?;
    let old = required("oldObject", case.request.old_object.text())?;
    let old: Pod<'_> = from_json(old).map_err(|error| malformed("oldObject", &error))?;
    Ok(plan_ephemeral(&pod, &old, &tenant.profile).patch_ephemeral(&pod))
}

fn namespace(case: &Case<'_>) -> Result<Patch, Fault> {
    let text = required("object", case.request.object.text())?;
    let object: Labelled<'_> = from_json(text).map_err(|error| malformed("object", &error))?;
    Ok(completed_for(case, &object.meta).map_or_else(Patch::default, |tenant| {
        defaults::namespace(&object, labels_put(case, tenant, &object.meta.name))
    }))
}
