//! What `ringfence review` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Code, Decision, Exempted, Finding, Judged, Mode, Verdict, sanitise};

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
    /// Whose it is.
    pub tenant: Option<&'a str>,
    /// What was found.
    pub verdict: &'a Verdict,
    /// What else there is to say.
    pub notes: &'a [String],
    /// RFC 6902.
    pub patch: Value,
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

/// A few lines for each object that there is something to say of.
#[must_use]
pub fn human(reviewed: &Reviewed<'_>) -> String {
    let verdict = match reviewed.verdict.decision() {
        Decision::Deny => "refused",
        Decision::Admit if reviewed.notes.is_empty() => return String::new(),
        Decision::Warn | Decision::Admit => "admitted with warnings",
    };
    let tenant = reviewed.tenant.map_or_else(String::new, |name| format!(" (tenant {name})"));
    let nameless = reviewed.namespace.is_empty() && reviewed.name.is_empty();
    let space = if nameless { "" } else { " " };
    let slash = if reviewed.namespace.is_empty() { "" } else { "/" };
    let mut text = format!(
        "{}:{}: {}{space}{}{slash}{}: {verdict}{tenant}\n",
        sanitise(reviewed.source, 1024),
        reviewed.line,
        sanitise(reviewed.kind, 63),
        sanitise(reviewed.namespace, 63),
        sanitise(reviewed.name, 253),
    );
    for Judged { finding, mode, exemption } in reviewed.verdict.findings() {
        let Finding { code, rule, severity, path, found, must, fix } = finding;
        if let Some(Exempted { by, .. }) = exemption {
            let _ = writeln!(text, "  * {path}: {code} {rule}: permitted by exemption {by}");
            continue;
        }
        let mark = match mode {
            Mode::Enforce => "",
            Mode::Warn => "warning: ",
            Mode::Audit | Mode::Ignore => continue,
        };
        let path = path.to_string();
        let colon = if path.is_empty() { "" } else { ": " };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  * {mark}{path}{colon}{code} {rule} ({}): found {found}; {must}\n      fix: {}",
            severity.as_str(),
            fix.text
        );
    }
    for note in reviewed.notes {
        let _ = writeln!(text, "  * warning: {}", sanitise(note, 1024));
    }
    text
}

/// How many objects of each kind there were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    objects: usize,
    refused: usize,
    warned: usize,
    /// Findings of rules that only record.
    recorded: usize,
    /// What was found and is shown.
    codes: BTreeSet<Code>,
}

impl Summary {
    /// Counts an object.
    pub fn add(&mut self, verdict: &Verdict, notes: &[String]) {
        self.objects += 1;
        match verdict.decision() {
            Decision::Deny => self.refused += 1,
            Decision::Admit if notes.is_empty() => {}
            Decision::Warn | Decision::Admit => self.warned += 1,
        }
        self.recorded += verdict.in_mode(Mode::Audit).count();
        let shown = verdict.in_mode(Mode::Enforce).chain(verdict.in_mode(Mode::Warn));
        self.codes.extend(shown.map(|finding| finding.code));
    }

    /// The last lines: how many, and where to read more.
    #[must_use]
    pub fn text(&self, unreadable: usize) -> String {
        let Self { objects, refused, warned, recorded, codes } = self;
        let s = if *objects == 1 { "" } else { "s" };
        let mut text = format!("{objects} object{s}: {refused} refused, {warned} with warnings");
        // Writing to a string cannot fail.
        if *recorded > 0 {
            let s = if *recorded == 1 { "" } else { "s" };
            let _ = write!(text, ", {recorded} finding{s} only recorded (see -o json)");
        }
        if unreadable > 0 {
            let _ = write!(text, ", {unreadable} unreadable");
        }
        text.push('\n');
        if !codes.is_empty() {
            let codes: Vec<String> = codes.iter().map(Code::to_string).collect();
            let _ = writeln!(text, "learn more: ringfence rules {}", codes.join(" "));
        }
        text
    }
}
