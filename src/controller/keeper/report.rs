//! What people are told of objects that do not stand as they must: on the namespace, and on its tenant.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ObjectReference;

use super::super::events::Occurrence;
use super::drift::Drift;
use super::objects::{KINDS, Object};
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
/// its tenant, in `default`. What stands for the whole cluster is told of itself.
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
        Occurrence { regarding, related, reason, action, same, note }
    };
    let Some((tenant, uid)) = owner else { return vec![at(itself(object), note)] };
    let namespace = ObjectReference {
        uid: Some(uid.to_string()),
        namespace: Some(object.namespace.clone()),
        ..reference("v1", "Namespace", &object.namespace)
    };
    let inside = match trouble {
        Trouble::Failure(WriteError::Foreign, _) | Trouble::Drift(_) => note.clone(),
        Trouble::Failure(..) => format!("{object} cannot be kept: ask your platform team"),
    };
    vec![at(namespace, inside), at(reference(API_VERSION, "Tenant", &tenant), note)]
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
    let kind = KINDS.iter().find(|(kind, ..)| *kind == object.kind);
    let version = kind.map(|(_, group, version, _)| match *group {
        "" => (*version).to_owned(),
        group => format!("{group}/{version}"),
    });
    let namespace = Some(object.namespace.clone()).filter(|namespace| !namespace.is_empty());
    let reference = reference(&version.unwrap_or_default(), object.kind, &object.name);
    ObjectReference { namespace, ..reference }
}

fn reference(version: &str, kind: &str, name: &str) -> ObjectReference {
    ObjectReference {
        api_version: Some(version.to_owned()),
        kind: Some(kind.to_owned()),
        name: Some(name.to_owned()),
        ..ObjectReference::default()
    }
}
