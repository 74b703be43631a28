//! What a `status` says, as far as it follows from documents and the clock.

use jiff::{SignedDuration, Timestamp};

use super::documents::{
    Condition, DocumentStatus, Exemption, Grant, GrantSpec, PermissionStatus, State, TenantStatus,
    Truth,
};
use super::exemptions::days_left;
use super::load::Documents;
use super::one::Flaw;
use super::survey::NEAR;
use super::tenants::{Named, Tenants};
use super::values::Time;
use crate::domain::{TenantName, first_of};

/// A condition before it is known since when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it is about.
    pub kind: &'static str,
    /// Whether it holds.
    pub status: Truth,
    /// Why, in one word.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// Conditions of this generation of a document. What was said before and still holds keeps its time.
#[must_use]
pub fn conditions(
    said: Vec<Said>,
    generation: Option<i64>,
    before: &[Condition],
    now: Timestamp,
) -> Vec<Condition> {
    // The API server keeps whole seconds.
    let now = Time(Timestamp::from_second(now.as_second()).unwrap_or(now));
    said.into_iter()
        .map(|Said { kind, status, reason, message }| {
            let same = before.iter().find(|own| own.kind == kind && own.status == status);
            Condition {
                kind: kind.to_owned(),
                status,
                observed_generation: generation,
                last_transition_time: same.map_or(now, |own| own.last_transition_time),
                reason: reason.to_owned(),
                message,
            }
        })
        .collect()
}

/// What is wrong in a document: each field, and what is wrong there. None where nothing is.
#[must_use]
pub fn mistakes(flaws: &[Flaw]) -> Option<(&'static str, String)> {
    const MOST: usize = 20;
    let line = |flaw: &Flaw| match flaw.path.to_string() {
        path if path.is_empty() => flaw.message.clone(),
        path => format!("{path}: {}", flaw.message),
    };
    (!flaws.is_empty()).then(|| ("Mistakes", first_of(flaws, MOST, line).join("; ")))
}

/// The status of a Platform or a Profile, given what is wrong in it.
#[must_use]
pub fn document_status(
    flaws: &[Flaw],
    generation: Option<i64>,
    before: &[Condition],
    now: Timestamp,
) -> DocumentStatus {
    let (status, (reason, message)) = match mistakes(flaws) {
        Some(mistakes) => (Truth::False, mistakes),
        None => (Truth::True, ("InForce", "all that it says is in force".to_owned())),
    };
    let ready = Said { kind: "Ready", status, reason, message };
    let conditions = conditions(vec![ready], generation, before, now);
    DocumentStatus { observed_generation: generation, conditions }
}

/// The status of an Exemption at a moment, given what is wrong in it.
#[must_use]
pub fn exemption_status(
    own: &Exemption,
    tenants: &Tenants,
    flaws: &[Flaw],
    now: Timestamp,
) -> PermissionStatus {
    let Exemption { metadata, spec, status } = own;
    let flaw = unknown(&spec.tenant, tenants).or_else(|| mistakes(flaws));
    let term = Term { end: spec.expires_at.0, flaw, now };
    term.status(metadata.generation, status.as_ref())
}

/// The status of a Grant at a moment, given what is wrong in it.
#[must_use]
pub fn grant_status(
    own: &Grant,
    tenants: &Tenants,
    flaws: &[Flaw],
    now: Timestamp,
) -> PermissionStatus {
    let Grant { metadata, spec, status } = own;
    let flaw = unusable(spec, tenants).or_else(|| mistakes(flaws));
    let term = Term { end: spec.expires_at.0, flaw, now };
    term.status(metadata.generation, status.as_ref())
}

/// The status of an Exemption or a Grant that cannot be read.
#[must_use]
pub fn unread_status(
    flaws: &[Flaw],
    generation: Option<i64>,
    before: &[Condition],
    now: Timestamp,
) -> PermissionStatus {
    let unread = || ("Mistakes", "it cannot be read".to_owned());
    let (reason, message) = mistakes(flaws).unwrap_or_else(unread);
    let active = Said { kind: "Active", status: Truth::False, reason, message };
    PermissionStatus {
        observed_generation: generation,
        state: Some(State::Ineffective),
        days_left: None,
        conditions: conditions(vec![active], generation, before, now),
    }
}

/// When the status of what ends then says something else than now; never where it has ended.
#[must_use]
pub fn status_changes(end: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let later = SignedDuration::from_hours(24 * (days_left(end, now) - 1));
    (now < end).then(|| end.checked_sub(later).ok()).flatten()
}

/// A word for programs and why, for people.
type Reason = (&'static str, String);

fn unknown(tenant: &TenantName, tenants: &Tenants) -> Option<Reason> {
    let missing = tenants.tenant(tenant.as_str()).is_none();
    missing.then(|| ("UnknownTenant", format!("there is no tenant `{tenant}`")))
}

/// Why a Grant permits nothing.
fn unusable(spec: &GrantSpec, tenants: &Tenants) -> Option<Reason> {
    let ranges = tenants.platform.ranges();
    [&spec.from, &spec.to].into_iter().find_map(|party| {
        let met = |(message, _)| ("ClusterAddresses", message);
        let addresses = party.cidrs.iter().flatten().find_map(|cidr| ranges.met_by(cidr).map(met));
        party.tenant.as_ref().and_then(|tenant| unknown(tenant, tenants)).or(addresses)
    })
}

/// How long something is permitted.
struct Term {
    end: Timestamp,
    flaw: Option<Reason>,
    now: Timestamp,
}

impl Term {
    fn status(
        self,
        generation: Option<i64>,
        before: Option<&PermissionStatus>,
    ) -> PermissionStatus {
        let Self { end, flaw, now } = self;
        let ended = end <= now;
        let days_left = if ended { 0 } else { days_left(end, now) };
        let near = !ended && days_left <= NEAR;
        let state = match (ended, &flaw, near) {
            (true, _, _) => State::Expired,
            (false, Some(_), _) => State::Ineffective,
            (false, None, true) => State::Expiring,
            (false, None, false) => State::Active,
        };
        let over = ("Ended", format!("ended at {end} and permits nothing any more"));
        let ends = |reason| (reason, format!("ends at {end}"));
        let active = match (ended, flaw) {
            (true, _) => over.clone(),
            (false, Some(flaw)) => flaw,
            (false, None) => ends("InForce"),
        };
        let expiring = match (ended, near) {
            (true, _) => over.clone(),
            (false, true) => ends("EndsSoon"),
            (false, false) => ends("EndsLater"),
        };
        let expired = if ended { over } else { ends("NotEnded") };
        let permits = matches!(state, State::Active | State::Expiring);
        let said = [
            ("Active", permits, active),
            ("Expiring", near, expiring),
            ("Expired", ended, expired),
        ]
        .map(|(kind, holds, (reason, message))| {
            let status = if holds { Truth::True } else { Truth::False };
            Said { kind, status, reason, message }
        });
        let before = before.map_or(&[][..], |before| &before.conditions);
        PermissionStatus {
            observed_generation: generation,
            state: Some(state),
            days_left: Some(days_left),
            conditions: conditions(said.into(), generation, before, now),
        }
    }
}

impl Documents {
    /// What a tenant's status says of the documents; the rest is for who sees the cluster.
    #[must_use]
    pub fn tenant_status(&self, name: &str, now: Timestamp) -> Option<TenantStatus> {
        let tenants = self.resolve();
        let profile = tenants.tenant(name)?.profile.to_spec();
        let is = |own: &TenantName| own.as_str() == name;
        let exemptions = self.exemptions.iter();
        let exemptions =
            exemptions.filter(|own| is(&own.spec.tenant) && now < own.spec.expires_at.0);
        let party = |own: &GrantSpec| {
            [&own.from, &own.to].iter().any(|party| party.tenant.as_ref().is_some_and(is))
        };
        let grants = self.grants.iter();
        let grants = grants.filter(|own| party(&own.spec) && now < own.spec.expires_at.0);
        Some(TenantStatus {
            grants: grants.map(|Named { name, .. }| name.clone()).collect(),
            exemptions: exemptions.map(|Named { name, .. }| name.clone()).collect(),
            effective_profile: Some(profile),
            ..TenantStatus::default()
        })
    }
}
