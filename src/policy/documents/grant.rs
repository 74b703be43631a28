//! Grant: a permitted path.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::super::values::{Label1123, Line, Time};
use super::shared::{GrantPort, Selector};
use super::status::PermissionStatus;
use crate::domain::{Cidr, TenantName};

/// A permitted path between two tenants, or between a tenant and addresses.
#[derive(Debug, Clone, PartialEq, CustomResource, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "ringfence.dev",
    version = "v1alpha1",
    kind = "Grant",
    shortname = "gr",
    label("app.kubernetes.io/name", "ringfence"),
    category = "ringfence",
    status = "PermissionStatus",
    derive = "PartialEq",
    doc = "A permitted path between two tenants, or between a tenant and addresses.",
    printcolumn = r#"{"name": "From", "type": "string", "jsonPath": ".spec.from.tenant"}"#,
    printcolumn = r#"{"name": "To", "type": "string", "jsonPath": ".spec.to.tenant"}"#,
    printcolumn = r#"{"name": "State", "type": "string", "jsonPath": ".status.state"}"#,
    printcolumn = r#"{"name": "Expires", "type": "string", "jsonPath": ".spec.expiresAt"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.from.tenant) || has(self.to.tenant)").message("one side of a Grant is a tenant"))]
#[x_kube(validation = Rule::new("(has(self.from.tenant) ? self.from.tenant : '') == (has(oldSelf.from.tenant) ? oldSelf.from.tenant : '') && (has(self.to.tenant) ? self.to.tenant : '') == (has(oldSelf.to.tenant) ? oldSelf.to.tenant : '')").message("the tenants of a Grant never change: write another"))]
pub struct GrantSpec {
    /// Who opens connections.
    pub from: Party,
    /// Who accepts them.
    pub to: Party,
    /// The ports of `to`.
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub ports: Vec<GrantPort>,
    /// Who answers for it.
    pub owner: Line,
    /// Why.
    pub reason: Line,
    /// When it ends.
    pub expires_at: Time,
}

/// One side of a Grant: a tenant, or addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.tenant) != has(self.cidrs)").message("a side of a Grant has either a tenant or cidrs"))]
#[x_kube(validation = Rule::new("has(self.tenant) || !(has(self.namespaces) || has(self.podSelector))").message("namespaces and podSelector go with tenant"))]
pub struct Party {
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantName>,
    /// The tenant's namespaces. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 256))]
    pub namespaces: Option<Vec<Label1123>>,
    /// The pods. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<Selector>,
    /// Addresses, in place of a tenant. They must not meet the ranges of pods or Services.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub cidrs: Option<Vec<Cidr>>,
}
