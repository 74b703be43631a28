//! Labels and annotations of tenants' pods that networks go by.

use super::case::{Case, Fault, metadata};
use crate::domain::{Class, FieldPath, Finding};
use crate::objects::Meta;
use crate::rules::{PodMetadataView, judge_pod_metadata};
use crate::state::Standing;

/// Judges the metadata that come with the status of a pod that runs.
pub(super) fn status(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let (old, new) = metadata(case)?;
    match (case.standing, new) {
        (Standing::Unknown, _) => Err(case.unknown_namespace()),
        (_, Some(new)) => Ok(judged(case, &new, old.as_ref(), FieldPath::root())),
        (_, None) => Ok(Vec::new()),
    }
}

/// Judges a pod's metadata. What the control plane and the platform change in one that is there is theirs to
/// say; whoever makes one makes it for a tenant.
pub(super) fn judged(
    case: &Case<'_>,
    new: &Meta<'_>,
    old: Option<&Meta<'_>>,
    at: FieldPath,
) -> Vec<Finding> {
    let theirs = || old.is_some() && case.class(case.standing.tenant()) != Class::Subject;
    if matches!(case.standing, Standing::Unowned(_)) || theirs() {
        return Vec::new();
    }
    let reserved = case.snapshot.tenants.platform.spec.reserved_pod_labels.as_deref();
    judge_pod_metadata(&PodMetadataView { at, old, new, reserved: reserved.unwrap_or_default() })
}
