//! Profile: rules that tenants share. A Tenant has the same sections, to tighten them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::super::values::{Capability, Count, Field, Label1123, Quantity, UserId, choice};
use super::shared::PortRange;
use super::status::DocumentStatus;
use crate::domain::{Cidr, ImagePattern, Level, Mode, Pattern, PolicyVersion, RuleKey};

/// Rules that tenants share. A Tenant names one and may tighten it.
#[derive(Debug, Clone, PartialEq, Default, CustomResource, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "ringfence.dev",
    version = "v1alpha1",
    kind = "Profile",
    shortname = "prof",
    label("app.kubernetes.io/name", "ringfence"),
    category = "ringfence",
    status = "DocumentStatus",
    derive = "PartialEq",
    doc = "Rules that tenants share. A Tenant names one and may tighten it.",
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileSpec {
    /// What is done about a breach, by rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// What a tenant may loosen. Absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridable: Option<Overridable>,
    /// The Pod Security Standard that pods are held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<PodSecuritySpec>,
    /// What is filled in where a pod leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_defaults: Option<PodDefaultsSpec>,
    /// What is filled in on service accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_accounts: Option<ServiceAccounts>,
    /// Where images may come from, and how they are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
    /// What namespaces a tenant may make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<NewNamespaces>,
    /// What pods may reach and be reached by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Whether the controller seals namespaces or only shows what it would do. Absent: `keep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    /// The `hard` of a ResourceQuota in each namespace, over the built-in figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 128))]
    #[x_kube(validation = Rule::new("self.all(key, key.contains('/') || key.startsWith('hugepages-') || key.startsWith('requests.hugepages-') || key in ['cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'requests.storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage', 'pods', 'resourcequotas', 'services', 'services.nodeports', 'services.loadbalancers', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'])").message("a ResourceQuota counts no resource of this name"))]
    pub quota: Option<BTreeMap<String, Quantity>>,
    /// A LimitRange of containers in each namespace, over the built-in figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// What is done about a breach, by rule: `enforce`, `warn`, `audit` or `ignore` for `*`, a family
/// (`RF2`) or a code (`RF2003`); the longest key wins. Absent: `enforce`. RF1 and RF9 are always
/// enforced and cannot be named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rules(pub BTreeMap<RuleKey, Mode>);

impl JsonSchema for Rules {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rules".into()
    }

    /// By hand, because a structural schema has no patterns for keys.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is done about a breach, by rule: enforce, warn, audit or ignore for `*`, a family (RF2) or a code (RF2003); the longest key wins. Absent: enforce. RF1 and RF9 are always enforced and cannot be named.",
            "type": "object",
            "maxProperties": 128,
            "additionalProperties": generator.subschema_for::<Mode>(),
            "x-kubernetes-validations": [{
                "rule": "self.all(key, key.matches('^([*]|RF[2-8]([0-9]{3})?)$'))",
                "message": "a key is *, a family such as RF2 or a code such as RF2003; RF1 and RF9 are always enforced",
            }],
        })
    }
}

/// What a tenant may loosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Overridable {
    /// Rules whose mode a tenant may loosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 128))]
    #[x_kube(validation = Rule::new("self.all(key, !key.startsWith('RF1') && !key.startsWith('RF9'))").message("RF1 and RF9 are always enforced: nobody can loosen them"))]
    pub rules: Option<Vec<RuleKey>>,
    /// Fields that a tenant may loosen, such as `podDefaults.runAsUser`; a section's name is all its
    /// fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub fields: Option<Vec<Field>>,
}

/// The Pod Security Standard that pods are held to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodSecuritySpec {
    /// `privileged`, `baseline` or `restricted`. Absent: `restricted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// `latest` or `v1.N`. Absent: `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<PolicyVersion>,
}

/// What is filled in where a pod leaves it out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodDefaultsSpec {
    /// Fields that are not filled in. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 16))]
    pub omit: Option<Vec<PodDefault>>,
    /// `securityContext.runAsNonRoot` of pods. Absent: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_non_root: Option<bool>,
    /// `securityContext.runAsUser` of pods. Absent: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_user: Option<UserId>,
    /// `securityContext.runAsGroup` of pods. Absent: 3000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_group: Option<UserId>,
    /// `securityContext.fsGroup` of pods. Absent: 2000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group: Option<UserId>,
    /// `securityContext.seccompProfile.type` of pods. Absent: `RuntimeDefault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<Seccomp>,
    /// `securityContext.allowPrivilegeEscalation` of containers. Absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_privilege_escalation: Option<bool>,
    /// `securityContext.capabilities.drop` of containers. Absent: `[ALL]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub drop_capabilities: Option<Vec<Capability>>,
}

/// A field of `podDefaults`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodDefault {
    /// `runAsNonRoot`
    RunAsNonRoot,
    /// `runAsUser`
    RunAsUser,
    /// `runAsGroup`
    RunAsGroup,
    /// `fsGroup`
    FsGroup,
    /// `seccompProfile`
    SeccompProfile,
    /// `allowPrivilegeEscalation`
    AllowPrivilegeEscalation,
    /// `dropCapabilities`
    DropCapabilities,
}

choice!(PodDefault {
    RunAsNonRoot,
    RunAsUser,
    RunAsGroup,
    FsGroup,
    SeccompProfile,
    AllowPrivilegeEscalation,
    DropCapabilities
});

/// A seccomp profile that can be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seccomp {
    /// The container runtime's own.
    RuntimeDefault,
}

choice!(Seccomp { RuntimeDefault });

/// What is filled in on service accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccounts {
    /// `automountServiceAccountToken` of service accounts that leave it out. Absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_token: Option<bool>,
}

/// Where images may come from, and how they are named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Images {
    /// Images without tag, or every one below a path: `registry.example.com/team/*`. Absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub registries: Option<Vec<ImagePattern>>,
    /// Whether an image must be named by its digest. Absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_digest: Option<bool>,
    /// Whether `latest` or no tag is refused where there is no digest. Absent: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forbid_latest: Option<bool>,
    /// The pull policies that containers may have. Absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 16))]
    pub pull_policies: Option<Vec<PullPolicy>>,
    /// The pull policy that every container is given, whatever it says. Absent: its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_pull_policy: Option<PullPolicy>,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PullPolicy {
    /// At every start.
    Always,
    /// Where the node does not have it.
    IfNotPresent,
    /// Not at all.
    Never,
}

choice!(PullPolicy { Always, IfNotPresent, Never });

/// What namespaces a tenant may make.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNamespaces {
    /// How many a tenant may have. Absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Count>,
    /// The keys of labels and annotations that tenants may set on them. Absent: all but frozen ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_keys: Option<LabelKeys>,
}

/// Keys that are allowed, or all but these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.allow) != has(self.deny)").message("labelKeys has either allow or deny"))]
pub struct LabelKeys {
    /// Only these.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub allow: Option<Vec<Pattern>>,
    /// All but these.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub deny: Option<Vec<Pattern>>,
}

/// What pods may reach and be reached by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// What the seal allows inside: all of the tenant, the namespace alone, or nothing. Absent:
    /// `namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intra_tenant: Option<Within>,
    /// Names of the Platform's shared services that the seal opens. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub shared: Option<Vec<Label1123>>,
    /// Addresses that tenants' own policies may open, always less the cluster's own, link-local and
    /// metadata addresses. Opens nothing itself. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub outside: Option<Vec<OutsideRange>>,
    /// What is done about a tenant's policy that allows more than its own side may. Absent: `enforce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_sided: Option<OneSided>,
}

/// How far a tenant's pods reach each other. Later is tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Within {
    /// All namespaces of the tenant.
    Tenant,
    /// The pod's own namespace.
    Namespace,
    /// Not at all.
    None,
}

choice!(Within { Tenant, Namespace, None });

/// Addresses outside, and their ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutsideRange {
    /// The addresses.
    pub cidr: Cidr,
    /// The ports. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub ports: Option<Vec<PortRange>>,
}

/// What is done about a one-sided rule. Later is tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OneSided {
    /// Nothing.
    Ignore,
    /// A warning.
    Warn,
    /// A denial.
    Enforce,
}

choice!(OneSided { Ignore, Warn, Enforce });

/// Whether namespaces are sealed. Later is tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Seal {
    /// Nothing is laid; what would be is shown.
    Plan,
    /// The seal is laid and kept.
    Keep,
}

choice!(Seal { Plan, Keep });

/// A LimitRange of containers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Limits of containers that have none, by resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 32))]
    #[x_kube(validation = Rule::new("self.all(key, key.contains('/') || key.startsWith('hugepages-') || key in ['cpu', 'memory', 'ephemeral-storage'])").message("a container has no resource of this name"))]
    pub default: Option<BTreeMap<String, Quantity>>,
    /// Requests of containers that have none, by resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 32))]
    #[x_kube(validation = Rule::new("self.all(key, key.contains('/') || key.startsWith('hugepages-') || key in ['cpu', 'memory', 'ephemeral-storage'])").message("a container has no resource of this name"))]
    pub default_request: Option<BTreeMap<String, Quantity>>,
}
