//! What a developer reads.
//!
//! kubectl prints the causes of a 422, one bullet each, and for one object neither the webhook's name
//! nor the message. Events, controllers, GitOps tools and kubectl with several objects show the
//! message alone. So both are complete, and the message's first line stands for itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::respond::{Cause, Details, Status};
use crate::domain::{Code, Exempted, Finding, Judged, Mode, TenantName, Verdict, sanitise};

/// The longest refusal, in bytes; what does not fit is counted.
const LIMIT: usize = 4096;
/// How many characters the API server keeps of each warning when it has to cut (apiserver
/// `pkg/endpoints/handlers` warnings, net `NewWarningHeader`).
const WARNING_LENGTH: usize = 256;
/// How many warnings one answer has.
const WARNINGS: usize = 16;

/// The object that a verdict is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Whose object it is, or whose requester asks: never a foreign tenant.
    pub tenant: Option<&'a TenantName>,
    /// API group.
    pub group: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Name, or the beginning of the name to be made.
    pub name: &'a str,
    /// Whom to ask.
    pub contact: &'a str,
    /// Whether a part of Kubernetes asks: its workers would wait where a client may try again.
    pub to_control_plane: bool,
}

/// The status that refuses a request, or `None` where the verdict refuses nothing.
#[must_use]
pub fn refusal(subject: &Subject<'_>, verdict: &Verdict) -> Option<Status> {
    let findings: Vec<&Finding> = verdict.in_mode(Mode::Enforce).collect();
    if findings.is_empty() {
        return None;
    }
    let (code, reason) = match status_code(&findings) {
        TRY_AGAIN if subject.to_control_plane => FORBIDDEN,
        status => status,
    };
    let mut message = first_line(subject, &findings);
    let mut tail = learn_more(subject, &findings);
    let mut causes = fitting(&findings, LIMIT.saturating_sub(message.len() + tail.len()));
    let more = findings.len() - causes.len();
    if more > 0 {
        tail.insert_str(0, &format!("\n    and {more} more"));
    }
    message.reserve_exact(causes.iter().map(size).sum::<usize>() + tail.len());
    for cause in &causes {
        message.push_str("\n* ");
        if !cause.field.is_empty() {
            message.push_str(&cause.field);
            message.push_str(": ");
        }
        message.push_str(&cause.message);
    }
    message.push_str(&tail);
    if let Some(last) = causes.last_mut() {
        last.message.push_str(&tail);
    }
    let details = Details {
        group: named(subject.group, 253),
        kind: named(subject.kind, 63),
        name: named(subject.name, 253),
        causes,
        retry_after: ((code, reason) == TRY_AGAIN).then_some(1),
    };
    Some(Status { code, reason, message, details })
}

/// What the requester may not do.
const FORBIDDEN: (u16, &str) = (403, "Forbidden");
/// What passes by itself; clients of Kubernetes then try again by themselves.
const TRY_AGAIN: (u16, &str) = (429, "TooManyRequests");

/// What the guard's own rules answer; every other rule is about the object and answers 422.
const GUARD: [(Code, (u16, &str)); 6] = [
    (Code::Malformed, (400, "BadRequest")),
    (Code::UnknownKind, FORBIDDEN),
    (Code::UnknownNamespace, FORBIDDEN),
    (Code::Deadline, (500, "InternalError")),
    (Code::Internal, (500, "InternalError")),
    (Code::NotReady, (503, "ServiceUnavailable")),
];

/// Invalid where something is wrong in the object; else what the guard's own rules answer, or
/// Forbidden where the requester may not do it. To try again helps only where nothing else is wrong.
fn status_code(findings: &[&Finding]) -> (u16, &'static str) {
    let about_the_request = |finding: &&Finding| match finding.code {
        Code::Unsealed => Some(TRY_AGAIN),
        code if code.is_of_the_requester() => Some(FORBIDDEN),
        code => GUARD.iter().find(|(guard, _)| *guard == code).map(|(_, status)| *status),
    };
    let Some(all) = findings.iter().map(about_the_request).collect::<Option<Vec<_>>>() else {
        return (422, "Invalid");
    };
    let lasting = all.iter().find(|status| **status != TRY_AGAIN);
    lasting.or(all.first()).copied().unwrap_or((422, "Invalid"))
}

/// `tenant alpha: 2 problems in Deployment web: RF2006 allowPrivilegeEscalation, RF2003 privileged`
fn first_line(subject: &Subject<'_>, findings: &[&Finding]) -> String {
    let tenant = subject.tenant.map_or_else(String::new, |tenant| format!("tenant {tenant}: "));
    let problems = match findings.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let kind = named(if subject.kind.is_empty() { "request" } else { subject.kind }, 63);
    let name = named(subject.name, 253);
    let space = if name.is_empty() { "" } else { " " };
    let mut line = format!("{tenant}{problems} in {kind}{space}{name}");
    let mut seen = BTreeSet::new();
    let mut between = ": ";
    for Finding { code, rule, .. } in findings.iter().filter(|it| seen.insert(it.code)) {
        // Writing into memory cannot fail.
        let _ = write!(line, "{between}{code} {rule}");
        between = ", ";
    }
    line
}

fn learn_more(subject: &Subject<'_>, findings: &[&Finding]) -> String {
    let mut text = "\n    learn more: ringfence rules".to_owned();
    for code in findings.iter().map(|finding| finding.code).collect::<BTreeSet<Code>>() {
        let _ = write!(text, " {code}");
    }
    text.push_str("\n    questions: ");
    text.push_str(&named(subject.contact, 120));
    text
}

/// How much a cause takes of the message.
fn size(cause: &Cause) -> usize {
    const BULLET: usize = "\n* : ".len();
    cause.field.len() + cause.message.len() + BULLET
}

/// The causes that the room holds, whole ones only. The first is always there: were it too long it
/// would be shortened part by part.
fn fitting(findings: &[&Finding], room: usize) -> Vec<Cause> {
    const AND_MORE: usize = "\n    and 1000000 more".len();
    let mut left = room.saturating_sub(AND_MORE);
    let mut causes = Vec::new();
    for finding in findings {
        let whole = cause(finding, usize::MAX);
        let cause = match size(&whole) <= left {
            true => whole,
            false if causes.is_empty() => cause(finding, left),
            false => break,
        };
        left = left.saturating_sub(size(&cause));
        causes.push(cause);
    }
    causes
}

/// A cause of at most so many bytes, if that leaves room for a few words.
fn cause(finding: &Finding, room: usize) -> Cause {
    const WORDS: usize = "\n* : RF0000 found ; \n    fix: ".len();
    let Finding { code, found, must, fix, .. } = finding;
    let part = room.saturating_sub(WORDS) / 4;
    let (found, must, fix) = (cut(found, part), cut(must, part), cut(&fix.text, part));
    let mut message = String::with_capacity(WORDS + found.len() + must.len() + fix.len());
    // Writing into memory cannot fail.
    let _ = write!(message, "{code} found ");
    for part in [&found, "; ", &must, "\n    fix: ", &fix] {
        message.push_str(part);
    }
    let mut field = finding.path.text();
    if let Cow::Owned(short) = cut(&field, part) {
        field = short;
    }
    Cause { reason: "FieldValueInvalid", field, message }
}

/// At most so many bytes of a text, `…` among them where some were left out.
fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    const MARK: char = '…';
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let kept = text.floor_char_boundary(bytes.saturating_sub(MARK.len_utf8()));
    let mut short = text.get(..kept).unwrap_or_default().to_owned();
    short.push(MARK);
    Cow::Owned(short)
}

/// What a user called something, safe to print and of at most so many bytes.
fn named(text: &str, bytes: usize) -> String {
    cut(&sanitise(text, bytes), bytes).into_owned()
}

/// The warnings of a verdict, one line each.
#[must_use]
pub fn warnings(verdict: &Verdict) -> Vec<String> {
    let permitted = verdict.findings().iter().filter_map(permitted);
    let lines: Vec<String> = verdict.in_mode(Mode::Warn).map(warning).chain(permitted).collect();
    let more = lines.len().saturating_sub(WARNINGS);
    let mut kept: Vec<String> = lines.into_iter().take(WARNINGS).collect();
    if more > 0
        && let Some(last) = kept.last_mut()
    {
        *last = format!("and {} more warnings", more + 1);
    }
    kept
}

/// What is permitted is said where it would be a warning, and where that is about to end.
fn permitted(judged: &Judged) -> Option<String> {
    const LAST_DAYS: i64 = 14;
    let Finding { code, rule, path, .. } = &judged.finding;
    let Exempted { by, days_left } = judged.exemption.as_ref()?;
    let last = *days_left <= LAST_DAYS;
    let end = match days_left {
        _ if !last => String::new(),
        1 => ", which ends within a day".to_owned(),
        days => format!(", which ends in {days} days"),
    };
    let line = format!("{code} {rule}: {path}: permitted by exemption {by}{end}");
    (last || judged.mode == Mode::Warn).then(|| sanitise(&line, WARNING_LENGTH - 1).into_owned())
}

fn warning(finding: &Finding) -> String {
    let Finding { code, rule, path, found, must, fix, .. } = finding;
    let line = format!("{code} {rule}: {path}: found {found}; {must}; fix: {}", fix.text);
    sanitise(&line, WARNING_LENGTH - 1).into_owned()
}

#[cfg(test)]
mod tests;
