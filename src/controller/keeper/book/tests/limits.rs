//! Namespaces beyond a tenant's limit.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A snapshot in which alpha may have so many namespaces, of these names and ages.
fn limited(limit: usize, namespaces: &[(&str, i64)]) -> Arc<Snapshot> {
    let documents = [document("Tenant", "alpha", json!({"namespaces": {"limit": limit}}))];
    let before = snapshot(&documents, &[]);
    let known = namespaces.iter().map(|(name, second)| {
        let created = Timestamp::from_second(*second).unwrap();
        let uid = format!("{name} {second}").into();
        ((*name).to_owned(), Namespace { created, uid, ..Namespace::labelled(Some("alpha")) })
    });
    let namespaces = Arc::new(Namespaces::Watched(known.collect()));
    Arc::new(Snapshot { namespaces, ..Snapshot::clone(&before) })
}

/// The first object of a namespace's seal, as a watch tells it.
fn first(namespace: &str) -> (Managed, Value) {
    let snapshot = limited(9, &[(namespace, 1)]);
    let tenant = snapshot.tenants.tenant("alpha").unwrap();
    let wanted = seal::wanted(&snapshot.tenants, tenant, namespace, now()).remove(0);
    let live = live(&wanted, "uid", 5);
    (wanted, live)
}

fn stands(book: &mut Book, namespace: &str) {
    let (wanted, live) = first(namespace);
    came(book, &wanted, &live);
}

fn goes(book: &mut Book, namespace: &str) {
    let (wanted, live) = first(namespace);
    book.take((wanted.kind(), Some(News::Went(told(&wanted, &live)))));
}

/// Those that get no seal.
fn over(book: &mut Book) -> Vec<&'static str> {
    open(book);
    NAMES.into_iter().filter(|name| book.leaves(name)).collect()
}

#[test]
fn the_oldest_get_a_seal_and_the_others_when_there_is_room() {
    let mut book = book(limited(1, &[("a", 2), ("b", 1)]));
    assert_eq!(over(&mut book), ["a"]);
    let outlook = book.outlook("a", now());
    assert_eq!((outlook.steps.len(), outlook.closed), (0, Closed::OverLimit));
    assert!(!book.outlook("b", now()).steps.is_empty());
    assert_eq!(
        format!("{:?}", book.tell("a", Closed::OverLimit)),
        r#"Some(OverLimit("a", "a 2"))"#
    );
    assert!(book.tell("a", Closed::OverLimit).is_none(), "it is told once");
    assert_eq!(book.count(), (0, 1));
    book.adopt(limited(1, &[("a", 2)]), now());
    assert_eq!(open(&mut book), ["", "a"]);
    assert!(!book.outlook("a", now()).steps.is_empty());
    assert_eq!(format!("{:?}", book.tell("a", Closed::NotYet)), r#"Some(Unsealed("a"))"#);
    book.adopt(limited(2, &[("a", 2), ("b", 1)]), now());
    assert_eq!(over(&mut book), [""; 0]);
}

#[test]
fn a_lower_limit_takes_nothing_and_what_was_taken_is_put_back() {
    let mut book = book(limited(2, &[("a", 1), ("b", 2)]));
    stands(&mut book, "a");
    stands(&mut book, "b");
    book.adopt(limited(1, &[("a", 1), ("b", 2), ("c", 0)]), now());
    assert_eq!(over(&mut book), ["c"]);
    let steps = book.outlook("b", now()).steps;
    assert!(steps.iter().any(|step| matches!(step.what, What::Lay(_))), "{steps:?}");
    // Where nothing of it is left, it is as if there never had been.
    goes(&mut book, "b");
    assert_eq!(over(&mut book), ["b", "c"]);
}

#[test]
fn where_laying_has_begun_an_older_one_comes_too_late() {
    let begun = || {
        let mut book = book(limited(1, &[("b", 1)]));
        open(&mut book);
        book.begin("b");
        book.adopt(limited(1, &[("a", 1), ("b", 1)]), now());
        assert_eq!(over(&mut book), ["a"]);
        book
    };
    let mut written = begun();
    written.end("b", true);
    assert_eq!(over(&mut written), ["a"], "no watch has told yet");
    stands(&mut written, "b");
    assert_eq!(over(&mut written), ["a"]);
    let mut in_vain = begun();
    in_vain.end("b", false);
    assert_eq!(over(&mut in_vain), ["b"]);
}

#[test]
fn what_may_be_of_a_namespace_before_it_is_looked_for() {
    let mut book = book(limited(1, &[("a", 1)]));
    stands(&mut book, "a");
    book.adopt(limited(1, &[("a", 3), ("b", 2)]), now());
    assert_eq!(over(&mut book), ["a"], "it is another namespace now");
    let steps = book.outlook("a", now()).steps;
    let [Step { object, what: What::Look(uid), .. }] = &steps[..] else { panic!("{steps:?}") };
    let (object, uid) = (object.clone(), uid.clone());
    book.stands(&object, &uid);
    assert_eq!(over(&mut book), ["b"]);
    book.went(&object, &uid);
    assert_eq!(over(&mut book), ["a"]);
}

#[derive(Debug, Clone, Copy)]
enum Happens {
    Limit(usize),
    Comes(usize, i64),
    Ends(usize),
    Stands(usize),
    Goes(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    let name = || 0..NAMES.len();
    prop_oneof![
        (0..4_usize).prop_map(Happens::Limit),
        (name(), 0..3_i64).prop_map(|(name, age)| Happens::Comes(name, age)),
        name().prop_map(Happens::Ends),
        name().prop_map(Happens::Stands),
        name().prop_map(Happens::Goes),
    ]
}

proptest! {
    /// Whatever happened, in whatever order: it follows from what there is.
    #[test]
    fn a_fresh_replica_decides_as_an_old_one(all in prop::collection::vec(happens(), 0..40)) {
        let (mut limit, mut known, mut standing) = (1, BTreeMap::new(), BTreeSet::new());
        let mut old = book(limited(limit, &[]));
        for one in all {
            let is_of_namespaces = !matches!(one, Happens::Stands(_) | Happens::Goes(_));
            match one {
                Happens::Limit(new) => limit = new,
                Happens::Comes(name, age) => {
                    known.entry(NAMES[name]).or_insert(age);
                }
                Happens::Stands(name) => {
                    if known.contains_key(NAMES[name]) && standing.insert(NAMES[name]) {
                        stands(&mut old, NAMES[name]);
                    }
                }
                // A namespace's objects go before it does.
                Happens::Goes(name) | Happens::Ends(name) => {
                    if standing.remove(NAMES[name]) {
                        goes(&mut old, NAMES[name]);
                    }
                }
            }
            if let Happens::Ends(name) = one {
                known.remove(NAMES[name]);
            }
            let namespaces: Vec<(&str, i64)> =
                known.iter().map(|(name, age)| (*name, *age)).collect();
            if is_of_namespaces {
                old.adopt(limited(limit, &namespaces), now());
            }
            let mut fresh = book(limited(limit, &namespaces));
            for name in &standing {
                stands(&mut fresh, name);
            }
            prop_assert_eq!(over(&mut old), over(&mut fresh));
            let sealed = known.len() - over(&mut old).len();
            prop_assert!(sealed == known.len().min(limit.max(standing.len())));
        }
    }
}
