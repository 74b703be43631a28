//! Asking the API server once, for commands that look and end.

use futures::future::try_join_all;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;

use super::Cluster;
use super::documents::kinds;
use crate::policy::documents::Tenant;

/// How many objects come in one answer.
const PAGE: u32 = 500;

/// The cluster did not tell what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was asked, and refused or failed.
    #[error("cannot list {what}: {source}")]
    List {
        /// Of what kind.
        what: String,
        /// Why.
        source: kube::Error,
    },
    /// It has none of our kinds.
    #[error("the cluster does not know our kinds: apply manifests/crds to it first")]
    NoKinds,
}

impl AskError {
    fn is_unknown_kind(&self) -> bool {
        matches!(self, Self::List { source: kube::Error::Api(status), .. } if status.code == 404)
    }
}

/// Takes everything that a list holds, page by page, so that it need not all be held at once.
pub(super) async fn each<K>(
    objects: &Api<K>,
    selector: Option<&str>,
    what: &str,
    take: impl FnMut(K),
) -> Result<(), AskError>
where
    K: Clone + DeserializeOwned + std::fmt::Debug,
{
    let params =
        ListParams { label_selector: selector.map(str::to_owned), ..ListParams::default() };
    each_of(objects, params, what, take).await
}

async fn each_of<K>(
    objects: &Api<K>,
    params: ListParams,
    what: &str,
    mut take: impl FnMut(K),
) -> Result<(), AskError>
where
    K: Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut params = params.limit(PAGE);
    loop {
        let failed = |source| AskError::List { what: what.to_owned(), source };
        let page = objects.list(&params).await.map_err(failed)?;
        page.items.into_iter().for_each(&mut take);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(()),
        }
    }
}

/// Every document of ours, each with its kind.
pub(super) async fn documents(
    cluster: &Cluster,
) -> Result<Vec<(&'static str, DynamicObject)>, AskError> {
    let kinds = kinds();
    let lists = kinds.iter().map(async |(kind, resource)| {
        let objects: Api<DynamicObject> = Api::all_with(cluster.client.clone(), resource);
        let mut found = Vec::new();
        each(&objects, None, &resource.plural, |object| found.push((*kind, object))).await?;
        Ok(found)
    });
    match try_join_all(lists).await {
        Ok(found) => Ok(found.concat()),
        Err(error) if AskError::is_unknown_kind(&error) => Err(AskError::NoKinds),
        Err(error) => Err(error),
    }
}

fn pods() -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("", "v1", "Pod"), "pods")
}

impl Cluster {
    /// Takes each pod that has not ended, with its namespace and as JSON: those of these namespaces, or all.
    /// No more than one answer of the API server is held at once.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn each_pod(
        &self,
        namespaces: Option<&[&str]>,
        mut take: impl FnMut(&str, &str),
    ) -> Result<(), AskError> {
        let client = || self.client.clone();
        let lists: Vec<Api<DynamicObject>> = match namespaces {
            None => vec![Api::all_with(client(), &pods())],
            Some(all) => {
                let of = |name: &&str| Api::namespaced_with(client(), name, &pods());
                all.iter().map(of).collect()
            }
        };
        for list in lists {
            let living =
                ListParams::default().fields("status.phase!=Succeeded,status.phase!=Failed");
            let take = |pod: DynamicObject| {
                let namespace = pod.namespace().unwrap_or_default();
                // These types always serialize.
                take(&namespace, &serde_json::to_string(&pod).unwrap_or_default());
            };
            each_of(&list, living, "pods", take).await?;
        }
        Ok(())
    }

    /// Makes a Tenant of a document; one that is there already stays as it is.
    ///
    /// # Errors
    /// What the API server says against it.
    pub async fn create_tenant(&self, document: &Tenant) -> Result<(), kube::Error> {
        let tenants: Api<Tenant> = Api::all(self.client.clone());
        tenants.create(&PostParams::default(), document).await.map(|_| ())
    }
}
