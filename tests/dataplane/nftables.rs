//! NetworkPolicies → nftables rules of the router, in the plainest way.
//!
//! It reads the objects' JSON and shares no code with the program. Each step follows a sentence of
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/> or of the API reference of
//! networking/v1.
//!
//! Replies pass. A pod that policies isolate has a chain for that direction, in which each thing that a rule
//! allows returns to go on, and at the end everything else is refused, in a way that is heard at once.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde_json::Value;

use super::cluster::{Cluster, ENDS, Labels};
use super::network::link;

/// Which pods a direction's policies are about, and how the other end is written.
#[derive(Clone, Copy)]
struct Way {
    /// The list of rules.
    rules: &'static str,
    /// The list of a rule's peers.
    peers: &'static str,
    /// In `policyTypes`.
    kind: &'static str,
    /// The other end in a packet: its destination or its source.
    other: &'static str,
}

const EGRESS: Way = Way { rules: "egress", peers: "to", kind: "Egress", other: "daddr" };
const INGRESS: Way = Way { rules: "ingress", peers: "from", kind: "Ingress", other: "saddr" };

/// The whole ruleset.
pub fn rules(cluster: &Cluster) -> String {
    let mut chains = String::new();
    let mut jumps = String::new();
    for (way, interface) in [(EGRESS, "iifname"), (INGRESS, "oifname")] {
        for pod in 0..cluster.pods.len() {
            // "By default, a pod is non-isolated for egress; all outbound connections are allowed", and the
            // same of ingress.
            let isolating: Vec<&Value> =
                cluster.policies.iter().filter(|own| isolates(cluster, own, pod, way)).collect();
            if isolating.is_empty() {
                continue;
            }
            let chain = format!("{}-{}", link(pod), way.rules);
            writeln!(jumps, "{interface} {} jump {chain}", link(pod)).unwrap();
            // "Network policies do not conflict; they are additive."
            let all = isolating.iter().flat_map(|policy| allowed(cluster, policy, pod, way));
            let lines: String = all.map(|own| format!("{own} return\n")).collect();
            writeln!(chains, "chain {chain} {{\n{lines}goto refuse\n}}").unwrap();
        }
    }
    // "Reply traffic for those allowed connections will also be implicitly allowed."
    format!(
        "table inet policies {{
chain refuse {{
meta l4proto tcp reject with tcp reset
reject with icmpx admin-prohibited
}}
{chains}chain forward {{
type filter hook forward priority 0; policy accept;
ct state established,related accept
{jumps}}}
}}
"
    )
}

fn isolates(cluster: &Cluster, policy: &Value, pod: usize, way: Way) -> bool {
    let pod = &cluster.pods[pod];
    // "podSelector selects the pods to which this NetworkPolicy object applies", in its own namespace; "an
    // empty selector matches all pods in the policy's namespace".
    if policy["metadata"]["namespace"] != pod.namespace.as_str()
        || !selects(&policy["spec"]["podSelector"], &pod.labels)
    {
        return false;
    }
    // "If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be set and
    // Egress will be set if the NetworkPolicy has any egress rules."
    let types = list(&policy["spec"]["policyTypes"]);
    match types.is_empty() {
        true => way.kind == "Ingress" || !list(&policy["spec"]["egress"]).is_empty(),
        false => types.iter().any(|own| own == way.kind),
    }
}

/// What a policy allows of a pod, each as what matches a packet.
fn allowed(cluster: &Cluster, policy: &Value, pod: usize, way: Way) -> Vec<String> {
    let namespace = policy["metadata"]["namespace"].as_str().unwrap();
    let mut found = Vec::new();
    for rule in list(&policy["spec"][way.rules]) {
        // "If this field is empty or missing, this rule matches all" peers.
        let peers = match list(&rule[way.peers]) {
            [] => vec![String::new()],
            peers => peers.iter().flat_map(|own| peer(cluster, own, namespace, way)).collect(),
        };
        // "If this field is empty or missing, this rule matches all ports (traffic not restricted by port)."
        let ports = match list(&rule["ports"]) {
            [] => vec![String::new()],
            ports => ports.iter().flat_map(|own| port(cluster, own, pod, way)).collect(),
        };
        // "traffic which matches both the `from` and `ports` sections"
        found.extend(
            peers.iter().flat_map(|peer| ports.iter().map(move |port| format!("{peer}{port}"))),
        );
    }
    found
}

fn peer(cluster: &Cluster, peer: &Value, namespace: &str, way: Way) -> Vec<String> {
    if let Some(block) = peer.get("ipBlock") {
        // "except is a slice of CIDRs that should not be included within an ipBlock".
        let cidr = block["cidr"].as_str().unwrap();
        let except = list(&block["except"]).iter().map(|own| own.as_str().unwrap());
        let (family, other) = (family(cidr.contains(':')), way.other);
        let except: String = except.map(|own| format!("{family} {other} != {own} ")).collect();
        return vec![format!("{family} {other} {cidr} {except}")];
    }
    let is_one = |number: &usize| {
        let pod = &cluster.pods[*number];
        // "namespaceSelector and podSelector: a single to/from entry that specifies both selects particular
        // pods within particular namespaces"; without a namespaceSelector "the policy's own namespace".
        let in_namespace = match peer.get("namespaceSelector") {
            Some(selector) => selects(selector, &with_name(cluster, &pod.namespace)),
            None => pod.namespace == namespace,
        };
        in_namespace && peer.get("podSelector").is_none_or(|own| selects(own, &pod.labels))
    };
    let pods = (0..cluster.pods.len()).filter(is_one);
    pods.flat_map(|pod| ENDS[pod].addresses().map(|own| is(own, way.other))).collect()
}

fn port(cluster: &Cluster, port: &Value, pod: usize, way: Way) -> Vec<String> {
    // "If not specified, this field defaults to TCP."
    let protocol = port.get("protocol").map_or("TCP", |own| own.as_str().unwrap());
    let written = protocol.to_lowercase();
    match port.get("port") {
        // "If this field is not provided, this matches all port names and numbers."
        None => vec![format!("meta l4proto {written} ")],
        // "This can either be a numerical or named port on a pod": of the pod that takes the connection.
        Some(Value::String(name)) => {
            let numbers = |pod: usize| {
                let own = cluster.pods[pod].ports.iter();
                own.filter(|own| own.0 == *name && own.1 == protocol).map(|own| own.2)
            };
            if way.kind == "Ingress" {
                return numbers(pod).map(|own| format!("{written} dport {own} ")).collect();
            }
            let each = (0..cluster.pods.len()).flat_map(|to| {
                ENDS[to]
                    .addresses()
                    .flat_map(move |address| numbers(to).map(move |own| (address, own)))
            });
            each.map(|(to, own)| format!("{}{written} dport {own} ", is(to, "daddr"))).collect()
        }
        // "endPort indicates that the range of ports from port to endPort if set, inclusive, should be
        // allowed by the policy."
        Some(first) => {
            let last = port.get("endPort").unwrap_or(first);
            vec![format!("{written} dport {first}-{last} ")]
        }
    }
}

fn is(address: IpAddr, other: &str) -> String {
    format!("{} {other} {address} ", family(address.is_ipv6()))
}

fn family(is_v6: bool) -> &'static str {
    if is_v6 { "meta nfproto ipv6 ip6" } else { "meta nfproto ipv4 ip" }
}

/// The labels of a namespace; "the Kubernetes control plane sets an immutable label
/// kubernetes.io/metadata.name on all namespaces. The value of the label is the namespace name."
fn with_name(cluster: &Cluster, namespace: &str) -> Labels {
    let mut labels = cluster.namespaces[namespace].clone();
    labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
    labels
}

/// "The result of matchLabels and matchExpressions are ANDed. An empty label selector matches all objects."
fn selects(selector: &Value, labels: &Labels) -> bool {
    let equal = |(key, value): (&String, &Value)| labels.get(key).is_some_and(|own| value == own);
    selector["matchLabels"].as_object().into_iter().flatten().all(equal)
        && list(&selector["matchExpressions"]).iter().all(|own| required(own, labels))
}

fn required(own: &Value, labels: &Labels) -> bool {
    let value = labels.get(own["key"].as_str().unwrap());
    let is_listed = value.is_some_and(|value| list(&own["values"]).iter().any(|own| own == value));
    match own["operator"].as_str().unwrap() {
        "In" => is_listed,
        // "or resources with no labels with that key"
        "NotIn" => !is_listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        other => panic!("{other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
