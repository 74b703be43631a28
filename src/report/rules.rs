//! What `ringfence rules` prints: the table of rules.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::{Level, Version};
use crate::rules::{Concern, HELD_FAMILIES, Rule};

#[derive(Serialize)]
struct Entry {
    code: String,
    check: &'static str,
    title: &'static str,
    reason: &'static str,
    fix: &'static str,
    severity: &'static str,
    level: Option<&'static str>,
    versions: Vec<String>,
    upstream: bool,
    references: &'static [&'static str],
}

impl Entry {
    fn of(rule: &Rule) -> Self {
        let check = rule.pod_check();
        Self {
            code: rule.code.to_string(),
            check: rule.name,
            title: rule.title,
            reason: rule.reason,
            fix: rule.remedy,
            severity: rule.severity.as_str(),
            level: check.map(|check| check.level.as_str()),
            versions: versions(rule),
            upstream: rule.upstream_id().is_some(),
            references: rule.references,
        }
    }
}

/// The ranges of versions over which a rule is the same: `v1.8 to v1.24`, `v1.25 and later`.
fn versions(rule: &Rule) -> Vec<String> {
    let revisions = rule.pod_check().map_or(&[][..], |check| check.revisions);
    let next = revisions.iter().skip(1).map(|revision| Some(revision.since)).chain([None]);
    let ranges = revisions.iter().zip(next).filter(|(revision, _)| revision.judge.is_some());
    ranges
        .map(|(revision, next)| match next {
            None => format!("{} and later", revision.since),
            Some(Version(next)) if revision.since.0 + 1 == next => revision.since.to_string(),
            Some(Version(next)) => format!("{} to {}", revision.since, Version(next - 1)),
        })
        .collect()
}

/// One line of JSON for each rule.
#[must_use]
pub fn json(rule: &Rule) -> String {
    // Strings always serialize.
    serde_json::to_string(&Entry::of(rule)).unwrap_or_default() + "\n"
}

/// A line for each rule, and one for each family to come.
#[must_use]
pub fn list(rules: impl Iterator<Item = &'static Rule>) -> String {
    let mut text = String::new();
    for rule in rules {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}  {:<9} {:<27} {}",
            rule.code,
            rule.severity.as_str(),
            rule.name,
            rule.title
        );
    }
    text.push_str("\nNot yet in force (profiles may name their keys already):\n");
    for (family, title) in HELD_FAMILIES {
        let _ = writeln!(text, "{family}     {title}");
    }
    text
}

/// All that there is to say of a rule.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let mut text = format!("{} {}\n{}\n", rule.code, rule.name, "-".repeat(72));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("asks", rule.title);
    line("because", rule.reason);
    line("fix", rule.remedy);
    line("severity", rule.severity.as_str());
    line("looks at", looks_at(rule));
    if let Some(check) = rule.pod_check() {
        line(
            "level",
            match check.level {
                Level::Privileged => "every level",
                Level::Baseline => "baseline and restricted",
                Level::Restricted => "restricted",
            },
        );
        line("versions", &versions(rule).join("; "));
        if let Some(code) = check.overrides {
            line("instead of", &code.to_string());
        }
    }
    for reference in rule.references {
        line("source", reference);
    }
    text
}

fn looks_at(rule: &Rule) -> &'static str {
    match rule.concern {
        Concern::Standard(_) => {
            "pods and pod templates (a check of the Pod Security Standards, with upstream's id)"
        }
        Concern::Beyond(_) => "pods and pod templates (beyond the Pod Security Standards)",
        Concern::Images(_) => "the images of containers and volumes, in pods and pod templates",
        Concern::Namespace(_) => {
            "namespaces with their status and finalize; always enforced, and never exempted"
        }
        Concern::Cordon => {
            "every change in the namespaces of a cordoned tenant; always enforced, and never exempted"
        }
        Concern::Document => "resources of ringfence.dev; always enforced, and never exempted",
        Concern::Guard => "every request; always enforced, and never exempted",
    }
}
