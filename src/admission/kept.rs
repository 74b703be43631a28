//! What the controller keeps in a tenant's namespace.

use super::case::{Case, Fault, metadata, unread};
use crate::domain::Finding;
use crate::rules::{KeptView, judge_kept};
use crate::state::Standing;

/// Judges an object of a kind of which the controller keeps some. Where a namespace is surely no
/// tenant's it keeps nothing.
pub(super) fn kept(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let elsewhere = matches!(case.standing, Standing::Unowned(_));
    if elsewhere || case.keeps(case.standing.tenant()) {
        return unread(case).map(|()| Vec::new());
    }
    let (old, new) = metadata(case)?;
    let view = KeptView { operation: case.operation, old: old.as_ref(), new: new.as_ref() };
    Ok(judge_kept(&view))
}
