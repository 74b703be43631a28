//! What the controller keeps: in tenants' namespaces, and once in a cluster.

use super::case::{Case, Fault, metadata, unread};
use crate::domain::Finding;
use crate::rules::{KeptView, judge_kept};
use crate::state::Standing;

/// Judges an object of a kind of which the controller keeps some. In a namespace that is surely no
/// tenant's it keeps nothing.
pub(super) fn kept(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let clusterwide = case.resource.cluster_scoped();
    let elsewhere = !clusterwide && matches!(case.standing, Standing::Unowned(_));
    if elsewhere || case.keeps(case.standing.tenant()) {
        return unread(case).map(|()| Vec::new());
    }
    let (old, new) = metadata(case)?;
    let operation = case.operation;
    Ok(judge_kept(&KeptView { operation, clusterwide, old: old.as_ref(), new: new.as_ref() }))
}
