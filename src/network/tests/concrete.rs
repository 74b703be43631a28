//! The concrete engine against the naive one, on random clusters.

use proptest::prelude::*;

use super::cluster::Cluster;
use super::oracle::{self, allowed};
use super::random::{ADDRESSES, PORTS, cluster, rounds, with_admin};
use crate::reach::{Book, Direction, End, Matrix, Protocol};

fn ports() -> impl Iterator<Item = (Protocol, u16)> {
    Protocol::ALL.into_iter().flat_map(|own| PORTS.into_iter().map(move |port| (own, port)))
}

fn between_pods(cluster: &Cluster) -> Result<(), TestCaseError> {
    let world = cluster.world();
    prop_assert_eq!(&world.unclear, &Vec::new());
    let matrix = Matrix::new(&world);
    for (from, src) in cluster.pods.iter().enumerate() {
        let row = matrix.row(from);
        for (to, dst) in cluster.pods.iter().enumerate() {
            let found = matrix.between(from, to);
            prop_assert_eq!(&row[to], &found);
            prop_assert!(!found.undefined);
            for (protocol, port) in ports() {
                let (src, dst) = (oracle::End::Pod(src), oracle::End::Pod(dst));
                let expect = allowed(cluster, src, dst, (protocol, port));
                let own = found.ports.contains(protocol, port);
                prop_assert_eq!(own, expect, "{:?} {} {} {}", protocol, port, from, to);
            }
        }
    }
    Ok(())
}

fn with_outside(cluster: &Cluster) -> Result<(), TestCaseError> {
    let world = cluster.world();
    let matrix = Matrix::new(&world);
    let outside = |own: &str| oracle::End::Outside(own.parse().unwrap());
    for (number, pod) in cluster.pods.iter().enumerate() {
        let [out, into] =
            [Direction::Egress, Direction::Ingress].map(|way| matrix.outside(number, way));
        for address in ADDRESSES {
            for (protocol, port) in ports() {
                for (direction, found) in [(Direction::Egress, &out), (Direction::Ingress, &into)] {
                    let pod = oracle::End::Pod(pod);
                    let expect = match direction {
                        Direction::Egress => (pod, outside(address)),
                        Direction::Ingress => (outside(address), pod),
                    };
                    let expect = allowed(cluster, expect.0, expect.1, (protocol, port));
                    let own = found.iter().any(|(set, ports)| {
                        set.contains(address.parse().unwrap()) && ports.contains(protocol, port)
                    });
                    let shown = format!("{direction:?} {address} {protocol:?} {port}");
                    prop_assert_eq!(own, expect, "{}", shown);
                }
            }
        }
    }
    Ok(())
}

/// Why a connection is allowed agrees with whether it is.
fn explained(cluster: &Cluster) -> Result<(), TestCaseError> {
    let world = cluster.world();
    let book = Book::new(&world);
    let find = |name: &str| world.namespaces.iter().find(|own| own.name == name).unwrap();
    for src in &world.pods {
        for dst in &world.pods {
            for direction in [Direction::Egress, Direction::Ingress] {
                let (own, other) = match direction {
                    Direction::Egress => (src, dst),
                    Direction::Ingress => (dst, src),
                };
                let sides = book.sides(direction, find(&own.namespace), &own.labels);
                let namespace = find(&other.namespace);
                let end =
                    End::Pod { namespace, pod: other, address: other.addresses.first().copied() };
                let all = sides.allow(&end, &dst.ports);
                for (protocol, port) in ports() {
                    let decision = sides.decide(&end, &dst.ports, (protocol, port));
                    prop_assert_eq!(decision.allowed, all.contains(protocol, port));
                    prop_assert!(!decision.steps.is_empty());
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(rounds(2_000))]

    #[test]
    fn pods_reach_pods_as_the_naive_engine_says(cluster in cluster()) {
        between_pods(&cluster)?;
    }

    #[test]
    fn pods_and_addresses_outside_reach_each_other_as_the_naive_engine_says(cluster in cluster()) {
        with_outside(&cluster)?;
    }
}

proptest! {
    #![proptest_config(rounds(2_000))]

    #[test]
    fn policies_of_the_whole_cluster_are_asked_as_the_naive_engine_says(cluster in with_admin()) {
        between_pods(&cluster)?;
        with_outside(&cluster)?;
    }
}

proptest! {
    #![proptest_config(rounds(200))]

    #[test]
    fn a_decision_of_several_tiers_is_explained_as_it_is_made(cluster in with_admin()) {
        explained(&cluster)?;
    }

    #[test]
    fn a_decision_is_explained_as_it_is_made(cluster in cluster()) {
        explained(&cluster)?;
    }
}
