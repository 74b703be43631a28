//! Whatever happens to the API server, to etcd, to connections and to documents, in whatever order: a
//! replica that has been through it decides as one that has just started, and closes what is to be closed.

mod etcd;
mod proxy;
mod reviews;

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use super::harness::{Api, ControlPlane, Options, Server, wait_until};
use super::program::PATIENCE;
use super::walls::{ACCOUNT, Walls};
use proxy::Proxy;
use reviews::{Replica, reviews};

/// How often the API server is killed; `RINGFENCE_ROUNDS` says another number.
const ROUNDS: usize = 2;
/// How many reviews two replicas are compared on.
const REVIEWS: usize = 1000;
/// What else happens in a round.
const STEPS: usize = 12;

/// Of every standing, and one that nobody knows.
pub const NAMESPACES: [&str; 7] = [
    "chaos-alpha",
    "chaos-beta",
    "chaos-anew",
    "chaos-gone",
    "chaos-plain",
    "chaos-missing",
    "kube-system",
];

/// A document, and forms of it: whole, broken, or of what is not there. The first is the one that it
/// has in the end.
struct Document {
    kind: &'static str,
    name: &'static str,
    forms: &'static [&'static str],
}

const DOCUMENTS: [Document; 7] = [
    Document {
        kind: "Platform",
        name: "default",
        forms: &[
            "{contact: '#p', shared: [{name: metrics, direction: ingress, namespace: monitoring}]}",
            "{shared: [{name: metrics, direction: ingress, namespace: chaos-alpha}]}",
            "{cluster: {podCIDRs: [10.0.0.0/8]}, unowned: {profile: nowhere}}",
            "{unowned: {profile: audit-only}}",
        ],
    },
    Document {
        kind: "Profile",
        name: "house",
        forms: &[
            "{rules: {RF3: warn}, network: {intraTenant: tenant, shared: [metrics]}, quota: {pods: '9'}}",
            "{quota: {'no resource/': '1'}}",
            "{network: {shared: [nowhere]}}",
        ],
    },
    Document {
        kind: "Tenant",
        name: "alpha",
        forms: &[
            "{profile: house, owners: [{kind: Group, name: alpha-devs}], namespaces: {limit: 9}}",
            "{profile: nowhere, owners: [{kind: Group, name: alpha-devs}]}",
            "{profile: house, podSecurity: {level: privileged}, quota: {'a b/c': '1', pods: '5'}}",
            "{namespaces: {names: [chaos-beta]}, cordoned: true}",
        ],
    },
    Document {
        kind: "Tenant",
        name: "beta",
        forms: &[
            "{owners: [{kind: Group, name: beta-devs, clusterRoles: [edit]}]}",
            "{namespaces: {names: [chaos-beta, chaos-plain]}}",
            "{seal: plan, profile: audit-only}",
        ],
    },
    Document {
        kind: "Exemption",
        name: "driver",
        forms: &[
            "{tenant: alpha, rules: [RF2003], namespaces: [chaos-alpha], owner: jo, reason: a test, expiresAt: 'ENDS'}",
            "{tenant: alpha, rules: ['*'], namespaces: [chaos-alpha], owner: jo, reason: a test, expiresAt: '2020-01-01T00:00:00Z'}",
        ],
    },
    Document {
        kind: "Exemption",
        name: "astray",
        forms: &[
            "{tenant: nobody, rules: [RF2003], namespaces: [chaos-alpha], owner: jo, reason: a test, expiresAt: 'ENDS'}",
        ],
    },
    Document {
        kind: "Grant",
        name: "path",
        forms: &[
            "{from: {tenant: alpha}, to: {tenant: beta}, ports: [{protocol: TCP, port: 8443}], owner: jo, reason: a test, expiresAt: 'ENDS'}",
            "{from: {tenant: alpha}, to: {tenant: beta, namespaces: [nowhere]}, ports: [{protocol: TCP, port: 1}], owner: jo, reason: a test, expiresAt: 'ENDS'}",
        ],
    },
];

/// xorshift64: the same orders again and again, unless `RINGFENCE_SEED` says others.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = std::env::var("RINGFENCE_SEED").map_or(1, |seed| seed.parse().unwrap());
        writeln!(std::io::stdout(), "RINGFENCE_SEED={seed}").unwrap();
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

struct Chaos {
    cluster: ControlPlane,
    api: Api,
    proxy: Proxy,
    old: Server,
    random: Random,
    reviews: Vec<Value>,
}

impl Chaos {
    fn start() -> Self {
        let cluster = Walls::cluster(&Options::default());
        let target = cluster.server_url().strip_prefix("https://").unwrap().parse().unwrap();
        let proxy = Proxy::start(target);
        let groups = ["system:serviceaccounts", "system:serviceaccounts:ringfence-system"];
        let account = cluster.user(ACCOUNT, &groups);
        let config = fs::read_to_string(account.path()).unwrap();
        let by_proxy = format!("https://127.0.0.1:{}", proxy.port);
        let path = cluster.scratch().join("by-proxy.kubeconfig");
        fs::write(&path, config.replace(cluster.server_url(), &by_proxy)).unwrap();
        let old = Walls::serve(&cluster, "old", &path, &[]);
        let api = Api::of(cluster.admin());
        let (random, reviews) = (Random::new(), reviews(REVIEWS));
        let chaos = Self { cluster, api, proxy, old, random, reviews };
        for (name, tenant) in [
            ("chaos-alpha", "alpha"),
            ("chaos-beta", "beta"),
            ("chaos-anew", "alpha"),
            ("chaos-gone", "gone"),
        ] {
            chaos.namespace(name, tenant);
        }
        chaos.cluster.admin().kubectl(&["create", "namespace", "chaos-plain"]).success();
        chaos
    }

    fn namespace(&self, name: &str, tenant: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{ringfence.dev/tenant: {tenant}}}}}\n"
        );
        self.cluster.admin().kubectl_with(&text, &["apply", "-f", "-"]).success();
    }

    /// Deletes a namespace of a tenant, and makes it anew.
    fn anew(&self) {
        let delete = ["delete", "namespace", "chaos-anew", "--timeout=60s"];
        self.cluster.admin().kubectl(&delete).success();
        self.namespace("chaos-anew", "alpha");
    }

    fn document(&self, Document { kind, name, forms }: &Document, form: usize) {
        let ends = jiff::Timestamp::now() + std::time::Duration::from_secs(24 * 3600);
        let spec =
            forms[form].replace("ENDS", &ends.round(jiff::Unit::Second).unwrap().to_string());
        let text = format!(
            "apiVersion: ringfence.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        );
        self.cluster.admin().kubectl_with(&text, &["apply", "-f", "-"]).success();
    }

    fn without(&self, Document { kind, name, .. }: &Document) {
        let delete = ["delete", kind, name, "--ignore-not-found"];
        self.cluster.admin().kubectl(&delete).success();
    }

    /// Something that happens while the API server answers.
    fn step(&mut self) {
        let document = &DOCUMENTS[self.random.below(DOCUMENTS.len())];
        match self.random.below(10) {
            0 => self.anew(),
            1 => drop(etcd::compact(self.cluster.etcd)),
            2 | 3 => drop(self.proxy.cut()),
            4 => self.without(document),
            5 => {
                let all = ["delete", "networkpolicies", "--all", "--namespace=chaos-alpha"];
                self.cluster.admin().kubectl(&all).success();
            }
            _ => {
                let form = self.random.below(document.forms.len());
                self.document(document, form);
            }
        }
    }

    fn round(&mut self) {
        let kill = self.random.below(STEPS);
        for step in 0..STEPS {
            self.step();
            if step == kill {
                let compacts = self.random.below(2) == 0;
                self.cluster.without_api_server(|cluster| {
                    if compacts {
                        etcd::compact(cluster.etcd);
                    }
                });
            }
        }
    }

    /// Every document in the form of the end, in any order.
    fn mend(&mut self) {
        let mut left: Vec<&Document> = DOCUMENTS.iter().collect();
        while !left.is_empty() {
            let document = left.swap_remove(self.random.below(left.len()));
            self.document(document, 0);
        }
    }

    /// Waits until the old replica answers as one that has just started.
    fn compare(&self) -> Vec<[Value; 2]> {
        let groups = ["system:serviceaccounts", "system:serviceaccounts:ringfence-system"];
        let account = self.cluster.user(ACCOUNT, &groups);
        let looks = ["--controller", "off"];
        let fresh = Walls::serve(&self.cluster, "fresh", account.path(), &looks);
        let [old, new] = [&self.old, &fresh].map(|server| Replica::of(&self.cluster, server));
        let (mut different, mut answers) = (Vec::new(), Vec::new());
        wait_until(PATIENCE * 3, "both replicas to answer alike", || {
            answers = new.answers(&self.reviews);
            let pairs = old.answers(&self.reviews).into_iter().zip(&answers);
            different = pairs
                .filter(|(old, new)| old != *new)
                .map(|(old, new)| (old, new.clone()))
                .collect();
            let _ = writeln!(std::io::stdout(), "{} of {REVIEWS} answers differ", different.len());
            different.is_empty()
        });
        answers
    }
}

fn denied(answers: &[[Value; 2]]) -> usize {
    answers.iter().filter(|[validated, _]| validated["response"]["allowed"] == false).count()
}

#[test]
fn a_replica_that_has_been_through_everything_decides_as_a_fresh_one() {
    let rounds = std::env::var("RINGFENCE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut chaos = Chaos::start();
    for round in 0..rounds {
        chaos.round();
        let answers = chaos.compare();
        let denied = denied(&answers);
        writeln!(std::io::stdout(), "round {round}: {REVIEWS} reviews alike, {denied} refused")
            .unwrap();
    }
    chaos.mend();
    for name in ["chaos-alpha", "chaos-beta", "chaos-anew"] {
        let policy = format!(
            "/apis/networking.k8s.io/v1/namespaces/{name}/networkpolicies/ringfence-default-deny"
        );
        wait_until(PATIENCE * 3, "the namespace to be closed", || chaos.api.get(&policy).is_some());
    }
    let sealed = |answers: &[[Value; 2]]| {
        answers.iter().all(|[validated, _]| !validated.to_string().contains("RF1018"))
    };
    wait_until(PATIENCE * 3, "every namespace to be sealed", || sealed(&chaos.compare()));
    let denied = denied(&chaos.compare());
    assert!((REVIEWS / 10..REVIEWS * 9 / 10).contains(&denied), "{denied} are refused");
}
