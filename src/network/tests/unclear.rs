//! What is not understood is reported and counts as open.

use serde_json::{Value, json};

use super::cluster::{Cluster, Pod, labels};
use crate::reach::Matrix;

/// A policy beside one that closes the namespace.
fn check(spec: Value, expect: Option<&str>) {
    let pod = |namespace: &str| Pod {
        namespace: namespace.to_owned(),
        name: "web".to_owned(),
        labels: labels(&[("a", "p")]),
        ..Pod::default()
    };
    let own = |name: &str, spec: &Value| json!({"metadata": {"name": name, "namespace": "x"}, "spec": spec});
    let closed = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let cluster = Cluster {
        namespaces: vec![("x".to_owned(), labels(&[])), ("y".to_owned(), labels(&[]))],
        pods: vec![pod("x"), pod("y")],
        policies: vec![own("closed", &closed), own("odd", &spec)],
        blocks_match_pods: true,
        ..Cluster::default()
    };
    let world = cluster.world();
    let texts: Vec<&str> = world.unclear.iter().map(|own| own.text.as_str()).collect();
    assert_eq!(texts, Vec::from_iter(expect), "{spec}");
    let open = Matrix::new(&world).between(1, 0).ports.is_all();
    assert_eq!(open, expect.is_some(), "{spec}");
    assert!(world.unclear.iter().all(|own| own.origin.to_string() == "NetworkPolicy x/odd"));
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
