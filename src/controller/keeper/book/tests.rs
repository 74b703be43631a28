//! What follows from what is known.

use serde_json::{Value, json};

use super::super::drift::Author;
use super::*;
use crate::domain::Version;
use crate::policy::{Source, usable};
use crate::state::{Namespace, Seals};

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
    let label = |tenant| Some(tenant).filter(|tenant: &&str| !tenant.is_empty());
    let known = namespaces
        .iter()
        .map(|(name, tenant)| ((*name).to_owned(), Namespace::labelled(label(tenant))));
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

fn is_sealed(book: &mut Book, namespace: &str) -> bool {
    book.outlook(namespace, now()).closed == Closed::Now
}

fn came(book: &mut Book, wanted: &Managed, live: &Value) {
    book.take(wanted.kind(), News::Came(told(wanted, live)));
}

fn wanted(book: &mut Book, namespace: &str) -> Vec<Managed> {
    let lay = |step: Step| match step.what {
        What::Lay(wanted) | What::Mend(wanted) => Some(wanted),
        What::Take(_) | What::Look(_) => None,
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
    assert!(!is_sealed(&mut book, "a"));
    assert!(book.outlook("b", now()).steps.is_empty());
    assert!(!is_sealed(&mut book, "b"), "nobody's namespace is closed");
    let all = wanted(&mut book, "a");
    assert_eq!(all[0].name(), "ringfence-default-deny", "what closes it comes first");
    for (number, one) in all.iter().enumerate() {
        assert!(!is_sealed(&mut book, "a"));
        came(&mut book, one, &live(one, &number.to_string(), 5));
    }
    assert!(is_sealed(&mut book, "a"));
    assert_eq!(format!("{:?}", book.tell("a", Closed::Now)), r#"Some(Sealed("a", ""))"#);
    assert!(book.tell("a", Closed::Now).is_none(), "it is told once");
    assert!(book.tell("b", Closed::Never).is_none());
    assert_eq!(book.count(), (1, 0));

    let quota = all.iter().find(|one| one.kind() == "ResourceQuota").unwrap();
    let mut idle = live(quota, "q", 9);
    idle.as_object_mut().unwrap().remove("status");
    came(&mut book, quota, &idle);
    let outlook = book.outlook("a", now());
    assert!(outlook.steps.is_empty() && outlook.closed == Closed::NotYet, "it does not count yet");
    assert_eq!(format!("{:?}", book.tell("a", outlook.closed)), r#"Some(Unsealed("a"))"#);
    assert_eq!(book.count(), (0, 1));
}

#[test]
fn what_is_old_or_of_another_object_changes_nothing() {
    let mut book = book(snapshot(&alpha(), &[("a", "alpha")]));
    let all = wanted(&mut book, "a");
    let deny = &all[0];
    came(&mut book, deny, &live(deny, "one", 7));
    let mut changed = live(deny, "one", 6);
    changed["spec"]["ingress"] = json!([{}]);
    came(&mut book, deny, &changed);
    let mends = |book: &mut Book| {
        let steps = book.outlook("a", now()).steps;
        steps.iter().filter(|step| matches!(step.what, What::Mend(_))).count()
    };
    assert_eq!(mends(&mut book), 0, "an older version");
    changed["metadata"]["resourceVersion"] = json!("8");
    came(&mut book, deny, &changed);
    assert_eq!(mends(&mut book), 1);
    book.take(deny.kind(), News::Went(told(deny, &live(deny, "another", 9))));
    assert_eq!(mends(&mut book), 1, "another object of that name went");
    book.take(deny.kind(), News::Went(told(deny, &changed)));
    assert_eq!((mends(&mut book), wanted(&mut book, "a").len()), (0, all.len()));
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
    let all = wanted(&mut book, "a");
    for (number, one) in all.iter().enumerate() {
        came(&mut book, one, &live(one, &number.to_string(), 5));
    }
    open(&mut book);
    let ended: Timestamp = "2026-06-02T00:00:00Z".parse().unwrap();
    book.look_again(Instant::now(), ended);
    assert_eq!(open(&mut book), ["", "a"]);
    assert_eq!(book.next_end(), None);
    let steps = book.outlook("a", ended).steps;
    let [Step { object, what: What::Take(_), .. }] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(object.to_string(), "NetworkPolicy a/ringfence-grant-egress-g");

    book.adopt(snapshot(&[], &[("a", "alpha")]), now());
    let outlook = book.outlook("a", now());
    assert!(outlook.steps.is_empty() && outlook.closed == Closed::Never);
}

#[test]
fn only_what_changed_is_looked_at_and_nothing_that_is_written_to() {
    let documents = alpha();
    let first = snapshot(&documents, &[("a", "alpha"), ("b", "alpha")]);
    let mut book = book(Arc::clone(&first));
    assert_eq!(open(&mut book), ["", "a", "b"]);
    let known = [("a", None), ("b", Some("alpha")), ("c", Some("alpha"))];
    let known = known.map(|(name, label)| (name.to_owned(), Namespace::labelled(label)));
    let namespaces = Arc::new(Namespaces::Watched(known.into()));
    book.adopt(Arc::new(Snapshot { namespaces, ..Snapshot::clone(&first) }), now());
    assert_eq!(open(&mut book), ["a", "c"]);
    book.begin("c");
    let policy = wanted(&mut book, "c").remove(0);
    came(&mut book, &policy, &live(&policy, "x", 1));
    assert_eq!(open(&mut book), [""; 0]);
    book.end("c");
    assert_eq!(open(&mut book), ["c"]);
    assert_eq!(book.next(false), None);
}

/// A namespace that is sealed, and its objects.
fn sealed() -> (Book, Vec<Managed>) {
    let mut book = book(snapshot(&alpha(), &[("a", "alpha")]));
    let all = wanted(&mut book, "a");
    for (number, one) in all.iter().enumerate() {
        came(&mut book, one, &live(one, &number.to_string(), 5));
    }
    assert!(is_sealed(&mut book, "a"));
    book.tell("a", Closed::Now);
    (book, all)
}

/// The namespace as another one than it was.
fn becomes(book: &mut Book, namespace: Option<Namespace>) {
    let before = Snapshot::clone(book.snapshot.as_ref().unwrap());
    let known = namespace.map(|namespace| ("a".to_owned(), namespace));
    let namespaces = Arc::new(Namespaces::Watched(known.into_iter().collect()));
    book.adopt(Arc::new(Snapshot { namespaces, ..before }), now());
}

fn anew() -> Namespace {
    Namespace { uid: "another".into(), ..Namespace::labelled(Some("alpha")) }
}

#[test]
fn what_is_known_of_a_namespace_is_doubted_when_it_is_made_anew() {
    for between in [false, true] {
        let (mut book, all) = sealed();
        if between {
            becomes(&mut book, None);
            assert_eq!(book.count(), (0, 0));
        }
        becomes(&mut book, Some(anew()));
        let outlook = book.outlook("a", now());
        assert_eq!(outlook.closed, Closed::NotYet);
        assert!(outlook.steps.iter().all(|step| matches!(step.what, What::Look(_))));
        assert_eq!(outlook.steps.len(), all.len());
        // A watch may tell of the old one still.
        came(&mut book, &all[0], &live(&all[0], "0", 6));
        assert_eq!(book.outlook("a", now()).steps.len(), all.len());
        for (number, step) in outlook.steps.iter().enumerate() {
            match number {
                0 => book.went(&step.object, "0"),
                1 => book.stands(&step.object, "no more"),
                number => book.stands(&step.object, &number.to_string()),
            }
        }
        let steps = book.outlook("a", now()).steps;
        let [Step { what: What::Lay(_), drift: None, .. }, Step { what: What::Look(_), .. }] =
            &steps[..]
        else {
            panic!("{steps:?}")
        };
        book.stands(&steps[1].object, "1");
        came(&mut book, &all[0], &live(&all[0], "new", 9));
        assert!(is_sealed(&mut book, "a"));
        let told = format!("{:?}", book.tell("a", Closed::Now));
        assert_eq!(told, r#"Some(Sealed("a", "another"))"#);
    }
}

#[test]
fn in_a_namespace_that_ends_objects_are_mended_and_none_is_made() {
    let (mut book, all) = sealed();
    becomes(&mut book, Some(Namespace { ending: true, ..Namespace::labelled(Some("alpha")) }));
    assert!(is_sealed(&mut book, "a"));
    let mut opened = live(&all[0], "0", 6);
    opened["spec"]["ingress"] = json!([{}]);
    came(&mut book, &all[0], &opened);
    book.take(all[1].kind(), News::Went(told(&all[1], &live(&all[1], "1", 6))));
    let outlook = book.outlook("a", now());
    let [Step { object, what: What::Mend(_), .. }] = &outlook.steps[..] else {
        panic!("{outlook:?}")
    };
    assert_eq!((object.name.as_str(), outlook.closed), (all[0].name(), Closed::NotYet));
}

#[test]
fn what_others_did_is_remembered_until_it_is_put_right() {
    let (mut book, all) = sealed();
    let drifts = |book: &mut Book| -> Vec<String> {
        let steps = book.outlook("a", now()).steps;
        steps.iter().filter_map(|step| Some(step.drift.as_ref()?.what())).collect()
    };
    let mut opened = live(&all[0], "0", 6);
    opened["spec"]["ingress"] = json!([{}]);
    opened["metadata"]["managedFields"] = json!([{"manager": "eve", "operation": "Update",
        "time": NOW, "fieldsV1": {"f:spec": {"f:ingress": {}}}}]);
    let mut told_of = told(&all[0], &opened);
    told_of.by = Author::of(&opened);
    book.take(all[0].kind(), News::Came(told_of));
    book.take(all[1].kind(), News::Went(told(&all[1], &live(&all[1], "1", 6))));
    assert_eq!(drifts(&mut book), ["was changed by `eve` (spec.ingress)", "was deleted"]);
    came(&mut book, &all[0], &live(&all[0], "0", 7));
    assert_eq!(drifts(&mut book), ["was deleted"]);
    // A list that lacks an object tells as much as its deletion.
    book.take(all[0].kind(), News::All(Vec::new()));
    let gone = all.iter().filter(|one| one.kind() == all[0].kind()).count();
    assert_eq!(drifts(&mut book), vec!["was deleted"; gone]);
    came(&mut book, &all[1], &live(&all[1], "again", 9));
    assert_eq!(drifts(&mut book), vec!["was deleted"; gone - 1]);
}
