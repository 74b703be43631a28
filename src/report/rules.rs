//! What `ringfence rules` prints: the table of rules.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::{Code, Level, Version};
use crate::rules::{Concern, Example, HELD_FAMILIES, Rule, Step};

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
    references: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Shown>,
}

/// An example, for machines.
#[derive(Serialize)]
struct Shown {
    given: &'static str,
    profile: &'static str,
    failing: Asked,
    passing: Asked,
}

#[derive(Serialize)]
struct Asked {
    group: &'static str,
    before: &'static str,
    object: &'static str,
}

impl Shown {
    fn of(rule: &Rule) -> Option<Self> {
        let Example::Objects { given, profile, failing, passing } = rule.example() else {
            return None;
        };
        let asked = |Step { by, before, object }| Asked { group: by, before, object };
        Some(Self { given, profile, failing: asked(failing), passing: asked(passing) })
    }
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
            references: references(rule).collect(),
            example: Shown::of(rule),
        }
    }
}

/// Where the rule comes from, and what guides say of it.
fn references(rule: &Rule) -> impl Iterator<Item = &'static str> {
    rule.references.iter().chain(rule.frameworks()).copied()
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
    if let Some(id) = rule.upstream_id() {
        line("check id", id);
    }
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
    for reference in references(rule) {
        line("source", reference);
    }
    text + &shown(rule)
}

/// The rule at work: an object that breaks it and one that does not.
fn shown(rule: &Rule) -> String {
    let Example::Objects { given, profile, failing, passing } = rule.example() else {
        return String::new();
    };
    let mut text = String::new();
    if !given.is_empty() {
        let _ = writeln!(text, "\n{given}");
    }
    if !profile.is_empty() {
        let _ = writeln!(text, "\nby a profile with {profile}");
    }
    step(&mut text, "fails", &failing);
    step(&mut text, "passes", &passing);
    text
}

fn step(text: &mut String, what: &str, Step { by, before, object }: &Step) {
    let asked = if by.is_empty() { String::new() } else { format!(", asked by one of {by}") };
    let _ = writeln!(text, "\n{what}{asked}:");
    for (heading, yaml) in [("# before\n", before), ("# after\n", object)] {
        let heading = if before.is_empty() { "" } else { heading };
        for line in heading.lines().chain(yaml.lines()).filter(|_| !yaml.is_empty()) {
            let _ = writeln!(text, "    {line}");
        }
    }
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
        Concern::Kept(_) => {
            "network policies, quotas, limit ranges and role bindings in tenants' namespaces, cluster \
             roles and their bindings, and their deletion; always enforced, and never exempted"
        }
        Concern::NetworkPolicy(_) if rule.code == Code::OneSided => {
            "network policies in tenants' namespaces; set by the profile's network.oneSided, and never \
             exempted"
        }
        Concern::NetworkPolicy(_) => "network policies in tenants' namespaces; always a warning",
        Concern::PodMetadata(_) => {
            "labels and annotations of tenants' pods and pod templates, and of pods whenever they change"
        }
        Concern::PolicyKind => {
            "policies of network plugins' own kinds in tenants' namespaces, and once in a cluster"
        }
        Concern::Stream => {
            "exec, attach, port-forward and proxy of pods, services and nodes, whatever is sent there"
        }
        Concern::Seal => {
            "pods on their creation, where a controller closes namespaces; always enforced, and \
             never exempted"
        }
        Concern::Guard => "every request; always enforced, and never exempted",
    }
}
