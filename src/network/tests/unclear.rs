//! What is not understood is reported and counts as open.

use serde_json::{Value, json};

use super::cluster::{Cluster, Pod, labels};
use crate::reach::Matrix;

/// Policies beside one that closes the namespace `x`: what of them is not understood.
fn unclear_of(namespaced: Option<Value>, admin: Option<Value>) -> (Vec<(String, String)>, bool) {
    let pod = |namespace: &str| Pod {
        namespace: namespace.to_owned(),
        name: "web".to_owned(),
        labels: labels(&[("a", "p")]),
        ..Pod::default()
    };
    let closed = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let cluster = Cluster {
        namespaces: vec![("x".to_owned(), labels(&[])), ("y".to_owned(), labels(&[]))],
        pods: vec![pod("x"), pod("y")],
        policies: [Some(policy("closed", &closed)), namespaced].into_iter().flatten().collect(),
        admin: admin.into_iter().collect(),
        blocks_match_pods: true,
    };
    let world = cluster.world();
    let told = world.unclear.iter().map(|own| (own.origin.to_string(), own.text.clone())).collect();
    (told, Matrix::new(&world).between(1, 0).ports.is_all())
}

fn policy(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "x"}, "spec": spec})
}

fn check(spec: Value, expect: Option<&str>) {
    let expected = expect.map(|text| ("NetworkPolicy x/odd".to_owned(), text.to_owned()));
    let found = unclear_of(Some(policy("odd", &spec)), None);
    assert_eq!(found, (Vec::from_iter(expected), expect.is_some()), "{spec}");
}

/// The same of a policy of the whole cluster.
fn check_admin(kind: &str, spec: Value, expect: Option<&str>) {
    let version = if kind == "ClusterNetworkPolicy" { "v1alpha2" } else { "v1alpha1" };
    let own = json!({
        "apiVersion": format!("policy.networking.k8s.io/{version}"),
        "kind": kind,
        "metadata": {"name": "default"},
        "spec": spec,
    });
    let expected = expect.map(|text| (format!("{kind} default"), text.to_owned()));
    let found = unclear_of(None, Some(own));
    assert_eq!(found, (Vec::from_iter(expected), expect.is_some()), "{kind} {spec}");
}

#[test]
fn what_the_api_server_would_refuse_counts_as_open() {
    let rule = |rule: Value| json!({"podSelector": {}, "ingress": [rule]});
    let peer = |peer: Value| rule(json!({"from": [peer]}));
    let port = |port: Value| {
        rule(json!({"from": [{"podSelector": {"matchLabels": {"a": "q"}}}], "ports": [port]}))
    };
    let requires = |one: Value| json!({"podSelector": {"matchExpressions": [one]}});
    check(
        requires(json!({"key": "a", "operator": "Like", "values": ["p"]})),
        Some("the operator `Like` is not known"),
    );
    check(
        requires(json!({"key": "a", "operator": "In"})),
        Some("a requirement `In` has no values"),
    );
    check(
        requires(json!({"key": "a", "operator": "Exists", "values": ["p"]})),
        Some("a requirement `Exists` has values"),
    );
    check(
        json!({"podSelector": {}, "policyTypes": ["Both"]}),
        Some("the policy type `Both` is not known"),
    );
    check(peer(json!({})), Some("a peer says nothing that is known"));
    check(
        peer(json!({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}})),
        Some("a peer has both an ipBlock and a selector"),
    );
    check(
        peer(json!({"ipBlock": {"cidr": "10.0.0/8"}})),
        Some("`10.0.0/8` is not a range of addresses"),
    );
    check(
        peer(json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": [""]}})),
        Some("`` is not a range of addresses"),
    );
    check(port(json!({"protocol": "ICMP"})), Some("the protocol `ICMP` is not known"));
    check(port(json!({"port": 0})), Some("a port is a number from 1 to 65535"));
    check(port(json!({"port": 80, "endPort": 70_000})), Some("a port is a number from 1 to 65535"));
    check(port(json!({"port": 80, "endPort": 79})), Some("the range of ports 80 to 79 is empty"));
    check(port(json!({"endPort": 79})), Some("an `endPort` needs a `port` that is a number"));
    check(
        port(json!({"port": "http", "endPort": 79})),
        Some("an `endPort` needs a `port` that is a number"),
    );
    // A range is what its bits before the prefix say.
    check(peer(json!({"ipBlock": {"cidr": "10.1.2.3/8"}})), None);
    check(port(json!({"port": 80, "endPort": 80})), None);
}

const KINDS: [&str; 3] =
    ["ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"];

/// A policy that denies some egress, with other fields in its rule and in its spec.
fn denying(rule: Value, spec: Value) -> Value {
    let merged = |mut own: Value, more: Value| {
        own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        own
    };
    let rule = merged(json!({"action": "Deny", "to": [{"networks": ["10.0.0.0/8"]}]}), rule);
    let own =
        json!({"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": [rule]});
    merged(own, spec)
}

#[test]
fn what_a_policy_of_the_whole_cluster_may_not_say_counts_as_open() {
    let none = || json!({});
    for kind in KINDS {
        let spec = |own: Value, expect| check_admin(kind, denying(none(), own), expect);
        let peer = |own: Value, expect| {
            check_admin(kind, denying(json!({"to": [own]}), none()), Some(expect));
        };
        spec(none(), None);
        spec(json!({"subject": {}}), Some("the subject says nothing that is known"));
        let both = json!({"namespaces": {}, "pods": {"namespaceSelector": {}, "podSelector": {}}});
        spec(json!({"subject": both}), Some("the subject has both namespaces and pods"));
        peer(none(), "a peer says nothing that is known");
        peer(both, "a peer has more than one of its fields");
        peer(json!({"nodes": {}}), "a peer by `nodes` is not followed");
        peer(json!({"domainNames": ["a.example"]}), "a peer by `domainNames` is not followed");
        let from = json!({"action": "Deny", "from": [{"networks": ["10.0.0.0/8"]}]});
        spec(json!({"ingress": [from]}), Some("a peer of an ingress rule has networks"));
        check_admin(kind, denying(json!({"to": []}), none()), Some("a rule names no peer"));
        let odd = json!({"action": "Log"});
        check_admin(kind, denying(odd, none()), Some("the action `Log` is not known"));
    }
    for kind in &KINDS[..2] {
        let priority = |own: Value, expect| {
            check_admin(kind, denying(none(), json!({"priority": own})), expect);
        };
        priority(json!(0), None);
        priority(json!(1000), None);
        for odd in [json!(-1), json!(1001), Value::Null] {
            priority(odd, Some("a priority is a number from 0 to 1000"));
        }
    }
    let pass = denying(json!({"action": "Pass"}), none());
    check_admin(KINDS[2], pass, Some("the action `Pass` is not known"));
    let tier = denying(none(), json!({"tier": "Top"}));
    check_admin(KINDS[0], tier, Some("the tier `Top` is not known"));
}

#[test]
fn ports_that_a_policy_of_the_whole_cluster_may_not_have_count_as_open() {
    let newer = |own: Value, expect| {
        check_admin(KINDS[0], denying(json!({"protocols": own}), json!({})), expect);
    };
    let older = |own: Value, expect| {
        for kind in &KINDS[1..] {
            check_admin(kind, denying(json!({"ports": own}), json!({})), expect);
        }
    };
    let no_number = Some("a port is a number from 1 to 65535");
    let backwards = Some("the range of ports 80 to 80 must end behind its start");
    let one = json!({"destinationPort": {"number": 80}});
    let range = |end: u32| json!({"start": 80, "end": end});
    let tcp = |port: Value| json!([{"tcp": {"destinationPort": port}}]);
    newer(tcp(json!({"number": 80})), None);
    newer(tcp(json!({"range": range(81)})), None);
    newer(json!([]), Some("a list of ports is empty"));
    newer(json!([{}]), Some("a protocol says nothing that is known"));
    newer(json!([{"tcp": {}}]), Some("a protocol names no destinationPort"));
    newer(json!([{"tcp": one, "udp": one}]), Some("a protocol has more than one of its fields"));
    newer(tcp(json!({})), no_number);
    newer(tcp(json!({"number": 65_536})), no_number);
    newer(tcp(json!({"range": range(80)})), backwards);
    let both = json!({"number": 80, "range": range(81)});
    newer(tcp(both), Some("a port has both a number and a range"));
    older(json!([{"portNumber": {"port": 80}}]), None);
    older(json!([{"portRange": range(81)}]), None);
    older(json!([]), Some("a list of ports is empty"));
    older(json!([{}]), Some("a port says nothing that is known"));
    older(json!([{"portNumber": {"port": 0}}]), no_number);
    older(json!([{"portRange": range(80)}]), backwards);
    let icmp = json!([{"portNumber": {"protocol": "ICMP", "port": 80}}]);
    older(icmp, Some("the protocol `ICMP` is not known"));
    let both = json!([{"portNumber": {"port": 80}, "namedPort": "http"}]);
    older(both, Some("a port has more than one of its fields"));
}
