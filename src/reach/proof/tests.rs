//! The symbolic engine against the concrete one: tiers, priorities, and rules that deny or pass on, of which
//! the naive engine knows nothing.

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;

use super::{Inquiry, Prover, Site, Verdict};
use crate::reach::{
    Action, AddressSet, Book, Direction, End, Labels, Namespace, Namespaces, Origin, Peer, Pod,
    PodPort, Policy, PortSet, Ports, Protocol, Rule, Scope, Selector, Side, Tier, Wanted,
};

/// Values of labels: the policies speak of the first alone.
const VALUES: [Option<&str>; 3] = [Some("p"), Some("other"), None];
/// One of each range of ports that policies tell apart.
const NUMBERS: [u16; 3] = [80, 85, 1];

fn block(text: &str) -> AddressSet {
    AddressSet::of(&text.parse().unwrap())
}

fn selector(keys: &'static [&'static str]) -> impl Strategy<Value = Selector> {
    let wanted = prop_oneof![
        Just(Wanted::one_of(["p".to_owned()])),
        Just(Wanted::none_of(["p".to_owned()])),
        Just(Wanted::present()),
        Just(Wanted::absent()),
    ];
    prop::collection::vec((select(keys), wanted), 0..2).prop_map(|all| {
        all.into_iter().fold(Selector::everything(), |own, (key, wanted)| own.with(key, wanted))
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let named = select(vec!["x", "y"]).prop_map(|name| Namespaces::Named(name.into()));
    let namespaces = prop_oneof![named, selector(&["n"]).prop_map(Namespaces::Chosen)];
    (namespaces, selector(&["a", "b"])).prop_map(|(namespaces, pods)| Scope { namespaces, pods })
}

fn ports() -> impl Strategy<Value = Ports> {
    let numbers = |numbers| Ports { numbers, names: Vec::new() };
    let named =
        Ports { numbers: PortSet::default(), names: vec![(Protocol::Tcp, "http".to_owned())] };
    select(vec![
        Ports::all(),
        numbers(PortSet::range(Protocol::Tcp, 80, 80)),
        numbers(PortSet::range(Protocol::Tcp, 80, 90)),
        numbers(PortSet::of(Protocol::Udp)),
        named,
    ])
}

fn side() -> impl Strategy<Value = Option<Side>> {
    let peer = prop_oneof![
        1 => Just(Peer::Everyone),
        3 => scope().prop_map(Peer::Pods),
        1 => Just(Peer::Addresses(block("10.0.0.0/24"))),
    ];
    let action = select(vec![Action::Accept, Action::Deny, Action::Pass]);
    let rule = (action, prop::collection::vec(peer, 1..3), ports());
    let rule = rule.prop_map(|(action, peers, ports)| Rule { action, peers, ports });
    let side = (any::<bool>(), prop::collection::vec(rule, 0..3));
    prop::option::of(side.prop_map(|(isolates, rules)| Side { isolates, rules }))
}

fn policy() -> impl Strategy<Value = Policy> {
    (select(Tier::ALL.to_vec()), 0..3_i32, scope(), side(), side()).prop_map(
        |(tier, priority, subject, ingress, egress)| Policy {
            origin: Origin::default(),
            tier,
            priority,
            subject,
            ingress,
            egress,
        },
    )
}

/// Two namespaces of which the label `n` may be anything.
fn sites() -> Vec<Site> {
    let site = |(tenant, name): (usize, &str)| Site {
        tenant,
        name: name.to_owned(),
        labels: Selector::everything(),
        pods: Selector::everything(),
        exists: true,
    };
    ["x", "y"].into_iter().enumerate().map(site).collect()
}

fn labels(pairs: &[(&str, Option<&str>)]) -> Labels {
    pairs.iter().filter_map(|(key, value)| Some(((*key).into(), (*value)?.into()))).collect()
}

/// Every pod of a namespace that there could be, with every label of the namespace.
fn pods(name: &str, ports: &[PodPort]) -> Vec<(Namespace, Pod)> {
    let mut all = Vec::new();
    for n in VALUES {
        let namespace = Namespace { name: name.into(), labels: labels(&[("n", n)]) };
        for (a, b) in VALUES.into_iter().flat_map(|a| VALUES.map(|b| (a, b))) {
            for address in ["10.0.0.1", "10.0.1.1"] {
                let pod = Pod {
                    namespace: name.into(),
                    labels: labels(&[("a", a), ("b", b)]),
                    addresses: vec![address.parse::<IpAddr>().unwrap()],
                    ports: ports.to_vec(),
                    ..Pod::default()
                };
                all.push((namespace.clone(), pod));
            }
        }
    }
    all
}

fn end<'w>(namespace: &'w Namespace, pod: &'w Pod) -> End<'w> {
    End::Pod { namespace, pod, address: pod.addresses.first().copied() }
}

/// Whether the concrete engine lets any pod of x through to any of y.
fn passes(policies: &[Policy]) -> bool {
    let book = Book::of_policies(policies, true);
    let named = NUMBERS
        .map(|number| vec![PodPort { name: "http".into(), protocol: Protocol::Tcp, number }]);
    named.iter().map(Vec::as_slice).chain([&[][..]]).any(|ports| {
        let (sources, destinations) = (pods("x", &[]), pods("y", ports));
        let takes: Vec<_> = destinations
            .iter()
            .map(|(namespace, pod)| book.sides(Direction::Ingress, namespace, &pod.labels))
            .collect();
        sources.iter().any(|(namespace, pod)| {
            let sends = book.sides(Direction::Egress, namespace, &pod.labels);
            let source = end(namespace, pod);
            destinations.iter().zip(&takes).any(|((namespace, pod), takes)| {
                let destination = end(namespace, pod);
                let sent = sends.allow(&destination, ports);
                !sent.is_empty() && !sent.and(&takes.allow(&source, ports)).is_empty()
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn they_agree_on_every_tier_and_action(policies in prop::collection::vec(policy(), 1..7)) {
        let question = Inquiry {
            sites: sites(),
            policies: policies.iter().collect(),
            permits: Vec::new(),
            addresses: block("10.0.0.0/23"),
        };
        let found = Prover::new(&question).paths(0, |_| true).remove(&1).map(|pair| pair.verdict);
        match found {
            None => prop_assert!(!passes(&policies), "the engine found no path"),
            Some(Verdict::Open(witness)) => {
                prop_assert!(passes(&policies), "the engine found {:?}", witness);
            }
            Some(other) => prop_assert!(false, "{:?}", other),
        }
    }
}

/// Where no policy closes anything there are paths to every other tenant, and those that are wanted are told.
#[test]
fn paths_lead_to_other_tenants_that_are_wanted() {
    let [x, y] = <[Site; 2]>::try_from(sites()).unwrap();
    let own = Site { name: "own".to_owned(), ..x.clone() };
    let third = Site { tenant: 2, name: "z".to_owned(), ..y.clone() };
    let addresses = block("10.0.0.0/23");
    let question = Inquiry { sites: vec![x, own, y, third], addresses, ..Inquiry::default() };
    let prover = Prover::new(&question);
    let to = |wanted: fn(usize) -> bool| Vec::from_iter(prover.paths(0, wanted).into_keys());
    assert_eq!(to(|_| true), [1, 2]);
    assert_eq!(to(|tenant| tenant == 2), [2]);
    assert!(to(|_| false).is_empty());
}
