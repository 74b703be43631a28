//! From texts to verdicts.

use jiff::Timestamp;

use super::kustomize::{self, Verb};
use super::object::{Input, Note, Problem, Read, read};
use super::place::place;
use super::verdicts::{record, reviewed_namespaces};
use crate::defaults::Patch;
use crate::domain::{Level, Operation, Place, PolicyVersion, Requester, TenantName, Verdict};
use crate::state::Snapshot;

/// By what objects are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// By the rules of their tenants.
    Tenants,
    /// By the Pod Security Standards alone, whatever the tenant.
    Standards(Level, PolicyVersion),
}

/// How objects are judged.
#[derive(Debug)]
pub struct Settings<'a> {
    /// Tenants and profiles.
    pub snapshot: &'a Snapshot,
    /// By what.
    pub asked: Asked,
    /// What is done with manifests.
    pub operation: Operation,
    /// Who asks; `None` is an owner of the object's tenant.
    pub requester: Option<Requester>,
    /// The namespace of manifests that name none.
    pub namespace: Option<String>,
    /// When: exemptions that have ended by then permit nothing.
    pub now: Timestamp,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Where it comes from.
    pub source: String,
    /// The line that it begins on.
    pub line: usize,
    /// The number of its input.
    pub input: usize,
    /// The number of its document in the input.
    pub document: usize,
    /// Where in the document the object that was judged stands: RFC 6901.
    pub at: String,
    /// Whether it is the request of an AdmissionReview.
    pub recorded: bool,
    /// Kind.
    pub kind: String,
    /// Namespace, or nothing.
    pub namespace: String,
    /// Name, or the beginning of the name to be made.
    pub name: String,
    /// Whose it is.
    pub tenant: Option<TenantName>,
    /// What was found.
    pub verdict: Verdict,
    /// Where each finding stands, in the order of the verdict's.
    pub places: Vec<Place>,
    /// What would be filled in.
    pub patch: Patch,
    /// What else there is to say, a line each.
    pub notes: Vec<String>,
}

/// What became of all inputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reviewed {
    /// Every object.
    pub records: Vec<Record>,
    /// Every document that could not be judged.
    pub problems: Vec<Problem>,
    /// What was passed over.
    pub notes: Vec<Note>,
}

/// How far a review has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// `files` or `objects`
    pub what: &'static str,
    /// So many are done.
    pub done: usize,
    /// Of so many.
    pub of: usize,
}

/// Judges every object of every input, and tells how far it has come.
#[must_use]
pub fn review(
    inputs: &[Input],
    settings: &Settings<'_>,
    mut tell: impl FnMut(Progress),
) -> Reviewed {
    let mut found: Vec<Read> = Vec::with_capacity(inputs.len());
    for (done, input) in inputs.iter().enumerate() {
        tell(Progress { what: "files", done, of: inputs.len() });
        found.push(read(input));
    }
    let notes = kustomize::pass_over(inputs, &mut found, &Verb::JUDGE);
    let labels = reviewed_namespaces(found.iter().flat_map(|read| &read.items));
    let mut reviewed = Reviewed { notes, ..Reviewed::default() };
    let (mut done, of) = (0, found.iter().map(|read| read.items.len()).sum());
    for (index, (input, read)) in inputs.iter().zip(&mut found).enumerate() {
        reviewed.problems.append(&mut read.problems);
        for item in &read.items {
            tell(Progress { what: "objects", done, of });
            done += 1;
            match record(item, settings, &labels) {
                Ok(mut record) => {
                    record.input = index;
                    record.places = places(&record, &input.text, read);
                    reviewed.records.push(record);
                }
                Err(message) => reviewed.problems.push(Problem {
                    source: item.source.clone(),
                    line: item.line,
                    column: None,
                    message,
                }),
            }
        }
    }
    reviewed
}

fn places(record: &Record, text: &str, read: &Read) -> Vec<Place> {
    let Some(document) = read.documents.get(record.document) else { return Vec::new() };
    let pointer = |path: String| format!("{}{path}", record.at);
    let findings = record.verdict.findings().iter();
    findings.map(|it| place(text, document, &pointer(it.finding.path.pointer()))).collect()
}
