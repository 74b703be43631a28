//! Fixes made in a text change what was to be changed, and nothing else.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ringfence::audit::{Asked, Input, Settings, fix, review};
use ringfence::domain::{Finding, Level, Operation, PolicyVersion, Version};
use ringfence::objects::yaml;
use ringfence::policy::{embedded, load};
use ringfence::state::{Namespaces, Seals, Snapshot};

use serde_json::json;

use super::edits::fixed;
use super::pods::{self, KINDS};
use super::styles::Style;

/// The lines that are comments, each numbered by whoever wrote it.
fn comments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect()
}

proptest! {
    #![proptest_config(super::cases(800))]

    #[test]
    fn what_was_not_to_be_changed_stays(
        pod in pods::pod(),
        kind in select(&KINDS[..]),
        level in select(vec![Level::Baseline, Level::Restricted]),
        minor in 0u32..=37,
        style in vec(any::<u8>(), 1..60),
        neighbours in any::<bool>(),
        listed in any::<bool>(),
    ) {
        let snapshot = Snapshot {
            tenants: load(&embedded()).unwrap().resolve(),
            namespaces: Arc::new(Namespaces::Unwatched),
            seals: Seals::Unwatched, latest: Version::NEWEST,
        };
        let settings = Settings {
            snapshot: &snapshot,
            asked: Asked::Standards(level, PolicyVersion::Pinned(Version(minor))),
            operation: Operation::Create,
            requester: None,
            namespace: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let object = pods::wrapped(&pod, kind);
        let other = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
        let whole = match listed {
            true => json!({ "apiVersion": "v1", "kind": "List", "items": [other, object, other] }),
            false => object,
        };
        let (before, after) = match neighbours {
            true => ("# first\na: [1, 2] # x\n---\n", "--- # third\nc: |\n  d\n"),
            false => ("", ""),
        };
        let text = format!("{before}{}{after}", Style::new(&style).document(&whole));
        let input = Input { source: "x".to_owned(), text: text.clone() };
        let found = review(std::slice::from_ref(&input), &settings, |_| ());
        let own = found.records.iter().find(|record| record.kind == kind.1).unwrap();
        let findings = own.verdict.findings().iter().map(|judged| &judged.finding);
        let safe: Vec<&Finding> = findings.filter(|finding| finding.is_safe_to_fix()).collect();
        let made = fix(std::slice::from_ref(&input), &found.records);
        let Some(made) = made.first() else {
            prop_assert!(safe.is_empty());
            return Ok(());
        };
        prop_assert_eq!(&made.left, &[], "in\n{}", text);
        prop_assert_eq!(made.made, safe.len());
        let index = usize::from(neighbours);
        let values = |text: &str| -> Vec<_> {
            yaml::documents(text).into_iter().map(|it| it.unwrap().to_value()).collect()
        };
        let mut expect = values(&text);
        let place = expect[index].pointer_mut(if listed { "/items/1" } else { "" }).unwrap();
        *place = fixed(place, &safe);
        prop_assert_eq!(values(&made.text), expect, "of\n{}\n{}", text, made.text);
        prop_assert_eq!(comments(&made.text), comments(&text), "of\n{}\n{}", text, made.text);
        prop_assert!(made.text.starts_with(before) && made.text.ends_with(after));
        let again = Input { source: "x".to_owned(), text: made.text.clone() };
        let left = review(&[again], &settings, |_| ());
        let left = left.records.iter().flat_map(|record| record.verdict.findings());
        let left: Vec<_> = left.filter(|judged| judged.finding.is_safe_to_fix()).collect();
        prop_assert!(left.is_empty(), "{:?} of\n{}\n{}", left, text, made.text);
    }
}
