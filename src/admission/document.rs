//! Our own documents: who may write them, and whether they can be used.

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, Fault, required};
use super::tenancy::requesters;
use crate::domain::{Class, Code, Edit, EditValue, FieldPath, Finding, Fix, Operation, sanitise};
use crate::policy::{self, Flaw, LONGEST};
use crate::rules::{self, Report};

/// The largest document, in bytes: a Tenant of a thousand namespaces takes an eighth of it. Each mistake
/// is looked for in what is left without those before it, so that the work grows with size and mistakes
/// both.
const LARGEST: usize = 512 * 1024;

/// Our own documents are the platform's to write, and what is written must be of use. Documents that
/// are named and not there yet are no mistake: tools apply in any order.
pub(super) fn document(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    if case.class(None) == Class::Subject {
        let found = format!("{} by somebody else", case.resource.kind);
        findings.push(requesters(Code::Document, found, "only the platform writes it"));
    }
    if matches!(case.operation, Operation::Create | Operation::Update) {
        let text = required("object", case.request.object.text())?;
        if text.len() > LARGEST {
            let found = format!("a document of {} bytes, more than {LARGEST}", text.len());
            return Err(Fault::new(Code::Malformed, found));
        }
        findings.extend(content(text, case.now));
    }
    Ok(findings)
}

fn content(text: &str, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(rule) = rules::rule(Code::DocumentContent) else { return findings };
    let mut report = Report::new(rule, &mut findings);
    match policy::check(text) {
        Err(flaws) => {
            for Flaw { path, found, message, help } in flaws {
                let fix = help.map_or_else(
                    || Fix::advice(rule.remedy),
                    |help| Fix::advice(sanitise(&help, 300).into_owned()),
                );
                report.add(path, found, message, fix);
            }
        }
        Ok(written) => {
            let latest = latest(now);
            if let Some((end, latest)) =
                written.expires.zip(latest).filter(|(end, last)| end > last)
            {
                let path = FieldPath::fields(&["spec", "expiresAt"]);
                let must = format!("it must lie at most {LONGEST} days ahead: {latest} now");
                let fix = Edit::Set(path.clone(), EditValue::Text(latest.to_string().into()));
                report.add(path, end.to_string(), must, Fix::edit(fix));
            }
        }
    }
    findings
}

/// The latest end that may be written now, in whole seconds.
fn latest(now: Timestamp) -> Option<Timestamp> {
    let latest = now.checked_add(SignedDuration::from_hours(24 * LONGEST)).ok()?;
    Timestamp::from_second(latest.as_second()).ok()
}
