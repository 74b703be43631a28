//! What refusals and warnings say, and what they never do.

use super::*;
use crate::domain::{FieldPath, Fix, Severity};

const ALPHA: &str = "alpha";

fn finding(code: Code, rule: &'static str, path: &[&'static str], found: &str) -> Finding {
    Finding {
        code,
        rule,
        severity: Severity::High,
        path: FieldPath::fields(path),
        found: found.to_owned(),
        must: "it must be false".into(),
        fix: Fix::advice("set it to false"),
    }
}

fn privileged(container: usize) -> Finding {
    let path = FieldPath::fields(&["spec", "containers"]).item(container, "");
    Finding {
        path: path.field("securityContext").field("privileged"),
        ..finding(Code::Privileged, "privileged", &[], "true")
    }
}

fn guard(code: Code) -> Finding {
    finding(code, "guard", &[], "something")
}

fn subject(tenant: Option<&TenantName>) -> Subject<'_> {
    Subject {
        tenant,
        group: "apps",
        kind: "Deployment",
        name: "web",
        contact: "#platform-team",
        to_control_plane: false,
    }
}

fn refused(findings: Vec<Finding>) -> Status {
    let alpha = ALPHA.parse().unwrap();
    refusal(&subject(Some(&alpha)), &Verdict::enforced(findings)).unwrap()
}

/// Whatever it is about, a refusal fits, and both of its forms say the same.
#[track_caller]
fn is_sound(status: &Status) {
    assert!(status.message.len() <= LIMIT, "{} bytes", status.message.len());
    let harmless = |c: char| c == '\n' || sanitise(c.encode_utf8(&mut [0; 4]), 1).contains(c);
    assert!(status.message.chars().all(|c| c == '\u{fffd}' || harmless(c)), "{}", status.message);
    let (_, bullets) = status.message.split_once("\n* ").unwrap();
    let bullet = |cause: &Cause| match cause.field.as_str() {
        "" => cause.message.clone(),
        field => format!("{field}: {}", cause.message),
    };
    let causes: Vec<String> = status.details.causes.iter().map(bullet).collect();
    assert_eq!(bullets, causes.join("\n* "));
}

#[test]
fn a_refusal_reads_as_one_text_and_as_causes() {
    let status = refused(vec![
        finding(Code::AllowPrivilegeEscalation, "allowPrivilegeEscalation", &["spec"], "nothing"),
        privileged(0),
        privileged(1),
    ]);
    is_sound(&status);
    insta::assert_snapshot!(status.message, @r"
    tenant alpha: 3 problems in Deployment web: RF2003 privileged, RF2006 allowPrivilegeEscalation
    * spec.containers[0].securityContext.privileged: RF2003 found true; it must be false
        fix: set it to false
    * spec.containers[1].securityContext.privileged: RF2003 found true; it must be false
        fix: set it to false
    * spec: RF2006 found nothing; it must be false
        fix: set it to false
        learn more: ringfence rules RF2003 RF2006
        questions: #platform-team
    ");
    assert_eq!((status.code, status.reason), (422, "Invalid"));
    let Details { group, kind, name, .. } = &status.details;
    assert_eq!((group.as_str(), kind.as_str(), name.as_str()), ("apps", "Deployment", "web"));
}

#[test]
fn the_first_line_stands_for_itself() {
    let check = |subject: Subject<'_>, findings: Vec<Finding>, expect: &str| {
        let status = refusal(&subject, &Verdict::enforced(findings)).unwrap();
        assert_eq!(status.message.lines().next(), Some(expect));
    };
    let alpha: TenantName = ALPHA.parse().unwrap();
    let plain = subject(Some(&alpha));
    let one = || vec![privileged(0)];
    check(plain, one(), "tenant alpha: 1 problem in Deployment web: RF2003 privileged");
    check(subject(None), one(), "1 problem in Deployment web: RF2003 privileged");
    let nameless = Subject { name: "", ..plain };
    check(nameless, one(), "tenant alpha: 1 problem in Deployment: RF2003 privileged");
    let unread = Subject { tenant: None, kind: "", name: "", ..plain };
    check(unread, vec![guard(Code::Malformed)], "1 problem in request: RF9001 guard");
    let hostile = Subject { kind: "Po\u{1b}[31md", name: "a\nb\u{202e}", ..plain };
    let expect = "tenant alpha: 1 problem in Po\u{fffd}[31md a\u{fffd}b\u{fffd}: RF2003 privileged";
    check(hostile, one(), expect);
}

#[test]
fn the_status_is_the_guards_only_where_nothing_is_wrong_in_the_object() {
    let check = |codes: &[Code], expect: (u16, &str)| {
        let status = refused(codes.iter().copied().map(guard).collect());
        assert_eq!((status.code, status.reason), expect, "{codes:?}");
        assert_eq!(status.details.causes.len(), codes.len());
    };
    check(&[Code::Malformed], (400, "BadRequest"));
    check(&[Code::UnknownKind], (403, "Forbidden"));
    check(&[Code::UnknownNamespace], (403, "Forbidden"));
    check(&[Code::Deadline], (500, "InternalError"));
    check(&[Code::Internal], (500, "InternalError"));
    check(&[Code::NotReady], (503, "ServiceUnavailable"));
    check(&[Code::Privileged], (422, "Invalid"));
    check(&[Code::UnknownNamespace, Code::Privileged], (422, "Invalid"));
    for code in Code::ALL.iter().filter(|code| code.family() == crate::domain::Family::GUARD) {
        assert_ne!(refused(vec![guard(*code)]).code, 422, "{code} has no status of its own");
    }
}

#[test]
fn a_client_may_try_again_where_nothing_else_is_wrong() {
    let check = |codes: &[Code], to_control_plane: bool, expect: (u16, &str, Option<u8>)| {
        let subject = Subject { to_control_plane, ..subject(None) };
        let findings = codes.iter().copied().map(guard).collect();
        let status = refusal(&subject, &Verdict::enforced(findings)).unwrap();
        let told = (status.code, status.reason, status.details.retry_after);
        assert_eq!(told, expect, "{codes:?}");
        is_sound(&status);
    };
    let try_again = (429, "TooManyRequests", Some(1));
    check(&[Code::Unsealed], false, try_again);
    check(&[Code::Unsealed, Code::Unsealed], false, try_again);
    check(&[Code::Unsealed], true, (403, "Forbidden", None));
    check(&[Code::Unsealed, Code::Cordoned], false, (403, "Forbidden", None));
    check(&[Code::Cordoned, Code::Unsealed], false, (403, "Forbidden", None));
    check(&[Code::Unsealed, Code::Malformed], false, (400, "BadRequest", None));
    check(&[Code::Unsealed, Code::Privileged], false, (422, "Invalid", None));
    check(&[Code::Unsealed, Code::Privileged], true, (422, "Invalid", None));
    check(&[Code::Malformed], true, (400, "BadRequest", None));
    check(&[Code::Privileged], true, (422, "Invalid", None));
    check(&[Code::Cordoned], false, (403, "Forbidden", None));
}

#[test]
fn what_does_not_fit_is_counted_and_nothing_is_cut() {
    let status = refused((0..100).map(privileged).collect());
    is_sound(&status);
    let shown = status.details.causes.len();
    assert!(status.message.contains(&format!("\n    and {} more\n", 100 - shown)));
    // Not one more would have fitted.
    let cause = "\n* spec.containers[99].securityContext.privileged: RF2003 found true; it must be \
                 false\n    fix: set it to false";
    assert!(status.message.len() + cause.len() > LIMIT - 20, "{}", status.message.len());
    for (position, cause) in status.details.causes.iter().enumerate() {
        let field = format!("spec.containers[{position}].securityContext.privileged");
        assert_eq!(cause.field, field);
        let rest = "RF2003 found true; it must be false\n    fix: set it to false";
        assert!(cause.message.starts_with(rest), "{}", cause.message);
    }
    let few = refused((0..3).map(privileged).collect());
    assert!(!few.message.contains(" more\n"), "{}", few.message);
}

#[test]
fn a_huge_finding_is_shortened_part_by_part() {
    let check = |big: &str| {
        let huge = big.repeat(5000);
        let mut finding = finding(Code::Privileged, "privileged", &[], &huge);
        finding.must = huge.clone().into();
        finding.fix = Fix::advice(huge.clone());
        let alpha: TenantName = ALPHA.parse().unwrap();
        let names = Subject {
            group: &huge,
            kind: &huge,
            name: &huge,
            contact: &huge,
            ..subject(Some(&alpha))
        };
        let findings = vec![finding, privileged(1)];
        let status = refusal(&names, &Verdict::enforced(findings)).unwrap();
        is_sound(&status);
        // Names are cut too: they must not take the room of what is wrong.
        let first = status.message.lines().next().unwrap();
        assert!(first.len() <= 400 && first.ends_with(": RF2003 privileged"), "{first}");
        let cause = &status.details.causes[0];
        let head = format!("RF2003 found {big}{big}");
        assert!(cause.message.starts_with(&head), "{}", cause.message);
        assert!(cause.message.contains(&format!("{big}…; {big}")), "{}", cause.message);
        assert!(cause.message.contains(&format!("…\n    fix: {big}")), "{}", cause.message);
    };
    check("x");
    check("ß");
    check("あ");
    check("🦀");
}

fn warned(findings: Vec<Finding>) -> Vec<String> {
    warnings(&Verdict::of(findings, |_| Mode::Warn))
}

#[test]
fn a_warning_is_one_line_of_a_bounded_length() {
    assert_eq!(
        warned(vec![privileged(0)]),
        [
            "RF2003 privileged: spec.containers[0].securityContext.privileged: found true; it must be \
          false; fix: set it to false"
        ]
    );
    let hostile = "a\nb\u{1b}[31m\u{202e}ß".repeat(100);
    let warnings = warned(vec![finding(Code::Privileged, "privileged", &["spec"], &hostile)]);
    let [line] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(line.chars().count(), 256);
    assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line}");
    assert!(line.ends_with('…'), "{line}");
}

#[test]
fn there_are_at_most_sixteen_warnings() {
    let check = |count: usize, last: &str| {
        let lines = warned((0..count).map(privileged).collect());
        assert_eq!(lines.len(), count.min(16));
        assert!(lines.last().unwrap().contains(last), "{lines:?}");
        assert!(lines[0].contains("spec.containers[0]"), "{lines:?}");
    };
    check(1, "spec.containers[0]");
    check(16, "spec.containers[15]");
    check(17, "and 2 more warnings");
    check(40, "and 25 more warnings");
}

#[test]
fn only_what_is_enforced_refuses_and_only_what_is_warned_of_warns() {
    let mode = |code| match code {
        Code::Privileged => Mode::Enforce,
        Code::HostPorts => Mode::Warn,
        Code::Sysctls => Mode::Audit,
        _ => Mode::Ignore,
    };
    let all =
        || [Code::Privileged, Code::HostPorts, Code::Sysctls, Code::ProcMount].map(guard).to_vec();
    let verdict = Verdict::of(all(), mode);
    let status = refusal(&subject(None), &verdict).unwrap();
    assert_eq!(status.details.causes.len(), 1);
    assert!(status.message.starts_with("1 problem in Deployment web: RF2003 guard\n"));
    let warnings = warnings(&verdict);
    assert!(warnings.len() == 1 && warnings[0].starts_with("RF2002 "), "{warnings:?}");
    let audited = Verdict::of(all(), |_| Mode::Audit);
    assert_eq!(refusal(&subject(None), &audited), None);
}
