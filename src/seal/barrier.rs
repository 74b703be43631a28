//! A tenant's barrier: what stands between it and every other tenant whatever their namespaces hold. It is one
//! policy that belongs to no namespace, in the dialect of each network plugin that has such policies.
//!
//! It is defence in depth: a namespace is closed by what stands in it. So it never opens anything, and breaks
//! nothing. It speaks of pods in namespaces with a tenant label alone, on both sides: what is the platform's, DNS,
//! shared services, nodes and addresses outside are none of its concern. Every other tenant is denied both
//! directions, also one that is gone and whose namespaces have its label still.
//!
//! Where a grant is in force, the policies in the namespaces alone say what passes. A dialect in which a part of
//! a denial can be let out leaves that part to them (`admin`, `calico`). One in which it cannot leaves them the
//! tenant, in that direction (`cilium`), and so do the former where grants are more than fit: which, is told
//! beside the policy.

mod admin;
mod calico;
mod cilium;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::networking::v1::NetworkPolicyPort;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelectorRequirement, ObjectMeta};
use serde_json::{Value, json};

use super::grants;
use super::managed::Managed;
use super::peers::{Way, requirement};
use crate::policy::documents::Party;
use crate::policy::{Tenant, Tenants};

/// A kind of some network plugin's, of objects that belong to no namespace; a cluster need not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginKind {
    /// As in manifests: `ClusterNetworkPolicy`.
    pub name: &'static str,
    /// Its API group.
    pub group: &'static str,
    /// Its API version.
    pub version: &'static str,
    /// Both as one, as in manifests.
    pub api_version: &'static str,
    /// What the API server calls it in a path.
    pub plural: &'static str,
}

/// In what a barrier is written: the kinds of policies that belong to no namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// ClusterNetworkPolicy (kubernetes-sigs/network-policy-api, v1alpha2 since 0.1.7).
    Admin,
    /// CiliumClusterwideNetworkPolicy.
    Cilium,
    /// GlobalNetworkPolicy of Calico's, in a tier (3.29 or later).
    Calico,
}

impl Dialect {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Cilium, Self::Calico];

    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> PluginKind {
        match self {
            Self::Admin => admin::KIND,
            Self::Cilium => cilium::KIND,
            Self::Calico => calico::KIND,
        }
    }

    /// Whether its policies stand in a [`tier()`], which must be there before them and go after them.
    #[must_use]
    pub const fn is_tiered(self) -> bool {
        matches!(self, Self::Calico)
    }

    /// The labels of its policies beside the one that all objects of ours have. Who lists them asks for these.
    #[must_use]
    pub fn labels(self) -> BTreeMap<String, String> {
        match self {
            Self::Admin | Self::Cilium => BTreeMap::new(),
            Self::Calico => calico::labels(),
        }
    }

    /// What stands before a tenant's name in its policy's. A tenant's name is a label, and these kinds take
    /// subdomains, so that every name fits.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Admin | Self::Cilium => "ringfence-tenant-",
            Self::Calico => calico::PREFIX,
        }
    }

    /// What a tenant's policy is called.
    #[must_use]
    pub fn name_for(self, tenant: &str) -> String {
        format!("{}{tenant}", self.prefix())
    }

    /// Whose policy is called so.
    #[must_use]
    pub fn tenant_of(self, name: &str) -> Option<&str> {
        name.strip_prefix(self.prefix())
    }
}

/// An object of a plugin's kind.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginObject {
    pub(super) kind: PluginKind,
    pub(super) metadata: ObjectMeta,
    pub(super) spec: Value,
}

impl PluginObject {
    pub(super) fn to_value(&self) -> Value {
        json!({
            "apiVersion": self.kind.api_version,
            "kind": self.kind.name,
            "metadata": self.metadata,
            "spec": self.spec,
        })
    }
}

/// A tenant's barrier.
#[derive(Debug, Clone, PartialEq)]
pub struct Barrier {
    /// The policy.
    pub policy: Managed,
    /// The tenants of which at least one direction is left, whole, to the policies in the namespaces.
    pub left: BTreeSet<String>,
}

/// The kind of what Calico's policies stand in.
pub const TIER: PluginKind = calico::TIER;

/// What Calico's policies stand in: one object for all tenants, which is there as long as a barrier is.
#[must_use]
pub fn tier() -> Managed {
    calico::tier()
}

/// The barrier of a tenant in a dialect.
#[must_use]
pub fn barrier(tenants: &Tenants, tenant: &Tenant, dialect: Dialect, now: Timestamp) -> Barrier {
    let [ingress, egress] = [Way::In, Way::Out].map(|way| granted(tenants, tenant, way, now));
    let of = match dialect {
        Dialect::Admin => admin::spec,
        Dialect::Cilium => cilium::spec,
        Dialect::Calico => calico::spec,
    };
    let (spec, left) = of(tenants, tenant, &ingress, &egress);
    let name = Some(dialect.name_for(tenant.name.as_str()));
    let labels = Some(dialect.labels());
    let metadata = ObjectMeta { name, labels, ..ObjectMeta::default() };
    let policy = PluginObject { kind: dialect.kind(), metadata, spec };
    Barrier { policy: Managed::Plugin(Box::new(policy)).marked(), left }
}

/// What a grant lets through between a tenant and another.
struct Granted<'a> {
    /// The grant's name.
    name: &'a str,
    /// The other side of it.
    there: &'a Party,
    ports: Vec<NetworkPolicyPort>,
}

/// What grants let through one way, by the other tenant's name.
type Paths<'a> = BTreeMap<&'a str, Vec<Granted<'a>>>;

fn granted<'a>(tenants: &'a Tenants, tenant: &Tenant, way: Way, now: Timestamp) -> Paths<'a> {
    let mut paths = Paths::new();
    for (grant, ports) in grants::with_ports(tenants, now) {
        let (here, there) = match way {
            Way::In => (&grant.spec.to, &grant.spec.from),
            Way::Out => (&grant.spec.from, &grant.spec.to),
        };
        let other = there.tenant.as_ref().filter(|other| **other != tenant.name);
        if let Some(other) = other.filter(|_| here.tenant.as_ref() == Some(&tenant.name)) {
            let path = Granted { name: &grant.name, there, ports };
            paths.entry(other.as_str()).or_default().push(path);
        }
    }
    paths
}

/// Namespaces of every tenant, there or gone, but of these.
fn all_but<'a>(
    key: &str,
    tenant: &'a Tenant,
    left: impl IntoIterator<Item = &'a str>,
) -> Vec<LabelSelectorRequirement> {
    let spared: BTreeSet<&str> = left.into_iter().chain([tenant.name.as_str()]).collect();
    let spared = spared.into_iter().map(ToOwned::to_owned).collect();
    vec![requirement(key, "Exists", None), requirement(key, "NotIn", Some(spared))]
}

/// The labels that select a tenant's namespaces.
fn its_own(key: &str, tenant: &Tenant) -> Value {
    json!({ "matchLabels": { key: tenant.name.as_str() } })
}
