//! Fixes, made in the text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::object::{Input, Problem};
use super::place::{Lines, rewrite};
use super::review::Record;
use crate::domain::{Edit, Finding, Judged, Mode, Rewrite};
use crate::objects::yaml::{self, Document};

/// An input with fixes made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The number of the input.
    pub input: usize,
    /// Its new text.
    pub text: String,
    /// How many findings have been fixed.
    pub made: usize,
    /// The documents that were left alone, and why.
    pub left: Vec<Problem>,
}

/// Makes every fix that is safe ([`is_safe_to_fix`]) of what is refused or warned of and not exempted, in every manifest: all
/// of a document's, or none of them. Recorded reviews stay as they are. Inputs of which nothing is to
/// be fixed are left out.
///
/// [`is_safe_to_fix`]: crate::domain::Finding::is_safe_to_fix
#[must_use]
pub fn fix(inputs: &[Input], records: &[Record]) -> Vec<Fixed> {
    let mut wanted: BTreeMap<usize, BTreeMap<usize, Vec<&Record>>> = BTreeMap::new();
    for record in records.iter().filter(|it| !it.recorded && safe(it).next().is_some()) {
        wanted.entry(record.input).or_default().entry(record.document).or_default().push(record);
    }
    let one = |(index, documents): (usize, BTreeMap<_, _>)| {
        Some(fixed(index, inputs.get(index)?, &documents))
    };
    wanted.into_iter().filter_map(one).collect()
}

fn safe(record: &Record) -> impl Iterator<Item = &Finding> {
    let shown = |judged: &&Judged| {
        matches!(judged.mode, Mode::Enforce | Mode::Warn) && judged.exemption.is_none()
    };
    let findings = record.verdict.findings().iter().filter(shown).map(|judged| &judged.finding);
    findings.filter(|finding| finding.is_safe_to_fix())
}

fn safe_edits(record: &Record) -> Vec<&Edit> {
    safe(record).flat_map(|finding| &finding.fix.edits).collect()
}

fn fixed(index: usize, input: &Input, wanted: &BTreeMap<usize, Vec<&Record>>) -> Fixed {
    let mut fixed = Fixed { input: index, text: input.text.clone(), made: 0, left: Vec::new() };
    let read = readable(&input.text);
    let mut expected: Vec<Value> = read.iter().map(Document::to_value).collect();
    let left = |line, why: &str| Problem {
        source: input.source.clone(),
        line,
        column: None,
        message: format!("not fixed: {why}"),
    };
    // From the last one on, so that the places of those before stay what they are.
    for (number, records) in wanted.iter().rev() {
        let Some((document, expected)) = read.get(*number).zip(expected.get_mut(*number)) else {
            continue;
        };
        let edits: Vec<_> =
            records.iter().map(|record| (record.at.as_str(), safe_edits(record))).collect();
        match yaml::edited(&input.text, document, &edits) {
            Ok(edited) => {
                fixed.text.replace_range(document.bytes.clone(), &edited.text);
                fixed.made += records.iter().map(|record| safe(record).count()).sum::<usize>();
                *expected = edited.value;
            }
            Err(why) => fixed.left.push(left(document.line, &why.to_string())),
        }
    }
    fixed.left.reverse();
    if readable(&fixed.text).iter().map(Document::to_value).ne(expected) {
        let why = "its documents would no longer be told apart";
        fixed = Fixed { text: input.text.clone(), made: 0, left: vec![left(1, why)], ..fixed };
    }
    fixed
}

fn readable(text: &str) -> Vec<Document> {
    yaml::documents(text).into_iter().flatten().collect()
}

/// For each finding of a record how its fix changes the text, where it is an edit that can be made.
/// `records` are an input's, in order.
#[must_use]
pub fn rewrites<'a>(
    input: &Input,
    records: impl Iterator<Item = &'a Record>,
) -> Vec<Vec<Option<Rewrite>>> {
    let read = readable(&input.text);
    let lines = Lines::of(&input.text);
    let one = |record: &Record, finding: &Finding| {
        let edits = &finding.fix.edits;
        let editable = !edits.is_empty() && !record.recorded;
        let document = read.get(record.document).filter(|_| editable)?;
        let edits: Vec<_> = edits.iter().collect();
        let part = yaml::part(&input.text, document, &record.at, &edits).ok()?;
        let old = input.text.get(part.bytes.clone())?;
        (old != part.text).then(|| rewrite(old, &part.text, part.bytes.start, &lines))
    };
    let findings = |record: &Record| {
        record.verdict.findings().iter().map(|it| one(record, &it.finding)).collect()
    };
    records.map(findings).collect()
}
