//! Labels and annotations of pods that networks go by.
//!
//! Of a pod that was there only what changes is judged: what it had, it had when it was let in.

use crate::domain::{Edit, EditValue, FieldPath, Fix, Pattern, sanitise};
use crate::objects::{Annotations, Meta};
use crate::rules::Report;
use crate::rules::tenancy::changes;

/// A pod's metadata, and what they were.
pub struct PodMetadataView<'a> {
    /// Where the pod stands in its object.
    pub at: FieldPath,
    /// `None` where all of it is new: on creation, and in a template.
    pub old: Option<&'a Meta<'a>>,
    /// What they become.
    pub new: &'a Meta<'a>,
    /// The keys that the Platform reserves.
    pub reserved: &'a [Pattern],
}

/// Cilium knows a pod's namespace, account and cluster by labels that it makes of them beside the pod's own
/// (`pkg/k8s/apis/cilium.io/const.go`).
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const CILIUM: &str = "io.cilium.";

/// Calico: an address of the pod's choice, one beside IPAM, addresses before its own, and sources that it may
/// pretend (`libcalico-go/lib/backend/k8s/conversion/constants.go` and the CNI plugin). Multus: further
/// networks, and another first one. OVN-Kubernetes: what it has attached.
const KEYS: [&str; 8] = [
    "cni.projectcalico.org/allowedSourcePrefixes",
    "cni.projectcalico.org/AllowedSourcePrefixes",
    "cni.projectcalico.org/floatingIPs",
    "cni.projectcalico.org/ipAddrs",
    "cni.projectcalico.org/ipAddrsNoIpam",
    "k8s.v1.cni.cncf.io/networks",
    "v1.multus-cni.io/default-network",
    ATTACHED,
];

/// OVN-Kubernetes writes this one itself, once the pod is there, and lets nobody else change it.
const ATTACHED: &str = "k8s.ovn.org/pod-networks";

/// Kube-OVN's domain, which for further interfaces has a provider before it (`pkg/util/const.go`).
const KUBE_OVN: &str = "ovn.kubernetes.io";
/// What a pod can choose there: addresses, and the switch, router and network that it is attached to.
const KUBE_OVN_KEYS: [&str; 6] =
    ["ip_address", "ip_pool", "logical_router", "logical_switch", "mac_address", "vpc"];

pub(super) fn reserved_label(view: &PodMetadataView<'_>, report: &mut Report<'_>) {
    let reserved = |key: &str| {
        key == NAMESPACE
            || key.starts_with(CILIUM)
            || view.reserved.iter().any(|pattern| pattern.matches(key))
    };
    let must = "only the platform gives pods this label";
    judge(view, ("labels", |meta| &meta.labels), reserved, must, report);
}

pub(super) fn network_annotation(view: &PodMetadataView<'_>, report: &mut Report<'_>) {
    let moves = |key: &str| {
        let its_own = key == ATTACHED && view.old.is_some();
        let kube_ovn = key.split_once('/').is_some_and(|(domain, name)| {
            let its = domain
                .strip_suffix(KUBE_OVN)
                .is_some_and(|provider| provider.is_empty() || provider.ends_with('.'));
            its && KUBE_OVN_KEYS.contains(&name)
        });
        !its_own && (KEYS.contains(&key) || kube_ovn)
    };
    let must = "the network gives a pod its addresses";
    judge(view, ("annotations", |meta| &meta.annotations), moves, must, report);
}

/// A map of a pod's metadata, and its field.
type Part<'a> = (&'static str, fn(&'a Meta<'a>) -> &'a Annotations<'a>);

fn judge<'a>(
    view: &PodMetadataView<'a>,
    (field, of): Part<'a>,
    is_judged: impl Fn(&str) -> bool,
    must: &'static str,
    report: &mut Report<'_>,
) {
    for (key, before, after) in changes(view.old.map(of), of(view.new)) {
        if !is_judged(key) {
            continue;
        }
        let path = view.at.down(&["metadata", field]).key(key);
        let fix = Fix::edit(match before {
            Some(value) => Edit::Set(path.clone(), EditValue::Text(value.to_owned().into())),
            None => Edit::Remove(path.clone()),
        });
        let found =
            after.map_or_else(|| "nothing".to_owned(), |value| sanitise(value, 80).into_owned());
        report.add(path, found, must, fix);
    }
}
