//! A tenant goes: what permitted it anything, its document, its seals and its labels, in an order in which
//! no window opens, and in which everything may stop anywhere and be begun again.
//!
//! First goes what permits: Exemptions and Grants. Then the Tenant: from then on its namespaces are
//! orphaned, so that the door lets no pod into them and the keeper leaves their seals as they are. When all
//! replicas know, it is looked once more whether nothing runs there. Then the seals go, of each the policy that closes
//! the namespace last, and the labels that were filled in, as the namespace itself tells, since the Tenant is
//! gone by then; then the label that made it the tenant's, for without it nobody guards the namespace any
//! more; and last of all the tenant's barriers. Whoever begins again finds what is left by that label and by the
//! barriers' name.

mod busy;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions};
use kube::core::PartialObjectMeta;
use kube::{Api, ResourceExt as _};
use serde_json::Value;

use super::Cluster;
use super::ask::{AskError, documents, each};
use super::census::sources;
use super::documents::kinds;
use super::keeper::{KINDS, PLUGIN_KINDS, dialect, ours, served};
use super::marks::Marks;
use super::replicas::Replica;
use super::served::{Kind, resource};
use crate::domain::{MANAGED_LABEL, POD_SECURITY_PREFIX, TENANT_LABEL, Version};
use crate::policy::usable;
use crate::seal::DEFAULT_DENY;

/// What goes with a tenant, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The tenant.
    pub tenant: String,
    /// Its Exemptions and its Grants from or to anybody, and last, where it is there, the Tenant.
    pub documents: Vec<Document>,
    /// Its namespaces.
    pub namespaces: Vec<Leaving>,
    /// What runs in them, or would make something run.
    pub busy: Vec<String>,
    /// What denies other tenants beside what stands in its namespaces.
    pub barriers: Vec<Document>,
}

/// An object that belongs to no namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    uid: String,
}

/// A namespace that is to be nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its name.
    pub name: String,
    /// The keys of the labels that are taken away before the tenant's own.
    pub labels: Vec<String>,
    /// The keys of the annotations that are taken away.
    pub annotations: Vec<String>,
    /// The objects of its seal, in the order in which they go: kind and name.
    pub seal: Vec<(&'static str, String)>,
    /// Whether it is being deleted: then it keeps its seal until nothing runs in it any more.
    pub is_going: bool,
    uid: String,
}

/// What becomes of namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They stay, and are nobody's.
    Released,
    /// They are deleted, with all that is in them.
    Deleted,
}

/// A tenant does not go.
#[derive(Debug, thiserror::Error)]
pub enum OffboardError {
    /// Something cannot be read.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Something cannot be written.
    #[error("cannot {what}: {source}")]
    Write {
        /// What was to be done.
        what: String,
        /// Why not.
        source: kube::Error,
    },
    /// Pods came while the tenant went.
    #[error("something runs in its namespaces again: {}", .0.join(", "))]
    Busy(Vec<String>),
    /// Replicas do not know that the Tenant is gone.
    #[error("not every replica knows yet that the Tenant is gone: {}", .0.join(", "))]
    Late(Vec<String>),
    /// Somebody puts objects of seals back.
    #[error("objects of the seal of namespace `{0}` come back")]
    Stays(String),
    /// A deleted namespace is still there.
    #[error("namespace `{0}` is still being deleted")]
    Lingers(String),
}

/// From this version on a namespace's pods go before the policies that close it (KEP-5080).
pub const ORDERED_DELETION: Version = Version(34);
/// How often it is looked whether something is gone, and for how long.
const LOOKS: u32 = 240;
/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(500);
/// How often objects are taken away that come back: the keeper may learn last that the Tenant is gone.
const TRIES: u32 = 20;

impl Departure {
    /// Whether nothing of the tenant is there.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.documents.is_empty() && self.namespaces.is_empty() && self.barriers.is_empty()
    }
}

impl Cluster {
    /// What there is of a tenant, whether its Tenant is there or gone.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn departure(&self, tenant: &str) -> Result<Departure, AskError> {
        let all = documents(self).await?;
        let is_its =
            |(kind, object): &&(&'static str, DynamicObject)| concerns(kind, object, tenant);
        let mut its: Vec<_> = all.iter().filter(is_its).collect();
        its.sort_by_key(|(kind, object)| (*kind == "Tenant", *kind, object.name_any()));
        let document = |(kind, object): &&(&'static str, DynamicObject)| Document {
            kind,
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
        };
        let mut namespaces = Vec::new();
        let selector = format!("{TENANT_LABEL}={tenant}");
        let take = |object: PartialObjectMeta<Namespace>| namespaces.push(object);
        each(&self.namespaces(), Some(&selector), "namespaces", take).await?;
        let mut departure = Departure {
            tenant: tenant.to_owned(),
            documents: its.iter().map(document).collect(),
            namespaces: Vec::new(),
            busy: Vec::new(),
            barriers: self.barriers(tenant).await?,
        };
        for namespace in namespaces {
            let name = namespace.name_any();
            let Marks { mut labels, annotations } = Marks::of(&namespace);
            // The tenant's own label goes last.
            labels.retain(|key| key != TENANT_LABEL && !key.starts_with(POD_SECURITY_PREFIX));
            let seal = self.seal(&name).await?;
            let seal = seal.iter().map(|own| (own.kind.0, own.name.clone())).collect();
            let is_going = namespace.metadata.deletion_timestamp.is_some();
            if !is_going {
                departure.busy.extend(busy::busy(self, &name).await?);
            }
            let uid = namespace.uid().unwrap_or_default();
            let leaving = Leaving { name, labels, annotations, seal, is_going, uid };
            departure.namespaces.push(leaving);
        }
        Ok(departure)
    }

    /// Does what a departure comes to, and tells each thing that is done; the replicas are at home in a
    /// namespace.
    ///
    /// # Errors
    /// [`OffboardError`]; what was done stays, and the rest can be done later.
    pub async fn offboard(
        &self,
        departure: &Departure,
        fate: Fate,
        home: &str,
        mut told: impl FnMut(&str),
    ) -> Result<(), OffboardError> {
        for Document { kind, name, uid } in &departure.documents {
            let kinds = kinds();
            let Some((_, resource)) = kinds.iter().find(|(own, _)| own == kind) else { continue };
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), resource);
            delete(&api, &format!("{kind} {name}"), name, uid).await?;
            told(&format!("{kind} {name}: deleted"));
        }
        match fate {
            Fate::Deleted => self.delete_namespaces(departure, &mut told).await?,
            Fate::Released => self.release_namespaces(departure, home, &mut told).await?,
        }
        for Document { kind, name, uid } in &departure.barriers {
            let Some(own) = PLUGIN_KINDS.into_iter().find(|(own, ..)| own == kind) else {
                continue;
            };
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource(own));
            delete(&api, &format!("{kind} {name}"), name, uid).await?;
            told(&format!("{kind} {name}: deleted"));
        }
        Ok(())
    }

    /// A tenant's barriers, in the kinds that the cluster has.
    async fn barriers(&self, tenant: &str) -> Result<Vec<Document>, AskError> {
        let mut found = Vec::new();
        for kind in served(self).await? {
            // What all barriers stand in is no tenant's.
            let Some(dialect) = dialect(kind.0) else { continue };
            let failed = |source| AskError::List { what: kind.3.to_owned(), source };
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource(kind));
            let name = dialect.name_for(tenant);
            let object = api.get_opt(&name).await.map_err(failed)?;
            if let Some(object) = object.filter(|own| own.labels().contains_key(MANAGED_LABEL)) {
                found.push(Document { kind: kind.0, name, uid: object.uid().unwrap_or_default() });
            }
        }
        Ok(found)
    }

    async fn release_namespaces(
        &self,
        departure: &Departure,
        home: &str,
        mut told: impl FnMut(&str),
    ) -> Result<(), OffboardError> {
        self.all_know(home).await?;
        let staying = || departure.namespaces.iter().filter(|leaving| !leaving.is_going);
        let mut busy = Vec::new();
        for Leaving { name, .. } in staying() {
            busy.extend(busy::busy(self, name).await?);
        }
        if !busy.is_empty() {
            return Err(OffboardError::Busy(busy));
        }
        for leaving in staying() {
            self.unseal(&leaving.name).await?;
            self.clear(leaving).await?;
            // What the keeper had begun to put back before it knew.
            self.unseal(&leaving.name).await?;
            self.release(leaving).await?;
            told(&format!("namespace {}: without seal, and nobody's", leaving.name));
        }
        Ok(())
    }

    /// Waits until every replica decides by the documents as they are now: one that does not know yet that
    /// the Tenant is gone would let a pod in, or put back what is taken away.
    async fn all_know(&self, home: &str) -> Result<(), OffboardError> {
        let mut late = Vec::new();
        for _ in 0..LOOKS {
            let revision = usable(&sources(&documents(self).await?)).documents.resolve();
            let knows = |own: &Replica| {
                own.report.as_ref().is_some_and(|told| told.revision == revision.revision)
            };
            let replicas = self.replicas(home, Timestamp::now()).await?.all;
            late = replicas.into_iter().filter(|own| !knows(own)).map(|own| own.name).collect();
            if late.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Err(OffboardError::Late(late))
    }

    async fn delete_namespaces(
        &self,
        departure: &Departure,
        mut told: impl FnMut(&str),
    ) -> Result<(), OffboardError> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        for Leaving { name, uid, .. } in departure.namespaces.iter().filter(|own| !own.is_going) {
            delete(&api, &format!("namespace {name}"), name, uid).await?;
        }
        for Leaving { name, uid, .. } in &departure.namespaces {
            let failed = |source| wrong(format!("look for namespace {name}"), source);
            for look in 0.. {
                let found = api.get_metadata_opt(name).await.map_err(failed)?;
                if found.is_none_or(|own| own.uid().as_ref() != Some(uid)) {
                    break;
                }
                if look >= LOOKS {
                    return Err(OffboardError::Lingers(name.clone()));
                }
                tokio::time::sleep(BETWEEN).await;
            }
            told(&format!("namespace {name}: deleted, with all that was in it"));
        }
        Ok(())
    }

    /// Takes a seal away, and what comes of it again.
    async fn unseal(&self, namespace: &str) -> Result<(), OffboardError> {
        for _ in 0..TRIES {
            let standing = self.seal(namespace).await?;
            if standing.is_empty() {
                return Ok(());
            }
            for Standing { kind, name, uid } in standing {
                let api: Api<DynamicObject> =
                    Api::namespaced_with(self.client.clone(), namespace, &resource(kind));
                delete(&api, &format!("{} {namespace}/{name}", kind.0), &name, &uid).await?;
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Err(OffboardError::Stays(namespace.to_owned()))
    }

    /// The objects of a seal that stand in a namespace: first who has rights, last what closes it.
    async fn seal(&self, namespace: &str) -> Result<Vec<Standing>, AskError> {
        let mut found = Vec::new();
        for kind in KINDS.into_iter().filter(|(kind, ..)| *kind != "ClusterRoleBinding") {
            let api: Api<DynamicObject> =
                Api::namespaced_with(self.client.clone(), namespace, &resource(kind));
            let take = |object: DynamicObject| {
                let uid = object.uid().unwrap_or_default();
                found.push(Standing { kind, name: object.name_any(), uid });
            };
            each(&api, Some(&ours(kind.0)), kind.3, take).await?;
        }
        found.sort_by_key(|own| {
            let closes = own.kind.0 == "NetworkPolicy" && own.name == DEFAULT_DENY;
            (closes, own.kind.0 != "RoleBinding", own.kind.0, own.name.clone())
        });
        Ok(found)
    }

    /// Takes away what was put on a namespace, all but the label that makes it the tenant's.
    async fn clear(&self, leaving: &Leaving) -> Result<(), OffboardError> {
        let (labels, annotations) = (leaving.labels.clone(), leaving.annotations.clone());
        self.strip(leaving, &Marks { labels, annotations }).await
    }

    /// Takes away the label that makes a namespace the tenant's.
    async fn release(&self, leaving: &Leaving) -> Result<(), OffboardError> {
        let labels = vec![TENANT_LABEL.to_owned()];
        self.strip(leaving, &Marks { labels, ..Marks::default() }).await
    }

    async fn strip(&self, leaving: &Leaving, marks: &Marks) -> Result<(), OffboardError> {
        let Leaving { name, uid, .. } = leaving;
        let patch = Patch::Merge(marks.gone(uid));
        let api: Api<Namespace> = Api::all(self.client.clone());
        let patched = api.patch_metadata(name, &PatchParams::default(), &patch).await;
        patched.map_err(|source| wrong(format!("take the labels of namespace {name}"), source))?;
        Ok(())
    }
}

/// An object of a seal that is there.
struct Standing {
    kind: Kind,
    name: String,
    uid: String,
}

/// Whether a document is a tenant's, or speaks of it.
fn concerns(kind: &str, object: &DynamicObject, tenant: &str) -> bool {
    let says = |pointer: &str| {
        object.data.pointer(pointer).and_then(Value::as_str).is_some_and(|own| own == tenant)
    };
    match kind {
        "Tenant" => object.name_any() == tenant,
        "Exemption" => says("/spec/tenant"),
        "Grant" => says("/spec/from/tenant") || says("/spec/to/tenant"),
        _ => false,
    }
}

async fn delete<K>(api: &Api<K>, what: &str, name: &str, uid: &str) -> Result<(), OffboardError>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
    match api.delete(name, &params).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        deleted => deleted.map(|_| ()).map_err(|source| wrong(format!("delete {what}"), source)),
    }
}

fn wrong(what: String, source: kube::Error) -> OffboardError {
    OffboardError::Write { what, source }
}
