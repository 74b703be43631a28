//! The engine's answers against what packets do.
//!
//! Pods are network namespaces, joined by a router in which the policies stand as nftables rules
//! (`nftables`). What a pod may open to another is what a real connection gets as its answer. The rules are
//! made by a translator of their own that follows the documentation's sentences and shares no code with the
//! program, so that two readings of NetworkPolicy are held to each other, and one of them is the kernel's.
//!
//! TCP and UDP, IPv4 and IPv6. Of SCTP there are rules and no probes: few kernels that tests run on have it.
//!
//! It needs root, util-linux, iproute2 and nftables, and fails where it does not have them. Whoever cannot
//! give them leaves it out by `RINGFENCE_DATAPLANE=off`. Nothing outside the namespaces is touched, and they
//! end with the process.
//!
//! `RINGFENCE_ROUNDS` says how many random sets of policies are tried, `RINGFENCE_SEED` which.
#![cfg(test)]

mod cluster;
mod network;
mod nftables;
mod one_word;
mod prober;
mod random;

use std::fmt::Write as _;
use std::io::Write as _;

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use cluster::{Cluster, ENDS};
use network::Network;
use prober::{PORTS, Probe, Protocol};

/// How many random sets of policies are tried, where `RINGFENCE_ROUNDS` says no other number.
const ROUNDS: usize = 60;

/// Every connection that is tried: from each end to each other one that is not also outside.
fn probes() -> Vec<Probe> {
    let mut all = Vec::new();
    for (from, source) in ENDS.iter().enumerate() {
        for (to, destination) in ENDS.iter().enumerate() {
            if from == to || (source.is_outside && destination.is_outside) {
                continue;
            }
            for address in destination.addresses() {
                if !source.addresses().any(|own| own.is_ipv4() == address.is_ipv4()) {
                    continue;
                }
                for protocol in [Protocol::Tcp, Protocol::Udp] {
                    all.extend(PORTS.map(|port| Probe { from, to, address, protocol, port }));
                }
            }
        }
    }
    all
}

/// What packets do, of each probe in order.
fn packets(network: &Network, cluster: &Cluster) -> Vec<bool> {
    network.enforce(&nftables::rules(cluster));
    network.probe(&probes())
}

/// Each probe of which the engine says something else than packets do.
fn disagreements(network: &Network, cluster: &Cluster) -> (usize, Vec<String>) {
    let (found, expect) = (packets(network, cluster), cluster.engine(&probes()));
    let differs = |((probe, passes), expect): ((&Probe, &bool), &bool)| {
        (passes != expect).then(|| {
            let word = |passes: &bool| if *passes { "passes" } else { "is denied" };
            format!(
                "{}: it {}, the engine says that it {}",
                cluster.told(probe),
                word(passes),
                word(expect)
            )
        })
    };
    let all = probes();
    let differing = all.iter().zip(&found).zip(&expect).filter_map(differs).collect();
    (found.iter().filter(|passes| **passes).count(), differing)
}

#[test]
fn packets_do_what_the_engine_says() {
    let Some(network) = Network::new() else { return };
    let asked = |name: &str| std::env::var(name).ok().map(|own| own.parse::<usize>().unwrap());
    let rounds = asked("RINGFENCE_ROUNDS").unwrap_or(ROUNDS);
    let seed = asked("RINGFENCE_SEED").unwrap_or(1);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = random::cluster();
    let (mut policies, mut passed, mut wrong) = (0, 0, Vec::new());
    for round in 0..rounds {
        let mut tree = strategy.new_tree(&mut runner).unwrap();
        policies += tree.current().policies.len();
        let (passes, differing) = disagreements(&network, &tree.current());
        passed += passes;
        if !differing.is_empty() {
            let cluster = shrunk(&network, &mut tree);
            let (_, least) = disagreements(&network, &cluster);
            wrong.push(format!(
                "round {round}: {} disagreements; of the least such set\n{cluster}\n{}",
                differing.len(),
                least.join("\n")
            ));
        }
    }
    let mut said = String::new();
    writeln!(said, "RINGFENCE_SEED={seed}: {rounds} sets, {policies} policies, {} probes of TCP and UDP, {passed} passed; {} sets disagree; SCTP not probed", rounds * probes().len(), wrong.len()).unwrap();
    std::io::stdout().write_all(said.as_bytes()).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The least set of policies like this one that disagrees too.
fn shrunk(network: &Network, tree: &mut impl ValueTree<Value = Cluster>) -> Cluster {
    let mut least = tree.current();
    for _ in 0..200 {
        let disagrees = !disagreements(network, &tree.current()).1.is_empty();
        if disagrees {
            least = tree.current();
        }
        let goes_on = if disagrees { tree.simplify() } else { tree.complicate() };
        if !goes_on {
            break;
        }
    }
    least
}
