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
        book.take((kind, Some(News::All(Vec::new()))));
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
    book.take((wanted.kind(), Some(News::Came(told(wanted, live)))));
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
        book.take((kind, Some(News::All(Vec::new()))));
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
    book.take((deny.kind(), Some(News::Went(told(deny, &live(deny, "another", 9))))));
    assert_eq!(mends(&mut book), 1, "another object of that name went");
    book.take((deny.kind(), Some(News::Went(told(deny, &changed)))));
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

/// A book that has also heard of a kind of barriers.
fn barred(documents: &[Source], namespaces: &[(&str, &str)]) -> Book {
    let mut book = book(snapshot(documents, namespaces));
    assert_eq!(book.barriers(), Barriers::default());
    book.take((ADMIN, Some(News::All(Vec::new()))));
    book
}

const ADMIN: &str = "ClusterNetworkPolicy";

/// What is done to a tenant's barriers.
fn done(book: &mut Book, tenant: &str) -> Vec<String> {
    done_at(book, &format!("~{tenant}"))
}

fn done_at(book: &mut Book, place: &str) -> Vec<String> {
    let steps = book.outlook(place, now()).steps;
    let told = |step: Step| {
        let what = match step.what {
            What::Lay(_) => "lay",
            What::Mend(_) => "mend",
            What::Take(_) => "take",
            What::Look(_) => "look",
        };
        format!("{what} {}", step.object)
    };
    steps.into_iter().map(told).collect()
}

#[test]
fn a_barrier_is_laid_where_its_kind_is_and_no_namespace_waits_for_it() {
    let later = document("Tenant", "later", json!({"profile": "audit-only"}));
    let documents = [alpha(), vec![later]].concat();
    let mut book = barred(&documents, &[("a", "alpha"), ("z", "later")]);
    assert_eq!(open(&mut book), ["", "a", "z", "~alpha", "~later"]);
    assert_eq!(done(&mut book, "alpha"), ["lay ClusterNetworkPolicy ringfence-tenant-alpha"]);
    assert_eq!(done(&mut book, "later"), [""; 0], "what is planned is not laid");
    assert!(book.tell("~alpha", Closed::NotYet).is_none());
    assert_eq!(book.barriers().open, ["alpha".to_owned()].into());
    assert_eq!(book.count(), (0, 0), "a barrier is no namespace");
    let policy = wanted(&mut book, "~alpha").remove(0);
    came(&mut book, &policy, &live(&policy, "p", 5));
    assert_eq!(done(&mut book, "alpha"), [""; 0]);
    assert_eq!(book.barriers().open, ["alpha".to_owned()].into(), "it was not looked at yet");
    assert_eq!(open(&mut book), ["~alpha"]);
    book.tell("~alpha", Closed::Now);
    assert_eq!(book.barriers().open, BTreeSet::new());
    let mut other = live(&policy, "p", 6);
    other["spec"]["priority"] = json!(3);
    came(&mut book, &policy, &other);
    assert_eq!(done(&mut book, "alpha"), ["mend ClusterNetworkPolicy ringfence-tenant-alpha"]);
    // The kind goes, and with it all that was known.
    book.take((ADMIN, None));
    assert_eq!((open(&mut book), done(&mut book, "alpha")), (Vec::new(), Vec::new()));
    assert_eq!(book.barriers(), Barriers::default());
}

const CALICO: &str = "GlobalNetworkPolicy";
const TIER: &str = "Tier";

/// A book that has heard of both kinds of Calico's; nothing of them is there.
fn tiered() -> Book {
    let mut book = book(snapshot(&alpha(), &[("a", "alpha")]));
    book.take((CALICO, Some(News::All(Vec::new()))));
    assert_eq!(book.barriers(), Barriers::default(), "it needs the other one too");
    book.take((TIER, Some(News::All(Vec::new()))));
    assert_eq!(book.barriers().kinds, [CALICO].into());
    assert_eq!(open(&mut book), ["", "^", "a", "~alpha"]);
    book
}

fn closed(book: &mut Book, place: &str) -> Closed {
    book.outlook(place, now()).closed
}

#[test]
fn a_tier_stands_before_barriers_and_goes_after_them() {
    let mut book = tiered();
    assert_eq!(done_at(&mut book, "^"), ["lay Tier ringfence-tenants"]);
    assert_eq!(
        (done(&mut book, "alpha"), closed(&mut book, "~alpha")),
        (Vec::new(), Closed::NotYet)
    );
    let tier = wanted(&mut book, "^").remove(0);
    came(&mut book, &tier, &live(&tier, "t", 5));
    assert_eq!(open(&mut book), ["^", "~alpha"], "what waited for it is looked at");
    let lay = ["lay GlobalNetworkPolicy ringfence-tenants.alpha"];
    assert_eq!(
        (done_at(&mut book, "^"), done(&mut book, "alpha")),
        (Vec::new(), lay.map(str::to_owned).to_vec())
    );
    let policy = wanted(&mut book, "~alpha").remove(0);
    came(&mut book, &policy, &live(&policy, "p", 6));
    assert_eq!((done(&mut book, "alpha"), closed(&mut book, "~alpha")), (Vec::new(), Closed::Now));
    open(&mut book);
    book.adopt(snapshot(&[], &[]), now());
    assert_eq!(done(&mut book, "alpha"), ["take GlobalNetworkPolicy ringfence-tenants.alpha"]);
    assert_eq!(done_at(&mut book, "^"), [""; 0], "something stands in it");
    open(&mut book);
    book.take((CALICO, Some(News::Went(told(&policy, &live(&policy, "p", 7))))));
    assert_eq!(open(&mut book), ["^", "~alpha"]);
    assert_eq!(done_at(&mut book, "^"), ["take Tier ringfence-tenants"]);
}

#[test]
fn a_barrier_does_not_count_in_a_tier_that_is_not_as_it_must_be() {
    let mut book = tiered();
    let tier = wanted(&mut book, "^").remove(0);
    came(&mut book, &tier, &live(&tier, "t", 5));
    let policy = wanted(&mut book, "~alpha").remove(0);
    came(&mut book, &policy, &live(&policy, "p", 6));
    open(&mut book);
    let mut last = live(&tier, "t", 7);
    last["spec"]["order"] = json!(2_000_000);
    came(&mut book, &tier, &last);
    assert_eq!(open(&mut book), ["^", "~alpha"]);
    assert_eq!(done_at(&mut book, "^"), ["mend Tier ringfence-tenants"]);
    assert_eq!(
        (done(&mut book, "alpha"), closed(&mut book, "~alpha")),
        (Vec::new(), Closed::NotYet)
    );
    let mut drifted = live(&policy, "p", 8);
    drifted["spec"]["ingress"] = json!([]);
    came(&mut book, &policy, &drifted);
    assert_eq!(done(&mut book, "alpha"), ["mend GlobalNetworkPolicy ringfence-tenants.alpha"]);
    book.take((TIER, Some(News::Went(told(&tier, &live(&tier, "t", 7))))));
    assert_eq!(done_at(&mut book, "^"), ["lay Tier ringfence-tenants"]);
    // The kind of tiers goes: what is there is nobody's concern until all is known again.
    book.take((TIER, None));
    assert_eq!(book.barriers(), Barriers::default());
    assert_eq!((done_at(&mut book, "^"), done(&mut book, "alpha")), (Vec::new(), Vec::new()));
    // As at a start where policies are heard of first.
    let mut book = self::book(snapshot(&alpha(), &[("a", "alpha")]));
    book.take((CALICO, Some(News::All(vec![told(&policy, &live(&policy, "p", 9))]))));
    assert_eq!(done(&mut book, "alpha"), [""; 0], "it is not taken for one that nothing wants");
}

#[test]
fn a_barrier_goes_with_its_tenant_and_the_last_namespace_of_it() {
    let mut book = barred(&alpha(), &[("a", "alpha")]);
    let policy = wanted(&mut book, "~alpha").remove(0);
    came(&mut book, &policy, &live(&policy, "p", 5));
    // Of another name it is none of ours, whatever its label says.
    let mut foreign = told(&policy, &live(&policy, "f", 5));
    foreign.object.name = "mine".to_owned();
    book.take((ADMIN, Some(News::Came(foreign))));
    open(&mut book);
    book.adopt(snapshot(&[], &[("a", "alpha")]), now());
    assert!(open(&mut book).contains(&"~alpha".to_owned()));
    assert_eq!(done(&mut book, "alpha"), [""; 0], "an orphaned namespace stays closed");
    book.adopt(snapshot(&[], &[("a", "")]), now());
    assert!(open(&mut book).contains(&"~alpha".to_owned()));
    assert_eq!(done(&mut book, "alpha"), ["take ClusterNetworkPolicy ringfence-tenant-alpha"]);
    assert_eq!(done(&mut book, ""), [""; 0], "what has another name is left alone");
}

#[test]
fn barriers_leave_room_for_namespaces() {
    let tenant = |number| document("Tenant", &format!("t{number}"), json!({}));
    let documents: Vec<Source> = (0..9).map(tenant).collect();
    let mut book = barred(&documents, &[("a", "t1")]);
    let mut begun = 0;
    while let Some(place) = book.next(true) {
        book.begin(&place);
        begun += usize::from(place.starts_with('~'));
    }
    assert_eq!(begun, 4);
    book.end("a", true);
    assert_eq!(book.next(true).as_deref(), Some("a"), "a namespace waits for no barrier");
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
    book.end("c", true);
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
    book.take((all[1].kind(), Some(News::Went(told(&all[1], &live(&all[1], "1", 6))))));
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
    book.take((all[0].kind(), Some(News::Came(told_of))));
    book.take((all[1].kind(), Some(News::Went(told(&all[1], &live(&all[1], "1", 6))))));
    assert_eq!(drifts(&mut book), ["was changed by `eve` (spec.ingress)", "was deleted"]);
    came(&mut book, &all[0], &live(&all[0], "0", 7));
    assert_eq!(drifts(&mut book), ["was deleted"]);
    // A list that lacks an object tells as much as its deletion.
    book.take((all[0].kind(), Some(News::All(Vec::new()))));
    let gone = all.iter().filter(|one| one.kind() == all[0].kind()).count();
    assert_eq!(drifts(&mut book), vec!["was deleted"; gone]);
    came(&mut book, &all[1], &live(&all[1], "again", 9));
    assert_eq!(drifts(&mut book), vec!["was deleted"; gone - 1]);
}

mod limits;
