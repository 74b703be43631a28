//! RF9: the guard itself. Each is a denial, always, and cannot be exempted.

use super::{Concern, Rule};
use crate::domain::{Code, FieldPath, Finding, Fix, Severity};

const GUARD: &[&str] =
    &["https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/"];

/// The rules of RF9, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        code: Code::Malformed,
        name: "malformed",
        title: "the request and its object must be readable",
        reason: "what cannot be read cannot be judged",
        remedy: "correct the object; `kubectl apply --dry-run=server` shows what the API server makes of it",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
    Rule {
        code: Code::UnknownKind,
        name: "unknownKind",
        title: "the kind, subresource and operation must be known",
        reason: "what no rule knows could open anything",
        remedy: "have the platform team send only the kinds that `ringfence webhooks` lists",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
    Rule {
        code: Code::UnknownNamespace,
        name: "unknownNamespace",
        title: "the namespace must be known",
        reason: "a namespace that nobody knows could be any tenant's",
        remedy: "have the platform team add the namespace to a Tenant, or try again",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
    Rule {
        code: Code::Deadline,
        name: "deadline",
        title: "there must be an answer in time",
        reason: "a request that nobody judged must not pass",
        remedy: "try again; if it goes on, tell the platform team",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
    Rule {
        code: Code::Internal,
        name: "internal",
        title: "the guard must work",
        reason: "a request that nobody judged must not pass",
        remedy: "try again; if it goes on, tell the platform team",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
    Rule {
        code: Code::NotReady,
        name: "notReady",
        title: "policies must be loaded",
        reason: "a request that nobody judged must not pass",
        remedy: "try again in a moment",
        severity: Severity::High,
        references: GUARD,
        concern: Concern::Guard,
    },
];

/// A finding of this family: `found` must be safe to print.
#[must_use]
pub fn finding(code: Code, found: impl Into<String>) -> Finding {
    let rule = RULES.iter().find(|rule| rule.code == code);
    Finding {
        code,
        rule: rule.map_or("guard", |rule| rule.name),
        severity: Severity::High,
        path: FieldPath::root(),
        found: found.into(),
        must: rule.map_or("the request must be judged", |rule| rule.title).into(),
        fix: Fix::advice(rule.map_or("tell the platform team", |rule| rule.remedy)),
    }
}
