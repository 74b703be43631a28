//! What `ringfence review` prints.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Decision, Finding, Judged, Mode, Verdict, sanitise};
use crate::rules;

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
            exemption: None,
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
        Decision::Warn => "admitted with warnings",
        Decision::Admit if reviewed.notes.is_empty() => return String::new(),
        Decision::Admit => "admitted",
    };
    let tenant = reviewed.tenant.map_or_else(String::new, |name| format!(" (tenant {name})"));
    let slash = if reviewed.namespace.is_empty() { "" } else { "/" };
    let mut text = format!(
        "{}:{}: {} {}{slash}{}: {verdict}{tenant}\n",
        sanitise(reviewed.source, 1024),
        reviewed.line,
        sanitise(reviewed.kind, 63),
        sanitise(reviewed.namespace, 63),
        sanitise(reviewed.name, 253),
    );
    for Judged { finding, mode } in reviewed.verdict.findings() {
        let Finding { code, rule, severity, path, found, must, fix } = finding;
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
        let _ = writeln!(text, "  * warning: {note}");
    }
    text
}

/// The last lines: how many, and where to read more.
#[must_use]
pub fn summary<'a>(verdicts: impl Iterator<Item = &'a Verdict>, unreadable: usize) -> String {
    let (mut objects, mut refused, mut warned) = (0, 0, 0);
    let mut codes = std::collections::BTreeSet::new();
    for verdict in verdicts {
        objects += 1;
        match verdict.decision() {
            Decision::Deny => refused += 1,
            Decision::Warn => warned += 1,
            Decision::Admit => {}
        }
        codes.extend(verdict.in_mode(Mode::Enforce).map(|finding| finding.code));
    }
    let s = if objects == 1 { "" } else { "s" };
    let mut text = format!("{objects} object{s}: {refused} refused, {warned} with warnings");
    if unreadable > 0 {
        let _ = write!(text, ", {unreadable} unreadable");
    }
    text.push('\n');
    let codes: Vec<String> = codes
        .into_iter()
        .filter(|code| rules::rule(*code).is_some())
        .map(|c| c.to_string())
        .collect();
    if !codes.is_empty() {
        let _ = writeln!(text, "learn more: ringfence rules {}", codes.join(" "));
    }
    text
}
