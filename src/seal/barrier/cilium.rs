//! CiliumClusterwideNetworkPolicy: explicit denials, which beat every allowance (docs.cilium.io, Deny
//! Policies), so that no part of one can be let out again. A pair with a grant is left out, one way.
//!
//! Such a policy also isolates the pods that it selects, as what stands in their namespaces does; nothing
//! says `enableDefaultDeny: false`, which older releases do not know. Nodes have no labels of namespaces, and
//! neither what a kubelet asks of its pods nor replies are denied.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Paths, PluginKind, all_but, its_own};
use crate::policy::{Tenant, Tenants};

pub(super) const KIND: PluginKind = PluginKind {
    name: "CiliumClusterwideNetworkPolicy",
    group: "cilium.io",
    version: "v2",
    api_version: "cilium.io/v2",
    plural: "ciliumclusterwidenetworkpolicies",
};

/// The tenant label of a pod's namespace, as Cilium gives it to the pod (`k8s`'s, `PodNamespaceMetaLabels` of
/// its pkg/k8s/apis/cilium.io).
const TENANT: &str = "k8s:io.cilium.k8s.namespace.labels.ringfence.dev/tenant";

pub(super) fn spec(
    _: &Tenants,
    tenant: &Tenant,
    ingress: &Paths<'_>,
    egress: &Paths<'_>,
) -> (Value, BTreeSet<String>) {
    let others = |paths: &Paths<'_>| json!([{"matchExpressions": all_but(TENANT, tenant, paths.keys().copied())}]);
    let spec = json!({
        "endpointSelector": its_own(TENANT, tenant),
        "ingressDeny": [{"fromEndpoints": others(ingress)}],
        "egressDeny": [{"toEndpoints": others(egress)}],
    });
    let left = ingress.keys().chain(egress.keys()).map(|other| (*other).to_owned());
    (spec, left.collect())
}
