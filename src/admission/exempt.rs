//! What an Exemption permits of what was found.

use super::case::Case;
use crate::domain::{Code, Exempted, Finding, Mode, Verdict};
use crate::objects::{Made, from_json};
use crate::policy::{EffectiveProfile, Exemption, Tenant};
use crate::rules;

/// The exemptions in force in a namespace of a tenant.
pub(super) fn in_force<'a>(
    case: &Case<'a>,
    tenant: &Tenant,
    namespace: &str,
) -> Vec<&'a Exemption> {
    let snapshot = case.snapshot;
    snapshot.tenants.exemptions.active(&tenant.name, namespace, case.now).collect()
}

/// The exemptions in force for a case.
pub(super) fn of<'a>(case: &Case<'a>) -> Vec<&'a Exemption> {
    let tenant = case.standing.tenant();
    tenant.map_or_else(Vec::new, |tenant| in_force(case, tenant, &case.request.namespace))
}

/// A profile with the exemptions in force beside it.
pub(super) struct Terms<'a> {
    profile: &'a EffectiveProfile,
    exemptions: &'a [&'a Exemption],
}

impl<'a> Terms<'a> {
    pub(super) fn new(profile: &'a EffectiveProfile, exemptions: &'a [&'a Exemption]) -> Self {
        Self { profile, exemptions }
    }
}

impl rules::Terms for Terms<'_> {
    fn mode(&self, code: Code) -> Mode {
        self.profile.modes.of(code)
    }

    /// An exemption may permit a breach of a rule that stands in for another, in one workload or all;
    /// what it permits must not pass by the other rule too.
    fn least(&self, code: Code) -> Mode {
        let mode = self.mode(code);
        let named = self.exemptions.iter().any(|exemption| exemption.names(code));
        if named { mode.min(Mode::Audit) } else { mode }
    }
}

/// Marks what the exemptions permit.
pub(super) fn marked(case: &Case<'_>, verdict: Verdict) -> Verdict {
    if verdict.findings().is_empty() {
        return verdict;
    }
    let exemptions = of(case);
    if exemptions.is_empty() {
        return verdict;
    }
    let text = case.request.object.text().or(case.request.old_object.text());
    // An object that cannot be read is nobody's: only an exemption of every workload covers it.
    let made: Made<'_> = text.and_then(|text| from_json(text).ok()).unwrap_or_default();
    let workloads = made.workloads(&case.request.kind.kind);
    verdict.exempting(|Finding { code, path, .. }| {
        let covers = |it: &&&Exemption| it.covers(*code, &workloads, path.container());
        exemptions.iter().find(covers).map(|exemption| Exempted {
            by: exemption.name.clone(),
            days_left: exemption.days_left(case.now),
        })
    })
}
