//! The picture that one decision is made on.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{Verdict, Version};
use crate::policy::documents::Seal;
use crate::policy::{EffectiveProfile, Tenant, Tenants};

/// Everything that a decision reads beside the request.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Tenants, profiles, the platform.
    pub tenants: Arc<Tenants>,
    /// The namespaces that exist, as far as we know.
    pub namespaces: Arc<Namespaces>,
    /// Which of them are sealed.
    pub seals: Seals,
    /// What `latest` stands for.
    pub latest: Version,
}

/// The namespaces that exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// There is no cluster: a namespace is a tenant's by the tenant's `namespaces.names` alone.
    Unwatched,
    /// Each namespace by its name.
    Watched(HashMap<String, Namespace>),
}

/// A namespace that exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// The value of its tenant label.
    pub tenant: Option<String>,
    /// One that is deleted and made anew under its name has another.
    pub uid: Arc<str>,
    /// When it was made, as the API server says.
    pub created: Timestamp,
    /// It is being deleted: the API server lets nothing be made in it any more.
    pub ending: bool,
}

impl Namespace {
    /// One of which no more than its tenant label is known.
    #[must_use]
    pub fn labelled(tenant: Option<&str>) -> Self {
        Self { tenant: tenant.map(str::to_owned), ..Self::default() }
    }
}

/// How far namespaces are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seals {
    /// Nobody looks: pods do not wait for a seal.
    Unwatched,
    /// Those of which something is known, by name. The others are not sealed yet.
    Watched(Arc<HashMap<String, SealState>>),
}

/// How far a namespace is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealState {
    /// Its objects have all been seen with the content that we want.
    Sealed,
    /// Nothing is laid in it: its tenant has more namespaces than it may.
    OverLimit,
}

impl Seals {
    /// What is known of a namespace.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Option<SealState> {
        match self {
            Self::Unwatched => None,
            Self::Watched(known) => known.get(namespace).copied(),
        }
    }

    /// Whether each object that closes a namespace has been seen.
    #[must_use]
    pub fn is_sealed(&self, namespace: &str) -> bool {
        self.of(namespace) == Some(SealState::Sealed)
    }
}

/// What a namespace is to us.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// A tenant's.
    Owned(&'a Tenant),
    /// Nobody's; judged by the platform's profile for such namespaces, if there is one.
    Unowned(Option<&'a EffectiveProfile>),
    /// It has the label of a tenant that is not there.
    Orphaned,
    /// Nobody knows it.
    Unknown,
}

impl<'a> Standing<'a> {
    /// Whose it is.
    #[must_use]
    pub fn tenant(self) -> Option<&'a Tenant> {
        match self {
            Self::Owned(tenant) => Some(tenant),
            Self::Unowned(_) | Self::Orphaned | Self::Unknown => None,
        }
    }

    /// What objects in it are judged by.
    #[must_use]
    pub fn profile(self) -> Option<&'a EffectiveProfile> {
        match self {
            Self::Owned(tenant) => Some(&tenant.profile),
            Self::Unowned(profile) => profile,
            Self::Orphaned | Self::Unknown => None,
        }
    }
}

impl Snapshot {
    /// What a namespace is. The label says it; a claim by name counts where there is no label.
    #[must_use]
    pub fn standing(&self, namespace: &str) -> Standing<'_> {
        match self.namespaces.as_ref() {
            Namespaces::Watched(known) => match known.get(namespace) {
                Some(known) => self.labelled(namespace, known.tenant.as_deref()),
                None => Standing::Unknown,
            },
            Namespaces::Unwatched => {
                self.tenants.claim(namespace).map_or(Standing::Unknown, Standing::Owned)
            }
        }
    }

    /// Whether namespaces are watched in a cluster.
    #[must_use]
    pub fn in_cluster(&self) -> bool {
        matches!(self.namespaces.as_ref(), Namespaces::Watched(_))
    }

    /// Whether pods must not come into a tenant's namespace yet, because it is not closed.
    #[must_use]
    pub fn awaits_seal(&self, tenant: &Tenant, namespace: &str) -> bool {
        let watched = matches!(self.seals, Seals::Watched(_));
        watched && tenant.profile.seal == Seal::Keep && !self.seals.is_sealed(namespace)
    }

    /// How many namespaces a tenant has beside this one, those that it claims by name included.
    #[must_use]
    pub fn namespaces_of(&self, tenant: &Tenant, beside: &str) -> usize {
        let claimed = tenant.namespaces.iter().filter(|name| *name != beside).count();
        let labelled = match self.namespaces.as_ref() {
            Namespaces::Unwatched => 0,
            Namespaces::Watched(known) => known
                .iter()
                .filter(|(name, known)| {
                    known.tenant.as_deref() == Some(tenant.name.as_str())
                        && *name != beside
                        && !tenant.namespaces.contains(name)
                })
                .count(),
        };
        claimed + labelled
    }

    /// The verdict as it takes effect: in a rehearsal nothing is refused.
    #[must_use]
    pub fn in_force(&self, verdict: Verdict) -> Verdict {
        if self.tenants.platform.rehearsal { verdict.rehearsed() } else { verdict }
    }

    /// What a namespace is that exists and has this tenant label.
    #[must_use]
    pub fn labelled(&self, namespace: &str, label: Option<&str>) -> Standing<'_> {
        match label {
            Some(label) => self.tenants.tenant(label).map_or(Standing::Orphaned, Standing::Owned),
            None => match self.tenants.claim(namespace) {
                Some(tenant) => Standing::Owned(tenant),
                None => Standing::Unowned(self.tenants.unowned.as_deref()),
            },
        }
    }
}
