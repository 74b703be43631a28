//! What network policies let through, read from their JSON as Kubernetes' documentation says it and in the
//! plainest way.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use crate::domain::Cidr;

pub(super) type Labels = BTreeMap<String, String>;

/// A pod, or with no namespace something outside.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) namespace: Option<(String, Labels)>,
    pub(super) labels: Labels,
    pub(super) address: IpAddr,
}

/// Whether the policies of a pod's namespace let it open connections to another end.
pub(super) fn egress(policies: &[Value], pod: &End, to: &End, port: (&str, u16)) -> bool {
    passes(policies, ("Egress", "egress", "to"), pod, to, port)
}

/// Whether the policies of a pod's namespace let another end open connections to it.
pub(super) fn ingress(policies: &[Value], pod: &End, from: &End, port: (&str, u16)) -> bool {
    passes(policies, ("Ingress", "ingress", "from"), pod, from, port)
}

fn passes(
    policies: &[Value],
    (direction, rules, side): (&str, &str, &str),
    pod: &End,
    other: &End,
    port: (&str, u16),
) -> bool {
    let own = &pod.namespace.as_ref().unwrap().0;
    let isolates = |policy: &&Value| {
        assert_eq!(policy["metadata"]["namespace"], **own);
        selects(&policy["spec"]["podSelector"], &pod.labels)
            && policy["spec"]["policyTypes"].as_array().unwrap().iter().any(|it| it == direction)
    };
    let isolating: Vec<&Value> = policies.iter().filter(isolates).collect();
    isolating.is_empty()
        || isolating.iter().any(|policy| {
            items(&policy["spec"][rules]).iter().any(|rule| {
                let peers = items(&rule[side]);
                let ports = items(&rule["ports"]);
                (peers.is_empty() || peers.iter().any(|peer| is(peer, own, other)))
                    && (ports.is_empty() || ports.iter().any(|own| on(own, port)))
            })
        })
}

fn is(peer: &Value, own: &str, other: &End) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        assert_eq!(peer.as_object().unwrap().len(), 1);
        let range: Cidr = block["cidr"].as_str().unwrap().parse().unwrap();
        let width = if other.address.is_ipv4() { 32 } else { 128 };
        let address: Cidr = format!("{}/{width}", other.address).parse().unwrap();
        assert_eq!(block.get("except"), None);
        return range.contains(&address);
    }
    let Some((name, labels)) = &other.namespace else { return false };
    let namespace = match peer.get("namespaceSelector") {
        Some(selector) => selects(selector, labels),
        None => name == own,
    };
    namespace && peer.get("podSelector").is_none_or(|selector| selects(selector, &other.labels))
}

fn on(own: &Value, (protocol, number): (&str, u16)) -> bool {
    let number = u64::from(number);
    let numbers = match (own.get("port"), own.get("endPort")) {
        (None, _) => true,
        (Some(port), None) => port.as_u64().unwrap() == number,
        (Some(port), Some(end)) => {
            (port.as_u64().unwrap()..=end.as_u64().unwrap()).contains(&number)
        }
    };
    own.get("protocol").map_or("TCP", |it| it.as_str().unwrap()) == protocol && numbers
}

pub(super) fn selects(selector: &Value, labels: &Labels) -> bool {
    let equal = |(key, value): (&String, &Value)| {
        labels.get(key).map(String::as_str) == Some(value.as_str().unwrap())
    };
    let required = |it: &Value| {
        let found = labels.get(it["key"].as_str().unwrap());
        let listed =
            || items(&it["values"]).iter().any(|value| found.is_some_and(|own| value == own));
        match it["operator"].as_str().unwrap() {
            "In" => listed(),
            "NotIn" => !listed(),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            other => panic!("{other}"),
        }
    };
    selector["matchLabels"].as_object().into_iter().flatten().all(equal)
        && items(&selector["matchExpressions"]).iter().all(required)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
