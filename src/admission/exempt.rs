//! What an Exemption permits of what was found.

use super::case::Case;
use crate::domain::{Code, Exempted, FieldPath, Finding, Mode, Verdict};
use crate::objects::{Made, from_json};
use crate::policy::{EffectiveProfile, Exemption, Tenant, least_mode};
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

/// The exemptions in force that are for a case's object, or for what made it.
struct Exemptions<'a>(Vec<&'a Exemption>);

impl<'a> Exemptions<'a> {
    fn of(case: &Case<'a>) -> Self {
        let Some(tenant) = case.standing.tenant() else { return Self(Vec::new()) };
        let mut exemptions = in_force(case, tenant, &case.request.namespace);
        if exemptions.is_empty() {
            return Self(exemptions);
        }
        let text = case.request.object.text().or(case.request.old_object.text());
        // An object that cannot be read is nobody's: only an exemption of every workload covers it.
        let made: Made<'_> = text.and_then(|text| from_json(text).ok()).unwrap_or_default();
        let workloads = made.workloads(&case.request.kind.kind);
        exemptions.retain(|exemption| exemption.is_for(&workloads));
        Self(exemptions)
    }

    fn covering(&self, code: Code, at: &FieldPath) -> Option<&'a Exemption> {
        let container = at.container();
        self.0.iter().find(|exemption| exemption.covers(code, container)).copied()
    }
}

/// A profile with the exemptions in force beside it.
pub(super) struct Terms<'a> {
    profile: &'a EffectiveProfile,
    exemptions: Exemptions<'a>,
}

impl<'a> Terms<'a> {
    /// What a case is judged on.
    pub(super) fn of(case: &Case<'a>, profile: &'a EffectiveProfile) -> Self {
        Self { profile, exemptions: Exemptions::of(case) }
    }
}

impl rules::Terms for Terms<'_> {
    fn mode(&self, code: Code) -> Mode {
        self.profile.mode(code)
    }

    /// An exemption may permit a breach of a rule that stands in for another, in one container or all;
    /// what it permits must not pass by the other rule too.
    fn least(&self, code: Code) -> Mode {
        least_mode(self.profile, &self.exemptions.0, code)
    }

    fn permit(&self, code: Code, at: &FieldPath) -> bool {
        self.exemptions.covering(code, at).is_some()
    }
}

/// Marks what the exemptions permit.
pub(super) fn marked(case: &Case<'_>, verdict: Verdict) -> Verdict {
    if verdict.findings().is_empty() {
        return verdict;
    }
    let exemptions = Exemptions::of(case);
    verdict.exempting(|Finding { code, path, .. }| {
        exemptions.covering(*code, path).map(|exemption| Exempted {
            by: exemption.name.clone(),
            days_left: exemption.days_left(case.now),
        })
    })
}
