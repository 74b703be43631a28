//! What `ringfence reach --by workload -o json` prints of files, against the naive engine.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::oracle::{self, allowed};
use super::random::{ADDRESSES, PORTS, rounds, with_admin};
use crate::audit::{Drawing, Input, draw};
use crate::policy::Tenants;
use crate::reach::{Group, Matrix, Protocol, flows};
use crate::report::reach::json;

/// The cluster in a text, each object with a name of its own.
fn text(cluster: &mut Cluster) -> String {
    let mut documents = Vec::new();
    for (name, labels) in &cluster.namespaces {
        documents.push(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels},
        }));
    }
    for (number, pod) in cluster.pods.iter_mut().enumerate() {
        pod.name = format!("web-{number}");
        let mut own: Value = serde_json::from_str(&pod.text()).unwrap();
        own["apiVersion"] = json!("v1");
        own["kind"] = json!("Pod");
        documents.push(own);
    }
    for (number, policy) in cluster.policies.iter_mut().enumerate() {
        policy["metadata"]["name"] = json!(format!("own-{number}"));
        policy["apiVersion"] = json!("networking.k8s.io/v1");
        policy["kind"] = json!("NetworkPolicy");
        documents.push(policy.clone());
    }
    for (number, policy) in cluster.admin.iter_mut().enumerate() {
        if policy["kind"] != "BaselineAdminNetworkPolicy" {
            policy["metadata"]["name"] = json!(format!("own-{number}"));
        }
        documents.push(policy.clone());
    }
    documents.iter().map(|own| format!("{own}\n")).collect()
}

fn printed(text: String) -> Vec<Value> {
    let tenants = Tenants::default();
    let drawing = Drawing {
        tenants: &tenants,
        namespace: "default",
        as_is: false,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let input = Input { source: "-".to_owned(), text };
    let map = draw(&[input], &drawing);
    assert_eq!(
        (map.problems, map.notes, &map.world.unclear),
        (Vec::new(), Vec::new(), &Vec::new())
    );
    let groups: Vec<Group> = map
        .world
        .pods
        .iter()
        .enumerate()
        .map(|(number, pod)| Group {
            name: format!("{}/{}", pod.namespace, pod.name),
            pods: vec![number],
        })
        .collect();
    serde_json::from_str(&json(&flows(&Matrix::new(&map.world), &groups, false))).unwrap()
}

/// Whether a line lets a port pass.
fn has(conn: &Value, (protocol, port): (Protocol, u16)) -> bool {
    if conn == "All" {
        return true;
    }
    let ranges = conn[protocol.as_str()].as_array().into_iter().flatten();
    let mut ranges = ranges
        .map(|own| own.as_str().unwrap())
        .map(|own| own.split_once('-').unwrap_or((own, own)));
    ranges.any(|(first, last)| (first.parse().unwrap()..=last.parse().unwrap()).contains(&port))
}

fn is(party: &Value, name: Option<&str>, address: Option<IpAddr>) -> bool {
    let party = party.as_str().unwrap();
    let within = |address: IpAddr| {
        let Some((first, last)) = party.split_once('-') else { return false };
        let (Ok(first), Ok(last)) = (first.parse::<IpAddr>(), last.parse::<IpAddr>()) else {
            return false;
        };
        first.is_ipv4() == address.is_ipv4() && first <= address && address <= last
    };
    name.is_some_and(|name| name == party) || address.is_some_and(within)
}

proptest! {
    #![proptest_config(rounds(500))]

    #[test]
    fn the_program_prints_what_the_naive_engine_says(cluster in with_admin()) {
        let mut cluster = Cluster { blocks_match_pods: true, ..cluster };
        let text = text(&mut cluster);
        let lines = printed(text);
        // Addresses of IPv6 are shown where a policy speaks of one or a pod has one.
        let shows = |own: &Value| own["src"].as_str().unwrap().contains("::") || own["dst"].as_str().unwrap().contains("::");
        let speaks = lines.iter().any(shows);
        let pods = cluster.pods.iter().map(|own| (Some(format!("{}/{}", own.namespace, own.name)), None, oracle::End::Pod(own)));
        let addresses = ADDRESSES.iter().map(|own| own.parse::<IpAddr>().unwrap()).filter(|own| own.is_ipv4() || speaks);
        let addresses = addresses.map(|own| (None, Some(own), oracle::End::Outside(own)));
        let ends: Vec<_> = pods.chain(addresses).collect();
        for (src, from, opens) in &ends {
            for (dst, to, takes) in &ends {
                if (src.is_none() && dst.is_none()) || (src.is_some() && src == dst) {
                    continue;
                }
                let found: Vec<&Value> = lines.iter().filter(|own| {
                    is(&own["src"], src.as_deref(), *from) && is(&own["dst"], dst.as_deref(), *to)
                }).collect();
                prop_assert!(found.len() < 2);
                for port in Protocol::ALL.into_iter().flat_map(|own| PORTS.map(|port| (own, port))) {
                    let expect = allowed(&cluster, *opens, *takes, port);
                    let own = found.first().is_some_and(|own| has(&own["conn"], port));
                    prop_assert_eq!(own, expect, "{:?} {:?} {:?} {:?} {:?}", src, from, dst, to, port);
                }
            }
        }
    }
}
