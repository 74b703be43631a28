//! RF1: who owns which namespace. Always enforced, and never exempted.
//!
//! A namespace is judged on what it was and on what it becomes ([`NamespaceView`]), so that no update
//! takes it to where its requester has no rights or from there. The control plane and the platform
//! are bound by little: by what would make a namespace nobody's, [`TENANT_LABEL`]s of tenants that
//! are not there and names that another tenant claims.
//!
//! What the controller keeps in tenants' namespaces is held the same way ([`KeptView`]).
//!
//! What is said to a requester names no tenant but their own.
//!
//! [`TENANT_LABEL`]: crate::domain::TENANT_LABEL

pub mod admission_policy;
mod kept;
mod keys;
mod labels;
mod ownership;
mod table;
#[cfg(test)]
mod tests;

pub use kept::{KeptView, OURS, UPKEEP, judge_kept};
pub use keys::may_label;
pub use ownership::may_name;
pub use table::RULES;

use super::{Concern, Report};
use crate::domain::{Class, Finding, Operation, TENANT_LABEL};
use crate::objects::{Annotations, Meta};
use crate::policy::{Tenant, Tenants};

/// A namespace, before and after a request, and who asks.
#[derive(Debug, Clone, Copy)]
pub struct NamespaceView<'a> {
    /// All tenants.
    pub tenants: &'a Tenants,
    /// What is done.
    pub operation: Operation,
    /// The namespace's name.
    pub name: &'a str,
    /// What it was; `None` on its creation.
    pub old: Option<&'a Meta<'a>>,
    /// What it becomes; `None` on its deletion.
    pub new: Option<&'a Meta<'a>>,
    /// What the requester is.
    pub class: Class,
    /// The tenants that the requester owns.
    pub owned: &'a [&'a Tenant],
    /// The labels that the door puts on such a namespace on its creation.
    pub put: &'a [(String, String)],
    /// How many other namespaces the tenant has that it becomes a part of.
    pub others: usize,
}

impl<'a> NamespaceView<'a> {
    /// The tenant that the label names, or that claims the name where there is no label.
    fn tenant_of(&self, meta: &Meta<'_>) -> Option<&'a Tenant> {
        self.tenants.of_namespace(self.name, meta.label(TENANT_LABEL))
    }

    fn owns(&self, tenant: &Tenant) -> bool {
        self.owned.iter().any(|own| own.name == tenant.name)
    }

    fn is_subject(&self) -> bool {
        self.class == Class::Subject
    }

    /// Whether the name is one that a tenant claims which is not the requester's.
    fn is_taken(&self) -> bool {
        self.is_subject() && self.tenants.claim(self.name).is_some_and(|tenant| !self.owns(tenant))
    }

    /// Whether it would be a part of a tenant that is not the requester's, or of none that there is.
    /// What the door has put on it then is not for the requester to know.
    fn is_strange(&self, meta: &Meta<'_>) -> bool {
        let named = || meta.labels.contains_key(TENANT_LABEL);
        let own = || self.tenant_of(meta).is_some_and(|tenant| self.owns(tenant));
        self.is_subject() && (self.is_taken() || (named() && !own()))
    }
}

/// Judges a namespace by every rule of the family.
pub fn judge_namespace(view: &NamespaceView<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        if let Concern::Namespace(judge) = rule.concern {
            judge(view, &mut Report::new(rule, &mut findings));
        }
    }
    findings
}

/// What a map of labels or annotations gains, loses or changes: each key with its value before and
/// after.
pub(super) fn changes<'v>(
    old: Option<&'v Annotations<'v>>,
    new: &'v Annotations<'v>,
) -> impl Iterator<Item = (&'v str, Option<&'v str>, Option<&'v str>)> {
    let before = move |key: &str| old.and_then(|old| old.get(key)).map(AsRef::as_ref);
    let written =
        new.iter().map(move |(key, value)| (key.as_ref(), before(key), Some(value.as_ref())));
    let removed = old
        .into_iter()
        .flatten()
        .filter(move |(key, _)| !new.contains_key(key.as_ref()))
        .map(|(key, value)| (key.as_ref(), Some(value.as_ref()), None));
    written.chain(removed).filter(|(_, before, after)| before != after)
}
