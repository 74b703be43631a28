//! How much the API server's own Pod Security admission may enforce beside us.

use super::{RULES, overriders};
use crate::domain::{Code, Level, Mode, Version};

/// The strictest level up to `level` of which no check is below enforce mode: a stricter one would
/// refuse what the profile only warns of.
#[must_use]
pub fn backstop(level: Level, version: Version, mode: impl Fn(Code) -> Mode) -> Level {
    let enforced = |level: Level| {
        RULES
            .iter()
            .filter(|rule| rule.upstream_id().is_some())
            .filter(|rule| rule.pod_check().is_some_and(|check| check.at(level, version).is_some()))
            .filter(|rule| overriders(rule, level, version).next().is_none())
            .all(|rule| mode(rule.code) == Mode::Enforce)
    };
    [Level::Restricted, Level::Baseline]
        .into_iter()
        .find(|candidate| *candidate <= level && enforced(*candidate))
        .unwrap_or(Level::Privileged)
}
