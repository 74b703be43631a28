//! Every fix works: whoever makes the edits that the findings ask for has none of them any more.
//! On random pods for the standards, and for every rule of the table on each kind that holds a pod.

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::audit::{Asked, Input, Settings, fix, review, standards};
use ringfence::domain::{Code, Finding, Level, Operation, PolicyVersion, Version};
use ringfence::rules::{self, Concern, Example, Step, find_kind};
use ringfence::state::Snapshot;

use super::edits::fixed;
use super::examples;
use super::pods::{self, KINDS};

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn made_edits_leave_no_finding(
        pod in pods::pod(),
        kind in select(&KINDS[..]),
        level in select(vec![Level::Baseline, Level::Restricted]),
        minor in 0u32..=37,
    ) {
        let object = pods::wrapped(&pod, kind);
        let resource = find_kind(kind.0, kind.1).unwrap();
        let version = PolicyVersion::Pinned(Version(minor));
        let found = standards(resource, &object.to_string(), level, version).unwrap();
        for finding in &found {
            prop_assert!(!finding.fix.edits.is_empty(), "{finding:?} has no edits");
        }
        let after = fixed(&object, &found.iter().collect::<Vec<_>>());
        let left = standards(resource, &after.to_string(), level, version).unwrap();
        prop_assert_eq!(left, vec![], "of {:?}\nafter {}", found, after);
    }
}

/// What is found of one rule in a manifest, and the manifest as `--fix` leaves it.
fn found(snapshot: &Snapshot, text: &str, code: Code) -> (Vec<Finding>, String) {
    let settings = Settings {
        snapshot,
        asked: Asked::Tenants,
        operation: Operation::Create,
        requester: None,
        namespace: Some("alpha-dev".to_owned()),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let inputs = [Input { source: "-".to_owned(), text: text.to_owned() }];
    let reviewed = review(&inputs, &settings, |_| ());
    assert_eq!(reviewed.problems, [], "{text}");
    let findings = reviewed.records[0].verdict.findings().iter().map(|it| it.finding.clone());
    let text = fix(&inputs, &reviewed.records).pop().map_or_else(|| text.to_owned(), |it| it.text);
    (findings.filter(|finding| finding.code == code).collect(), text)
}

/// On namespaces: what is refused there is put back, or left out.
#[test]
fn every_rule_on_namespaces_whose_fix_is_an_edit() {
    let snapshot = examples::snapshot("");
    let mut tried = Vec::new();
    for rule in rules::table() {
        let Example::Objects { failing, .. } = rule.example() else { continue };
        if !matches!(rule.concern, Concern::Namespace(_)) {
            continue;
        }
        let findings = examples::findings(&snapshot, &failing);
        assert!(findings.iter().all(|finding| !finding.is_safe_to_fix()), "{}", rule.code);
        if findings.iter().all(|finding| finding.fix.edits.is_empty()) {
            continue;
        }
        let object = examples::value(failing.object);
        let after = fixed(&object, &findings.iter().collect::<Vec<_>>()).to_string();
        let step = Step { object: after.leak(), ..failing };
        assert_eq!(examples::findings(&snapshot, &step), [], "{} after {}", rule.code, step.object);
        tried.push(rule.code.to_string());
    }
    assert_eq!(tried, ["RF1001", "RF1002", "RF1010", "RF1011", "RF1012"]);
}

#[test]
fn every_rule_whose_fix_is_an_edit_on_every_kind() {
    let (mut tried, mut by_hand, mut advice) = (0, Vec::new(), Vec::new());
    let mut rules_tried = 0;
    for rule in rules::table() {
        let on_pods = rule.pod_check().is_some() || matches!(rule.concern, Concern::Images(_));
        let Example::Objects { profile, failing, .. } = rule.example() else { continue };
        if !on_pods {
            continue;
        }
        let snapshot = examples::snapshot(&examples::profile(rule, profile));
        let mut edited = false;
        for kind in KINDS {
            let object = pods::wrapped(&examples::value(failing.object), kind);
            let (findings, text) = found(&snapshot, &object.to_string(), rule.code);
            assert!(!findings.is_empty(), "{} in {object}", rule.code);
            if findings.iter().all(|finding| finding.fix.edits.is_empty()) {
                continue;
            }
            edited = true;
            tried += 1;
            let after = fixed(&object, &findings.iter().collect::<Vec<_>>());
            let (left, _) = found(&snapshot, &after.to_string(), rule.code);
            assert_eq!(left, [], "{} after {after}", rule.code);
            if findings.iter().all(|finding| finding.is_safe_to_fix()) {
                assert_eq!(found(&snapshot, &text, rule.code).0, [], "{} in {text}", rule.code);
            } else {
                by_hand.push(rule.code.to_string());
            }
        }
        rules_tried += usize::from(edited);
        if !edited {
            advice.push(rule.code.to_string());
        }
    }
    by_hand.dedup();
    println!("{rules_tried} rules whose fix is an edit, {tried} rules x kinds tried, all gone");
    assert_eq!(tried, rules_tried * KINDS.len());
    assert_eq!(by_hand, ["RF2005", "RF2017"]);
    assert_eq!(advice, ["RF3001", "RF3002", "RF3004", "RF3005"]);
}
