//! RF2: the Pod Security Standards, exactly as k8s.io/pod-security-admission v0.37 judges them, and
//! what we ask beyond them.
//!
//! Each check of upstream is one rule with upstream's id as its name and one [`Revision`] for each
//! version that changed it (`policy/check_*.go`). At `restricted` a stricter check takes the place of
//! the baseline check that it overrides, as upstream's registry has it.
//!
//! [`Revision`]: super::Revision

mod backstop;
mod capabilities;
mod host;
mod probes;
mod profiles;
mod table;
mod update;
mod users;
mod view;
mod volumes;

pub use backstop::backstop_in;
pub use table::RULES;
pub use update::is_significant;
pub use view::{ContainerView, PodView};

use std::sync::LazyLock;

use super::{Concern, PodCheck, Report, Rule, Terms};
use crate::domain::{FieldPath, Finding, Level, Mode, Version};

/// Judges a pod by every rule of the family that the level and version have and the terms do not
/// ignore.
///
/// A baseline check that a restricted one overrides is left out, as upstream does, unless the terms
/// are milder with the restricted one: loosening that must not loosen baseline too.
pub fn judge_pod(
    view: &PodView<'_>,
    level: Level,
    terms: &impl Terms,
    findings: &mut Vec<Finding>,
) {
    for rule in RULES {
        let own = terms.mode(rule.code);
        let overridden =
            || overriders(rule, level, view.version).any(|by| terms.least(by.code) >= own);
        if own != Mode::Ignore && !overridden() {
            run(rule, view, level, &|at| terms.permit(rule.code, at), findings);
        }
    }
}

/// Judges a pod by the standards alone, as the API server's own admission does.
pub fn standards(view: &PodView<'_>, level: Level) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        let standard = matches!(rule.concern, Concern::Standard(_));
        if standard && overriders(rule, level, view.version).next().is_none() {
            run(rule, view, level, &|_| false, &mut findings);
        }
    }
    findings
}

fn run(
    rule: &'static Rule,
    view: &PodView<'_>,
    level: Level,
    permits: &dyn Fn(&FieldPath) -> bool,
    findings: &mut Vec<Finding>,
) {
    if let Some(judge) = rule.pod_check().and_then(|check| check.at(level, view.version)) {
        judge(view, &mut Report::new(rule, findings).permitting(permits));
    }
}

/// The rules that take the place of others, of which there are few.
static OVERRIDING: LazyLock<Vec<(&'static Rule, &'static PodCheck)>> = LazyLock::new(|| {
    let checks = RULES.iter().filter_map(|rule| Some((rule, rule.pod_check()?)));
    checks.filter(|(_, check)| check.overrides.is_some()).collect()
});

/// The rules that take the place of `rule` at a level and version.
fn overriders(rule: &Rule, level: Level, version: Version) -> impl Iterator<Item = &'static Rule> {
    let code = rule.code;
    let own = OVERRIDING.iter().filter(move |(_, check)| check.overrides == Some(code));
    own.filter(move |(_, check)| check.at(level, version).is_some()).map(|(rule, _)| *rule)
}

#[cfg(test)]
mod tests;
