//! What is proven of documents and of what stands.

mod articles;
mod standing;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, Doubt, Pair, Proof, Verdict, prove};
use crate::domain::TENANT_LABEL;
use crate::network::{Found, namespace, network_policy, pod};
use crate::policy::{Source, Tenants, load};
use crate::reach::{Cause, World};
use crate::seal::{Managed, wanted};

/// Two tenants that are held to everything.
const TWO: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {namespaces: {prefix: alpha-}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec: {namespaces: {prefix: beta-, labels: {cost-center: \"7\"}}}
";

/// What the Platform, a Profile or another document of a kind says beside.
fn document(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: ringfence.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn tenants(text: &str) -> Arc<Tenants> {
    let source = Source { name: "set.yaml".to_owned(), text: text.to_owned() };
    load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve()
}

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

/// What stands in a cluster.
#[derive(Default)]
struct Stands {
    namespaces: Vec<(&'static str, Value)>,
    pods: Vec<(&'static str, Value)>,
    policies: Vec<(&'static str, Value)>,
}

impl Stands {
    /// A namespace for each of two tenants, and these policies.
    fn with(policies: Vec<(&'static str, Value)>) -> Self {
        let of = |tenant| json!({TENANT_LABEL: tenant});
        let namespaces = vec![("alpha-web", of("alpha")), ("beta-api", of("beta"))];
        Self { namespaces, policies, pods: Vec::new() }
    }

    fn pod(mut self, namespace: &'static str, pod: Value) -> Self {
        self.pods.push((namespace, pod));
        self
    }

    fn namespace(mut self, name: &'static str, labels: Value) -> Self {
        self.namespaces.push((name, labels));
        self
    }

    fn world(&self, tenants: &Tenants, as_is: bool) -> World {
        let mut world = World { blocks_match_pods: true, ..World::default() };
        let mut policy = |namespace: &str, own: &Value| {
            let read = network_policy(&own.to_string(), namespace, &str::to_owned).unwrap();
            world.policies.push(read.policy);
            world.unclear.extend(read.unclear);
        };
        for (number, (namespace, spec)) in self.policies.iter().enumerate() {
            let name = format!("own-{number}");
            policy(namespace, &json!({"metadata": {"name": name}, "spec": spec}));
        }
        for (name, labels) in &self.namespaces {
            let tenant = tenants.of_namespace(name, labels[TENANT_LABEL].as_str());
            let sealed = tenant.filter(|_| !as_is);
            for own in sealed.iter().flat_map(|tenant| wanted(tenants, tenant, name, now())) {
                if matches!(own, Managed::NetworkPolicy(_)) {
                    policy(name, &own.to_value());
                }
            }
        }
        for (name, labels) in &self.namespaces {
            let text = json!({"metadata": {"name": name, "labels": labels}}).to_string();
            world.namespaces.push(namespace(&text).unwrap());
        }
        for (name, own) in &self.pods {
            let Found::Pod(pod) = pod(&own.to_string(), name).unwrap() else { panic!("it runs") };
            world.pods.push(pod);
        }
        world
    }

    fn proof(&self, documents: &str, as_is: bool) -> Proof {
        let tenants = tenants(documents);
        let world = self.world(&tenants, as_is);
        prove(&Asked::of(&tenants, &world, as_is, now()))
    }
}

/// The verdicts by pair, an open one with the protocol, the port and both namespaces.
fn said(proof: &Proof) -> Vec<String> {
    let one = |pair: &Pair| match &pair.verdict {
        Verdict::Open(own) => {
            let (from, to) = (&own.source.namespace.name, &own.destination.namespace.name);
            format!("open {} {}: {from} to {to}", own.protocol.as_str(), own.port)
        }
        Verdict::Granted => format!("granted {}", pair.grants.join(" ")),
        own => own.as_str().to_owned(),
    };
    proof.iter().map(|(from, to, pair)| format!("{from} {to} {}", one(pair))).collect()
}

#[track_caller]
fn check(proof: &Proof, expect: &[&str]) {
    assert_eq!(said(proof), expect);
}

const PROVEN: [&str; 2] = ["alpha beta proven", "beta alpha proven"];

fn anybody() -> Value {
    json!({"podSelector": {}, "ingress": [{}], "egress": [{}]})
}

fn witness(proof: &Proof) -> &crate::reach::Witness {
    let mut open = proof.pairs.values().filter_map(|pair| match &pair.verdict {
        Verdict::Open(witness) => Some(witness),
        _ => None,
    });
    open.next().unwrap()
}

#[test]
fn sealed_tenants_are_isolated_and_unsealed_ones_are_not() {
    check(&Stands::with(vec![]).proof(TWO, false), &PROVEN);
    let open = Stands::with(vec![]).proof(TWO, true);
    let expect = [
        "alpha beta open TCP 1: alpha-web to beta-api",
        "beta alpha open TCP 1: beta-api to alpha-web",
    ];
    check(&open, &expect);
    let witness = witness(&open);
    assert_eq!((&witness.egress, &witness.ingress), (&Cause::NotIsolated, &Cause::NotIsolated));
    // A policy of one side opens nothing while the other side is closed, and both do together.
    check(&Stands::with(vec![("alpha-web", anybody())]).proof(TWO, false), &PROVEN);
    let both = Stands::with(vec![("alpha-web", anybody()), ("beta-api", anybody())]);
    check(&both.proof(TWO, false), &expect);
}

#[test]
fn a_profile_whose_seal_is_only_planned_leaves_a_tenant_open() {
    let planned = format!("{TWO}{}", document("Profile", "restricted", "{seal: plan}"));
    let proof = Stands::default().proof(&planned, false);
    // Not even a namespace is there: each could make one.
    let expect = [
        "alpha beta open TCP 1: alpha-new to beta-new",
        "beta alpha open TCP 1: beta-new to alpha-new",
    ];
    check(&proof, &expect);
    assert!(!witness(&proof).source.exists);
    check(&Stands::default().proof(&planned, true), &PROVEN);
}

const GRANT: &str = "{from: {tenant: alpha, namespaces: [alpha-web], podSelector: {matchLabels: {app: web}}}, \
     to: {tenant: beta}, ports: [{port: 8443}], owner: jo, reason: orders, expiresAt: 2027-01-01T00:00:00Z}";

#[test]
fn what_a_grant_permits_is_no_leak_and_what_lies_beside_it_is() {
    let granted = format!("{TWO}{}", document("Grant", "orders", GRANT));
    let expect = ["alpha beta granted orders", "beta alpha proven"];
    check(&Stands::with(vec![]).proof(&granted, false), &expect);
    // Where nothing stands of it, nothing passes.
    let closed = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let closed = || vec![("alpha-web", closed.clone()), ("beta-api", closed.clone())];
    check(&Stands::with(closed()).proof(&granted, true), &PROVEN);
    // The tenants' own policies open one port more.
    let wider = json!({"ports": [{"port": 8443, "endPort": 8444}]});
    let out = json!({"podSelector": {"matchLabels": {"app": "web"}}, "egress": [wider]});
    let own =
        vec![("alpha-web", out), ("beta-api", json!({"podSelector": {}, "ingress": [wider]}))];
    let expect = ["alpha beta open TCP 8444: alpha-web to beta-api", "beta alpha proven"];
    let proof = Stands::with(own).proof(&granted, false);
    check(&proof, &expect);
    assert_eq!(proof.pairs[&(0, 1)].grants, ["orders"]);
    let past = granted.replace("2027-01-01", "2026-11-30");
    check(&Stands::with(vec![]).proof(&past, false), &PROVEN);
}

/// What one tenant lets in by a label of namespaces, and the other lets out.
fn trusting(selector: Value) -> Stands {
    let from = json!([{"namespaceSelector": selector}]);
    let ingress = json!({"podSelector": {}, "ingress": [{"from": from}]});
    Stands::with(vec![("beta-api", ingress), ("alpha-web", anybody())])
}

#[test]
fn labels_that_owners_may_change_are_no_wall() {
    let open = ["alpha beta open TCP 1: alpha-web to beta-api", "beta alpha proven"];
    let by = |key: &str| trusting(json!({"matchLabels": {key: "yes"}}));
    let proof = by("trusted").proof(TWO, false);
    check(&proof, &open);
    assert_eq!(witness(&proof).source.namespace.labels.get("trusted").unwrap(), "yes");
    // What the webhook guards is one.
    check(&by("istio-injection").proof(TWO, false), &PROVEN);
    check(&trusting(json!({"matchLabels": {TENANT_LABEL: "beta"}})).proof(TWO, false), &PROVEN);
    let frozen = format!("{TWO}{}", document("Platform", "default", "{frozenKeys: [\"trust*\"]}"));
    check(&by("trusted").proof(&frozen, false), &PROVEN);
    let allowed = "{namespaces: {labelKeys: {allow: [team]}}}";
    let allowed = format!("{TWO}{}", document("Profile", "restricted", allowed));
    check(&by("trusted").proof(&allowed, false), &PROVEN);
    check(&by("team").proof(&allowed, false), &open);
    // A label that is guarded and there counts.
    let labelled = trusting(json!({"matchLabels": {"istio-injection": "yes"}}))
        .namespace("alpha-mesh", json!({TENANT_LABEL: "alpha", "istio-injection": "yes"}));
    check(&labelled.proof(TWO, false), &PROVEN);
    let mut labelled = labelled;
    labelled.policies.push(("alpha-mesh", anybody()));
    let expect = ["alpha beta open TCP 1: alpha-mesh to beta-api", "beta alpha proven"];
    check(&labelled.proof(TWO, false), &expect);
}

#[test]
fn a_name_that_is_free_is_anybodys_who_may_choose_it() {
    let by_name = |name: &str| {
        let mut own = trusting(json!({"matchLabels": {"kubernetes.io/metadata.name": name}}));
        own.policies.push(("alpha-tools", anybody()));
        own
    };
    // Its seal would close it, and no policy stands there that opens it.
    check(&by_name("alpha-other").proof(TWO, false), &PROVEN);
    // A policy that is there already opens it as soon as it is made.
    let proof = by_name("alpha-tools").proof(TWO, false);
    check(&proof, &["alpha beta open TCP 1: alpha-tools to beta-api", "beta alpha proven"]);
    assert!(!witness(&proof).source.exists);
}

#[test]
fn a_name_that_several_could_take_is_one_of_theirs_at_a_time() {
    let tenant = |name: &str| document("Tenant", name, "{profile: sharing}");
    let shared = "{shared: [{name: metrics, direction: ingress, namespace: monitoring}]}";
    let both = [
        tenant("alpha"),
        tenant("beta"),
        document("Platform", "default", shared),
        document("Profile", "sharing", "{network: {shared: [metrics]}}"),
    ];
    // Of the shared service's namespace, which is not there, each could make one of its own.
    check(&Stands::with(vec![]).proof(&both.concat(), false), &PROVEN);
    // What stands there already holds for whoever takes it.
    let own = Stands::with(vec![("monitoring", anybody()), ("beta-api", anybody())]);
    let proof = own.proof(&both.concat(), false);
    let expect = [
        "alpha beta open TCP 1: monitoring to beta-api",
        "beta alpha open TCP 1: beta-api to monitoring",
    ];
    check(&proof, &expect);
    assert_eq!(witness(&proof).source.namespace.labels.get(TENANT_LABEL).unwrap(), "alpha");
}

#[test]
fn reserved_labels_of_pods_are_a_wall() {
    let own = || {
        let from = json!([{"namespaceSelector": {}, "podSelector": {"matchLabels": {"platform.example.com/role": "proxy"}}}]);
        let ingress = json!({"podSelector": {}, "ingress": [{"from": from}]});
        Stands::with(vec![("beta-api", ingress), ("alpha-web", anybody())])
    };
    let open = ["alpha beta open TCP 1: alpha-web to beta-api", "beta alpha proven"];
    check(&own().proof(TWO, false), &open);
    let reserved = "{reservedPodLabels: [\"platform.example.com/*\"]}";
    let reserved = format!("{TWO}{}", document("Platform", "default", reserved));
    check(&own().proof(&reserved, false), &PROVEN);
    // A pod that has it is one more that there could be.
    let proxy =
        json!({"metadata": {"name": "p", "labels": {"platform.example.com/role": "proxy"}}});
    check(&own().pod("alpha-web", proxy).proof(&reserved, false), &open);
}

fn doubts(proof: &Proof) -> Vec<String> {
    let of = |pair: &Pair| match &pair.verdict {
        Verdict::Unknown(doubts) => doubts.iter().map(Doubt::to_string).collect(),
        _ => Vec::new(),
    };
    let mut all: Vec<String> = proof.pairs.values().flat_map(of).collect();
    all.dedup();
    all
}

#[test]
fn a_tenant_that_may_have_its_nodes_network_is_unknown() {
    let check = |documents: &str, stands: Stands, because: &str| {
        let proof = stands.proof(documents, false);
        let expect = format!(
            "pods of tenant beta may have their node's network, for which no policy holds: {because}"
        );
        assert_eq!(doubts(&proof), [expect]);
        assert_eq!(said(&proof), ["alpha beta unknown", "beta alpha unknown"]);
        assert!(!proof.is_whole());
    };
    let of_beta = |section: &str| {
        let profile = document("Profile", "own", section);
        let held = "spec: {profile: own, namespaces: {prefix: beta-";
        TWO.replace("spec: {namespaces: {prefix: beta-", held) + &profile
    };
    let stands = || Stands::with(vec![]);
    check(&of_beta("{podSecurity: {level: privileged}}"), stands(), "its level is privileged");
    check(&of_beta("{rules: {RF2001: warn}}"), stands(), "its profile's mode of RF2001 is warn");
    let exemption = "{tenant: beta, rules: [RF2001], namespaces: [beta-node], owner: jo, reason: x, expiresAt: 2027-01-01T00:00:00Z}";
    let exempt = format!("{TWO}{}", document("Exemption", "node", exemption));
    check(&exempt, stands(), "the Exemption node permits it");
    let pod = json!({"metadata": {"name": "agent"}, "spec": {"hostNetwork": true}});
    check(TWO, stands().pod("beta-api", pod), "pod beta-api/agent has");
    let ended = exempt.replace("2027-01-01", "2026-11-30");
    assert_eq!(said(&stands().proof(&ended, false)), PROVEN);
    let rehearsal = format!("{TWO}{}", document("Platform", "default", "{rehearsal: true}"));
    let proof = stands().proof(&rehearsal, false);
    assert_eq!(doubts(&proof), ["the Platform rehearses: nothing is refused"]);
}

#[test]
fn an_address_outside_the_ranges_makes_what_speaks_of_addresses_unknown() {
    let ranges = |more: &str| {
        let spec = format!("{{cluster: {{podCIDRs: [10.244.0.0/16]}}{more}}}");
        format!("{TWO}{}", document("Platform", "default", &spec))
    };
    let pod = |address: &str| json!({"metadata": {"name": "web"}, "status": {"podIP": address}});
    let block = || json!({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}]});
    let stands =
        |address: &str| Stands::with(vec![("alpha-web", block())]).pod("alpha-web", pod(address));
    check(&stands("10.244.0.9").proof(&ranges(""), false), &PROVEN);
    let proof = stands("10.9.0.9").proof(&ranges(""), false);
    check(&proof, &["alpha beta unknown", "beta alpha proven"]);
    assert!(doubts(&proof)[0].contains("10.9.0.9"));
    check(
        &Stands::with(vec![]).pod("alpha-web", pod("10.9.0.9")).proof(&ranges(""), false),
        &PROVEN,
    );
    // Where no ranges are given, private addresses are pods'.
    check(&stands("10.9.0.9").proof(TWO, false), &PROVEN);
    check(&stands("8.8.8.8").proof(TWO, false), &["alpha beta unknown", "beta alpha proven"]);
    // A block that pods have addresses of is open to them.
    let all = json!({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]});
    let both = || Stands::with(vec![("alpha-web", all.clone()), ("beta-api", anybody())]);
    let open = ["alpha beta open TCP 1: alpha-web to beta-api", "beta alpha proven"];
    check(&both().proof(&ranges(""), false), &open);
    let except = json!({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}]});
    let both = || Stands::with(vec![("alpha-web", except.clone()), ("beta-api", anybody())]);
    check(&both().proof(&ranges(""), false), &PROVEN);
    // The ranges that count where none is given are more than that one.
    check(&both().proof(TWO, false), &open);
}

#[test]
fn what_is_not_understood_counts_as_open() {
    let odd = json!({"podSelector": {}, "policyTypes": ["Both"]});
    let both = Stands::with(vec![("alpha-web", odd.clone()), ("beta-api", odd)]);
    let proof = both.proof(TWO, false);
    let expect = [
        "alpha beta open TCP 1: alpha-web to beta-api",
        "beta alpha open TCP 1: beta-api to alpha-web",
    ];
    check(&proof, &expect);
}

#[test]
fn a_puzzle_is_given_up_and_unknown() {
    // Which pods none of them selects is as hard to say as anybody likes: pigeons in holes.
    let (pigeons, holes) = (9, 8);
    let key = |pigeon: usize, hole: usize| format!("p{pigeon}-{hole}");
    let mut policies = Vec::new();
    let mut isolates = |expressions: Vec<Value>| {
        let spec =
            json!({"podSelector": {"matchExpressions": expressions}, "policyTypes": ["Egress"]});
        policies.push(("alpha-web", spec));
    };
    for pigeon in 0..pigeons {
        let none = |hole| json!({"key": key(pigeon, hole), "operator": "DoesNotExist"});
        isolates((0..holes).map(none).collect());
    }
    for hole in 0..holes {
        for one in 0..pigeons {
            for other in one + 1..pigeons {
                let there = |own| json!({"key": key(own, hole), "operator": "Exists"});
                isolates(vec![there(one), there(other)]);
            }
        }
    }
    let closed = json!({"podSelector": {}, "policyTypes": ["Egress"]});
    policies.push(("beta-api", closed));
    let proof = Stands::with(policies).proof(TWO, true);
    check(&proof, &["alpha beta unknown", "beta alpha proven"]);
}
