//! Promise 2 by induction: whatever tenants write, in whatever order, while Grants come and go and so do
//! namespaces, what the door admits opens no path between two of them that no Grant in force permits.
//!
//! What passes says the naive engine, which shares no code with the rule: of what the controller lays at each
//! moment and of every policy that was ever admitted.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::admission::{Case, judge};
use crate::domain::{Decision, TENANT_LABEL, Version};
use crate::network::tests::cluster::{Cluster, Labels, Pod, labels};
use crate::network::tests::oracle::{End, Port, allowed, list, on, selects};
use crate::network::tests::random::{rounds, rule_of};
use crate::objects::json::DEEPEST;
use crate::policy::{Source, Tenants, usable};
use crate::reach::Protocol;
use crate::review::read;
use crate::seal::{Managed, wanted};
use crate::state::{Namespace, Namespaces, Seals, Snapshot};

const TENANTS: [&str; 3] = ["alpha", "beta", "gamma"];
/// The namespaces that are always there, each with its tenant.
const STAYING: [(&str, &str); 3] = [("web", "alpha"), ("api", "beta"), ("lab", "gamma")];
/// The one that comes, and goes, and is another tenant's when it comes again.
const MOVING: &str = "new";
const NAMES: [&str; 4] = ["web", "api", "lab", MOVING];
const PORTS: [Port; 5] = [
    (Protocol::Tcp, 80),
    (Protocol::Tcp, 90),
    (Protocol::Tcp, 443),
    (Protocol::Tcp, 8443),
    (Protocol::Udp, 53),
];

/// A cluster's life.
#[derive(Debug, Clone)]
struct Life {
    profile: Value,
    platform: Value,
    days: Vec<Day>,
}

/// What is there on a day, and what is written on it.
#[derive(Debug, Clone)]
struct Day {
    grants: Vec<Value>,
    /// Whose the namespace is that moves.
    moving: Option<&'static str>,
    /// The namespace's own labels, which its owners set.
    team: &'static str,
    /// Policies, each with its namespace.
    written: Vec<(&'static str, Value)>,
}

fn day(number: usize) -> Timestamp {
    let first: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * i64::try_from(number).unwrap())
}

impl Day {
    /// The namespaces that are there, each with its tenant.
    fn namespaces(&self) -> Vec<(&'static str, &'static str)> {
        STAYING.into_iter().chain(self.moving.map(|tenant| (MOVING, tenant))).collect()
    }

    fn tenant(&self, namespace: &str) -> Option<&'static str> {
        let all = self.namespaces();
        all.into_iter().find(|(name, _)| *name == namespace).map(|(_, tenant)| tenant)
    }

    fn documents(&self, life: &Life) -> Arc<Tenants> {
        let of = |(kind, name, spec): (&str, String, &Value)| {
            let text = json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": kind,
                "metadata": {"name": name}, "spec": spec});
            Source { name: format!("{kind} {name}"), text: text.to_string() }
        };
        let tenant = json!({"profile": "own"});
        let mut all = vec![
            ("Platform", "default".to_owned(), &life.platform),
            ("Profile", "own".to_owned(), &life.profile),
        ];
        all.extend(TENANTS.map(|name| ("Tenant", name.to_owned(), &tenant)));
        let grants = self.grants.iter().enumerate();
        all.extend(grants.map(|(number, spec)| ("Grant", format!("grant-{number}"), spec)));
        let sources: Vec<Source> = all.into_iter().map(of).collect();
        usable(&sources).documents.resolve()
    }

    fn snapshot(&self, tenants: Arc<Tenants>) -> Snapshot {
        let known = self.namespaces().into_iter();
        let known: HashMap<_, _> = known
            .map(|(name, tenant)| (name.to_owned(), Namespace::labelled(Some(tenant))))
            .collect();
        Snapshot {
            tenants,
            namespaces: Arc::new(Namespaces::Watched(known)),
            seals: Seals::Unwatched,
            latest: Version::NEWEST,
        }
    }

    /// What the controller lays, and these policies.
    fn cluster(&self, tenants: &Tenants, now: Timestamp, policies: &[Value]) -> Cluster {
        let mut cluster = Cluster { blocks_match_pods: true, ..Cluster::default() };
        for (number, (name, tenant)) in self.namespaces().into_iter().enumerate() {
            let own = labels(&[(TENANT_LABEL, tenant), ("team", self.team)]);
            cluster.namespaces.push((name.to_owned(), own));
            cluster.pods.extend(pods(name, number));
            let objects = wanted(tenants, tenants.tenant(tenant).unwrap(), name, now);
            let laid = objects.iter().filter(|own| matches!(own, Managed::NetworkPolicy(_)));
            cluster.policies.extend(laid.map(Managed::to_value));
        }
        cluster.policies.extend(policies.iter().cloned());
        cluster
    }

    /// A path between two tenants that no Grant permits; and whether there is one that a Grant does.
    fn paths(&self, cluster: &Cluster, now: Timestamp) -> (Option<String>, bool) {
        let (mut leak, mut any_granted) = (None, false);
        let pairs =
            cluster.pods.iter().flat_map(|from| cluster.pods.iter().map(move |to| (from, to)));
        for (from, to) in pairs {
            if self.tenant(&from.namespace) == self.tenant(&to.namespace) {
                continue;
            }
            for port in PORTS {
                if allowed(cluster, End::Pod(from), End::Pod(to), port) {
                    let permits = |grant: &Value| self.permits(grant, (from, to), port, now);
                    match self.grants.iter().any(permits) {
                        true => any_granted = true,
                        false => leak = Some(format!("{from:?} to {to:?} at {port:?}")),
                    }
                }
            }
        }
        (leak, any_granted)
    }

    fn permits(&self, grant: &Value, (from, to): (&Pod, &Pod), port: Port, now: Timestamp) -> bool {
        let ends: Timestamp = grant["expiresAt"].as_str().unwrap().parse().unwrap();
        let is = |party: &Value, pod: &Pod| {
            let names = list(&party["namespaces"]);
            party["tenant"].as_str() == self.tenant(&pod.namespace)
                && (names.is_empty() || names.iter().any(|name| *name == *pod.namespace))
                && selects(&party["podSelector"], &pod.labels)
        };
        now < ends
            && is(&grant["from"], from)
            && is(&grant["to"], to)
            && list(&grant["ports"]).iter().any(|own| on(own, End::Pod(to), port))
    }
}

/// Pods that labels, addresses and names of ports tell apart.
fn pods(namespace: &str, number: usize) -> Vec<Pod> {
    let own: [(Labels, u16); 3] =
        [(labels(&[]), 80), (labels(&[("app", "web")]), 90), (labels(&[("app", "api")]), 8443)];
    let pod = |(index, (labels, http)): (usize, (Labels, u16))| Pod {
        namespace: namespace.to_owned(),
        name: format!("pod-{index}"),
        labels,
        addresses: vec![format!("10.0.{number}.{}", index + 1).parse().unwrap()],
        ports: vec![("http".to_owned(), Protocol::Tcp, http)],
    };
    own.into_iter().enumerate().map(pod).collect()
}

/// Whether the door lets a tenant write a policy.
fn is_admitted(snapshot: &Snapshot, namespace: &str, policy: &Value, now: Timestamp) -> bool {
    let kind = json!({"group": "networking.k8s.io", "version": "v1", "kind": "NetworkPolicy"});
    let resource =
        json!({"group": "networking.k8s.io", "version": "v1", "resource": "networkpolicies"});
    let text = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "name": "own", "namespace": namespace, "kind": kind,
        "resource": resource, "userInfo": {"username": "ada"}, "object": policy}})
    .to_string();
    let request = read(&text, DEEPEST).unwrap().request.unwrap();
    let case = Case::new(&request, snapshot, snapshot.standing(namespace), now).unwrap();
    judge(&case).decision() == Decision::Admit
}

/// How often what was counted.
#[derive(Debug, Default)]
struct Counts {
    admitted: Cell<u32>,
    refused: Cell<u32>,
    /// Lives in which a Grant let something pass.
    granted: Cell<u32>,
    /// Lives in which something was refused.
    with_refused: Cell<u32>,
    /// Those of them in which it would have opened a path that no Grant permits.
    with_leak: Cell<u32>,
}

fn count(counter: &Cell<u32>, number: usize) {
    counter.set(counter.get() + u32::try_from(number).unwrap());
}

/// Goes through a life; no day may have a leak.
fn live(life: &Life, counts: &Counts) -> Result<(), TestCaseError> {
    let (mut stands, mut refused): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let (mut was, mut would_leak, mut is_granted) = (None, false, false);
    for (number, own) in life.days.iter().enumerate() {
        let (now, tenants) = (day(number), own.documents(life));
        let snapshot = own.snapshot(Arc::clone(&tenants));
        if was != own.moving {
            // What was in it goes with it.
            let stays = |policy: &Value| policy["metadata"]["namespace"] != MOVING;
            stands.retain(stays);
            refused.retain(stays);
            was = own.moving;
        }
        for (index, (namespace, spec)) in own.written.iter().enumerate() {
            if own.tenant(namespace).is_none() {
                continue;
            }
            let metadata = json!({"name": format!("own-{number}-{index}"), "namespace": namespace});
            let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": metadata, "spec": spec});
            let is_good = is_admitted(&snapshot, namespace, &policy, now);
            if is_good { &mut stands } else { &mut refused }.push(policy);
        }
        let (leak, granted) = own.paths(&own.cluster(&tenants, now, &stands), now);
        prop_assert_eq!(leak, None, "on day {} of policies {}", number, json!(stands));
        is_granted |= granted;
        if !refused.is_empty() && !would_leak {
            let all = [&stands[..], &refused].concat();
            would_leak = own.paths(&own.cluster(&tenants, now, &all), now).0.is_some();
        }
    }
    count(&counts.admitted, stands.len());
    count(&counts.refused, refused.len());
    count(&counts.granted, is_granted.into());
    count(&counts.with_refused, (!refused.is_empty()).into());
    count(&counts.with_leak, would_leak.into());
    Ok(())
}

#[test]
fn what_the_door_admits_never_opens_a_path_that_no_grant_permits() {
    let counts = Counts::default();
    let config = ProptestConfig { failure_persistence: None, ..rounds(ROUNDS) };
    let mut runner = TestRunner::new(config);
    if let Err(error) = runner.run(&life(), |life| live(&life, &counts)) {
        panic!("{error}");
    }
    // Were it not for the door there would be paths, and it is no wall against everything.
    let lives = runner.config().cases;
    let enough = |counter: &Cell<u32>, of: u32| counter.get() * of >= lives;
    assert!(enough(&counts.admitted, 1) && enough(&counts.refused, 1), "{counts:?}");
    assert!(enough(&counts.granted, 10), "{counts:?}");
    assert!(counts.with_leak.get() * 4 >= counts.with_refused.get(), "{counts:?}");
    println!("{lives} lives: {counts:?}");
}

const ROUNDS: u32 = 400;

fn pod_selector() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!({})),
        1 => select(vec!["web", "api"]).prop_map(|app| json!({"matchLabels": {"app": app}})),
        1 => Just(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})),
    ]
}

/// Selectors of namespaces by whose they are, by their names, and by what their owners may set.
fn namespace_selector() -> impl Strategy<Value = Value> {
    let name = "kubernetes.io/metadata.name";
    let several = |all: &'static [&'static str]| subsequence(all.to_vec(), 1..=2);
    let expression = |key: &'static str, operator: &'static str, values: Vec<&str>| {
        let mut own = json!({"key": key, "operator": operator});
        if !values.is_empty() {
            own["values"] = json!(values);
        }
        json!({"matchExpressions": [own]})
    };
    let whose = || select(TENANTS.to_vec());
    prop_oneof![
        6 => whose().prop_map(|own| json!({"matchLabels": {TENANT_LABEL: own}})),
        2 => several(&TENANTS).prop_map(move |own| expression(TENANT_LABEL, "In", own)),
        1 => several(&TENANTS).prop_map(move |own| expression(TENANT_LABEL, "NotIn", own)),
        1 => select(vec!["Exists", "DoesNotExist"]).prop_map(move |own| expression(TENANT_LABEL, own, vec![])),
        3 => select(NAMES.to_vec()).prop_map(move |own| json!({"matchLabels": {name: own}})),
        2 => several(&NAMES).prop_map(move |own| expression(name, "In", own)),
        2 => (whose(), select(NAMES.to_vec())).prop_map(move |(whose, own)| json!({"matchLabels": {TENANT_LABEL: whose, name: own}})),
        1 => (whose(), select(vec!["red", "blue"])).prop_map(|(whose, team)| json!({"matchLabels": {TENANT_LABEL: whose, "team": team}})),
        1 => select(vec!["red", "blue"]).prop_map(|team| json!({"matchLabels": {"team": team}})),
        1 => Just(json!({})),
    ]
}

fn peer() -> impl Strategy<Value = Value> {
    let ranges = vec!["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/23", "203.0.113.0/24", "192.0.2.0/24"];
    let except = vec!["10.0.0.0/8", "10.0.0.0/16", "10.128.0.0/9"];
    let block = (select(ranges), subsequence(except, 0..=1)).prop_map(|(cidr, except)| {
        let except: Vec<&str> = if cidr == "0.0.0.0/0" { except } else { Vec::new() };
        json!({"ipBlock": {"cidr": cidr, "except": except}})
    });
    prop_oneof![
        5 => namespace_selector().prop_map(|own| json!({"namespaceSelector": own})),
        3 => (namespace_selector(), pod_selector())
            .prop_map(|(own, pods)| json!({"namespaceSelector": own, "podSelector": pods})),
        1 => pod_selector().prop_map(|pods| json!({"podSelector": pods})),
        2 => block,
    ]
}

fn port() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"port": 80}),
        json!({"port": 443}),
        json!({"protocol": "TCP", "port": 8443}),
        json!({"port": 80, "endPort": 9000}),
        json!({"port": "http"}),
        json!({"protocol": "UDP", "port": 53}),
        json!({"protocol": "TCP"}),
    ])
}

fn rule(side: &'static str) -> impl Strategy<Value = Value> {
    let peers = prop_oneof![
        1 => Just(None),
        8 => prop::collection::vec(peer(), 1..3).prop_map(Some),
    ];
    let ports = prop::option::of(prop::collection::vec(port(), 1..3));
    rule_of(side, peers, ports)
}

fn written() -> impl Strategy<Value = (&'static str, Value)> {
    let rules = |side| prop::collection::vec(rule(side), 0..2);
    let types = subsequence(vec!["Ingress", "Egress"], 1..=2);
    (select(NAMES.to_vec()), pod_selector(), types, rules("from"), rules("to")).prop_map(
        |(namespace, pods, types, ingress, egress)| {
            let spec = json!({"podSelector": pods, "policyTypes": types, "ingress": ingress, "egress": egress});
            (namespace, spec)
        },
    )
}

fn grant() -> impl Strategy<Value = Value> {
    let party = |tenant: &'static str| {
        let own: Vec<&str> =
            STAYING.iter().filter(|(_, own)| *own == tenant).map(|(name, _)| *name).collect();
        let names = own.into_iter().chain([MOVING]).collect::<Vec<_>>();
        (prop::option::of(subsequence(names, 1..=2)), prop::option::of(pod_selector())).prop_map(
            move |(names, pods)| {
                let mut party = json!({"tenant": tenant});
                if let Some(names) = names {
                    party["namespaces"] = json!(names);
                }
                if let Some(pods) = pods {
                    party["podSelector"] = pods;
                }
                party
            },
        )
    };
    let ports = subsequence(
        vec![
            json!({"port": 80}),
            json!({"protocol": "TCP", "port": 8443}),
            json!({"port": 85, "endPort": 9000}),
            json!({"protocol": "UDP", "port": 53}),
        ],
        1..=2,
    );
    let ends = 1..4_usize;
    let parties =
        select(vec![("alpha", "beta"), ("beta", "alpha"), ("alpha", "gamma"), ("gamma", "beta")]);
    (parties.prop_flat_map(move |(from, to)| (party(from), party(to))), ports, ends).prop_map(
        |((from, to), ports, ends)| {
            json!({"from": from, "to": to, "ports": ports, "owner": "jo", "reason": "a test",
                "expiresAt": day(ends).to_string()})
        },
    )
}

fn life() -> impl Strategy<Value = Life> {
    let within = select(vec!["tenant", "namespace", "none"]);
    let shared = subsequence(vec!["metrics", "mirror"], 0..=2);
    let outside = select(vec![
        json!([]),
        json!([{"cidr": "0.0.0.0/0", "ports": [{"port": 443}]}]),
        json!([{"cidr": "203.0.113.0/24"}]),
    ]);
    let profile = (within, shared, outside).prop_map(|(within, shared, outside)| {
        json!({"network": {"intraTenant": within, "shared": shared, "outside": outside}})
    });
    let platform = select(vec![json!({}), json!({"podCIDRs": ["10.0.0.0/8"]})]).prop_map(|cluster| {
        let metrics = json!({"name": "metrics", "direction": "ingress", "namespace": "monitoring", "ports": [{"port": 9100}]});
        let mirror = json!({"name": "mirror", "direction": "egress", "cidrs": ["192.0.2.0/24"], "ports": [{"port": 443}]});
        json!({"shared": [metrics, mirror], "cluster": cluster})
    });
    let day = (
        prop::collection::vec(grant(), 0..3),
        select(vec![None, Some("alpha"), Some("beta")]),
        select(vec!["red", "blue"]),
        prop::collection::vec(written(), 1..7),
    )
        .prop_map(|(grants, moving, team, written)| Day { grants, moving, team, written });
    (profile, platform, prop::collection::vec(day, 1..4))
        .prop_map(|(profile, platform, days)| Life { profile, platform, days })
}
