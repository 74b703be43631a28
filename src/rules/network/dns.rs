//! Rules for DNS by which DNS does not work.

use super::{NetworkView, SHOWN, numbers, shown};
use crate::domain::{FieldPath, Fix, NAME_LABEL, TENANT_LABEL, sanitise};
use crate::reach::{Direction, Namespaces, Peer, PortSet, Protocol, Rule, Scope, Selector};
use crate::rules::Report;

/// Where DNS is asked (RFC 1035, 4.2).
const PORT: u16 = 53;

pub(super) fn dns(view: &NetworkView<'_>, report: &mut Report<'_>) {
    let side = view.policy.side(Direction::Egress);
    let rules = side.map_or(&[][..], |side| &side.rules);
    for (number, rule) in rules.iter().enumerate() {
        let at = FieldPath::fields(&["spec", "egress"]).item(number, "");
        if opens(rule, Protocol::Udp) && !answered_by_tcp(rule, rules) {
            let fix = format!("add {{protocol: TCP, port: {PORT}}} to {at}.ports");
            report.add(
                at.field("ports"),
                "UDP 53 without TCP 53",
                "DNS needs both: what is too long for UDP is asked again by TCP",
                Fix::advice(fix),
            );
        }
        if !is_for_dns(rule) {
            continue;
        }
        for (index, peer) in rule.peers.iter().enumerate() {
            let Peer::Pods(Scope { namespaces: Namespaces::Chosen(chosen), .. }) = peer else {
                continue;
            };
            let Some(label) = unset(chosen) else { continue };
            report.add(
                at.field("to").item(index, "").field("namespaceSelector"),
                format!("{}, by the label {label}", shown(chosen)),
                "a namespace has no label but its name unless somebody sets one",
                by_name(chosen),
            );
        }
    }
}

/// Whether a rule opens DNS by a protocol. All ports are no rule for DNS.
fn opens(rule: &Rule, protocol: Protocol) -> bool {
    let dns = PortSet::range(protocol, PORT, PORT);
    let numbers = &rule.ports.numbers;
    let all = PortSet::of(protocol).without(numbers).is_empty();
    !all && dns.without(numbers).is_empty()
}

/// Whether a rule opens TCP 53 for the same peers, or for everyone.
fn answered_by_tcp(udp: &Rule, rules: &[Rule]) -> bool {
    let tcp = PortSet::range(Protocol::Tcp, PORT, PORT);
    rules.iter().any(|rule| {
        let same = rule.peers == udp.peers || rule.peers.contains(&Peer::Everyone);
        same && tcp.without(&rule.ports.numbers).is_empty()
    })
}

/// Whether a rule is for nothing but DNS.
fn is_for_dns(rule: &Rule) -> bool {
    let dns = PortSet::range(Protocol::Udp, PORT, PORT);
    let dns = dns.or(&PortSet::range(Protocol::Tcp, PORT, PORT));
    let ports = numbers(&rule.ports);
    !ports.is_empty() && ports.without(&dns).is_empty()
}

/// A label that somebody must have set on the namespace of DNS. In the tenant's own namespaces its owners
/// set them.
fn unset(chosen: &Selector) -> Option<&str> {
    let mut keys = chosen.listed().map(|(key, _)| key);
    if chosen.keys().any(|key| key == TENANT_LABEL) {
        return None;
    }
    keys.find(|key| *key != NAME_LABEL)
}

/// What is written most often is the namespace's name, by a label `name`.
fn by_name(chosen: &Selector) -> Fix {
    let name = chosen.values("name").next().unwrap_or("NAME");
    let name = sanitise(name, SHOWN);
    Fix::advice(format!(
        "select it by its name: namespaceSelector: {{matchLabels: {{{NAME_LABEL}: {name}}}}}"
    ))
}
