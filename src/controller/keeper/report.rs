//! What people are told of objects that do not stand as they must: on the namespace, and on its tenant.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ObjectReference;

use super::super::events::{Occurrence, Severity, reference};
use super::drift::Drift;
use super::objects::{self, Object, tenant_of};
use super::write::WriteError;
use crate::domain::sanitise;
use crate::policy::documents::API_VERSION;
use crate::telemetry::SealKind;

/// How often in a row a write fails before it is told.
const PATIENCE: u32 = 3;
/// How much of an error is told.
const SHOWN: usize = 600;

/// What is wrong with an object, or was.
#[derive(Debug)]
pub(super) enum Trouble<'a> {
    /// Others changed it, and it was put right.
    Drift(&'a Drift),
    /// It could not be written, so often in a row now.
    Failure(&'a WriteError, u32),
}

/// What is counted under.
pub(super) fn kind(object: &Object) -> SealKind {
    SealKind::named(object.kind)
}

/// What is told of an object of somebody's namespace, which has this uid: on the namespace, in it, and on
/// its tenant, in `default`. What stands for the whole cluster is told of itself, and a tenant's barrier of the
/// tenant too.
///
/// Who may read a namespace's Events may be a tenant: of why a write was refused these say nothing, since the
/// API server's words may be of others.
pub(super) fn occurrences(
    object: &Object,
    owner: Option<(String, Arc<str>)>,
    trouble: &Trouble<'_>,
) -> Vec<Occurrence> {
    let Some((reason, action, same, note)) = told(object, trouble) else { return Vec::new() };
    let at = |regarding, note: String| {
        let (related, same) = (itself(object), same.clone());
        Occurrence { regarding, related, severity: Severity::Warning, reason, action, same, note }
    };
    let of_tenant = |name: &str, note| at(reference(API_VERSION, "Tenant", name), note);
    let Some((tenant, uid)) = owner else {
        let place = object.place();
        let tenant = tenant_of(&place).map(|tenant| of_tenant(tenant, note.clone()));
        return [at(itself(object), note)].into_iter().chain(tenant).collect();
    };
    let namespace = namespace(&object.namespace, &uid);
    let inside = match trouble {
        Trouble::Failure(WriteError::Foreign, _) | Trouble::Drift(_) => note.clone(),
        Trouble::Failure(..) => format!("{object} cannot be kept: ask your platform team"),
    };
    vec![at(namespace, inside), of_tenant(&tenant, note)]
}

/// What is told of a namespace that is over its tenant's limit: on the namespace, in it, and on its tenant.
pub(super) fn left(name: &str, (tenant, uid): (String, Arc<str>)) -> [Occurrence; 2] {
    let namespace = namespace(name, &uid);
    let at = |regarding| Occurrence {
        regarding,
        related: namespace.clone(),
        severity: Severity::Warning,
        reason: "OverLimit",
        action: "Leave",
        same: String::new(),
        note: format!(
            "namespace {name} is over the tenant's limit and is left unsealed: no pod comes into it"
        ),
    };
    [at(namespace.clone()), at(reference(API_VERSION, "Tenant", &tenant))]
}

/// A namespace, told of in itself.
fn namespace(name: &str, uid: &str) -> ObjectReference {
    ObjectReference {
        uid: Some(uid.to_owned()),
        namespace: Some(name.to_owned()),
        ..reference("v1", "Namespace", name)
    }
}

/// Reason, action, what makes it the same as another, and the sentence.
fn told(
    object: &Object,
    trouble: &Trouble<'_>,
) -> Option<(&'static str, &'static str, String, String)> {
    Some(match trouble {
        Trouble::Drift(drift) => ("DriftReverted", "Revert", drift.what(), drift.told(object)),
        Trouble::Failure(error @ WriteError::Foreign, _) => {
            ("NameTaken", "Leave", String::new(), format!("{object}: {error}"))
        }
        Trouble::Failure(_, failures) if *failures < PATIENCE => return None,
        Trouble::Failure(error, _) => {
            let error = error.to_string();
            let note = format!("{object} cannot be kept: {}", sanitise(&error, SHOWN));
            ("SealFails", "Retry", String::new(), note)
        }
    })
}

fn itself(object: &Object) -> ObjectReference {
    let version = objects::kind(object.kind).map(|(_, group, version, _)| match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    });
    let namespace = Some(object.namespace.clone()).filter(|namespace| !namespace.is_empty());
    let named = reference(&version.unwrap_or_default(), object.kind, &object.name);
    ObjectReference { namespace, ..named }
}
