//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{Reviewed, Unread};
use crate::domain::{Code, Exempted, Finding, Judged, Mode, Place, Rewrite, Severity, sanitise};
use crate::rules::{self, Rule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole log, of one run. `version` is the program's.
#[must_use]
pub fn sarif(reviewed: &[Reviewed<'_>], unread: &[Unread<'_>], version: &str) -> String {
    let mut used: BTreeMap<Code, usize> = BTreeMap::new();
    for judged in reviewed.iter().flat_map(|it| it.verdict.findings()) {
        used.insert(judged.finding.code, 0);
    }
    for (index, place) in used.values_mut().enumerate() {
        *place = index;
    }
    // Each result becomes text at once: as values, those of a large review would fill the memory.
    let results = reviewed
        .iter()
        .flat_map(|object| object.findings().map(move |found| (object, found)))
        .map(|(object, (judged, place, rewrite))| {
            result(object, judged, place, rewrite, used.get(&judged.finding.code).copied())
        })
        .filter_map(|result| to_raw_value(&result).ok())
        .collect();
    let rules: Vec<Value> = used.keys().filter_map(|code| rules::rule(*code)).map(rule).collect();
    let run = Run {
        tool: json!({ "driver": {
            "name": "ringfence",
            "semanticVersion": version,
            "rules": rules,
        }}),
        column_kind: "unicodeCodePoints",
        invocations: [json!({
            "executionSuccessful": unread.is_empty(),
            "toolExecutionNotifications": notifications(reviewed, unread),
        })],
        results,
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Strings, numbers and JSON values always serialize.
    serde_json::to_string(&log).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    column_kind: &'a str,
    invocations: [Value; 1],
    results: Vec<Box<RawValue>>,
}

fn rule(rule: &'static Rule) -> Value {
    let level = match rule.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    };
    // What code hosts sort security findings by, as CVSS has it.
    let score = match rule.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    };
    let help = format!(
        "Because: {}.\nFix: {}.\nMore: ringfence rules {}",
        rule.reason, rule.remedy, rule.code
    );
    let markdown = format!(
        "**Because** {}.\n\n**Fix:** {}.\n\nMore: `ringfence rules {}`",
        rule.reason, rule.remedy, rule.code
    );
    json!({
        "id": rule.code.to_string(),
        "name": rule.name,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": format!("{}: {}", rule.title, rule.reason) },
        "help": { "text": help, "markdown": markdown },
        "defaultConfiguration": { "level": level },
        "properties": {
            "security-severity": score,
            "problem.severity": level,
            "tags": ["security", "kubernetes"],
        },
    })
}

fn result(
    object: &Reviewed<'_>,
    Judged { finding, mode, exemption }: &Judged,
    place: Option<&Place>,
    rewrite: Option<&Rewrite>,
    rule: Option<usize>,
) -> Value {
    let Finding { code, path, found, must, fix, .. } = finding;
    let level = match mode {
        Mode::Enforce => "error",
        Mode::Warn => "warning",
        Mode::Audit | Mode::Ignore => "note",
    };
    let path = path.to_string();
    let colon = if path.is_empty() { "" } else { ": " };
    let message =
        format!("{}: {path}{colon}found {found}; {must}. Fix: {}", object.title(), fix.text);
    let mut result = json!({
        "ruleId": code.to_string(),
        "level": level,
        "message": { "text": message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": artifact(object.source),
                "region": region(object, place),
            },
            "logicalLocations": [{
                "fullyQualifiedName": sanitise(&format!("{} {path}", object.title()), 1024),
                "kind": "object",
            }],
        }],
        "partialFingerprints": { "ringfence/v1": fingerprint(object, finding) },
    });
    let Some(fields) = result.as_object_mut() else { return result };
    if let Some(rule) = rule {
        fields.insert("ruleIndex".to_owned(), json!(rule));
    }
    if let Some(Exempted { by, .. }) = exemption {
        let suppression =
            json!([{ "kind": "external", "justification": format!("exemption {by}") }]);
        fields.insert("suppressions".to_owned(), suppression);
    }
    if let Some(Rewrite { from, to, with }) = rewrite {
        let change = json!({
            "artifactLocation": artifact(object.source),
            "replacements": [{
                "deletedRegion": {
                    "startLine": from.0, "startColumn": from.1, "endLine": to.0, "endColumn": to.1,
                },
                "insertedContent": { "text": with },
            }],
        });
        let fix = json!([{ "description": { "text": fix.text }, "artifactChanges": [change] }]);
        fields.insert("fixes".to_owned(), fix);
    }
    result
}

fn region(object: &Reviewed<'_>, place: Option<&Place>) -> Value {
    let Some(place) = place else { return json!({ "startLine": object.line }) };
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.line,
        "endColumn": place.column + place.width,
        "snippet": { "text": sanitise(&place.excerpt.replace('\t', " "), 400) },
    })
}

/// What tells a finding again when lines have moved: the object, the rule and the field, list items by
/// their names. FNV-1a, which is the same everywhere and for ever.
fn fingerprint(object: &Reviewed<'_>, finding: &Finding) -> String {
    let parts = [
        object.source,
        object.kind,
        object.namespace,
        object.name,
        &finding.code.to_string(),
        &finding.path.to_string(),
    ];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// A path as a URI: relative ones to the root of what is checked.
fn artifact(source: &str) -> Value {
    let mut uri = String::new();
    for byte in source.strip_prefix("./").unwrap_or(source).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    if uri.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

/// What could not be read, and what is said of objects beside findings.
fn notifications(reviewed: &[Reviewed<'_>], unread: &[Unread<'_>]) -> Vec<Value> {
    let one = |level: &str, text: String, source: &str, line: Option<usize>| {
        let mut at = json!({ "artifactLocation": artifact(source) });
        if let (Some(line), Some(at)) = (line, at.as_object_mut()) {
            at.insert("region".to_owned(), json!({ "startLine": line }));
        }
        json!({
            "level": level,
            "message": { "text": text },
            "locations": [{ "physicalLocation": at }],
        })
    };
    let errors = unread
        .iter()
        .map(|it| one("error", sanitise(it.message, 1024).into_owned(), it.source, it.line));
    let notes =
        reviewed.iter().flat_map(|object| object.notes.iter().map(move |note| (object, note)));
    let notes = notes.map(|(object, note)| {
        let text = format!("{}: {}", object.title(), sanitise(note, 1024));
        one("warning", text, object.source, Some(object.line))
    });
    errors.chain(notes).collect()
}
