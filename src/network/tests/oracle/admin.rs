//! What policies of the whole cluster say of a connection, in the plainest way.

use std::net::IpAddr;

use serde_json::Value;

use super::{End, Port, list, selects, within};
use crate::network::tests::cluster::{Cluster, Pod};

/// A connection as the policies of one end see it.
pub(super) struct Asked<'a> {
    pub(super) direction: &'a str,
    /// Whose policies are asked.
    pub(super) pod: &'a Pod,
    pub(super) other: End<'a>,
    pub(super) address: Option<IpAddr>,
    pub(super) destination: End<'a>,
    pub(super) port: Port,
}

/// What the first rule that matches does: `Accept`, `Deny` or `Pass`.
pub(super) fn decides(cluster: &Cluster, tier: &str, asked: &Asked<'_>) -> Option<&'static str> {
    let tier_of = |own: &Value| match own["kind"].as_str().unwrap() {
        "ClusterNetworkPolicy" => own["spec"]["tier"].as_str().unwrap().to_owned(),
        "AdminNetworkPolicy" => "Admin".to_owned(),
        _ => "Baseline".to_owned(),
    };
    let mut policies: Vec<&Value> =
        cluster.admin.iter().filter(|own| tier_of(own) == tier).collect();
    // The lower comes first; the one BaselineAdminNetworkPolicy has none and comes last.
    policies.sort_by_key(|own| own["spec"]["priority"].as_i64().unwrap_or(i64::MAX));
    let of_pod = |own: &&&Value| pods(cluster, &own["spec"]["subject"], asked.pod);
    let rules = policies.iter().filter(of_pod).flat_map(|own| list(&own["spec"][asked.direction]));
    let mut matching = rules.filter(|rule| {
        let peers = list(&rule[if asked.direction == "egress" { "to" } else { "from" }]);
        peers.iter().any(|peer| is(cluster, peer, asked)) && on(rule, asked)
    });
    Some(match matching.next()?["action"].as_str().unwrap() {
        "Accept" | "Allow" => "Accept",
        "Deny" => "Deny",
        _ => "Pass",
    })
}

fn pods(cluster: &Cluster, own: &Value, pod: &Pod) -> bool {
    let namespace = cluster.labels_of(&pod.namespace);
    match own.get("namespaces") {
        Some(selector) => selects(selector, &namespace),
        None => {
            selects(&own["pods"]["namespaceSelector"], &namespace)
                && selects(&own["pods"]["podSelector"], &pod.labels)
        }
    }
}

fn is(cluster: &Cluster, peer: &Value, asked: &Asked<'_>) -> bool {
    if let Some(networks) = peer.get("networks") {
        let counts = matches!(asked.other, End::Outside(_)) || cluster.blocks_match_pods;
        return counts
            && asked.address.is_some_and(|own| list(networks).iter().any(|it| within(it, own)));
    }
    match asked.other {
        End::Pod(pod) => pods(cluster, peer, pod),
        End::Outside(_) => false,
    }
}

fn on(rule: &Value, asked: &Asked<'_>) -> bool {
    let (protocol, number) = asked.port;
    let named = |name: &Value| match asked.destination {
        End::Pod(pod) => pod.ports.contains(&(name.as_str().unwrap().to_owned(), protocol, number)),
        End::Outside(_) => false,
    };
    let between = |first: &Value, last: &Value| {
        (first.as_u64().unwrap()..=last.as_u64().unwrap()).contains(&u64::from(number))
    };
    if let Some(protocols) = rule.get("protocols") {
        return list(protocols).iter().any(|own| {
            if let Some(name) = own.get("destinationNamedPort") {
                return named(name);
            }
            let Some(own) = own.get(protocol.as_str().to_lowercase()) else { return false };
            let port = &own["destinationPort"];
            match port.get("range") {
                Some(range) => between(&range["start"], &range["end"]),
                None => between(&port["number"], &port["number"]),
            }
        });
    }
    let Some(ports) = rule.get("ports") else { return true };
    list(ports).iter().any(|own| {
        if let Some(name) = own.get("namedPort") {
            return named(name);
        }
        let (own, first, last) = match own.get("portRange") {
            Some(own) => (own, &own["start"], &own["end"]),
            None => (&own["portNumber"], &own["portNumber"]["port"], &own["portNumber"]["port"]),
        };
        own["protocol"].as_str().unwrap_or("TCP") == protocol.as_str() && between(first, last)
    })
}
