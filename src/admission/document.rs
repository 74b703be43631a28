//! Our own documents: who may write them, and whether they can be used.

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, Fault, malformed, required, unread};
use super::farewell::farewell;
use super::tenancy::requesters;
use crate::domain::{Code, Edit, EditValue, FieldPath, Finding, Fix, Operation, sanitise};
use crate::objects::decode::object;
use crate::objects::{Raw, from_json};
use crate::policy::{self, Flaw, LONGEST};
use crate::rules::{self, Report};

/// The largest document, in bytes: a Tenant of a thousand namespaces takes an eighth of it. Each mistake
/// is looked for in what is left without those before it, so that the work grows with size and mistakes
/// both.
const LARGEST: usize = 512 * 1024;

/// Our own documents are the platform's to write, and their status ours; what is written must be of use.
/// Of what is deleted it is told what follows.
/// What stays as it was is not judged again: a finalizer comes off a document that has become useless.
pub(super) fn document(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    let keeps = case.keeps(None);
    if !keeps {
        let what = match case.resource.kind {
            "" => case.resource.full_name(),
            kind => kind.to_owned(),
        };
        let found = format!("{what} by somebody else");
        findings.push(requesters(Code::Document, found, "only the platform writes it"));
    }
    let writes = matches!(case.operation, Operation::Create | Operation::Update)
        && case.resource.subresource.is_empty();
    if !writes {
        let goes = case.operation == Operation::Delete && case.resource.subresource.is_empty();
        // Who is not the platform is not told of other documents.
        if goes && keeps {
            findings.extend(farewell(case));
        }
        return unread(case).map(|()| findings);
    }
    let text = required("object", case.request.object.text())?;
    if text.len() > LARGEST {
        let found = format!("a document of {} bytes, more than {LARGEST}", text.len());
        return Err(Fault::new(Code::Malformed, found));
    }
    if !is_kept(text, case.request.old_object.text())? {
        findings.extend(content(text, case.now));
        // Who is not the platform is not told of other documents.
        if findings.is_empty() {
            told(Code::Misfit, policy::misfits(text, &case.snapshot.tenants), &mut findings);
        }
    }
    Ok(findings)
}

object! {
    struct Specified<'de> {
        spec: Raw<'de> = "spec",
    }
}

/// Whether an update leaves what a document says as it was.
fn is_kept(text: &str, old: Option<&str>) -> Result<bool, Fault> {
    let Some(old) = old else { return Ok(false) };
    let new: Specified<'_> = from_json(text).map_err(|error| malformed("object", &error))?;
    let old: Specified<'_> = from_json(old).map_err(|error| malformed("oldObject", &error))?;
    Ok(new.spec.text().is_some() && new.spec.text() == old.spec.text())
}

fn content(text: &str, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    match policy::check(text) {
        Err(flaws) => told(Code::DocumentContent, flaws, &mut findings),
        Ok(written) => {
            let late = written.expires.zip(latest(now)).filter(|(end, last)| end > last);
            let rule = rules::rule(Code::DocumentContent);
            if let Some(((end, latest), rule)) = late.zip(rule) {
                let path = FieldPath::fields(&["spec", "expiresAt"]);
                let must = format!("it must lie at most {LONGEST} days ahead: {latest} now");
                let fix = Edit::Set(path.clone(), EditValue::Text(latest.to_string().into()));
                let mut report = Report::new(rule, &mut findings);
                report.add(path, end.to_string(), must, Fix::edit(fix));
            }
        }
    }
    findings
}

/// Flaws as findings of a rule.
fn told(code: Code, flaws: Vec<Flaw>, findings: &mut Vec<Finding>) {
    let Some(rule) = rules::rule(code) else { return };
    let mut report = Report::new(rule, findings);
    for Flaw { path, found, message, help } in flaws {
        let fix = help.map_or_else(
            || Fix::advice(rule.remedy),
            |help| Fix::advice(sanitise(&help, 300).into_owned()),
        );
        report.add(path, found, message, fix);
    }
}

/// The latest end that may be written now, in whole seconds.
fn latest(now: Timestamp) -> Option<Timestamp> {
    let latest = now.checked_add(SignedDuration::from_hours(24 * LONGEST)).ok()?;
    Timestamp::from_second(latest.as_second()).ok()
}
