//! What a requester is.

use super::case::Case;
use crate::domain::{Class, Requester};
use crate::policy::Tenant;
use crate::review::Request;
use crate::rules::entries::OUR_ACCOUNT;
use crate::rules::tenancy::UPKEEP;
use crate::state::{Snapshot, Standing};

/// Who asks, as far as it matters for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Whom the request names; the documents say what they are.
    Named,
    /// Whom the request names, and RBAC makes them the platform.
    Platform,
    /// An owner of the object's tenant; where the object is no tenant's, the platform.
    Owner,
}

impl Case<'_> {
    /// What the asker is to an object of this tenant. Few rules ask.
    pub(super) fn class(&self, tenant: Option<&Tenant>) -> Class {
        match (self.asker, tenant) {
            (Asker::Named, _) => class(self.request, self.snapshot),
            (Asker::Platform, _) | (Asker::Owner, None) => Class::Platform,
            (Asker::Owner, Some(_)) => Class::Subject,
        }
    }

    /// Whether the asker may change what the controller keeps. Of the control plane that is who must.
    pub(super) fn keeps(&self, tenant: Option<&Tenant>) -> bool {
        match self.class(tenant) {
            Class::Platform => true,
            Class::Subject => false,
            Class::ControlPlane => {
                let requester = self.request.requester();
                let name = requester.name.as_str();
                name == OUR_ACCOUNT
                    || UPKEEP.contains(&name)
                    || is_listed(&requester, self.snapshot)
            }
        }
    }
}

/// What the requester is, by what the documents say.
fn class(request: &Request<'_>, snapshot: &Snapshot) -> Class {
    let requester = request.requester();
    if requester.is_control_plane() || requester.name == OUR_ACCOUNT {
        Class::ControlPlane
    } else if is_listed(&requester, snapshot) && !is_of_a_tenant(&requester, snapshot) {
        Class::Platform
    } else {
        Class::Subject
    }
}

/// Whether RBAC may make the requester the platform: whoever is not yet, and no account of a tenant's
/// namespace.
#[must_use]
pub fn may_administer(request: &Request<'_>, snapshot: &Snapshot) -> bool {
    class(request, snapshot) != Class::Platform && !is_of_a_tenant(&request.requester(), snapshot)
}

/// `system:masters` may do all that RBAC could allow, also where there is no RBAC to ask.
fn is_listed(requester: &Requester, snapshot: &Snapshot) -> bool {
    let Requester { name, groups } = requester;
    let mut administrators = snapshot.tenants.platform.administrators.iter();
    requester.is_in("system:masters") || administrators.any(|subject| subject.is(name, groups))
}

/// Whether the requester is an account of a namespace that is, or was, a tenant's.
fn is_of_a_tenant(requester: &Requester, snapshot: &Snapshot) -> bool {
    requester.service_account().is_some_and(|(namespace, _)| match snapshot.standing(namespace) {
        Standing::Owned(_) | Standing::Orphaned => true,
        // Without a cluster, what no tenant claims is none's; in a cluster it is not known yet.
        Standing::Unknown => snapshot.in_cluster(),
        Standing::Unowned(_) => false,
    })
}
