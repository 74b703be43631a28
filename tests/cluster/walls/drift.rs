//! What others change is put right, soon, and without a fight.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::audit::{Audit, Request};
use super::{ALPHA, PATIENCE, Walls};
use crate::harness::wait_until;

/// How often each change is made; `RINGFENCE_ROUNDS` says another number.
const ROUNDS: usize = 2;
/// So many namespaces take turns.
const TURNS: usize = 16;
/// How long an object that was written twice is not written to again.
const PAUSE: Duration = Duration::from_millis(1_100);

fn rounds() -> usize {
    std::env::var("RINGFENCE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

/// How somebody changes an object.
#[derive(Clone)]
enum Change {
    /// By a JSON merge patch.
    Merge(Value),
    /// By server-side apply, taking fields from us.
    Apply(Value),
    Delete,
}

const RBAC: &str = "rbac.authorization.k8s.io";
const POLICY: &str = "networkpolicies/ringfence-default-deny";
const QUOTA: &str = "resourcequotas/ringfence-quota";

fn changes() -> Vec<(String, &'static str, Change)> {
    let eve = json!([{"kind": "User", "name": "eve", "apiGroup": RBAC}]);
    let merge = |object: &str, what, patch| (object.to_owned(), what, Change::Merge(patch));
    let mut all = vec![
        merge(POLICY, "a rule that opens all", json!({"spec": {"ingress": [{}]}})),
        merge(POLICY, "fewer pods", json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}}})),
        merge(
            POLICY,
            "one way alone",
            json!({"spec": {"policyTypes": ["Ingress"], "egress": null}}),
        ),
        merge(POLICY, "no label", json!({"metadata": {"labels": {"ringfence.dev/managed": null}}})),
        merge(
            POLICY,
            "no hash",
            json!({"metadata": {"annotations": {"ringfence.dev/content-hash": null}}}),
        ),
        merge(
            "networkpolicies/ringfence-dns",
            "another port",
            json!({"spec": {"egress": [{"ports": [{"port": 443}]}]}}),
        ),
        merge(
            "networkpolicies/ringfence-dns",
            "a finalizer",
            json!({"metadata": {"finalizers": ["example.com/mine"]}}),
        ),
        merge(
            "networkpolicies/ringfence-intra-tenant",
            "everybody",
            json!({"spec": {"ingress": [{"from": [{"namespaceSelector": {}}]}]}}),
        ),
        merge(QUOTA, "more pods", json!({"spec": {"hard": {"pods": "1k"}}})),
        merge(QUOTA, "a figure less", json!({"spec": {"hard": {"pods": null}}})),
        merge(
            QUOTA,
            "a foreign figure",
            json!({"spec": {"hard": {"count/widgets.example.com": "1"}}}),
        ),
        merge("limitranges/ringfence-limits", "no limits", json!({"spec": {"limits": []}})),
        merge("rolebindings/ringfence-owners-admin", "somebody more", json!({"subjects": eve})),
        merge("clusterrolebindings/ringfence-owners", "somebody else", json!({"subjects": eve})),
    ];
    all.extend(applied(&eve));
    let named = ALPHA.iter().map(|object| {
        let (kind, name) = object.split_once('/').unwrap();
        let kind = kind.split('.').next().unwrap().replace("policy", "policie");
        format!("{kind}s/{name}")
    });
    let named = named.chain(["clusterrolebindings/ringfence-owners".to_owned()]);
    all.extend(named.map(|object| (object, "its end", Change::Delete)));
    all
}

/// Fields that somebody else takes from us.
fn applied(eve: &Value) -> [(String, &'static str, Change); 5] {
    let role = |name: &str| json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": name});
    [
        (POLICY, json!({"spec": {"podSelector": {}, "ingress": [{}]}})),
        (QUOTA, json!({"spec": {"hard": {"pods": "1k", "count/jobs.batch": "1"}}})),
        (
            "limitranges/ringfence-limits",
            json!({"spec": {"limits": [{"type": "Container", "default": {"cpu": "9"}}]}}),
        ),
        ("rolebindings/ringfence-owners-admin", json!({"subjects": eve, "roleRef": role("admin")})),
        (
            "clusterrolebindings/ringfence-owners",
            json!({"subjects": eve, "roleRef": role("ringfence-owners")}),
        ),
    ]
    .map(|(object, patch)| (object.to_owned(), "another's apply", Change::Apply(patch)))
}

/// What of an object must come back: what it says, and our marks.
fn said(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!({
        "spec": object["spec"], "subjects": object["subjects"], "roleRef": object["roleRef"],
        "label": metadata["labels"]["ringfence.dev/managed"],
        "hash": metadata["annotations"]["ringfence.dev/content-hash"],
        "finalizers": metadata["finalizers"],
    })
}

/// One object of a namespace, or of the cluster, spoken of to the API server.
struct Target<'a> {
    walls: &'a Walls,
    path: String,
}

impl<'a> Target<'a> {
    fn new(walls: &'a Walls, namespace: &str, object: &str) -> Self {
        let (kind, _) = object.split_once('/').unwrap();
        let group = match kind {
            "networkpolicies" => "apis/networking.k8s.io/v1",
            "rolebindings" | "clusterrolebindings" => "apis/rbac.authorization.k8s.io/v1",
            _ => "api/v1",
        };
        let path = match kind {
            "clusterrolebindings" => format!("/{group}/{object}"),
            _ => format!("/{group}/namespaces/{namespace}/{object}"),
        };
        Self { walls, path }
    }

    fn get(&self) -> Option<Value> {
        self.walls.api.get(&self.path)
    }

    /// What it is then.
    fn change(&self, change: &Change) -> Option<Value> {
        let path = format!("{}?fieldManager=somebody&force=true", self.path);
        match change {
            Change::Merge(patch) => {
                let path = path.replace("&force=true", "");
                Some(self.walls.api.patch(&path, "application/merge-patch+json", patch))
            }
            Change::Apply(patch) => {
                let before = self.get().unwrap();
                let mut whole = patch.clone();
                for field in ["apiVersion", "kind"] {
                    whole[field] = before[field].clone();
                }
                whole["metadata"] = json!({"name": before["metadata"]["name"]});
                Some(self.walls.api.patch(&path, "application/apply-patch+yaml", &whole))
            }
            Change::Delete => {
                self.walls.api.delete(&self.path);
                None
            }
        }
    }

    /// Changes it, and waits until it is again what it was.
    fn drift(&self, what: &str, change: &Change) {
        let before = self.get().unwrap();
        let changed = self.change(change);
        let deleted = changed.is_none();
        if let Some(changed) = changed {
            assert_ne!(said(&changed), said(&before), "{}: {what} changes nothing", self.path);
        }
        wait_until(PATIENCE, &format!("{} without {what}", self.path), || {
            self.get().is_some_and(|now| {
                let new = now["metadata"]["uid"] != before["metadata"]["uid"];
                said(&now) == said(&before) && (new || !deleted)
            })
        });
    }
}

/// From each change of somebody to the end of our last write before the next change of that object,
/// as the API server tells, in milliseconds, sorted, by kind.
fn reverts(requests: &[Request]) -> BTreeMap<String, Vec<f64>> {
    let mut of_object: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in requests.iter().filter(|request| request.is_good()) {
        of_object.entry(&request.object).or_default().push(request);
    }
    let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (object, requests) in of_object {
        let (kind, _) = object.split_once(' ').unwrap();
        let mut rounds = requests.split(|request| !request.is_ours());
        let changes = requests.iter().filter(|request| !request.is_ours());
        // What comes before the first change laid it.
        rounds.next();
        for (change, round) in changes.zip(rounds) {
            if let Some(last) = round.last() {
                times.entry(kind.to_owned()).or_default().push(last.after(change));
            }
        }
    }
    times.values_mut().for_each(|times| times.sort_by(f64::total_cmp));
    times
}

fn quantile(sorted: &[f64], of: usize) -> f64 {
    sorted[(sorted.len() * of / 100).min(sorted.len() - 1)]
}

#[test]
fn every_change_and_every_deletion_is_put_right() {
    let audit = Audit::new();
    let walls = Walls::start_on(&audit.options(), &[]);
    let namespaces: Vec<String> = (0..TURNS).map(|number| format!("drift-{number}")).collect();
    for namespace in &namespaces {
        walls.namespace("alpha", namespace);
    }
    for namespace in &namespaces {
        walls.wait_managed(namespace, &ALPHA);
    }
    let mut turns = namespaces.iter().cycle();
    let changes = changes();
    let mut last: HashMap<String, Instant> = HashMap::new();
    for _ in 0..rounds() {
        for (object, what, change) in &changes {
            let target = Target::new(&walls, turns.next().unwrap(), object);
            let before = last.get(&target.path);
            wait_until(PATIENCE, "the object's pause to be over", || {
                before.is_none_or(|before| before.elapsed() > PAUSE)
            });
            target.drift(what, change);
            last.insert(target.path, Instant::now());
        }
    }
    let (mut times, mut all) = (BTreeMap::new(), Vec::new());
    wait_until(PATIENCE, "every revert to be in the log", || {
        times = reverts(&audit.requests());
        all = times.values().flatten().copied().collect();
        all.len() == rounds() * changes.len()
    });
    all.sort_by(f64::total_cmp);
    let mut out = std::io::stdout();
    for (kind, times) in times.iter().chain([(&"all".to_owned(), &all)]) {
        let (median, late) = (quantile(times, 50), quantile(times, 99));
        writeln!(out, "{kind}: {} reverted, p50 {median:.0} ms, p99 {late:.0} ms", times.len())
            .unwrap();
    }
    assert_eq!(times.len(), 5, "every kind: {times:?}");
    wait_until(PATIENCE, "the reverts to be counted", || {
        let counted = walls.metric("ringfence_seal_reverts_total");
        counted >= (rounds() * changes.len()) as f64
    });
}

/// Who changed what is told on the namespace, in it, and on the tenant.
#[test]
fn whoever_changes_an_object_is_named_by_events() {
    let walls = Walls::shared();
    walls.namespace("alpha", "drift-told");
    walls.wait_managed("drift-told", &ALPHA);
    let target = Target::new(walls, "drift-told", "networkpolicies/ringfence-default-deny");
    let open = Change::Merge(json!({"spec": {"ingress": [{}]}}));
    target.drift("an open door", &open);
    let told = |namespace: &str, kind: &str, name: &str| {
        let found = walls.events(namespace).into_iter().find(|event| {
            event["regarding"]["kind"] == kind
                && event["regarding"]["name"] == name
                && event["related"]["namespace"] == "drift-told"
        });
        found.filter(|event| event["reason"] == "DriftReverted")
    };
    wait_until(PATIENCE, "an event on the tenant", || told("default", "Tenant", "alpha").is_some());
    wait_until(PATIENCE, "an event on the namespace", || {
        told("drift-told", "Namespace", "drift-told").is_some()
    });
    for event in [
        told("default", "Tenant", "alpha").unwrap(),
        told("drift-told", "Namespace", "drift-told").unwrap(),
    ] {
        let note = event["note"].as_str().unwrap();
        let who = "NetworkPolicy drift-told/ringfence-default-deny was changed by `somebody` (spec.ingress) at ";
        assert!(note.starts_with(who), "{note}");
        assert!(note.ends_with("; it stands again as it must"), "{note}");
        assert_eq!(event["related"]["name"], "ringfence-default-deny");
        assert!(event["regarding"]["uid"].is_string(), "{event}");
    }
    let described = walls.admin().kubectl(&["describe", "tenant", "alpha"]).success();
    assert!(described.contains("DriftReverted"), "{described}");
    target.drift("an open door", &open);
    wait_until(PATIENCE, "the same to be counted", || {
        told("default", "Tenant", "alpha").is_some_and(|event| event["series"]["count"] == 2)
    });
}

#[test]
fn nobody_who_fights_us_makes_us_write_often() {
    let audit = Audit::new();
    let walls = Walls::start_on(&audit.options(), &[]);
    walls.namespace("alpha", "drift-fight");
    walls.wait_managed("drift-fight", &ALPHA);
    let target = Target::new(&walls, "drift-fight", "networkpolicies/ringfence-default-deny");
    let began = Instant::now();
    let long = Duration::from_secs(4 * rounds().min(15) as u64);
    let mut changes = 0;
    while began.elapsed() < long {
        target.change(&Change::Merge(json!({"spec": {"ingress": [{}]}})));
        changes += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = began.elapsed().as_secs_f64();
    let object = "networkpolicies drift-fight/ringfence-default-deny";
    let requests = audit.requests();
    let ours = requests.iter().filter(|it| it.is_ours() && it.object == object);
    // What laid it does not belong to the fight.
    let writes = ours.count() - 1;
    writeln!(
        std::io::stdout(),
        "{changes} changes in {seconds:.1} s: {writes} writes, {:.2} a second",
        writes as f64 / seconds
    )
    .unwrap();
    assert!(writes >= 4, "it is put right all the same");
    assert!(writes as f64 <= 2.0 * seconds + 2.0, "{writes} writes in {seconds} s");
    assert!(walls.metric("ringfence_seal_fights_total") >= 1.0);
    let events = walls.events("drift-fight");
    assert!(events.len() <= 3, "{events:#?}");
}

#[test]
fn a_role_that_is_another_is_bound_anew() {
    let walls = Walls::shared();
    walls.namespace("alpha", "drift-role");
    wait_until(PATIENCE, "the seal", || walls.managed("drift-role").len() == 8);
    let name = "rolebinding/ringfence-owners-admin";
    let mut other = walls.get("drift-role", name).unwrap();
    walls.admin().kubectl(&["delete", name, "--namespace=drift-role"]).success();
    for field in ["uid", "resourceVersion", "managedFields"] {
        other["metadata"].as_object_mut().unwrap().remove(field);
    }
    other["roleRef"]["name"] = json!("cluster-admin");
    // Whoever is first: one of ours is there again, or this one is, until it is put right.
    let _ = walls.admin().kubectl_with(&other.to_string(), &["create", "-f", "-"]);
    wait_until(PATIENCE, "the role to be the tenant's", || {
        walls.get("drift-role", name).is_some_and(|now| now["roleRef"]["name"] == "admin")
    });
}
