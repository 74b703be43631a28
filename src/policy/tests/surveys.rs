//! What is in force and why, and what is told although it is no mistake.

use super::*;
use crate::domain::SYSTEM_NAMESPACES;

const NOW: &str = "2027-01-01T00:00:00Z";

fn surveyed() -> Survey {
    match survey(&sources(&[("a.yaml", include_str!("survey.yaml"))]), &[]) {
        Ok(survey) => survey,
        Err(report) => panic!("{report}"),
    }
}

#[test]
fn each_field_says_who_says_so() {
    let in_force = surveyed().tenant("alpha", NOW.parse().unwrap()).unwrap();
    let line = |field: &Field| {
        let Origin { kind, name, place } = &field.from;
        let from = name.as_ref().zip(place.as_ref());
        let from = from.map_or(String::new(), |(name, place)| format!(" {name} {place}"));
        format!("{} = {} < {kind}{from}", field.field, field.value)
    };
    insta::assert_snapshot!(in_force.fields.iter().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_permitted_now_is_in_force() {
    let value = serde_json::to_value(surveyed().tenant("alpha", NOW.parse().unwrap())).unwrap();
    let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["exemptions", "fields", "grants", "namespaces", "profile", "tenant"]);
    let permitted = serde_json::json!([value["exemptions"], value["grants"]]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&permitted).unwrap());
}

#[test]
fn what_somebody_should_know_is_told_with_its_place() {
    let notices = surveyed().notices(NOW.parse().unwrap());
    let lines = notices.iter().map(|Notice { place, message }| format!("{place}: {message}"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn documents_are_counted_and_names_suggested() {
    let survey = surveyed();
    let counts = survey.counts().map(|own| (own.kind, own.given, own.built_in));
    let expect = [
        ("Platform", 1, 0),
        ("Profile", 2, 2),
        ("Tenant", 2, 0),
        ("Exemption", 6, 0),
        ("Grant", 2, 0),
    ];
    assert_eq!(counts, expect);
    assert_eq!(survey.suggestion("alhpa").as_deref(), Some("did you mean `alpha`?"));
    assert_eq!(survey.suggestion("other"), None);
    assert!(survey.tenant("other", NOW.parse().unwrap()).is_none());
}

/// What is told of one document.
#[track_caller]
fn check(kind: &str, name: &str, spec: &str, expect: &[&str]) {
    let text = format!(
        r#"{{"apiVersion": "ringfence.dev/v1alpha1", "kind": "{kind}", "metadata": {{"name": "{name}"}}, "spec": {spec}}}"#
    );
    let line = |Flaw { path, found, message, .. }: &Flaw| format!("{path}: {found}: {message}");
    let found: Vec<String> = crate::policy::check(&text).err().iter().flatten().map(line).collect();
    assert_eq!(found, expect, "{text}");
}

#[test]
fn one_document_alone_says_what_is_wrong_by_field() {
    check("Tenant", "a", r#"{"profile": "not-there"}"#, &[]);
    check("Platform", "default", r#"{"unowned": {"profile": "not-there"}}"#, &[]);
    check(
        "Tenant",
        "a",
        r#"{"sael": "keep", "seal": "kep"}"#,
        &[
            "spec.sael: sael: there is no field `sael`",
            "spec.seal: kep: `kep` is not one of `plan` or `keep`",
        ],
    );
    check(
        "Profile",
        "p",
        r#"{"rules": {"RF9": "warn", "RF2": "off"}}"#,
        &["spec.rules.RF2: off: `off` is not a mode: use `enforce`, `warn`, `audit` or `ignore`"],
    );
    check(
        "Profile",
        "p",
        r#"{"rules": {"RF9": "warn"}}"#,
        &["spec.rules.RF9: RF9: RF9 is always enforced: it cannot be set"],
    );
}

#[test]
fn one_document_alone_is_checked_as_one_of_many_is() {
    check(
        "Profile",
        "p",
        r#"{"network": {"outside": [{"cidr": "10.0.0.1/8"}]}}"#,
        &[
            "spec.network.outside[0].cidr: 10.0.0.1/8: `10.0.0.1/8` has bits behind its prefix: the range is written `10.0.0.0/8`",
        ],
    );
    check(
        "Tenant",
        "a",
        r#"{"namespaces": {"labels": {"ringfence.dev/tenant": "b"}}}"#,
        &[
            "spec.namespaces.labels[ringfence.dev/tenant]: ringfence.dev/tenant: `ringfence.dev/tenant` is ringfence's own",
        ],
    );
    check(
        "Platform",
        "default",
        r#"{"shared": [{"name": "api", "direction": "egress", "cidrs": ["10.0.0.1/32"]}]}"#,
        &[
            "spec.shared[api].cidrs[0]: 10.0.0.1/32: `10.0.0.1/32` meets `10.0.0.0/8`, which counts as the cluster's own",
        ],
    );
    check(
        "Platform",
        "main",
        "{}",
        &["metadata.name: main: a Platform is named `default`, not `main`"],
    );
    check("Tenant", "a", "7", &["spec: 7: a map must stand here, not the number `7`"]);
}

#[test]
fn a_file_holds_no_more_than_a_cluster_takes() {
    let list = |count: usize| format!("[{}]", vec![r#""a""#; count].join(", "));
    let map = |count: usize| {
        let entries: Vec<String> = (0..count).map(|index| format!(r#""a/k{index}": 1"#)).collect();
        format!("{{{}}}", entries.join(", "))
    };
    let names = |count| format!(r#"{{"reservedNames": {}}}"#, list(count));
    check("Platform", "default", &names(256), &[]);
    let told = "spec.reservedNames: a list: this list has 257 items, more than 256";
    check("Platform", "default", &names(257), &[told]);
    let limits = |count| format!(r#"{{"limits": {{"default": {}}}}}"#, map(count));
    check("Tenant", "a", &limits(32), &[]);
    let told = "spec.limits.default: a map: this map has 33 keys, more than 32";
    check("Tenant", "a", &limits(33), &[told]);
    let key = |count| format!(r#"{{"frozenKeys": ["b", "{}"]}}"#, "ü".repeat(count));
    check("Platform", "default", &key(253), &[]);
    let told = format!(
        "spec.frozenKeys[1]: {}…: this text has 254 characters, more than 253",
        "ü".repeat(60)
    );
    check("Platform", "default", &key(254), &[&told]);
    let policies = r#"{"images": {"pullPolicies": []}}"#;
    let told = "spec.images.pullPolicies: an empty list: this list must not be empty";
    check("Profile", "p", policies, &[told]);
}

#[test]
fn no_tenant_claims_a_namespace_that_the_webhooks_leave_out() {
    let names = SYSTEM_NAMESPACES;
    let tenant =
        |name: &str| document("Tenant", "a", &format!("namespaces: {{names: [b, {name}]}}"));
    for name in names {
        let told = report(&tenant(name));
        let line = format!("a.yaml:5:27: `{name}` is the cluster's own: no tenant can be there");
        assert_eq!(told.lines().next(), Some(line.as_str()));
        load(&sources(&[("a.yaml", &tenant(&format!("{name}s")))])).unwrap();
    }
    check(
        "Tenant",
        "a",
        r#"{"namespaces": {"names": ["b", "default"]}}"#,
        &[
            "spec.namespaces.names[1]: default: `default` is the cluster's own: no tenant can be there",
        ],
    );
}

#[test]
fn what_is_wrong_a_thousand_times_is_told_in_bounded_room() {
    let rules = vec!["RF9"; 5000].join("\", \"");
    let text = document("Exemption", "e", &EXEMPTION.replace("[RF2]", &format!("[\"{rules}\"]")));
    let flaws = crate::policy::check(&text).unwrap_err();
    assert_eq!(flaws.len(), 256);
    assert_eq!(flaws[8].path.to_string(), "spec.rules[7]");
    let told = load(&sources(&[("a.yaml", &text)])).unwrap_err();
    assert_eq!(told.problems.len(), 1000);
}
