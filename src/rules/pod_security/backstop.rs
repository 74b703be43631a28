//! How much the API server's own Pod Security admission may enforce beside us.

use jiff::Timestamp;

use super::{RULES, overriders};
use crate::domain::{Code, Level, Mode, Version};
use crate::policy::{Tenant, Tenants, least_mode};

/// How much it may enforce in a tenant's namespace: where something is exempted, it must let that pass too.
#[must_use]
pub fn backstop_in(
    tenants: &Tenants,
    tenant: &Tenant,
    namespace: &str,
    latest: Version,
    now: Timestamp,
) -> Level {
    let profile = &tenant.profile;
    let exemptions: Vec<_> = tenants.exemptions.active(&tenant.name, namespace, now).collect();
    let version = profile.pod_security.version.resolve(latest);
    backstop(profile.pod_security.level, version, |code| least_mode(profile, &exemptions, code))
}

/// The strictest level up to `level` of which no check is below enforce mode: a stricter one would
/// refuse what the profile only warns of.
pub(super) fn backstop(level: Level, version: Version, mode: impl Fn(Code) -> Mode) -> Level {
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
