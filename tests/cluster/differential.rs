//! Our Pod Security against upstream's: the same verdict and the same check ids on every object.

use std::io::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use ringfence::audit::standards_of;
use ringfence::domain::{Level, PolicyVersion, Version};
use ringfence::rules::{self, find_kind};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::coverage::Coverage;
use super::generated::{count, runner, smallest};
use super::harness::{Answer, Defaults, Query, Upstream, binary, upstream_checks};
use super::pods::{self, KINDS};

/// How many objects a run judges; `RINGFENCE_DIFFERENTIAL_OBJECTS` asks for more.
const OBJECTS: usize = 20_000;
/// How many levels and versions each is judged by.
const QUESTIONS: usize = 12;
/// How many objects go to upstream at a time.
const BATCH: usize = 1000;

#[derive(Debug, Clone)]
struct Case {
    object: Value,
    questions: Vec<(Level, PolicyVersion)>,
}

fn cases() -> impl Strategy<Value = Case> {
    // Half of the versions are those at which something changes, or the ones before.
    let edges =
        vec![0, 7, 8, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37];
    let version = prop_oneof![
        8 => select(edges),
        8 => 0u32..=37,
        1 => 38u32..=99,
    ];
    let version = prop_oneof![
        20 => version.prop_map(|minor| PolicyVersion::Pinned(Version(minor))),
        1 => Just(PolicyVersion::Latest),
    ];
    let level =
        select(vec![Level::Baseline, Level::Baseline, Level::Restricted, Level::Restricted]);
    let level = prop_oneof![30 => level, 1 => Just(Level::Privileged)];
    let questions = prop::collection::vec((level, version), QUESTIONS..=QUESTIONS);
    (pods::pod(), select(&KINDS[..]), questions)
        .prop_map(|(pod, kind, questions)| Case { object: pods::wrapped(&pod, kind), questions })
}

/// The ids that we find, or that the object cannot be read.
fn ours(object: &str, level: Level, version: PolicyVersion) -> Result<Vec<&'static str>, String> {
    let kind: Value = serde_json::from_str(object).unwrap();
    let resource =
        find_kind(kind["apiVersion"].as_str().unwrap(), kind["kind"].as_str().unwrap()).unwrap();
    standards_of(resource, object, level, version).map_err(|error| error.to_string())
}

fn query(object: &str, level: Level, version: PolicyVersion) -> Query {
    Query {
        object: RawValue::from_string(object.to_owned()).unwrap(),
        level: level.as_str(),
        version: version.to_string(),
        defaults: Defaults::Applied,
    }
}

/// How we and upstream differ on an answer, if we do.
fn difference(ours: &Result<Vec<&'static str>, String>, theirs: &Answer) -> Option<String> {
    let same = match (ours, theirs) {
        (Ok(ids), Answer::Allowed) => ids.is_empty(),
        (Ok(ids), Answer::Denied(theirs)) => !ids.is_empty() && ids == theirs,
        (Err(_), Answer::Error(_)) => true,
        (Ok(_), Answer::Error(_)) | (Err(_), Answer::Allowed | Answer::Denied(_)) => false,
    };
    (!same).then(|| format!("we say {ours:?}, upstream says {theirs:?}"))
}

struct Differ {
    upstream: Upstream,
    coverage: Coverage,
    judged: usize,
    unreadable: usize,
}

impl Differ {
    /// The first difference on these cases, with the index of its case.
    fn compare(&mut self, cases: &[Case]) -> Option<(usize, String)> {
        let asked: Vec<_> = cases
            .iter()
            .enumerate()
            .flat_map(|(index, case)| {
                let object = case.object.to_string();
                case.questions.iter().map(move |question| (index, object.clone(), *question))
            })
            .collect();
        let queries: Vec<Query> = asked
            .iter()
            .map(|(_, object, (level, version))| query(object, *level, *version))
            .collect();
        let answers = self.upstream.judge(&queries);
        for ((index, object, (level, version)), theirs) in asked.iter().zip(&answers) {
            let ours = ours(object, *level, *version);
            if let Some(difference) = difference(&ours, theirs) {
                return Some((*index, format!("{level} {version}: {difference}\n{object}")));
            }
            self.judged += 1;
            match &ours {
                Ok(ids) => self.coverage.record(*level, version.resolve(Version::NEWEST), ids),
                Err(_) => self.unreadable += 1,
            }
        }
        None
    }
}

#[test]
fn family_2_agrees_with_upstream() {
    let objects = count("RINGFENCE_DIFFERENTIAL_OBJECTS", OBJECTS);
    let mut runner = runner();
    let mut differ = Differ {
        upstream: Upstream::start(binary::path()),
        coverage: Coverage::default(),
        judged: 0,
        unreadable: 0,
    };
    let strategy = cases();
    let mut done = 0;
    while done < objects {
        let mut trees: Vec<_> = (0..BATCH.min(objects - done))
            .map(|_| strategy.new_tree(&mut runner).unwrap())
            .collect();
        let batch: Vec<Case> = trees.iter().map(|tree| tree.current()).collect();
        if let Some((index, difference)) = differ.compare(&batch) {
            let differs = |case| differ.compare(&[case]).map(|(_, difference)| difference);
            let smallest = smallest(&mut trees[index], difference, differs);
            panic!("a difference, at its smallest:\n{smallest}");
        }
        done += batch.len();
    }
    let (table, short) = differ.coverage.table();
    let Differ { judged, unreadable, .. } = differ;
    // Not by `println!`: this is the evidence of the run, and is not to be captured.
    writeln!(
        std::io::stdout(),
        "\n{table}{done} objects, {judged} verdicts at v1.0 to v1.37 and latest, {unreadable} of \
         objects that cannot be read, 0 disagreements\n"
    )
    .unwrap();
    assert_eq!(short, Vec::<String>::new(), "seen too seldom");
}

#[test]
fn the_table_is_upstreams() {
    let level = |level: Level| json!(level.as_str());
    let mut ours: Vec<Value> = rules::table()
        .filter_map(|rule| {
            let check = rule.pod_check()?;
            let overrides: Vec<&str> =
                check.overrides.and_then(rules::rule).map(|rule| rule.name).into_iter().collect();
            let versions: Vec<Value> = check
                .revisions
                .iter()
                .map(|form| json!({ "since": form.since.to_string(), "overrides": overrides }))
                .collect();
            rule.upstream_id()
                .map(|id| json!({ "id": id, "level": level(check.level), "revisions": versions }))
        })
        .collect();
    ours.sort_by_key(|check| (check["level"].to_string(), check["id"].to_string()));
    assert_eq!(Value::Array(ours), upstream_checks(binary::path()));
}

/// What Go's decoder makes of keys that come twice, nulls, cases and odd numbers. We refuse a list that
/// comes again and is shorter, because Go keeps what it hides and may bring it back; the API server
/// encodes no key twice.
#[test]
fn odd_json_is_read_as_upstream_reads_it() {
    let mut upstream = Upstream::start(binary::path());
    let mut shorter = 0;
    for text in include_str!("../fixtures/odd-json.jsonl").lines() {
        for level in [Level::Baseline, Level::Restricted] {
            for minor in [0, 18, 24, 34, 37] {
                let version = PolicyVersion::Pinned(Version(minor));
                let theirs = upstream.judge(&[query(text, level, version)]).remove(0);
                if ours(text, level, version)
                    .is_err_and(|error| error.contains("a list comes twice"))
                {
                    shorter += 1;
                    continue;
                }
                let difference = difference(&ours(text, level, version), &theirs);
                assert_eq!(difference, None, "{level} {version} {text}");
            }
        }
    }
    assert_eq!(shorter, 10, "one of these texts, at each level and version");
}
