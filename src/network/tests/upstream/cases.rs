//! TCP: "NetworkPolicy between server and client".

use serde_json::json;

use super::table::{Table, case, egress, ingress, labelled, named, pod};
use crate::reach::Protocol::{Tcp, Udp};

case! { default_deny_ingress, "should support a 'default-deny-ingress' policy",
|t: ["x/a", "x/b", "y/a", "y/b"]| {
    t.policy("x", "deny-ingress", json!({}), ingress(json!([])));
    t.check((Tcp, 80), &[("*", "x/*", false)]);
}}

case! { default_deny_all, "should support a 'default-deny-all' policy",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "deny-all", json!({}), json!({"policyTypes": ["Ingress", "Egress"]}));
    t.check((Tcp, 80), &[("*", "x/*", false), ("x/*", "*", false)]);
}}

case! { own_namespace_by_pods,
"should enforce policy to allow traffic from pods within server namespace based on PodSelector",
|t: ["x/a", "x/b", "x/c", "y/a"]| {
    t.policy("x", "own", pod("a"), ingress(json!([{"from": [{"podSelector": pod("b")}]}])));
    t.check((Tcp, 80), &[("*", "x/a", false), ("x/b", "x/a", true)]);
}}

case! { ingress_for_a_target, "should enforce policy to allow ingress traffic for a target",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "deny", json!({}), ingress(json!([])));
    let all = json!([{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]);
    t.policy("x", "allow", pod("a"), ingress(all));
    t.check((Tcp, 80), &[("*", "x/a", true), ("*", "x/b", false)]);
}}

case! { all_namespaces,
"should enforce policy to allow ingress traffic from pods in all namespaces",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    t.policy("x", "own", pod("a"), ingress(json!([{"from": [{"namespaceSelector": {}}]}])));
    t.check((Tcp, 80), &[]);
}}

case! { another_namespace,
"should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let rules = json!([{"from": [{"namespaceSelector": labelled("y")}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 80), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
}}

case! { pods_by_expressions, "should enforce policy based on PodSelector with MatchExpressions",
|t: ["x/a", "x/b", "y/a"]| {
    let b = json!({"matchExpressions": [{"key": "pod", "operator": "In", "values": ["b"]}]});
    t.policy("x", "own", pod("a"), ingress(json!([{"from": [{"podSelector": b}]}])));
    t.check((Tcp, 80), &[("*", "x/a", false), ("x/b", "x/a", true)]);
}}

case! { namespaces_by_expressions,
"should enforce policy based on NamespaceSelector with MatchExpressions",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let rules = json!([{"from": [{"namespaceSelector": named("In", "y")}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 80), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
}}

case! { pods_or_namespaces, "should enforce policy based on PodSelector or NamespaceSelector",
|t: ["x/a", "x/b", "x/c", "y/a"]| {
    let from = json!([{"namespaceSelector": named("NotIn", "x")}, {"podSelector": pod("b")}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("x/c", "x/a", false)]);
}}

case! { pods_and_namespaces, "should enforce policy based on PodSelector and NamespaceSelector",
|t: ["x/a", "x/b", "y/a", "y/b", "z/b"]| {
    let from = json!([{"namespaceSelector": named("NotIn", "x"), "podSelector": pod("b")}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("*", "x/a", false), ("y/b", "x/a", true), ("z/b", "x/a", true)]);
}}

case! { several_pods_and_namespaces,
"should enforce policy based on Multiple PodSelectors and NamespaceSelectors",
|t: ["x/a", "x/b", "y/a", "y/b", "y/c"]| {
    let pods = json!({"matchExpressions": [{"key": "pod", "operator": "In", "values": ["b", "c"]}]});
    let from = json!([{"namespaceSelector": named("NotIn", "x"), "podSelector": pods}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("x/*", "x/a", false), ("y/a", "x/a", false)]);
}}

case! { any_of_several_pods, "should enforce policy based on any PodSelectors",
|t: ["x/a", "x/b", "x/c"]| {
    let from = json!([{"podSelector": pod("b")}, {"podSelector": pod("c")}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("*", "x/a", false), ("x/b", "x/a", true), ("x/c", "x/a", true)]);
}}

case! { one_pod_of_another_namespace,
"should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector",
|t: ["x/a", "x/b", "y/a", "y/b", "z/a"]| {
    let from = json!([{"namespaceSelector": labelled("y"), "podSelector": pod("a")}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("*", "x/a", false), ("y/a", "x/a", true)]);
}}

case! { ports, "should enforce policy based on Ports",
|t: ["x/a", "x/b", "y/a", "y/b", "z/a"]| {
    let from = json!([{"namespaceSelector": labelled("y")}]);
    let rules = json!([{"from": from, "ports": [{"port": 81, "protocol": "TCP"}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 81), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
}}

case! { stacked_policies,
"should enforce multiple, stacked policies with overlapping podSelectors",
|t: ["x/a", "x/b", "y/a", "y/b", "z/a"]| {
    let allow = |port: u16| {
        let from = json!([{"namespaceSelector": labelled("y")}]);
        ingress(json!([{"from": from, "ports": [{"port": port, "protocol": "TCP"}]}]))
    };
    let of_y = [("x/*", "x/a", false), ("y/*", "x/a", true), ("z/*", "x/a", false)];
    t.policy("x", "port-81", pod("a"), allow(81));
    t.check((Tcp, 81), &of_y);
    t.check((Tcp, 80), &[("*", "x/a", false)]);
    t.policy("x", "port-80", pod("a"), allow(80));
    t.check((Tcp, 80), &of_y);
}}

case! { allow_all, "should support allow-all policy",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "own", json!({"matchLabels": {}}), ingress(json!([{}])));
    t.check((Tcp, 80), &[]);
    t.check((Tcp, 81), &[]);
}}

case! { ingress_on_a_named_port, "should allow ingress access on one named port",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "own", json!({}), ingress(json!([{"ports": [{"port": "serve-81-tcp"}]}])));
    t.check((Tcp, 81), &[]);
    t.check((Tcp, 80), &[("*", "x/*", false)]);
}}

case! { a_namespace_on_a_named_port,
"should allow ingress access from namespace on one named port",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let from = json!([{"namespaceSelector": labelled("y")}]);
    let rules = json!([{"from": from, "ports": [{"port": "serve-80-tcp", "protocol": "TCP"}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 80), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
    t.check((Tcp, 81), &[("*", "x/a", false)]);
}}

case! { egress_on_a_named_port, "should allow egress access on one named port",
|t: ["x/a", "y/a"]| {
    t.policy("x", "own", json!({}), egress(json!([{"ports": [{"port": "serve-80-tcp"}]}])));
    t.check((Tcp, 80), &[]);
    t.check((Tcp, 81), &[("x/*", "*", false)]);
}}

case! { a_port_that_nobody_names,
"should not allow all ports if it cannot limit to the requested port",
|t: ["x/a", "y/a"]| {
    let rules = json!([{"ports": [{"port": "no-such-port", "protocol": "TCP"}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 80), &[("*", "x/a", false)]);
}}

case! { updated_policy, "should enforce updated policy",
|t: ["x/a", "y/a"]| {
    t.policy("x", "own", json!({}), ingress(json!([{}])));
    t.check((Tcp, 81), &[]);
    t.policy("x", "own", json!({}), ingress(json!([])));
    t.check((Tcp, 81), &[("*", "x/*", false)]);
}}

case! { updated_namespace, "should allow ingress access from updated namespace",
|t: ["x/a", "y/a"]| {
    let from = json!([{"namespaceSelector": {"matchLabels": {"ns2": "updated"}}}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("*", "x/a", false)]);
    t.label_namespace("y", "ns2", "updated");
    t.check((Tcp, 80), &[("*", "x/a", false), ("y/*", "*", true)]);
}}

case! { updated_source, "should allow ingress access from updated pod",
|t: ["x/a", "x/b"]| {
    let from = json!([{"podSelector": {"matchLabels": {"pod": "b", "pod2": "updated"}}}]);
    t.policy("x", "own", pod("a"), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("*", "x/a", false)]);
    t.label_pod("x/b", "pod2", "updated");
    t.check((Tcp, 80), &[("*", "x/a", false), ("x/b", "x/a", true)]);
}}

case! { other_namespaces_denied, "should deny ingress from pods on other namespaces",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let from = json!([{"podSelector": {"matchLabels": {}}}]);
    t.policy("x", "own", json!({}), ingress(json!([{"from": from}])));
    t.check((Tcp, 80), &[("y/*", "x/*", false), ("z/*", "x/*", false)]);
}}

case! { updated_target, "should deny ingress access to updated pod",
|t: ["x/a", "y/a"]| {
    let target = json!({"matchLabels": {"target": "isolated"}});
    t.policy("x", "own", target, ingress(json!([])));
    t.check((Tcp, 80), &[]);
    t.label_pod("x/a", "target", "isolated");
    t.check((Tcp, 80), &[("*", "x/a", false)]);
}}

case! { egress_of_a_pod_denied, "should deny egress from pods based on PodSelector",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "own", pod("a"), egress(json!([])));
    t.check((Tcp, 80), &[("x/a", "*", false)]);
}}

case! { egress_of_a_namespace_denied, "should deny egress from all pods in a namespace",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "own", json!({}), egress(json!([])));
    t.check((Tcp, 80), &[("x/*", "*", false)]);
}}

case! { both_directions, "should work with Ingress, Egress specified together",
|t: ["x/a", "x/b", "x/c", "y/a"]| {
    t.policy("x", "own", pod("a"), json!({
        "policyTypes": ["Egress", "Ingress"],
        "ingress": [{"from": [{"podSelector": pod("b")}]}],
        "egress": [{"ports": [{"port": 80}]}],
    }));
    t.check((Tcp, 80), &[("*", "x/a", false), ("x/b", "x/a", true)]);
    t.check((Tcp, 81), &[("*", "x/a", false), ("x/a", "*", false), ("x/b", "x/a", true)]);
}}

case! { egress_denied_though_ingress_allows,
"should support denying of egress traffic on the client side (even if the server explicitly allows this traffic)",
|t: ["x/a", "y/a", "y/b"]| {
    let to = json!([{"namespaceSelector": labelled("y"), "podSelector": pod("a")}]);
    t.policy("x", "to-a", pod("a"), egress(json!([{"to": to}])));
    for name in ["a", "b"] {
        let from = json!([{"namespaceSelector": labelled("x"), "podSelector": pod("a")}]);
        t.policy("y", name, pod(name), ingress(json!([{"from": from}])));
    }
    t.check((Tcp, 80), &[
        ("x/a", "*", false),
        ("*", "y/a", false),
        ("x/a", "y/a", true),
        ("*", "y/b", false),
    ]);
}}

case! { egress_to_one_pod,
"should enforce egress policy allowing traffic to a server in a different namespace based on PodSelector and NamespaceSelector",
|t: ["x/a", "y/a", "y/b"]| {
    let to = json!([{"namespaceSelector": labelled("y"), "podSelector": pod("a")}]);
    t.policy("x", "own", pod("a"), egress(json!([{"to": to}])));
    t.check((Tcp, 80), &[("x/a", "*", false), ("x/a", "y/a", true)]);
}}

case! { one_protocol,
"should enforce ingress policy allowing any port traffic to a server on a specific protocol",
|t: ["x/a", "y/a"]| {
    t.policy("x", "own", pod("a"), ingress(json!([{"ports": [{"protocol": "TCP"}]}])));
    t.check((Tcp, 80), &[]);
    t.check((Udp, 80), &[("*", "x/a", false)]);
}}

case! { ingress_allow_all_wins,
"should enforce multiple ingress policies with ingress allow-all policy taking precedence",
|t: ["x/a", "y/a"]| {
    t.policy("x", "port-80", json!({}), ingress(json!([{"ports": [{"port": 80}]}])));
    t.check((Tcp, 81), &[("*", "x/*", false)]);
    t.policy("x", "all", json!({}), ingress(json!([{}])));
    t.check((Tcp, 81), &[]);
}}

case! { egress_allow_all_wins,
"should enforce multiple egress policies with egress allow-all policy taking precedence",
|t: ["x/a", "y/a"]| {
    t.policy("x", "port-80", json!({}), egress(json!([{"ports": [{"port": 80}]}])));
    t.check((Tcp, 81), &[("x/*", "*", false)]);
    t.policy("x", "all", json!({}), egress(json!([{}])));
    t.check((Tcp, 81), &[]);
}}

case! { deleted_policy, "should stop enforcing policies after they are deleted",
|t: ["x/a", "y/a"]| {
    t.policy("x", "own", json!({}), json!({"policyTypes": ["Ingress", "Egress"]}));
    t.check((Tcp, 80), &[("x/*", "*", false), ("*", "x/*", false)]);
    t.cluster.policies.clear();
    t.check((Tcp, 80), &[]);
}}

case! { egress_to_a_block, "should allow egress access to server in CIDR block",
|t: ["x/a", "y/a", "y/b"]| {
    let cidr = format!("{}/32", t.address("y/b"));
    t.policy("x", "own", pod("a"), egress(json!([{"to": [{"ipBlock": {"cidr": cidr}}]}])));
    t.check((Tcp, 80), &[("x/a", "*", false), ("x/a", "y/b", true)]);
}}

case! { a_block_less_an_address,
"should enforce except clause while egress access to server in CIDR block",
|t: ["x/a", "x/b", "x/c"]| {
    let block = json!({"cidr": "0.0.0.0/4", "except": [format!("{}/32", t.address("x/b"))]});
    t.policy("x", "own", pod("a"), egress(json!([{"to": [{"ipBlock": block}]}])));
    t.check((Tcp, 80), &[("x/a", "x/b", false)]);
}}

case! { excepted_and_allowed,
"should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed",
|t: ["x/a", "x/b", "x/c"]| {
    let own = format!("{}/32", t.address("x/b"));
    let block = json!({"cidr": "0.0.0.0/4", "except": [own]});
    t.policy("x", "own", pod("a"), egress(json!([{"to": [{"ipBlock": block}]}])));
    t.check((Tcp, 80), &[("x/a", "x/b", false)]);
    t.policy("x", "own", pod("a"), egress(json!([{"to": [{"ipBlock": {"cidr": own}}]}])));
    t.check((Tcp, 80), &[("x/a", "*", false), ("x/a", "x/b", true)]);
}}

case! { directions_are_independent,
"should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector",
|t: ["x/a", "x/b", "y/a"]| {
    t.policy("x", "egress", pod("a"), egress(json!([{}])));
    t.check((Tcp, 80), &[]);
    t.policy("x", "ingress", pod("a"), ingress(json!([])));
    t.check((Tcp, 80), &[("*", "x/a", false)]);
}}

case! { default_name_label,
"should enforce policy to allow traffic based on NamespaceSelector with MatchLabels using default ns label",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let rules = json!([{"from": [{"namespaceSelector": labelled("y")}]}]);
    t.policy("x", "own", pod("a"), ingress(rules));
    t.check((Tcp, 80), &[("x/*", "x/a", false), ("z/*", "x/a", false)]);
}}

case! { default_name_label_by_expressions,
"should enforce policy based on NamespaceSelector with MatchExpressions using default ns label",
|t: ["x/a", "x/b", "y/a", "z/a"]| {
    let rules = json!([{"to": [{"namespaceSelector": named("NotIn", "y")}]}]);
    t.policy("x", "own", pod("a"), egress(rules));
    t.check((Tcp, 80), &[("x/a", "y/*", false)]);
}}
