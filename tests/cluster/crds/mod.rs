//! Our kinds in a real API server: it takes their definitions as they are shipped, what it refuses by
//! them the reader of files refuses too, and it explains every field.

mod api;
mod bounds;
mod life;
mod places;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use ringfence::objects::yaml::documents;
use ringfence::policy::{self, Source, load};
use serde_json::Value;

use super::harness::{ControlPlane, Kubeconfig};
use api::{Api, Refusal};
use bounds::Case;
use places::{Place, paths, places};

const REFERENCE: &str = include_str!("../../../src/policy/tests/reference.yaml");
const WHOLE: &str = include_str!("whole.yaml");

/// The administrator of a cluster that knows our kinds, where nobody judges them but their definitions.
fn defined() -> &'static Kubeconfig {
    static DEFINED: OnceLock<ControlPlane> = OnceLock::new();
    let cluster = DEFINED.get_or_init(|| {
        let cluster = ControlPlane::start();
        let admin = cluster.admin();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/crds");
        let apply = ["apply", "-k", folder];
        let made = admin.kubectl(&apply);
        assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made:?}");
        let ours = ["crd", "-l", "app.kubernetes.io/name=ringfence", "--timeout=60s"];
        let waited = admin.kubectl(&[&["wait", "--for=condition=Established"], &ours[..]].concat());
        assert_eq!(waited.success().lines().count(), 5);
        let again = admin.kubectl(&apply).success();
        assert_eq!(again.matches(" unchanged\n").count(), 5, "{again}");
        cluster
    });
    cluster.admin()
}

fn objects(text: &str) -> Vec<Value> {
    let read = documents(text).into_iter();
    read.map(|object| serde_json::from_str(&object.unwrap().to_json()).unwrap()).collect()
}

fn whole() -> Vec<Place> {
    objects(WHOLE).iter().flat_map(places).collect()
}

#[test]
fn every_field_and_every_rule_is_among_the_objects() {
    let (whole, paths) = (whole(), paths());
    let filled: BTreeSet<&str> = whole.iter().map(|place| place.path.as_str()).collect();
    let missing: Vec<&String> =
        paths.iter().filter(|path| !filled.contains(path.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new());
    assert!(paths.len() > 200, "{}", paths.len());
}

#[test]
fn every_field_is_taken_and_read_alike() {
    let api = Api::of(defined());
    let built_in = policy::embedded().into_iter().chain(policy::builtin_profiles());
    let built_in: Vec<String> = built_in.map(|source| source.text).collect();
    for text in [REFERENCE, WHOLE, &built_in.join("\n---\n")] {
        let objects = objects(text);
        for (object, answer) in objects.iter().zip(api.tried(&objects)) {
            let taken = answer.unwrap_or_else(|refusal| panic!("{object}: {refusal:?}"));
            assert_eq!(taken["spec"], object["spec"]);
            assert_eq!(policy::check(&object.to_string()).err(), None, "{object}");
        }
        let source = Source { name: "a.yaml".to_owned(), text: text.to_owned() };
        assert!(load(&[source]).is_ok());
    }
}

/// Whether an object shows what a case is for: refused at its field alone, and the neighbour taken.
fn shows(
    case: &Case,
    bad: &Result<Value, Refusal>,
    good: &Result<Value, Refusal>,
) -> Result<(), String> {
    let refusal = match (bad, good) {
        (Ok(_), _) => return Err("it is taken".to_owned()),
        (_, Err(refusal)) => return Err(format!("the neighbour is refused: {refusal:?}")),
        (Err(refusal), Ok(_)) => refusal,
    };
    if case.name.ends_with(" unknownField") {
        let named = refusal.message.contains(&format!("unknown field \"{}\"", case.field));
        return named.then_some(()).ok_or_else(|| format!("{refusal:?}"));
    }
    // Where a schema is broken the API server says that rules were not looked at.
    let unlooked =
        |message: &str| message.contains(": some validation rules were not checked because");
    let causes = refusal.causes.iter().filter(|(_, message)| !unlooked(message));
    let root = if case.field.is_empty() { "<nil>" } else { &case.field };
    let inseparable = INSEPARABLE.iter().any(|(name, _)| case.name.ends_with(name));
    let (here, elsewhere): (Vec<_>, Vec<_>) = causes.partition(|(field, _)| field == root);
    let said = here.iter().any(|(_, message)| rule_said(case, message));
    let alone = elsewhere.is_empty() || inseparable;
    (said && alone).then_some(()).ok_or_else(|| format!("{} expected: {refusal:?}", case.field))
}

/// What cannot be broken without breaking a rule on the object that it is in.
const INSEPARABLE: [(&str, &str); 1] = [(".endPort minimum", "it lies before every port then")];

/// A rule's message is in what is said.
fn rule_said(case: &Case, message: &str) -> bool {
    let rule = case.name.split_once(' ').and_then(|(_, name)| name.rsplit_once(" ("));
    rule.is_none_or(|(rule, _)| message.contains(rule))
}

/// Holds each case at the API server and at the reader of files. Of several objects that could show a
/// case one must.
fn hold(cases: &[Case]) -> usize {
    let api = Api::of(defined());
    let of = |which: fn(&Case) -> &Value| {
        let objects: Vec<Value> = cases.iter().map(|case| which(case).clone()).collect();
        api.tried(&objects)
    };
    let (bad, good) = (of(|case| &case.bad), of(|case| &case.good));
    let mut shown: BTreeMap<&str, Result<(), Vec<String>>> = BTreeMap::new();
    let mut apart = Vec::new();
    for ((case, bad), good) in cases.iter().zip(&bad).zip(&good) {
        let said = shown.entry(&case.name).or_insert(Err(Vec::new()));
        match (shows(case, bad, good), &mut *said) {
            (Ok(()), said) => *said = Ok(()),
            (Err(why), Err(said)) => said.push(why),
            (Err(_), Ok(())) => {}
        }
        for (object, answer) in [(&case.bad, bad), (&case.good, good)] {
            if policy::check(&object.to_string()).is_ok() != answer.is_ok() {
                apart.push(format!("{}: {answer:?}", case.name));
            }
        }
    }
    shown.retain(|_, said| said.is_err());
    assert!(shown.is_empty(), "{shown:#?}");
    assert!(apart.is_empty(), "files are read otherwise: {apart:#?}");
    cases.iter().map(|case| &case.name).collect::<BTreeSet<_>>().len()
}

#[test]
fn each_bound_of_the_schemas_is_held_by_both() {
    let cases: Vec<Case> = whole().iter().flat_map(bounds::cases).collect();
    let held = hold(&cases);
    assert!(held > 600, "{held}");
}

#[test]
fn each_rule_of_the_schemas_is_held_by_both() {
    let cases: Vec<Case> = whole().iter().flat_map(rules::cases).collect();
    let held = hold(&cases);
    assert!(held > 80, "{held}");
}
