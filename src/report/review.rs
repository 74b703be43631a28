//! What `ringfence review` prints.

mod human;
mod junit;
mod sarif;

pub use human::{Paint, human};
pub use junit::junit;
pub use sarif::sarif;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Code, Decision, Finding, Judged, Mode, Place, Rewrite, Verdict, sanitise};

/// One reviewed object.
#[derive(Debug, Clone)]
pub struct Reviewed<'a> {
    /// Where it comes from.
    pub source: &'a str,
    /// The line that it begins on.
    pub line: usize,
    /// Kind.
    pub kind: &'a str,
    /// Namespace, or nothing.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Whether it is the request of a recorded review, which no fix changes.
    pub recorded: bool,
    /// Whose it is.
    pub tenant: Option<&'a str>,
    /// What was found.
    pub verdict: &'a Verdict,
    /// Where each finding stands.
    pub places: &'a [Place],
    /// How each finding's fix would change the text, where somebody has asked for it.
    pub rewrites: &'a [Option<Rewrite>],
    /// What else there is to say.
    pub notes: &'a [String],
    /// RFC 6902.
    pub patch: Value,
}

/// A document that could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread<'a> {
    /// Where it comes from.
    pub source: &'a str,
    /// The line at fault, where there is one.
    pub line: Option<usize>,
    /// Why.
    pub message: &'a str,
}

impl<'a> Reviewed<'a> {
    /// `Deployment alpha-dev/web`
    fn title(&self) -> String {
        let nameless = self.namespace.is_empty() && self.name.is_empty();
        let space = if nameless { "" } else { " " };
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        format!(
            "{}{space}{}{slash}{}",
            sanitise(self.kind, 63),
            sanitise(self.namespace, 63),
            sanitise(self.name, 253)
        )
    }

    /// Each finding with its place and how its fix would change the text.
    fn findings(
        &self,
    ) -> impl Iterator<Item = (&'a Judged, Option<&'a Place>, Option<&'a Rewrite>)> {
        let (places, rewrites) = (self.places, self.rewrites);
        self.verdict.findings().iter().enumerate().map(move |(index, judged)| {
            (judged, places.get(index), rewrites.get(index).and_then(Option::as_ref))
        })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    line: usize,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    tenant: Option<&'a str>,
    allowed: bool,
    findings: Vec<Entry<'a>>,
    warnings: &'a [String],
    patch: &'a Value,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: String,
    check: &'a str,
    severity: &'static str,
    mode: &'static str,
    path: String,
    pointer: String,
    found: &'a str,
    must: &'a str,
    fix: &'a str,
    exemption: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(judged: &'a Judged) -> Self {
        let Finding { code, rule, severity, path, found, must, fix } = &judged.finding;
        Self {
            code: code.to_string(),
            check: rule,
            severity: severity.as_str(),
            mode: judged.mode.as_str(),
            path: path.to_string(),
            pointer: path.pointer(),
            found,
            must,
            fix: &fix.text,
            exemption: judged.exemption.as_ref().map(|it| it.by.as_str()),
        }
    }
}

/// One line of JSON for each object.
#[must_use]
pub fn json(reviewed: &Reviewed<'_>) -> String {
    let line = Line {
        source: reviewed.source,
        line: reviewed.line,
        kind: reviewed.kind,
        namespace: reviewed.namespace,
        name: reviewed.name,
        tenant: reviewed.tenant,
        allowed: reviewed.verdict.decision() != Decision::Deny,
        findings: reviewed.verdict.findings().iter().map(Entry::of).collect(),
        warnings: reviewed.notes,
        patch: &reviewed.patch,
    };
    // Strings, numbers and JSON values always serialize.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

/// How many objects of each kind there were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    objects: usize,
    refused: usize,
    warned: usize,
    /// Findings of rules that only record.
    recorded: usize,
    /// Findings that an exemption permits.
    exempted: usize,
    /// Findings that are shown.
    shown: usize,
    /// Those whose fix is safe to make.
    safe: usize,
    /// What was found and is shown.
    codes: BTreeSet<Code>,
}

impl Summary {
    /// Counts an object.
    pub fn add(&mut self, object: &Reviewed<'_>) {
        let verdict = object.verdict;
        self.objects += 1;
        match verdict.decision() {
            Decision::Deny => self.refused += 1,
            Decision::Admit if object.notes.is_empty() => {}
            Decision::Warn | Decision::Admit => self.warned += 1,
        }
        self.recorded += verdict.in_mode(Mode::Audit).count();
        self.exempted += verdict.findings().iter().filter(|it| it.exemption.is_some()).count();
        for finding in verdict.in_mode(Mode::Enforce).chain(verdict.in_mode(Mode::Warn)) {
            self.codes.insert(finding.code);
            self.shown += 1;
            self.safe += usize::from(finding.is_safe_to_fix() && !object.recorded);
        }
    }

    /// Without the offer to fix things: that has been done as far as it can be.
    #[must_use]
    pub fn of_what_is_left(self) -> Self {
        Self { safe: 0, ..self }
    }

    /// The last lines: how many, what a machine can do about it, and where to read more.
    #[must_use]
    pub fn text(&self, unreadable: usize) -> String {
        let Self { objects, refused, warned, recorded, exempted, shown, safe, codes } = self;
        let s = if *objects == 1 { "" } else { "s" };
        let mut text = format!("{objects} object{s}: {refused} refused, {warned} with warnings");
        // Writing to a string cannot fail.
        if *recorded > 0 {
            let s = if *recorded == 1 { "" } else { "s" };
            let _ = write!(text, ", {recorded} finding{s} only recorded (see -o json)");
        }
        if *exempted > 0 {
            let s = if *exempted == 1 { "" } else { "s" };
            let _ = write!(text, ", {exempted} finding{s} exempted (see -o json)");
        }
        if unreadable > 0 {
            let _ = write!(text, ", {unreadable} unreadable");
        }
        text.push('\n');
        if *safe > 0 {
            let s = if *shown == 1 { "" } else { "s" };
            let _ = writeln!(text, "--fix mends {safe} of {shown} finding{s}");
        }
        if !codes.is_empty() {
            let codes: Vec<String> = codes.iter().map(Code::to_string).collect();
            let _ = writeln!(text, "learn more: ringfence rules {}", codes.join(" "));
        }
        text
    }
}
