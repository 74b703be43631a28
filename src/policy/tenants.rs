//! The documents as decisions need them: every reference followed, every profile worked out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::documents::{
    GrantSpec, Owner, PlatformSpec, ProfileSpec, Subject, SubjectKind, TenantSpec,
};
use super::effective::EffectiveProfile;
use super::exemptions::Exemptions;
use super::ranges::ToldRanges;
use crate::domain::TenantName;

/// Whom to ask where the Platform does not say.
const NO_CONTACT: &str = "your platform team";

/// A tenant, ready for decisions.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name.
    pub name: TenantName,
    /// Whom to ask; none where the document does not say.
    pub contact: Option<String>,
    /// Who may create and relabel its namespaces.
    pub owners: Vec<Owner>,
    /// Its people without ownership.
    pub members: Vec<Subject>,
    /// The namespaces that are its own by their names.
    pub namespaces: Vec<String>,
    /// What the names of its namespaces start with.
    pub prefix: Option<String>,
    /// The labels that each of its namespaces is given.
    pub labels: BTreeMap<String, String>,
    /// Whether it is cut off.
    pub cordoned: bool,
    /// What its objects are held to.
    pub profile: Arc<EffectiveProfile>,
    /// The document, with the sections that no rule reads yet.
    pub spec: Arc<TenantSpec>,
}

/// A document that is held as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    /// Its name.
    pub name: String,
    /// What it says.
    pub spec: T,
}

/// The facts of the cluster, as far as decisions need them.
#[derive(Debug, Clone, Default)]
pub struct PlatformFacts {
    /// Who is the platform, beside those whom RBAC makes it.
    pub administrators: Vec<Subject>,
    /// Whether every denial becomes a warning.
    pub rehearsal: bool,
    /// The document, with what no rule reads yet.
    pub spec: Arc<PlatformSpec>,
    /// What the cluster tells of itself; nothing without one.
    pub told: Arc<ToldRanges>,
}

/// All tenants, the platform's facts, and what is permitted between them.
#[derive(Debug, Clone)]
pub struct Tenants {
    tenants: BTreeMap<String, Arc<Tenant>>,
    /// The tenant of each namespace that is claimed by name.
    claims: HashMap<String, Arc<Tenant>>,
    /// Whom to ask; printed in denials.
    pub contact: String,
    /// What namespaces without a tenant are held to; none where no rule looks inside them.
    pub unowned: Option<Arc<EffectiveProfile>>,
    /// The facts of the cluster.
    pub platform: PlatformFacts,
    /// The profiles as they are written, by name.
    pub(super) profiles: BTreeMap<String, Arc<ProfileSpec>>,
    /// Permitted breaches.
    pub exemptions: Exemptions,
    /// Permitted paths.
    pub grants: Vec<Named<GrantSpec>>,
    /// Names the documents that all this follows from: the same for the same ones.
    pub revision: String,
}

impl Default for Tenants {
    /// No tenant, and a Platform that says nothing.
    fn default() -> Self {
        Self::new(Arc::default(), None)
    }
}

impl Tenants {
    pub(super) fn new(platform: Arc<PlatformSpec>, unowned: Option<Arc<EffectiveProfile>>) -> Self {
        let contact = platform.contact.as_ref().map_or(NO_CONTACT, |contact| contact.as_str());
        Self {
            tenants: BTreeMap::new(),
            claims: HashMap::new(),
            contact: contact.to_owned(),
            unowned,
            platform: PlatformFacts {
                administrators: platform.administrators.clone().unwrap_or_default(),
                rehearsal: platform.rehearsal.unwrap_or(false),
                spec: platform,
                told: Arc::default(),
            },
            profiles: BTreeMap::new(),
            exemptions: Exemptions::default(),
            grants: Vec::new(),
            revision: String::new(),
        }
    }

    /// Adds a tenant. A namespace that is claimed already stays with who has it.
    pub(super) fn add(&mut self, name: TenantName, spec: &TenantSpec, profile: EffectiveProfile) {
        let namespaces = spec.namespaces.clone().unwrap_or_default();
        let text = ToString::to_string;
        let labels = namespaces.labels.iter().flatten();
        let tenant = Arc::new(Tenant {
            contact: spec.contact.as_ref().map(text),
            owners: spec.owners.clone().unwrap_or_default(),
            members: spec.members.clone().unwrap_or_default(),
            namespaces: namespaces.names.iter().flatten().map(ToString::to_string).collect(),
            prefix: namespaces.prefix.as_ref().map(ToString::to_string),
            labels: labels.map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            cordoned: spec.cordoned.unwrap_or(false),
            profile: Arc::new(profile),
            spec: Arc::new(spec.clone()),
            name,
        });
        for namespace in &tenant.namespaces {
            self.claims.entry(namespace.clone()).or_insert_with(|| Arc::clone(&tenant));
        }
        self.tenants.insert(tenant.name.to_string(), tenant);
    }

    /// The tenant of this name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants.get(name).map(AsRef::as_ref)
    }

    /// Every tenant, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values().map(AsRef::as_ref)
    }

    /// The tenant that claims a namespace by its name.
    #[must_use]
    pub fn claim(&self, namespace: &str) -> Option<&Tenant> {
        self.claims.get(namespace).map(AsRef::as_ref)
    }

    /// The tenant of a namespace: the one that its tenant label names, or where it has none the one that
    /// claims its name.
    #[must_use]
    pub fn of_namespace(&self, name: &str, label: Option<&str>) -> Option<&Tenant> {
        label.map_or_else(|| self.claim(name), |label| self.tenant(label))
    }

    /// Every tenant that a user owns, by name.
    #[must_use]
    pub fn owned_by(&self, user: &str, groups: &[String]) -> Vec<&Tenant> {
        let owns =
            |tenant: &&Tenant| tenant.owners.iter().any(|owner| owner.subject().is(user, groups));
        self.iter().filter(owns).collect()
    }
}

impl Subject {
    /// Whether it is a user, as the API server authenticated them.
    #[must_use]
    pub fn is(&self, user: &str, groups: &[String]) -> bool {
        let name = self.name.as_str();
        match self.kind {
            SubjectKind::User => user == name,
            SubjectKind::Group => groups.iter().any(|group| group == name),
            SubjectKind::ServiceAccount => {
                let account = user
                    .strip_prefix("system:serviceaccount:")
                    .and_then(|rest| rest.split_once(':'));
                account.is_some_and(|(namespace, account)| {
                    account == name
                        && self.namespace.as_ref().is_some_and(|own| own.as_str() == namespace)
                })
            }
        }
    }
}
