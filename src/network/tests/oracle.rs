//! What policies let through: one connection at a time, read from their JSON in the plainest way.
//!
//! It shares no code with the engines. Each line follows a sentence of the API reference of
//! networking/v1, of the documentation's page on network policies or of the network-policy-api.

mod admin;

use std::net::IpAddr;

use serde_json::Value;

use super::cluster::{Cluster, Labels, Pod};
use crate::domain::Cidr;
use crate::reach::Protocol;

/// Where a connection begins or ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'a> {
    Pod(&'a Pod),
    Outside(IpAddr),
}

pub(crate) type Port = (Protocol, u16);

/// Whether a connection can be made, by any pair of addresses that the two have in common.
pub(crate) fn allowed(cluster: &Cluster, src: End<'_>, dst: End<'_>, port: Port) -> bool {
    let addresses = |end: End<'_>| match end {
        End::Pod(pod) if pod.addresses.is_empty() => vec![None],
        End::Pod(pod) => pod.addresses.iter().map(|own| Some(*own)).collect(),
        End::Outside(address) => vec![Some(address)],
    };
    addresses(src).iter().any(|from| {
        addresses(dst).iter().any(|to| {
            let same_family = match (from, to) {
                (Some(from), Some(to)) => from.is_ipv4() == to.is_ipv4(),
                _ => true,
            };
            let egress = side(cluster, "egress", src, (dst, *to), (dst, port));
            let ingress = side(cluster, "ingress", dst, (src, *from), (dst, port));
            same_family && egress && ingress
        })
    })
}

/// Whether the policies of one end let through what they see of the other.
pub(crate) fn side(
    cluster: &Cluster,
    direction: &str,
    own: End<'_>,
    (other, address): (End<'_>, Option<IpAddr>),
    (destination, port): (End<'_>, Port),
) -> bool {
    let End::Pod(pod) = own else { return true };
    let isolates = |policy: &&Value| {
        policy["metadata"]["namespace"] == *pod.namespace
            && selects(&policy["spec"]["podSelector"], &pod.labels)
            && concerns(&policy["spec"], direction)
    };
    let asked = admin::Asked { direction, pod, other, address, destination, port };
    match admin::decides(cluster, "Admin", &asked) {
        Some("Accept") => return true,
        Some("Deny") => return false,
        _ => {}
    }
    let isolating: Vec<&Value> = cluster.policies.iter().filter(isolates).collect();
    // A pod that no policy selects is not isolated: the baseline is asked, and what it leaves is allowed.
    if isolating.is_empty() {
        return admin::decides(cluster, "Baseline", &asked) != Some("Deny");
    }
    // Policies only add: one rule of one of them is enough.
    isolating.iter().any(|policy| {
        list(&policy["spec"][direction]).iter().any(|rule| {
            let peers = list(&rule[if direction == "egress" { "to" } else { "from" }]);
            let ports = list(&rule["ports"]);
            let peer = |peer: &Value| is(cluster, peer, &pod.namespace, other, address);
            // An empty or missing list is every peer, or every port.
            (peers.is_empty() || peers.iter().any(peer))
                && (ports.is_empty() || ports.iter().any(|own| on(own, destination, port)))
        })
    })
}

fn concerns(spec: &Value, direction: &str) -> bool {
    let types = list(&spec["policyTypes"]);
    if types.is_empty() {
        // Ingress always, Egress where there is a rule of it.
        return direction == "ingress" || !list(&spec["egress"]).is_empty();
    }
    types.iter().any(|own| own.as_str().unwrap().to_lowercase() == direction)
}

fn is(
    cluster: &Cluster,
    peer: &Value,
    own_namespace: &str,
    other: End<'_>,
    address: Option<IpAddr>,
) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        if matches!(other, End::Pod(_)) && !cluster.blocks_match_pods {
            return false;
        }
        // A pod whose address nobody knows lies in no block.
        let Some(address) = address else { return false };
        return within(&block["cidr"], address)
            && !list(&block["except"]).iter().any(|own| within(own, address));
    }
    let End::Pod(pod) = other else { return false };
    // Both selectors must match; without a namespaceSelector it is the policy's own namespace.
    let namespace = match peer.get("namespaceSelector") {
        Some(selector) => selects(selector, &cluster.labels_of(&pod.namespace)),
        None => pod.namespace == own_namespace,
    };
    namespace && peer.get("podSelector").is_none_or(|own| selects(own, &pod.labels))
}

pub(crate) fn within(cidr: &Value, address: IpAddr) -> bool {
    let range: Cidr = cidr.as_str().unwrap().parse().unwrap();
    let width = if address.is_ipv4() { 32 } else { 128 };
    range.contains(&format!("{address}/{width}").parse().unwrap())
}

pub(crate) fn on(own: &Value, destination: End<'_>, (protocol, number): Port) -> bool {
    // TCP where it does not say.
    if own.get("protocol").map_or("TCP", |it| it.as_str().unwrap()) != protocol.as_str() {
        return false;
    }
    match own.get("port") {
        None => true,
        // A name is what the destination's containers call it.
        Some(Value::String(name)) => match destination {
            End::Pod(pod) => pod.ports.contains(&(name.clone(), protocol, number)),
            End::Outside(_) => false,
        },
        Some(port) => {
            let first = port.as_u64().unwrap();
            let last = own.get("endPort").map_or(first, |end| end.as_u64().unwrap());
            (first..=last).contains(&u64::from(number))
        }
    }
}

pub(crate) fn selects(selector: &Value, labels: &Labels) -> bool {
    let equal = |(key, value): (&String, &Value)| {
        labels.get(key).map(String::as_str) == Some(value.as_str().unwrap())
    };
    let required = |it: &Value| {
        let found = labels.get(it["key"].as_str().unwrap());
        let listed =
            || list(&it["values"]).iter().any(|value| found.is_some_and(|own| value == own));
        match it["operator"].as_str().unwrap() {
            "In" => listed(),
            // It matches where the key is absent, too.
            "NotIn" => !listed(),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            other => panic!("{other}"),
        }
    };
    selector["matchLabels"].as_object().into_iter().flatten().all(equal)
        && list(&selector["matchExpressions"]).iter().all(required)
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
