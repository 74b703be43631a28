//! One object that the controller keeps.

use k8s_openapi::Resource;
use k8s_openapi::api::core::v1::{LimitRange, ResourceQuota};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::barrier::PluginObject;
use super::name::hash;
use super::normal::normal;
use crate::domain::MANAGED_LABEL;
use crate::network::{Read, network_policy, place_in};

/// The annotation with the hash of what an object says.
pub const HASH_ANNOTATION: &str = "ringfence.dev/content-hash";

/// The value of [`MANAGED_LABEL`].
pub(super) const MANAGED: &str = "true";

/// An object that the controller keeps, whole as it is applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Managed {
    /// What pods may reach and be reached by.
    NetworkPolicy(Box<NetworkPolicy>),
    /// How much there may be in a namespace.
    ResourceQuota(Box<ResourceQuota>),
    /// What a container asks for that does not say.
    LimitRange(Box<LimitRange>),
    /// Who has the rights of a role in a namespace.
    RoleBinding(Box<RoleBinding>),
    /// Who has the rights of a role everywhere.
    ClusterRoleBinding(Box<ClusterRoleBinding>),
    /// A tenant's barrier, or what barriers stand in.
    Plugin(Box<PluginObject>),
}

macro_rules! each {
    ($managed:expr, $object:ident => $value:expr) => {
        each!($managed, $object => $value, $object => $value)
    };
    ($managed:expr, $object:ident => $value:expr, $of_plugin:ident => $other:expr) => {
        match $managed {
            Managed::NetworkPolicy($object) => $value,
            Managed::ResourceQuota($object) => $value,
            Managed::LimitRange($object) => $value,
            Managed::RoleBinding($object) => $value,
            Managed::ClusterRoleBinding($object) => $value,
            Managed::Plugin($of_plugin) => $other,
        }
    };
}

impl Managed {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        each!(self, object => kind(object.as_ref()), own => own.kind.name)
    }

    /// Its API version: `networking.k8s.io/v1`.
    #[must_use]
    pub fn api_version(&self) -> &'static str {
        each!(self, object => api_version(object.as_ref()), own => own.kind.api_version)
    }

    /// What the API server calls its kind in a path: `networkpolicies`.
    #[must_use]
    pub fn plural(&self) -> &'static str {
        each!(self, object => plural(object.as_ref()), own => own.kind.plural)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// Its namespace; none where it stands for the whole cluster.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.metadata().namespace.as_deref()
    }

    /// The hash of what it says.
    #[must_use]
    pub fn hash(&self) -> &str {
        let marks = self.metadata().annotations.as_ref();
        marks.and_then(|marks| marks.get(HASH_ANNOTATION)).map_or("", String::as_str)
    }

    /// The object as it is sent to the API server.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // These types always serialize.
        each!(
            self,
            object => serde_json::to_value(object).unwrap_or_default(),
            own => own.to_value()
        )
    }

    /// What it says of the network, read as what stands in a cluster is; none of another kind. Where it
    /// comes from is told as `source`.
    #[must_use]
    pub fn read(&self, source: &str) -> Option<Read> {
        let Self::NetworkPolicy(policy) = self else { return None };
        // These types always serialize, and what they say is always a policy.
        let text = serde_json::to_string(policy).ok()?;
        let namespace = self.namespace().unwrap_or_default();
        network_policy(&text, namespace, &|pointer| place_in(source, pointer)).ok()
    }

    pub(super) fn metadata(&self) -> &ObjectMeta {
        each!(self, object => &object.metadata)
    }

    /// This object with our label and the hash of what it says.
    pub(super) fn marked(mut self) -> Self {
        let said = normal(self.kind(), &self.to_value());
        let metadata = each!(&mut self, object => &mut object.metadata);
        let labels = metadata.labels.get_or_insert_default();
        labels.insert(MANAGED_LABEL.to_owned(), MANAGED.to_owned());
        metadata.annotations = Some([(HASH_ANNOTATION.to_owned(), hash(&said.to_string()))].into());
        self
    }
}

fn kind<T: Resource>(_: &T) -> &'static str {
    T::KIND
}

fn api_version<T: Resource>(_: &T) -> &'static str {
    T::API_VERSION
}

fn plural<T: Resource>(_: &T) -> &'static str {
    T::URL_PATH_SEGMENT
}

/// The metadata of an object in a namespace.
pub(super) fn in_namespace(namespace: &str, name: impl Into<String>) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    }
}
