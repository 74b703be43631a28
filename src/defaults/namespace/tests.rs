use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const AUDIT: &str = "pod-security.kubernetes.io/audit";

fn map(text: &str) -> BTreeMap<String, String> {
    FilledIn::read(&text.replace(' ', ",").replace("enforce=", &format!("{ENFORCE}="))).0
}

fn wanted(text: &str) -> Vec<(String, String)> {
    map(text).into_iter().collect()
}

/// A namespace's labels and its annotation, after what completes them.
fn after(
    stands: &BTreeMap<String, String>,
    filled: &FilledIn,
    wanted: &[(String, String)],
) -> (BTreeMap<String, String>, FilledIn) {
    let mut labels = stands.clone();
    let Some(completion) = complete(stands, filled, wanted) else {
        return (labels, filled.clone());
    };
    for (key, value) in completion.labels {
        match value {
            Some(value) => labels.insert(key, value),
            None => labels.remove(&key),
        };
    }
    (labels, completion.filled)
}

#[test]
fn what_is_absent_or_ours_follows_and_the_rest_stays() {
    let check = |stands: &str, filled: &str, want: &str, expect: &str| {
        let filled = FilledIn(map(filled));
        let (labels, _) = after(&map(stands), &filled, &wanted(want));
        assert_eq!(labels, map(expect), "{stands} | {filled} | {want}");
    };
    check("", "", "a=1", "a=1");
    check("b=2", "", "a=1", "a=1 b=2");
    check("a=2", "", "a=1", "a=2");
    check("a=2", "a=2", "a=1", "a=1");
    check("a=2", "a=3", "a=1", "a=2");
    check("a=2 b=1", "a=2 b=1", "b=1", "b=1");
    check("a=2 b=1", "a=3 b=1", "b=1", "a=2 b=1");
    check(
        "ringfence.dev/default-deny=no",
        "",
        "ringfence.dev/default-deny=enabled",
        "ringfence.dev/default-deny=enabled",
    );
    // The level: ours goes both ways, that of others only up.
    check("enforce=restricted", "enforce=restricted", "enforce=baseline", "enforce=baseline");
    check("enforce=restricted", "", "enforce=baseline", "enforce=restricted");
    check("enforce=baseline", "", "enforce=restricted", "enforce=restricted");
    check("enforce=baseline", "enforce=privileged", "enforce=privileged", "enforce=baseline");
    check("enforce=nonsense", "", "enforce=baseline", "enforce=baseline");
}

#[test]
fn what_somebody_set_is_remembered_while_it_is_raised() {
    let of = |level: &str| wanted(&format!("enforce={level}"));
    let start = map("enforce=baseline");
    let (raised, filled) = after(&start, &FilledIn::default(), &of("restricted"));
    assert_eq!(raised, map("enforce=restricted"));
    let (lowered, filled) = after(&raised, &filled, &of("privileged"));
    assert_eq!(lowered, map("enforce=baseline"));
    // Somebody raises it themselves.
    let (kept, _) = after(&map("enforce=restricted"), &filled, &of("privileged"));
    assert_eq!(kept, map("enforce=restricted"));
}

#[test]
fn what_the_door_fills_in_is_ours() {
    let fill = |labels: &str| {
        let meta = serde_json::json!({"metadata": {"labels": map(labels)}}).to_string();
        let object: Labelled<'_> = crate::objects::from_json(&meta).unwrap();
        let patch = namespace(&object, wanted("enforce=restricted a=1"));
        let patch: serde_json::Value = serde_json::from_str(&patch.to_json()).unwrap();
        let mut operations = patch.as_array().unwrap().iter();
        let told = operations.find(|it| it["path"] == "/metadata/annotations");
        FilledIn::read(told.map_or("", |it| it["value"][FILLED_IN].as_str().unwrap()))
    };
    assert_eq!(fill("a=1"), FilledIn(map("enforce=restricted")));
    assert_eq!(fill("enforce=restricted"), FilledIn(map("a=1")));
    assert_eq!(fill("enforce=restricted a=2"), FilledIn::default());
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let level = select(vec!["privileged", "baseline", "restricted", "odd"]);
    let plain = proptest::collection::btree_map("[a-c]", "[0-2]", 0..3);
    let audit = proptest::option::of(level.clone());
    (plain, proptest::option::of(level), audit).prop_map(|(mut labels, enforce, audit)| {
        labels.extend(enforce.map(|level| (ENFORCE.to_owned(), level.to_owned())));
        labels.extend(audit.map(|level| (AUDIT.to_owned(), level.to_owned())));
        labels
    })
}

/// What is wanted always says what is enforced.
fn all_wanted() -> impl Strategy<Value = Vec<(String, String)>> {
    (labels(), select(vec!["privileged", "baseline", "restricted"])).prop_map(
        |(mut labels, level)| {
            labels.insert(ENFORCE.to_owned(), level.to_owned());
            labels.into_iter().collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Once is enough, whatever stands; what somebody set stays, and its level is never lowered.
    #[test]
    fn completing_ends_and_lowers_nothing(stands in labels(), filled in labels(), want in all_wanted(), then in all_wanted()) {
        let filled = FilledIn(filled);
        let (labels, told) = after(&stands, &filled, &want);
        prop_assert_eq!(complete(&labels, &told, &want), None);
        let (later, _) = after(&labels, &told, &then);
        for (key, value) in &stands {
            if filled.get(key) == Some(value) {
                continue;
            }
            for labels in [&labels, &later] {
                let now = labels.get(key);
                let stays = now == Some(value);
                let level = |text: Option<&String>| text.and_then(|text| text.parse::<Level>().ok());
                let raised = key == ENFORCE && level(now) >= level(Some(value));
                prop_assert!(stays || raised, "{} {:?} {:?}", key, value, now);
            }
        }
    }
}
