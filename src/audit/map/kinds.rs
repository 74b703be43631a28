//! Kinds of policies that are not Kubernetes' own, and kinds that we do not know.

use super::thing::Head;

/// The API groups of policies that decide about pods' connections beside Kubernetes' own: of the
/// network-policy-api, Cilium, Calico (both of its groups), Antrea and Multus.
pub const POLICY_GROUPS: [&str; 6] = [
    "policy.networking.k8s.io",
    "cilium.io",
    "crd.projectcalico.org",
    "projectcalico.org",
    "crd.antrea.io",
    "k8s.cni.cncf.io",
];

/// Whether objects of a kind decide about connections. Calico's staged policies only tell what they would
/// decide.
pub(super) fn is_policy(kind: &str) -> bool {
    kind.ends_with("NetworkPolicy") && !kind.starts_with("Staged")
        || kind == "CiliumLocalRedirectPolicy"
}

/// Whether such a kind is of the whole cluster.
pub(super) fn is_clusterwide(kind: &str) -> bool {
    ["Cluster", "Global", "Admin"].iter().any(|word| kind.contains(word))
}

/// Whether a kind that we do not know may make pods: somebody's own, and none of Kubernetes'.
pub(super) fn may_make_pods(head: &Head) -> bool {
    let group = head.group();
    group.contains('.') && !group.ends_with(".k8s.io")
}
