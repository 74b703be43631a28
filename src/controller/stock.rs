//! What a cluster holds of objects that decide who reaches whom, read once.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Discovery};
use serde_json::Value;

use super::Cluster;
use super::ask::{AskError, documents, each};
use super::census::sources;
use crate::policy::{Usable, usable};

/// The kinds of Kubernetes that are read, each with its group, version and plural.
const KINDS: [(&str, &str, &str, &str); 3] = [
    ("", "v1", "Namespace", "namespaces"),
    ("", "v1", "Pod", "pods"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
];

impl Cluster {
    /// The documents in force; none where the cluster does not know our kinds.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn usable(&self) -> Result<Option<Usable>, AskError> {
        match documents(self).await {
            Ok(objects) => Ok(Some(usable(&sources(&objects)))),
            Err(AskError::NoKinds) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads namespaces, pods and policies, page by page: NetworkPolicies, and of these API groups every
    /// kind that is called a policy. Each is told with its apiVersion and kind, and not kept.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn each_object(
        &self,
        groups: &[&str],
        mut take: impl FnMut(&Value),
    ) -> Result<(), AskError> {
        let mut kinds: Vec<ApiResource> = KINDS
            .iter()
            .map(|(group, version, kind, plural)| {
                let kind = GroupVersionKind::gvk(group, version, kind);
                ApiResource::from_gvk_with_plural(&kind, plural)
            })
            .collect();
        kinds.extend(self.policies_of(groups).await?);
        for kind in &kinds {
            let all: Api<DynamicObject> = Api::all_with(self.client.clone(), kind);
            each(&all, None, &kind.plural, |object| take(&whole(kind, object))).await?;
        }
        Ok(())
    }

    /// The kinds of these groups that the cluster has and that are called policies.
    async fn policies_of(&self, groups: &[&str]) -> Result<Vec<ApiResource>, AskError> {
        let failed = |source| AskError::List { what: "API groups".to_owned(), source };
        let discovery = Discovery::new(self.client.clone()).filter(groups);
        let discovery = discovery.run().await.map_err(failed)?;
        let kinds = discovery.groups().flat_map(kube::discovery::ApiGroup::resources_by_stability);
        let kinds = kinds.map(|(kind, _)| kind);
        Ok(kinds.filter(|own| own.kind.ends_with("Policy")).collect())
    }
}

/// An object of a list, which does not say itself of what kind it is.
fn whole(kind: &ApiResource, object: DynamicObject) -> Value {
    // These types always serialize.
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("apiVersion".to_owned(), Value::from(kind.api_version.as_str()));
        object.insert("kind".to_owned(), Value::from(kind.kind.as_str()));
    }
    value
}
