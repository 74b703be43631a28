//! Tenant: a team or a customer, and its namespaces.

use std::collections::BTreeMap;

use kube::core::Rule;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::super::values::{
    Count, Label1123, LabelKey, LabelValue, Line, NamePrefix, Quantity, Subdomain,
};
use super::profile::{
    Images, LabelKeys, Limits, Network, PodDefaultsSpec, PodSecuritySpec, Rules, Seal,
    ServiceAccounts,
};
use super::shared::{Subject, SubjectKind};
use super::status::TenantStatus;
use crate::domain::SYSTEM_NAMESPACES;

/// A team or a customer, and its namespaces. Sections of the Profile may be tightened here: an
/// absent field is the profile's.
#[derive(Debug, Clone, PartialEq, Default, CustomResource, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "ringfence.dev",
    version = "v1alpha1",
    kind = "Tenant",
    shortname = "tn",
    label("app.kubernetes.io/name", "ringfence"),
    category = "ringfence",
    status = "TenantStatus",
    derive = "PartialEq",
    doc = "A team or a customer, and its namespaces.",
    printcolumn = r#"{"name": "Profile", "type": "string", "jsonPath": ".spec.profile"}"#,
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Sealed", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Sealed')].status"}"#,
    printcolumn = r#"{"name": "Isolated", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Isolated')].status"}"#,
    printcolumn = r#"{"name": "Namespaces", "type": "integer", "jsonPath": ".status.namespaces"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#,
    validation = Rule::new("size(self.metadata.name) <= 63").message("a Tenant's name has at most 63 characters: it is a label's value")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSpec {
    /// Whom to ask. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Line>,
    /// The name of the tenant's Profile. Absent: `restricted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Subdomain>,
    /// Who may create and relabel the tenant's namespaces, and gets roles in each. Absent: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub owners: Option<Vec<Owner>>,
    /// The tenant's people without ownership. Absent: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub members: Option<Vec<Subject>>,
    /// The tenant's namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<TenantNamespaces>,
    /// True cuts the tenant off. Absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cordoned: Option<bool>,
    /// Tightens the profile's `rules`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// Tightens the profile's `podSecurity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<PodSecuritySpec>,
    /// The profile's `podDefaults`, where it lets tenants change them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_defaults: Option<PodDefaultsSpec>,
    /// Tightens the profile's `serviceAccounts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_accounts: Option<ServiceAccounts>,
    /// Tightens the profile's `images`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
    /// Tightens the profile's `network`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Tightens the profile's `seal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    /// Tightens the profile's `quota`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 128))]
    #[x_kube(validation = Rule::new("self.all(key, key.contains('/') || key.startsWith('hugepages-') || key.startsWith('requests.hugepages-') || key in ['cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'requests.storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage', 'pods', 'resourcequotas', 'services', 'services.nodeports', 'services.loadbalancers', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'])").message("a ResourceQuota counts no resource of this name"))]
    pub quota: Option<BTreeMap<String, Quantity>>,
    /// Tightens the profile's `limits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// An owner of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.__namespace__) == (self.kind == 'ServiceAccount')").message("a ServiceAccount has a namespace, and nobody else has"))]
pub struct Owner {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: SubjectKind,
    /// Its name.
    pub name: Line,
    /// The namespace of a ServiceAccount; not for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Subdomain>,
    /// The ClusterRoles that it gets in each namespace of the tenant. Absent: `[admin]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 16))]
    pub cluster_roles: Option<Vec<Line>>,
}

impl Owner {
    /// Who it is.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject { kind: self.kind, name: self.name.clone(), namespace: self.namespace.clone() }
    }
}

/// A tenant's namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantNamespaces {
    /// How many there may be, adopted ones too. Absent: the profile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Count>,
    /// The keys of labels and annotations that the tenant may set on them. Absent: the profile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_keys: Option<LabelKeys>,
    /// What the names of the tenant's namespaces start with. Others may use it too. Absent: anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<NamePrefix>,
    /// Namespaces that are the tenant's by their name. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 1024))]
    #[x_kube(validation = no_system_namespace())]
    pub names: Option<Vec<Label1123>>,
    /// Labels that each namespace is given. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, LabelValue>>", extend("maxProperties" = 64))]
    #[x_kube(validation = Rule::new("self.all(key, !key.matches('^([^/]*[.])?ringfence[.]dev/'))").message("labels below ringfence.dev are Ringfence's own"))]
    pub labels: Option<BTreeMap<LabelKey, LabelValue>>,
}

/// No tenant can be where webhooks do not ask.
fn no_system_namespace() -> Rule {
    let names = SYSTEM_NAMESPACES.map(|name| format!("'{name}'")).join(", ");
    Rule::new(format!("self.all(name, !(name in [{names}]))"))
        .message("no tenant can be in a namespace of the cluster's own")
}
