use serde_json::json;

use super::*;
use crate::domain::Version;
use crate::isolation::{Doubt, Standing};
use crate::policy::{Source, usable};
use crate::state::{Namespace, Namespaces, SealState, Seals};

const NOW: &str = "2027-02-20T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source(kind: &str, name: &str, spec: Value) -> Source {
    let text = json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name}, "spec": spec});
    Source { name: format!("{kind} {name}"), text: text.to_string() }
}

fn snapshot(usable: &Usable, namespaces: &[(&str, Option<&str>)], sealed: &[&str]) -> Snapshot {
    let known =
        namespaces.iter().map(|(name, label)| ((*name).to_owned(), Namespace::labelled(*label)));
    // `-name` is left open.
    let seals = sealed.iter().map(|name| match name.strip_prefix('-') {
        Some(over) => (over.to_owned(), SealState::OverLimit),
        None => ((*name).to_owned(), SealState::Sealed),
    });
    Snapshot {
        tenants: usable.documents.resolve(),
        namespaces: Arc::new(Namespaces::Watched(known.collect())),
        seals: Seals::Watched(Arc::new(seals.collect())),
        latest: Version::NEWEST,
    }
}

fn sayer(sources: &[Source], namespaces: &[(&str, Option<&str>)], sealed: &[&str]) -> Sayer {
    let usable = Arc::new(usable(sources));
    let mut sayer = Sayer::default();
    sayer.take(&usable, &snapshot(&usable, namespaces, sealed), at(NOW));
    sayer
}

fn paper(sources: &[Source], name: &str) -> Paper {
    let source = sources.iter().find(|source| source.name == name).unwrap();
    Paper { generation: Some(4), text: source.text.clone(), ..Paper::default() }
}

fn said(sayer: &Sayer, sources: &[Source], name: &str, now: &str) -> Status {
    let (kind, own) = name.split_once(' ').unwrap();
    let kinds = super::super::kinds();
    let (kind, _) = kinds.iter().find(|(known, _)| *known == kind).unwrap();
    sayer.of(&(kind, own.to_owned()), &paper(sources, name), at(now))
}

/// `Ready True InForce: all that the document says is in force`, a line each.
fn lines(status: &Status) -> Vec<String> {
    let line = |own: &Value| {
        let word = |field: &str| own[field].as_str().unwrap().to_owned();
        format!("{} {} {}: {}", word("type"), word("status"), word("reason"), word("message"))
    };
    status.value["conditions"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_tenants_conditions_are_apart() {
    let sources = [
        source("Tenant", "alpha", json!({"namespaces": {"names": ["a-old", "b-one", "none"]}})),
        source("Tenant", "beta", json!({"seal": "keep"})),
        source("Tenant", "later", json!({"profile": "audit-only"})),
    ];
    let check = |namespaces: &[(&str, Option<&str>)],
                 sealed: &[&str],
                 of: &str,
                 expect: &[&str]| {
        let sayer = sayer(&sources, namespaces, sealed);
        let lines = lines(&said(&sayer, &sources, &format!("Tenant {of}"), NOW));
        assert_eq!(lines[..2], *expect, "{namespaces:?}");
        assert_eq!(lines[2..], ["Isolated Unknown NotProven: nothing proves or disproves it yet"]);
    };
    let good = "Ready True InForce: all that the document says is in force";
    let sealed = "Sealed True Sealed: each namespace holds what closes it";
    check(&[], &[], "alpha", &[good, sealed]);
    check(&[("a", Some("alpha")), ("x", None)], &["a"], "alpha", &[good, sealed]);
    let open = "Sealed False Unsealed: not closed: `a`, `c`";
    let all = [("c", Some("alpha")), ("a", Some("alpha")), ("b", Some("alpha"))];
    check(&all, &["b"], "alpha", &["Ready False Unsealed: not closed: `a`, `c`", open]);
    let over = "over the limit of namespaces, and so not closed: `c`";
    let lines =
        [format!("Ready False OverLimit: {over}"), format!("Sealed False OverLimit: {over}")];
    check(&all, &["a", "b", "-c"], "alpha", &[&lines[0], &lines[1]]);
    let open = "not closed: `a`";
    let lines = [
        format!("Ready False OverLimit: {over}; {open}"),
        format!("Sealed False Unsealed: {open}"),
    ];
    check(&all, &["b", "-c"], "alpha", &[&lines[0], &lines[1]]);
    let adopting =
        "Ready False Adopting: without the tenant's label, and so not guarded yet: `a-old`";
    check(&[("a-old", None)], &["a-old"], "alpha", &[adopting, sealed]);
    let elsewhere =
        "Ready False LabelStands: the label of another tenant stands and holds: `b-one` (`beta`)";
    let held = [("b-one", Some("beta"))];
    check(&held, &["b-one"], "alpha", &[elsewhere, sealed]);
    check(&held, &["b-one"], "beta", &[good, sealed]);
    let both =
        format!("{elsewhere}; {}; not closed: `a-old`", adopting.split_once(": ").unwrap().1);
    let open = "Sealed False Unsealed: not closed: `a-old`";
    check(&[held[0], ("a-old", None)], &[], "alpha", &[&both, open]);
    let planned = "Sealed False Planned: the profile says to lay nothing";
    check(&[("l", Some("later"))], &[], "later", &[good, planned]);
}

#[test]
fn a_tenant_is_told_how_its_barriers_stand() {
    let sources = [
        source("Tenant", "alpha", json!({})),
        source("Tenant", "later", json!({"profile": "audit-only"})),
    ];
    let mut sayer = sayer(&sources, &[], &[]);
    let mut check = |barriers: &Barriers, of: &str, expect: &[&str]| {
        sayer.barriers = barriers.clone();
        let lines = lines(&said(&sayer, &sources, &format!("Tenant {of}"), NOW));
        assert_eq!(lines[2..lines.len() - 1], *expect, "{barriers:?}");
    };
    let mut barriers = Barriers::default();
    check(&barriers, "alpha", &[]);
    barriers.kinds.extend(["B", "A"]);
    check(&barriers, "alpha", &["Barred True Kept: every other tenant is denied by A, B too"]);
    check(&barriers, "later", &[]);
    let left = [("B", ["x".to_owned(), "y".to_owned()].into())].into();
    barriers.left = Arc::new([("alpha".to_owned(), left)].into());
    let partly = "Barred False Partly: for what grants permit, B leaves to the policies in the namespaces \
                  alone: `x`, `y`";
    check(&barriers, "alpha", &[partly]);
    barriers.open.insert("alpha".to_owned());
    check(&barriers, "alpha", &["Barred False NotKept: not as it must be: A, B"]);
}

#[test]
fn a_tenant_is_told_what_is_proven_and_meanwhile_what_was() {
    let sources = [source("Tenant", "alpha", json!({}))];
    let mut sayer = sayer(&sources, &[], &[]);
    let said = |sayer: &Sayer, before: &Value| {
        let own = Paper { status: before.clone(), ..paper(&sources, "Tenant alpha") };
        sayer.of(&("Tenant", "alpha".to_owned()), &own, at(NOW))
    };
    let stands = |standing| Some(Arc::new([("alpha".to_owned(), standing)].into()));
    let check = |status: &Status, expect: &str| {
        let all = lines(status);
        assert_eq!(all.last().unwrap(), expect, "{all:?}");
    };
    let nothing = "Isolated Unknown NotProven: nothing proves or disproves it yet";
    check(&said(&sayer, &Value::Null), nothing);
    sayer.standings = stands(Standing::Isolated);
    let proven = said(&sayer, &Value::Null);
    let what = "passes between a pod that it could have and one of another tenant, if the CNI enforces policies";
    check(&proven, &format!("Isolated True Proven: nothing {what}"));
    sayer.standings = stands(Standing::Granted);
    let granted = said(&sayer, &Value::Null);
    check(&granted, &format!("Isolated True Granted: nothing but what Grants permit {what}"));
    let doubts = vec![Doubt::Puzzle, Doubt::Rehearsal];
    let texts = doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    sayer.standings = stands(Standing::Unknown(doubts));
    check(&said(&sayer, &Value::Null), &format!("Isolated Unknown GivenUp: {texts}"));
    // Who leads now has proven nothing yet; who led before had.
    sayer.standings = None;
    assert_eq!(said(&sayer, &proven.value).value, proven.value);
    sayer.standings = Some(Arc::default());
    check(&said(&sayer, &proven.value), nothing);
}

#[test]
fn a_status_counts_and_says_when_it_changes() {
    let mut sources =
        vec![source("Tenant", "alpha", json!({})), source("Tenant", "beta", json!({}))];
    for (name, end) in [("soon", "2027-02-22T12:00:00Z"), ("later", "2027-06-01T00:00:00Z")] {
        sources.push(source(
            "Grant",
            name,
            json!({
                "from": {"tenant": "alpha"}, "to": {"tenant": "beta"}, "ports": [{"port": 1}],
                "owner": "jo", "reason": "why", "expiresAt": end,
            }),
        ));
    }
    let namespaces = [("a", Some("alpha")), ("b", Some("alpha")), ("c", Some("beta"))];
    let usable = Arc::new(usable(&sources));
    let snapshot = snapshot(&usable, &namespaces, &["a"]);
    let mut sayer = Sayer::default();
    let mut check = |now: &str, grants: &[&str], until: Option<&str>| {
        sayer.take(&usable, &snapshot, at(now));
        let Status { value, until: found } = said(&sayer, &sources, "Tenant alpha", now);
        assert_eq!(value["grants"], if grants.is_empty() { Value::Null } else { json!(grants) });
        assert_eq!(found, until.map(at), "{now}");
        assert_eq!(value["observedGeneration"], 4);
        assert_eq!((&value["namespaces"], &value["sealed"]), (&json!(2), &json!(1)));
        assert_eq!(value["unsealed"], json!(["b"]));
        assert_eq!(value["effectiveProfile"]["podSecurity"]["level"], "restricted");
    };
    let (soon, later) = ("2027-02-22T12:00:00Z", "2027-06-01T00:00:00Z");
    check(NOW, &["later", "soon"], Some(soon));
    check("2027-02-22T11:59:59Z", &["later", "soon"], Some(soon));
    check(soon, &["later"], Some(later));
    check(later, &[], None);
    // Of the day that is left of it.
    let grant = said(&sayer, &sources, "Grant soon", "2027-02-20T13:00:00Z");
    assert_eq!(
        (&grant.value["daysLeft"], grant.until),
        (&json!(2), Some(at("2027-02-21T12:00:00Z")))
    );
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let sources = [
        source("Tenant", "alpha", json!({"profile": "none", "network": {"shared": ["no"]}})),
        source("Tenant", "torn", json!({"profile": 7, "what": {}})),
        source("Profile", "holes", json!({"network": {"shared": ["no"]}})),
        source("Platform", "default", json!({"unowned": {"profile": "none"}})),
        source(
            "Exemption",
            "nobodys",
            json!({"tenant": "gamma", "rules": ["RF2"], "namespaces": ["a"],
            "owner": "jo", "reason": "why", "expiresAt": "2027-06-01T00:00:00Z"}),
        ),
        source("Exemption", "unread", json!({"tenant": "alpha"})),
        source("Profile", "good", json!({})),
    ];
    let sayer = sayer(&sources, &[], &[]);
    let first = |name: &str| lines(&said(&sayer, &sources, name, NOW)).remove(0);
    let all: Vec<String> =
        sources.iter().map(|own| format!("{}: {}", own.name, first(&own.name))).collect();
    insta::assert_snapshot!(all.join("\n"));
    let unread = said(&sayer, &sources, "Exemption unread", NOW);
    assert_eq!((unread.value["state"].as_str(), unread.until), (Some("Ineffective"), None));
}

#[test]
fn a_condition_keeps_its_time_and_what_stands_is_known_again() {
    let sources = [source("Tenant", "alpha", json!({}))];
    let usable = Arc::new(usable(&sources));
    let of = |sealed: &[&str], now: &str, before: &Value| {
        let mut sayer = Sayer::default();
        sayer.take(&usable, &snapshot(&usable, &[("a", Some("alpha"))], sealed), at(now));
        let own = Paper { status: before.clone(), ..paper(&sources, "Tenant alpha") };
        sayer.of(&("Tenant", "alpha".to_owned()), &own, at(now)).value
    };
    let first = of(&[], NOW, &Value::Null);
    let (second, third) = ("2027-02-20T00:00:05Z", "2027-02-20T00:00:09Z");
    assert_eq!(of(&[], second, &first), first);
    let closed = of(&["a"], second, &first);
    let since = |status: &Value, at: usize| status["conditions"][at]["lastTransitionTime"].clone();
    assert_eq!([0, 1, 2].map(|at| since(&closed, at)), [second, second, NOW].map(|at| json!(at)));
    let mut told = closed.clone();
    told["conditions"].as_array_mut().unwrap().push(json!({"type": "Audited", "status": "True"}));
    assert_eq!(of(&["a"], third, &told), closed);
    assert!(super::super::is_said(&closed, &told), "others may say more");
    assert!(!super::super::is_said(&closed, &first));
}
