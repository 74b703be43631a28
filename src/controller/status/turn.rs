//! What is told when a tenant is isolated no more, or is again.

use serde::Deserialize as _;
use serde_json::Value;

use super::super::events::{Occurrence, Severity, reference};
use super::tenant::{ISOLATED, NOT_PROVEN};
use crate::policy::documents::{API_VERSION, Condition, Truth};

/// What a tenant's statuses, before and after a write, have to tell.
pub(super) fn told(tenant: &str, before: &Value, after: &Value) -> Option<Occurrence> {
    let is = isolated(after)?;
    let was = isolated(before).filter(|own| own.reason != NOT_PROVEN);
    let (severity, reason) = match (was.map(|own| own.status), is.status) {
        (Some(was), is) if was == is => return None,
        (_, Truth::False) => (Severity::Warning, "NotIsolated"),
        (Some(_), Truth::True) => (Severity::Normal, "Isolated"),
        (_, Truth::True | Truth::Unknown) => return None,
    };
    Some(Occurrence {
        regarding: reference(API_VERSION, "Tenant", tenant),
        related: reference(API_VERSION, "Tenant", tenant),
        severity,
        reason,
        action: "Prove",
        same: is.message.clone(),
        note: is.message,
    })
}

/// The condition, if a status has it.
fn isolated(status: &Value) -> Option<Condition> {
    let mut all = status.get("conditions")?.as_array()?.iter();
    let own = all.find(|own| own.get("type").and_then(Value::as_str) == Some(ISOLATED))?;
    Condition::deserialize(own).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_turns_is_told_and_nothing_else() {
        let of = |said: &str| {
            let (status, reason) = said.split_once(' ').unwrap_or_default();
            let (since, message) = ("2027-01-01T00:00:00Z", format!("it is {said}"));
            json!({"conditions": [{"type": "Ready", "status": "True"}, {"type": "Isolated",
                "status": status, "reason": reason, "message": message, "lastTransitionTime": since}]})
        };
        let check = |before: &str, after: &str, expect: Option<&str>| {
            let told = told("alpha", &of(before), &of(after));
            assert_eq!(told.as_ref().map(|own| own.reason), expect, "{before}, then {after}");
            if let Some(own) = told {
                assert_eq!(own.note, format!("it is {after}"));
                assert_eq!(own.regarding.name.as_deref(), Some("alpha"));
                assert_eq!(own.severity == Severity::Warning, own.reason == "NotIsolated");
            }
        };
        let (fresh, proven) = ("Unknown NotProven", "True Proven");
        check(fresh, proven, None);
        check("", proven, None);
        check(proven, "True Granted", None);
        check(proven, "Unknown Unsealed", None);
        for before in ["", fresh, proven, "Unknown Unsealed"] {
            check(before, "False Open", Some("NotIsolated"));
        }
        check("False Open", "False Open", None);
        check("False Open", proven, Some("Isolated"));
        check("False Open", "Unknown Unsealed", None);
        check("Unknown Unsealed", proven, Some("Isolated"));
    }
}
