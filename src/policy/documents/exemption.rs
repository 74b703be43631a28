//! Exemption: a permitted breach of named rules.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{Label1123, Line, Time};
use super::status::PermissionStatus;
use crate::domain::{RuleKey, TenantName};

/// A permitted breach of named rules.
#[derive(Debug, Clone, PartialEq, CustomResource, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "ringfence.dev",
    version = "v1alpha1",
    kind = "Exemption",
    shortname = "exm",
    label("app.kubernetes.io/name", "ringfence"),
    category = "ringfence",
    status = "PermissionStatus",
    derive = "PartialEq",
    doc = "A permitted breach of named rules.",
    printcolumn = r#"{"name": "Tenant", "type": "string", "jsonPath": ".spec.tenant"}"#,
    printcolumn = r#"{"name": "State", "type": "string", "jsonPath": ".status.state"}"#,
    printcolumn = r#"{"name": "Expires", "type": "string", "jsonPath": ".spec.expiresAt"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExemptionSpec {
    /// The tenant that is exempted. It never changes.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the tenant of an Exemption never changes: write another"))]
    pub tenant: TenantName,
    /// The rules that may be broken: `*`, families or codes, but not RF1 and RF9.
    #[schemars(extend("minItems" = 1, "maxItems" = 128))]
    #[x_kube(validation = Rule::new("self.all(key, !key.startsWith('RF1') && !key.startsWith('RF9'))").message("RF1 and RF9 cannot be exempted from"))]
    pub rules: Vec<RuleKey>,
    /// The namespaces in which.
    #[schemars(extend("minItems" = 1, "maxItems" = 256))]
    pub namespaces: Vec<Label1123>,
    /// The workloads that may break them. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 256))]
    pub workloads: Option<Vec<Workload>>,
    /// The containers that may break them. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 256))]
    pub containers: Option<Vec<Label1123>>,
    /// Who answers for it.
    pub owner: Line,
    /// Why.
    pub reason: Line,
    /// When it ends, at most 180 days after it is written.
    pub expires_at: Time,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// Its kind, such as `Deployment`.
    pub kind: Line,
    /// Its name.
    pub name: Line,
}
