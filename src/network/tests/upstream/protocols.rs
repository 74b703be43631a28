//! Protocols that must not be taken for each other; UDP; SCTP.

use serde_json::json;

use super::table::{Table, case, ingress, labelled, pod};
use crate::reach::Protocol::{self, Sctp, Tcp, Udp};

case! { sctp_is_no_tcp,
"should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP', even if the plugin doesn't support SCTP",
|t: ["x/a", "y/a"]| {
    t.policy("x", "deny", json!({}), ingress(json!([])));
    let rules = json!([{"ports": [{"port": 81, "protocol": "SCTP"}]}]);
    t.policy("x", "sctp", pod("a"), ingress(rules));
    t.check((Tcp, 81), &[("*", "x/*", false)]);
}}

case! { sctp_isolates,
"should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP",
|t: ["x/a", "y/a"]| {
    let rules = json!([{"ports": [{"port": 80, "protocol": "SCTP"}]}]);
    t.policy("x", "sctp", pod("a"), ingress(rules));
    t.check((Tcp, 81), &[("*", "x/a", false)]);
}}

case! { udp_is_no_tcp, "should not allow access by TCP when a policy specifies only UDP",
|t: ["x/a", "y/a"]| {
    let rules = json!([{"ports": [{"port": 81, "protocol": "UDP"}]}]);
    t.policy("x", "udp", pod("a"), ingress(rules));
    t.check((Tcp, 81), &[("*", "x/a", false)]);
}}

case! { udp_default_deny_ingress, "UDP: should support a 'default-deny-ingress' policy",
|t: ["x/a", "x/b", "y/a", "y/b"]| {
    deny_ingress(&mut t, Udp);
}}

case! { udp_ports, "UDP: should enforce policy based on Ports",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    on_port_81(&mut t, Udp);
}}

case! { udp_one_pod_of_another_namespace,
"UDP: should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
|t: ["x/a", "x/b", "y/a"]| {
    from_one_pod(&mut t, Udp);
}}

case! { sctp_default_deny_ingress, "SCTP: should support a 'default-deny-ingress' policy",
|t: ["x/a", "x/b", "y/a", "y/b"]| {
    deny_ingress(&mut t, Sctp);
}}

case! { sctp_ports, "SCTP: should enforce policy based on Ports",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    on_port_81(&mut t, Sctp);
}}

case! { sctp_one_pod_of_another_namespace,
"SCTP: should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
|t: ["x/a", "x/b", "y/a"]| {
    from_one_pod(&mut t, Sctp);
}}

fn deny_ingress(t: &mut Table, protocol: Protocol) {
    t.policy("x", "deny-all", json!({}), ingress(json!([])));
    t.check((protocol, 80), &[("*", "x/*", false)]);
}

fn on_port_81(t: &mut Table, protocol: Protocol) {
    let from = json!([{"namespaceSelector": labelled("y")}]);
    let ports = json!([{"port": 81, "protocol": protocol.as_str()}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from, "ports": ports}])));
    t.check((protocol, 81), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
}

fn from_one_pod(t: &mut Table, protocol: Protocol) {
    let from = json!([{"namespaceSelector": labelled("y"), "podSelector": pod("a")}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((protocol, 80), &[("*", "x/a", false), ("y/a", "x/a", true)]);
}
