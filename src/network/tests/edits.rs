//! What would change a verdict, of clusters that are there and of pods that are not.

use serde_json::{Value, json};

use super::cluster::{Cluster, Pod, labels};
use crate::reach::{
    Change, Direction, Edit, Group, Matrix, Party, Point, Protocol, Question, World, edits,
    exposure,
};

/// The namespaces x and y, and such pods and policies.
fn world(pods: Vec<Pod>, policies: Vec<Value>) -> World {
    let namespaces = ["x", "y"].map(|name| (name.to_owned(), labels(&[])));
    let namespaces = namespaces.into();
    let cluster =
        Cluster { namespaces, pods, policies, blocks_match_pods: true, ..Cluster::default() };
    cluster.world()
}

fn pod(namespace: &str, name: &str) -> Pod {
    Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        labels: labels(&[("app", name)]),
        ..Pod::default()
    }
}

fn policy(name: &str, spec: Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "x"}, "spec": spec})
}

/// What makes another answer of whether the first pod may open port 443 of the second.
fn found(world: &World) -> Vec<Edit> {
    let question = Question { src: Point::Pod(0), dst: Point::Pod(1), port: (Protocol::Tcp, 443) };
    edits(world, &question)
}

#[test]
fn the_rules_that_let_it_pass_are_removed_and_no_other() {
    let at = |name: &str, address: &str| Pod {
        addresses: vec![address.parse().unwrap()],
        ..pod("x", name)
    };
    let rule = |cidr: &str, port: u16| json!({"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": port}]});
    let (own, other) = ("10.0.0.1/32", "10.0.1.0/24");
    let rules = [rule(other, 80), rule(other, 443), rule(own, 443), rule(other, 443)];
    let world = world(
        vec![at("web", "10.0.0.1"), at("db", "10.0.1.9")],
        vec![policy(
            "out",
            json!({"podSelector": {"matchLabels": {"app": "web"}}, "egress": rules, "policyTypes": ["Egress"]}),
        )],
    );
    let removed = |edit: &Edit| -> Vec<usize> {
        let rules = edit.iter().filter_map(|change| match change {
            Change::Remove { rule, direction: Direction::Egress, .. } => Some(*rule),
            _ => None,
        });
        rules.collect()
    };
    let removed: Vec<Vec<usize>> = found(&world).iter().map(removed).collect();
    assert_eq!(removed, [vec![], vec![3, 1]]);
}

/// Policies of the controller stay as they are.
#[test]
fn a_policy_is_edited_where_people_wrote_it() {
    let opening = |name: &str| {
        let closed = policy(name, json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
        found(&world(vec![pod("x", "web"), pod("x", "db")], vec![closed]))
    };
    let by_hand = opening("closed");
    assert!(matches!(&by_hand[..], [edit] if matches!(&edit[..], [Change::Allow { .. }])));
    let kept = opening("ringfence-closed");
    assert!(matches!(&kept[..], [edit] if matches!(&edit[..], [Change::Open { .. }])));
}

#[test]
fn what_several_policies_lead_to_is_told_once() {
    let taking = |name: &str, key: &str| {
        let peer = json!({"podSelector": {"matchLabels": {key: "yes"}}});
        policy(name, json!({"podSelector": {}, "ingress": [{"from": [peer]}]}))
    };
    let policies = vec![taking("a", "one"), taking("b", "two"), taking("c", "one")];
    let found = found(&world(vec![pod("x", "web"), pod("x", "db")], policies));
    let keys: Vec<&str> = found
        .iter()
        .flatten()
        .filter_map(|change| match change {
            Change::Label { key, .. } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["one", "two"]);
}

#[test]
fn a_label_is_given_to_all_pods_of_the_workload() {
    let pods = vec![pod("x", "web"), pod("x", "db"), pod("y", "web"), pod("x", "web")];
    let mut world = world(pods, Vec::new());
    let job = crate::reach::Pod { kind: "Job".into(), ..world.pods[0].clone() };
    world.pods.push(job);
    let (key, value) = ("tier".to_owned(), "front".to_owned());
    let change = Change::Label { pod: 0, whose: "x/web[Pod]".to_owned(), key, value };
    let changed = change.made(world);
    let has: Vec<bool> = changed.pods.iter().map(|pod| pod.labels.contains_key("tier")).collect();
    assert_eq!(has, [true, false, false, true, false]);
}

/// By its name a port of the pod that is there is meant, and of pods to come their own egress is asked.
#[test]
fn pods_to_come_open_what_their_own_policies_name() {
    let mut web = pod("x", "web");
    web.ports = vec![("http".to_owned(), Protocol::Tcp, 8080)];
    let from = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "y"}}});
    let takes = policy("in", json!({"podSelector": {}, "ingress": [{"from": [from]}]}));
    let mut opens = policy(
        "out",
        json!({"podSelector": {}, "egress": [{"ports": [{"port": "http"}]}], "policyTypes": ["Egress"]}),
    );
    opens["metadata"]["namespace"] = json!("y");
    let world = world(vec![web], vec![takes, opens]);
    let group = Group { name: "web".to_owned(), pods: vec![0] };
    let flows = exposure(&world, &Matrix::new(&world), &[group]);
    let opened = flows.iter().filter(|flow| matches!(flow.src, Party::Future(_)));
    let opened: Vec<String> = opened.map(|flow| flow.connection.ports.to_string()).collect();
    assert_eq!(opened, ["TCP 8080"]);
}
