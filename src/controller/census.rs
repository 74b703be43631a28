//! What a cluster holds of tenants at a moment, read once: documents, namespaces and their seals.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::core::PartialObjectMeta;

use super::Cluster;
use super::ask::{AskError, documents, each};
use super::documents::written;
use super::keeper::each_object;
use crate::domain::{TENANT_LABEL, sanitise};
use crate::policy::documents::TenantStatus;
use crate::policy::{Documents, Flaw, Source, Tenant, usable};
use crate::seal::{Candidate, Managed, Plan, Seen, is_ours, over_limit, plan};

/// What a cluster holds of tenants.
#[derive(Debug)]
pub struct Census {
    /// The documents in force.
    pub documents: Documents,
    /// What is wrong with the rest, by kind and name: `Tenant alpha`.
    pub flaws: BTreeMap<String, Vec<Flaw>>,
    /// What the controller has said of each tenant.
    pub statuses: BTreeMap<String, TenantStatus>,
    /// Every namespace that is a tenant's or that a tenant names, by tenant and name.
    pub namespaces: Vec<TenantNamespace>,
}

/// A namespace of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantNamespace {
    /// Whose it is.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// How far it is closed.
    pub closing: Closing,
}

/// How far a namespace is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Each object of its seal is there and as it must be.
    Sealed,
    /// Its profile says that nothing is laid.
    Planned,
    /// Why it is not sealed.
    Open(Vec<String>),
}

/// The objects that were seen in a namespace, by kind and name; none of what is not ours.
type Objects = BTreeMap<(&'static str, String), Option<Seen>>;
/// The same, by namespace.
type Standing = HashMap<String, Objects>;

/// A namespace as it stands.
struct Stands {
    name: String,
    label: Option<String>,
    created: Timestamp,
    is_going: bool,
}

impl Cluster {
    /// Reads everything that concerns tenants, or one of them.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn census(&self, only: Option<&str>, now: Timestamp) -> Result<Census, AskError> {
        let objects = documents(self).await?;
        let statuses = objects.iter().filter_map(|(kind, object)| status(kind, object)).collect();
        let usable = usable(&sources(&objects));
        let tenants = usable.documents.resolve();
        let is_wanted = |own: &&Tenant| only.is_none_or(|only| own.name.as_str() == only);
        let existing = self.every_namespace().await?;
        let owned: Vec<(&Tenant, &Stands)> = existing
            .iter()
            .filter_map(|it| Some((tenants.of_namespace(&it.name, it.label.as_deref())?, it)))
            .filter(|(tenant, _)| is_wanted(tenant))
            .collect();
        let places: Vec<&str> = owned.iter().map(|(_, it)| it.name.as_str()).collect();
        let standing = self.standing(only.map(|_| &*places)).await?;
        let mut namespaces = Vec::new();
        let over = over(&owned, &standing);
        for (tenant, stands) in owned {
            let closing = match plan(&tenants, tenant, &stands.name, now) {
                Plan::Planned(_) => Closing::Planned,
                Plan::Kept(_) if over.contains(stands.name.as_str()) => {
                    let why = "it is over the tenant's limit of namespaces: nothing is laid in it";
                    Closing::Open(vec![why.to_owned()])
                }
                Plan::Kept(wanted) => Closing::of(stands, &wanted, standing.get(&stands.name)),
            };
            namespaces.push(TenantNamespace::new(tenant, &stands.name, closing));
        }
        for tenant in tenants.iter().filter(is_wanted) {
            namespaces.extend(not_its_own(tenant, &existing));
        }
        namespaces.sort_by(|a, b| (&a.tenant, &a.name).cmp(&(&b.tenant, &b.name)));
        Ok(Census { documents: usable.documents, flaws: usable.flaws, statuses, namespaces })
    }

    /// What is wrong with a new document, in JSON, beside those that are there.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn flaws(&self, new: Source) -> Result<Vec<Flaw>, AskError> {
        let mut sources = sources(&documents(self).await?);
        let name = new.name.clone();
        sources.retain(|own| own.name != name);
        sources.push(new);
        Ok(usable(&sources).flaws.remove(&name).unwrap_or_default())
    }

    async fn every_namespace(&self) -> Result<Vec<Stands>, AskError> {
        let mut found = Vec::new();
        let take = |object: PartialObjectMeta<Namespace>| {
            found.push(Stands {
                name: object.name_any(),
                label: object.labels().get(TENANT_LABEL).cloned(),
                created: object.creation_timestamp().map(|at| at.0).unwrap_or_default(),
                is_going: object.metadata.deletion_timestamp.is_some(),
            });
        };
        each(&self.namespaces(), None, "namespaces", take).await?;
        Ok(found)
    }

    /// What stands of seals in these namespaces, strangers of their names too; or all that is ours.
    async fn standing(&self, places: Option<&[&str]>) -> Result<Standing, AskError> {
        let mut standing = Standing::new();
        let take = |kind: &'static str, object: DynamicObject| {
            let (place, name) = (object.namespace().unwrap_or_default(), object.name_any());
            // These types always serialize.
            let live = serde_json::to_value(object).unwrap_or_default();
            let seen = is_ours(&live).then(|| Seen::of(kind, &live));
            standing.entry(place).or_default().insert((kind, name), seen);
        };
        each_object(self, places, places.is_none(), take).await?;
        Ok(standing)
    }
}

impl Closing {
    /// How far a namespace is closed that must hold these objects.
    fn of(stands: &Stands, wanted: &[Managed], standing: Option<&Objects>) -> Self {
        let mut why = Vec::new();
        if stands.is_going {
            why.push("the namespace is being deleted".to_owned());
        }
        if stands.label.is_none() {
            why.push(format!("it has no label {TENANT_LABEL}: nothing in it is judged"));
        }
        for own in wanted {
            let key = (own.kind(), own.name().to_owned());
            let wrong = match standing.and_then(|standing| standing.get(&key)) {
                Some(Some(seen)) if seen.is(own) && seen.counts() => continue,
                Some(Some(seen)) if seen.is(own) => "does not count yet",
                Some(Some(_)) => "is not as it must be",
                Some(None) => "is there and not ours",
                None => "is missing",
            };
            why.push(format!("{} {} {wrong}", key.0, key.1));
        }
        if why.is_empty() { Self::Sealed } else { Self::Open(why) }
    }
}

/// The namespaces in which nothing is laid because their tenant has more than it may.
fn over(owned: &[(&Tenant, &Stands)], standing: &Standing) -> HashSet<String> {
    let candidates = owned.iter().map(|(tenant, own)| {
        let objects = standing.get(&own.name).into_iter().flat_map(BTreeMap::values);
        let stands = objects.flatten().next().is_some();
        let (name, created, ending) = (own.name.as_str(), own.created, own.is_going);
        Candidate { tenant, name, created, stands, ending }
    });
    over_limit(candidates)
}

impl TenantNamespace {
    fn new(tenant: &Tenant, name: &str, closing: Closing) -> Self {
        Self { tenant: tenant.name.to_string(), name: name.to_owned(), closing }
    }
}

/// Documents as they are read.
pub(super) fn sources(objects: &[(&'static str, DynamicObject)]) -> Vec<Source> {
    let source = |(kind, object): &(&'static str, DynamicObject)| {
        let (name, text) = written(kind, object);
        Source { name: format!("{kind} {name}"), text }
    };
    objects.iter().map(source).collect()
}

/// The namespaces that a tenant names and has not.
fn not_its_own(tenant: &Tenant, existing: &[Stands]) -> Vec<TenantNamespace> {
    let names = tenant.namespaces.iter();
    names
        .filter_map(|name| {
            let label = existing.iter().find(|it| it.name == *name).map(|it| it.label.as_deref());
            let why = match label {
                None => "it is not there".to_owned(),
                Some(Some(other)) if other != tenant.name.as_str() => {
                    format!("its label says that it is tenant `{}`'s", sanitise(other, 63))
                }
                Some(_) => return None,
            };
            Some(TenantNamespace::new(tenant, name, Closing::Open(vec![why])))
        })
        .collect()
}

/// What the controller has said of a Tenant.
fn status(kind: &str, object: &DynamicObject) -> Option<(String, TenantStatus)> {
    let said = object.data.get("status").filter(|_| kind == "Tenant")?;
    Some((object.name_any(), serde_json::from_value(said.clone()).ok()?))
}
