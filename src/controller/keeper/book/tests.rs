//! What follows from what is known.

use serde_json::{Value, json};

use super::*;
use crate::domain::Version;
use crate::policy::{Source, usable};
use crate::state::Seals;

const NOW: &str = "2026-06-01T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn document(kind: &str, name: &str, spec: Value) -> Source {
    let text = json!({
        "apiVersion": "ringfence.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name}, "spec": spec,
    });
    Source { name: format!("{kind} {name}"), text: text.to_string() }
}

fn snapshot(documents: &[Source], namespaces: &[(&str, &str)]) -> Arc<Snapshot> {
    let label = |tenant: &str| (!tenant.is_empty()).then(|| tenant.to_owned());
    let known = namespaces.iter().map(|(name, tenant)| ((*name).to_owned(), label(tenant)));
    Arc::new(Snapshot {
        tenants: usable(documents).documents.resolve(),
        namespaces: Arc::new(Namespaces::Watched(known.collect())),
        seals: Seals::Watched(Arc::default()),
        latest: Version::NEWEST,
    })
}

fn alpha() -> Vec<Source> {
    vec![document("Tenant", "alpha", json!({"owners": [{"kind": "Group", "name": "devs"}]}))]
}

/// A book that has listed every kind and found nothing.
fn book(snapshot: Arc<Snapshot>) -> Book {
    let mut book = Book::default();
    book.adopt(snapshot, now());
    for (kind, ..) in KINDS {
        book.take(kind, News::All(Vec::new()));
    }
    book
}

fn open(book: &mut Book) -> Vec<String> {
    std::iter::from_fn(|| book.next(true)).collect()
}

/// The object as the API server would tell it.
fn live(wanted: &Managed, uid: &str, version: u64) -> Value {
    let mut live = wanted.to_value();
    live["metadata"]["uid"] = json!(uid);
    live["metadata"]["resourceVersion"] = json!(version.to_string());
    if wanted.kind() == "ResourceQuota" {
        live["status"] = json!({"hard": live["spec"]["hard"]});
    }
    live
}

fn told(wanted: &Managed, live: &Value) -> Told {
    let object = Object {
        kind: wanted.kind(),
        namespace: wanted.namespace().unwrap_or_default().to_owned(),
        name: wanted.name().to_owned(),
    };
    Told { object, seen: Seen::of(wanted.kind(), live), by: None }
}

fn came(book: &mut Book, wanted: &Managed, live: &Value) {
    book.take(wanted.kind(), News::Came(told(wanted, live)));
}

fn wanted(book: &Book, namespace: &str) -> Vec<Managed> {
    let lay = |step| match step {
        Step::Lay(_, wanted) | Step::Mend(_, wanted) => Some(wanted),
        Step::Take(..) => None,
    };
    book.outlook(namespace, now()).steps.into_iter().filter_map(lay).collect()
}

#[test]
fn nothing_is_concluded_before_every_kind_is_listed() {
    let mut book = Book::default();
    book.adopt(snapshot(&alpha(), &[("a", "alpha")]), now());
    for (kind, ..) in KINDS {
        assert_eq!(open(&mut book), [""; 0]);
        book.take(kind, News::All(Vec::new()));
    }
    assert_eq!(open(&mut book), ["", "a"]);
    assert_eq!(open(&mut book), [""; 0]);
}

#[test]
fn a_namespace_is_sealed_when_each_object_has_been_seen_as_it_must_be() {
    let mut book = book(snapshot(&alpha(), &[("a", "alpha"), ("b", "")]));
    assert!(!book.outlook("a", now()).sealed);
    assert!(book.outlook("b", now()).steps.is_empty());
    assert!(!book.outlook("b", now()).sealed, "nobody's namespace is closed");
    let all = wanted(&book, "a");
    assert_eq!(all[0].name(), "ringfence-default-deny", "what closes it comes first");
    for (number, one) in all.iter().enumerate() {
        assert!(!book.outlook("a", now()).sealed);
        came(&mut book, one, &live(one, &number.to_string(), 5));
    }
    assert!(book.outlook("a", now()).sealed);
    assert_eq!(format!("{:?}", book.tell("a", true)), r#"Some(Sealed("a"))"#);
    assert!(book.tell("a", true).is_none(), "it is told once");

    let quota = all.iter().find(|one| one.kind() == "ResourceQuota").unwrap();
    let mut idle = live(quota, "q", 9);
    idle.as_object_mut().unwrap().remove("status");
    came(&mut book, quota, &idle);
    let outlook = book.outlook("a", now());
    assert!(outlook.steps.is_empty() && !outlook.sealed, "a quota that does not count yet");
}

#[test]
fn what_is_old_or_of_another_object_changes_nothing() {
    let mut book = book(snapshot(&alpha(), &[("a", "alpha")]));
    let all = wanted(&book, "a");
    let deny = &all[0];
    came(&mut book, deny, &live(deny, "one", 7));
    let mut changed = live(deny, "one", 6);
    changed["spec"]["ingress"] = json!([{}]);
    came(&mut book, deny, &changed);
    let mends = |book: &Book| {
        let steps = book.outlook("a", now()).steps;
        steps.iter().filter(|step| matches!(step, Step::Mend(..))).count()
    };
    assert_eq!(mends(&book), 0, "an older version");
    changed["metadata"]["resourceVersion"] = json!("8");
    came(&mut book, deny, &changed);
    assert_eq!(mends(&book), 1);
    book.take(deny.kind(), News::Went(told(deny, &live(deny, "another", 9))));
    assert_eq!(mends(&book), 1, "another object of that name went");
    book.take(deny.kind(), News::Went(told(deny, &changed)));
    assert_eq!((mends(&book), wanted(&book, "a").len()), (0, all.len()));
}

#[test]
fn what_nothing_wants_is_taken_away_and_an_orphans_seal_is_not() {
    let grant = document(
        "Grant",
        "g",
        json!({"from": {"tenant": "alpha"}, "to": {"cidrs": ["203.0.113.7/32"]}, "ports": [{"port": 443}],
            "owner": "jo", "reason": "a partner", "expiresAt": "2026-06-02T00:00:00Z"}),
    );
    let documents = [alpha(), vec![grant]].concat();
    let mut book = book(snapshot(&documents, &[("a", "alpha")]));
    assert_eq!(book.next_end().map(|end| end.to_string()).as_deref(), Some("2026-06-02T00:00:00Z"));
    let all = wanted(&book, "a");
    for (number, one) in all.iter().enumerate() {
        came(&mut book, one, &live(one, &number.to_string(), 5));
    }
    open(&mut book);
    let ended: Timestamp = "2026-06-02T00:00:00Z".parse().unwrap();
    book.look_again(Instant::now(), ended);
    assert_eq!(open(&mut book), ["", "a"]);
    assert_eq!(book.next_end(), None);
    let steps = book.outlook("a", ended).steps;
    let [Step::Take(object, _)] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(object.to_string(), "NetworkPolicy a/ringfence-grant-egress-g");

    book.adopt(snapshot(&[], &[("a", "alpha")]), now());
    let outlook = book.outlook("a", now());
    assert!(outlook.steps.is_empty() && !outlook.sealed);
}

#[test]
fn only_what_changed_is_looked_at_and_nothing_that_is_written_to() {
    let documents = alpha();
    let first = snapshot(&documents, &[("a", "alpha"), ("b", "alpha")]);
    let mut book = book(Arc::clone(&first));
    assert_eq!(open(&mut book), ["", "a", "b"]);
    let known = [("a", None), ("b", Some("alpha")), ("c", Some("alpha"))];
    let known = known.map(|(name, label)| (name.to_owned(), label.map(str::to_owned)));
    let namespaces = Arc::new(Namespaces::Watched(known.into()));
    book.adopt(Arc::new(Snapshot { namespaces, ..Snapshot::clone(&first) }), now());
    assert_eq!(open(&mut book), ["a", "c"]);
    book.begin("c");
    let policy = wanted(&book, "c").remove(0);
    came(&mut book, &policy, &live(&policy, "x", 1));
    assert_eq!(open(&mut book), [""; 0]);
    book.end("c");
    assert_eq!(open(&mut book), ["c"]);
    assert_eq!(book.next(false), None);
}
