//! Platform: the facts of this cluster.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{Label1123, Line, Port, Priority, Subdomain, Time, choice};
use super::shared::{PortRange, Selector, Subject};
use super::status::DocumentStatus;
use crate::domain::{Cidr, Pattern};

/// The facts of this cluster. There is one, named `default`.
#[derive(Debug, Clone, PartialEq, Default, CustomResource, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "ringfence.dev",
    version = "v1alpha1",
    kind = "Platform",
    shortname = "plat",
    label("app.kubernetes.io/name", "ringfence"),
    category = "ringfence",
    status = "DocumentStatus",
    derive = "PartialEq",
    doc = "The facts of this cluster. There is one, named `default`.",
    printcolumn = r#"{"name": "Rehearsal", "type": "boolean", "jsonPath": ".spec.rehearsal"}"#,
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#,
    validation = Rule::new("self.metadata.name == 'default'").message("the Platform is named default")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlatformSpec {
    /// Who is the platform, beside those whom RBAC allows `administer` on tenants.ringfence.dev. A
    /// ServiceAccount of a tenant's namespace never is. Absent: nobody more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub administrators: Option<Vec<Subject>>,
    /// Whom to ask, printed in denials. Absent: "your platform team".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Line>,
    /// What is asked of namespaces without a tenant. Absent: no rule looks inside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unowned: Option<Unowned>,
    /// Names that tenants' namespaces cannot take, beside kube-*, *-system, default, svc, cluster
    /// and local. Absent: none more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub reserved_names: Option<Vec<Pattern>>,
    /// Keys of namespace labels and annotations that tenants never write, beside the built-in list.
    /// Absent: none more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub frozen_keys: Option<Vec<Pattern>>,
    /// Keys of pod labels that tenants never write. Absent: none more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 256))]
    pub reserved_pod_labels: Option<Vec<Pattern>>,
    /// The platform's services that tenants may be opened to, by name. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub shared: Option<Vec<SharedService>>,
    /// True makes every denial a warning and lets requests through while we are away. Absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<bool>,
    /// Until then the controller leaves deleted webhook configurations alone. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_until: Option<Time>,
    /// How the ClusterNetworkPolicies between tenants stand among others, where the cluster has that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_network_policies: Option<ClusterNetworkPolicies>,
    /// The cluster's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
}

/// What is asked of namespaces without a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unowned {
    /// The name of the Profile that they are judged by.
    pub profile: Subdomain,
}

/// How the ClusterNetworkPolicies between tenants stand among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterNetworkPolicies {
    /// Their priority in the Admin tier: the lower, the earlier. What comes later there is skipped for
    /// connections that a Grant permits. Absent: 1000, the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
}

/// Which way a path leads, seen from the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// The service calls the tenant.
    Ingress,
    /// The tenant calls the service.
    Egress,
}

choice!(Direction { Ingress, Egress });

/// A service of the platform that tenants may be opened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.__namespace__) != has(self.cidrs)").message("a shared service has either a namespace or cidrs"))]
#[x_kube(validation = Rule::new("!has(self.podSelector) || has(self.__namespace__)").message("podSelector goes with namespace"))]
pub struct SharedService {
    /// The name that profiles call it by.
    pub name: Label1123,
    /// `ingress`: it calls the tenant. `egress`: the tenant calls it.
    pub direction: Direction,
    /// The namespace that it runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Label1123>,
    /// Its pods. Absent: all pods of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<Selector>,
    /// Its addresses, in place of a namespace. They must not meet the ranges of pods or Services.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub cidrs: Option<Vec<Cidr>>,
    /// Its ports. Absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub ports: Option<Vec<PortRange>>,
}

/// The cluster's network. Ranges that the cluster tells only add to those given here; for a kind of
/// range that is not given, the private ranges and all of IPv6 count as the cluster's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// The ranges of pods.
    #[serde(rename = "podCIDRs", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub pod_cidrs: Option<Vec<Cidr>>,
    /// The ranges of Services.
    #[serde(rename = "serviceCIDRs", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub service_cidrs: Option<Vec<Cidr>>,
    /// The ranges of nodes.
    #[serde(rename = "nodeCIDRs", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub node_cidrs: Option<Vec<Cidr>>,
    /// The cluster's DNS domain. Absent: `cluster.local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Subdomain>,
    /// Whether an ipBlock of a network policy matches pods' addresses. Proofs of isolation always
    /// assume `match`. Absent: `match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_block_matches_pods: Option<IpBlocks>,
    /// Where DNS is answered. Absent: the pods with `k8s-app: kube-dns` in kube-system, port 53.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 16))]
    pub dns: Option<Vec<Dns>>,
}

/// Whether an ipBlock of a network policy matches pods' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IpBlocks {
    /// It does.
    Match,
    /// It does not.
    NoMatch,
    /// Nobody knows: both are assumed.
    Both,
}

choice!(IpBlocks { Match, NoMatch, Both });

/// Where DNS is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.__namespace__) != has(self.cidrs)").message("dns has either a namespace or cidrs"))]
#[x_kube(validation = Rule::new("!has(self.podSelector) || has(self.__namespace__)").message("podSelector goes with namespace"))]
pub struct Dns {
    /// The namespace that it runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Label1123>,
    /// Its pods. Absent: all pods of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<Selector>,
    /// Its addresses, in place of a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    pub cidrs: Option<Vec<Cidr>>,
    /// Its ports, of UDP and TCP both. Absent: 53.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1, "maxItems" = 16))]
    pub ports: Option<Vec<Port>>,
}
