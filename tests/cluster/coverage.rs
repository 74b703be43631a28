//! Which checks a differential run has seen alone failing, and passing, in which of their forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ringfence::domain::{Level, Version};
use ringfence::rules::{self, Rule};

/// How often each must have been seen.
pub const ENOUGH: u32 = 50;

/// Counts by check and by the first version of its form.
#[derive(Default)]
pub struct Coverage(BTreeMap<(&'static str, u32), Seen>);

#[derive(Default, Clone, Copy)]
struct Seen {
    alone_failing: u32,
    passing: u32,
}

/// The checks that are in force, with their forms.
fn in_force(level: Level, version: Version) -> impl Iterator<Item = (&'static Rule, u32)> {
    let standards = || rules::table().filter(|rule| rule.upstream_id().is_some());
    let at =
        move |rule: &Rule| rule.pod_check().and_then(|check| check.at(level, version)).is_some();
    let overridden = move |rule: &Rule| {
        standards().any(|other| {
            other.pod_check().is_some_and(|check| check.overrides == Some(rule.code)) && at(other)
        })
    };
    standards().filter(move |rule| at(rule) && !overridden(rule)).filter_map(move |rule| {
        let forms = rule.pod_check()?.revisions;
        Some((rule, forms.iter().rev().find(|form| form.since <= version)?.since.0))
    })
}

impl Coverage {
    /// Counts one verdict.
    pub fn record(&mut self, level: Level, version: Version, failed: &[&str]) {
        for (rule, form) in in_force(level, version) {
            let seen = self.0.entry((rule.name, form)).or_default();
            if failed == [rule.name] {
                seen.alone_failing += 1;
            } else if !failed.contains(&rule.name) {
                seen.passing += 1;
            }
        }
    }

    /// The table, and the lines of it that fall short. A form that is overridden wherever it would
    /// be in force does not occur.
    pub fn table(&self) -> (String, Vec<String>) {
        let mut text =
            String::from("check                        from    alone failing  passing\n");
        let mut short = Vec::new();
        let standards = rules::table().filter(|rule| rule.upstream_id().is_some());
        for rule in standards {
            for form in rule.pod_check().unwrap().revisions {
                let seen = self.0.get(&(rule.name, form.since.0)).copied().unwrap_or_default();
                let Seen { alone_failing, passing } = seen;
                writeln!(
                    text,
                    "{:<28} {:<7} {alone_failing:>13}  {passing:>7}",
                    rule.name,
                    form.since.to_string()
                )
                .unwrap();
                if alone_failing < ENOUGH || passing < ENOUGH {
                    short.push(format!("{} from {}", rule.name, form.since));
                }
            }
        }
        (text, short)
    }
}
