//! That these tests could fail: one word of a policy makes packets do something else, and the engine, asked
//! about the policy as it was, is then wrong.

use serde_json::{Value, json};

use super::cluster::{Cluster, Labels, PODS, Pod};
use super::network::Network;
use super::{disagreements, packets, probes};

fn labels(own: &[(&str, &str)]) -> Labels {
    own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Two pods of each of three namespaces; the first of each has the label `a`, and a port with a name.
fn cluster(policy: &Value) -> Cluster {
    let namespaces = [("x", "p"), ("y", "q"), ("z", "q")];
    let namespaces = namespaces.map(|(name, own)| (name.to_owned(), labels(&[("a", own)])));
    let pod = |number: usize| Pod {
        namespace: ["x", "y", "z"][number / 2].to_owned(),
        labels: if number.is_multiple_of(2) { labels(&[("a", "p")]) } else { Labels::new() },
        ports: vec![("http".to_owned(), "TCP", if number.is_multiple_of(2) { 80 } else { 90 })],
    };
    Cluster {
        namespaces: namespaces.into(),
        pods: (0..PODS).map(pod).collect(),
        policies: vec![json!({"metadata": {"namespace": "x"}, "spec": policy})],
    }
}

/// A policy, and the same with one word more, less or another.
type Pairs = Vec<[Value; 2]>;

fn egress(rule: Value) -> Value {
    json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]})
}

fn ingress(rule: Value) -> Value {
    json!({"podSelector": {}, "ingress": [rule]})
}

fn to(peer: Value) -> Value {
    egress(json!({"to": [peer]}))
}

fn isolating() -> Pairs {
    let own = json!({"to": [{"podSelector": {}}]});
    vec![
        [json!({"podSelector": {}}), json!({"podSelector": {}, "policyTypes": ["Egress"]})],
        [json!({"podSelector": {}, "policyTypes": ["Egress"]}), egress(json!({}))],
        [json!({"podSelector": {}}), json!({"podSelector": {"matchLabels": {"a": "p"}}})],
        [json!({"podSelector": {}, "egress": []}), json!({"podSelector": {}, "egress": [own]})],
        [ingress(json!({})), json!({"podSelector": {}, "ingress": []})],
    ]
}

fn peers() -> Pairs {
    let name = |name: &str| json!({"matchLabels": {"kubernetes.io/metadata.name": name}});
    let label = |value: &str| json!({"matchLabels": {"a": value}});
    let pods = |own: Value| {
        to(json!({"namespaceSelector": {}, "podSelector": {"matchExpressions": [own]}}))
    };
    let of = |namespaces: Value| to(json!({"namespaceSelector": namespaces}));
    let both = json!({"namespaceSelector": label("q"), "podSelector": label("p")});
    let either = json!([{"namespaceSelector": label("q")}, {"podSelector": label("p")}]);
    vec![
        [to(json!({"podSelector": {}})), to(json!({"podSelector": {}, "namespaceSelector": {}}))],
        [of(json!({})), of(label("q"))],
        [of(json!({})), egress(json!({}))],
        [to(both), egress(json!({"to": either}))],
        [
            pods(json!({"key": "a", "operator": "NotIn", "values": ["q"]})),
            pods(json!({"key": "a", "operator": "In", "values": ["p"]})),
        ],
        [
            pods(json!({"key": "a", "operator": "Exists"})),
            pods(json!({"key": "a", "operator": "DoesNotExist"})),
        ],
        [of(name("y")), of(name("z"))],
    ]
}

fn addresses() -> Pairs {
    let block =
        |cidr: &str, except: &[&str]| to(json!({"ipBlock": {"cidr": cidr, "except": except}}));
    vec![
        [block("10.0.0.0/8", &[]), block("10.0.0.0/8", &["10.1.0.2/32"])],
        [block("0.0.0.0/0", &[]), block("::/0", &[])],
        [block("fd00::/16", &[]), block("fd00::/16", &["fd00::/112"])],
        [block("0.0.0.0/0", &[]), block("0.0.0.0/0", &["203.0.113.0/24"])],
    ]
}

fn ports() -> Pairs {
    let port = |port: Value| ingress(json!({"ports": [port]}));
    let out = |port: Value| egress(json!({"ports": [port]}));
    vec![
        [port(json!({"port": 80})), port(json!({"port": 80, "endPort": 90}))],
        [port(json!({"port": 80, "endPort": 90})), port(json!({"port": 80, "endPort": 91}))],
        [port(json!({"port": 80})), port(json!({"port": 80, "protocol": "UDP"}))],
        [port(json!({})), port(json!({"protocol": "UDP"}))],
        [port(json!({"port": "http"})), port(json!({"port": 80}))],
        [port(json!({"port": "http"})), port(json!({"port": "http", "protocol": "UDP"}))],
        [out(json!({"port": "http"})), out(json!({"port": 90}))],
        [port(json!({"port": 80})), ingress(json!({}))],
    ]
}

#[test]
fn one_word_of_a_policy_is_seen() {
    let Some(network) = Network::new() else { return };
    let free = Cluster { policies: Vec::new(), ..cluster(&json!({})) };
    assert!(
        packets(&network, &free).iter().all(|passes| *passes),
        "not all passes without policies"
    );
    for [one, other] in [isolating(), peers(), addresses(), ports()].concat() {
        let clusters = [&one, &other].map(cluster);
        for own in &clusters {
            let (_, differing) = disagreements(&network, own);
            assert!(differing.is_empty(), "{own}\n{}", differing.join("\n"));
        }
        let [one, other] = &clusters;
        assert_ne!(
            packets(&network, other),
            one.engine(&probes()),
            "{one}{other}are one to packets"
        );
    }
}
