//! Our own documents in recorded reviews: who may write them, and whether they can be used.

use ringfence::policy::embedded;
use ringfence::review::{Subject, refusal};
use serde_json::{Value, json};

use super::reviews::{created, snapshot};

const NOW: &str = "2027-01-01T00:00:00.5Z";

/// The status that answers a review of a document; `None` where it is allowed.
fn answered(operation: &str, group: &str, kind: &str, name: &str, spec: &Value) -> Option<Value> {
    let object = json!({
        "apiVersion": "ringfence.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name, "uid": "u", "resourceVersion": "7"},
        "spec": spec, "status": {"conditions": []},
    });
    let plural = format!("{}s", kind.to_lowercase());
    let named = json!({"group": "ringfence.dev", "version": "v1alpha1", "kind": kind});
    let deletes = operation == "DELETE";
    let review_of = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "kind": named, "name": name, "operation": operation,
            "resource": {"group": "ringfence.dev", "version": "v1alpha1", "resource": plural},
            "userInfo": {"username": "jo", "groups": [group]},
            "object": if deletes { Value::Null } else { object.clone() },
            "oldObject": if operation == "CREATE" { Value::Null } else { object },
        },
    });
    let snapshot = snapshot(&embedded());
    let record = created(&snapshot, &review_of.to_string(), None, NOW.parse().unwrap());
    let subject = Subject {
        tenant: None,
        group: "ringfence.dev",
        kind,
        name,
        contact: "#x",
        to_control_plane: false,
    };
    refusal(&subject, &record.verdict).map(|status| serde_json::to_value(status).unwrap())
}

/// The status code and the fields of its causes.
fn check(who: (&str, &str), kind: &str, name: &str, spec: &Value, expect: (u64, &[&str])) {
    let (operation, group) = who;
    let found = answered(operation, group, kind, name, spec);
    let fields = found.iter().flat_map(|status| status["details"]["causes"].as_array().unwrap());
    let fields: Vec<_> = fields.map(|cause| cause["field"].as_str().unwrap_or_default()).collect();
    let code = found.as_ref().map_or(200, |status| status["code"].as_u64().unwrap());
    assert_eq!((code, fields.as_slice()), expect, "{who:?} {kind} {spec}");
}

const ADMIN: &str = "platform-admins";

#[test]
fn a_document_that_cannot_be_used_is_refused_by_field() {
    let written = |kind, name, spec: Value, expect: (u64, &[&str])| {
        for operation in ["CREATE", "UPDATE"] {
            check((operation, ADMIN), kind, name, &spec, expect);
        }
    };
    written("Platform", "default", json!({"contact": "#x"}), (200, &[]));
    written("Platform", "other", json!({}), (422, &["metadata.name"]));
    written("Tenant", "a", json!({"profile": "not-there-yet"}), (200, &[]));
    written("Tenant", "a", json!({"sael": "keep"}), (422, &["spec.sael"]));
    written("Profile", "p", json!({"rules": {"RF1": "warn"}}), (422, &["spec.rules.RF1"]));
    let two = json!({"podSecurity": {"level": "low"}, "images": {"registries": ["a", "*"]}});
    written("Profile", "p", two, (422, &["spec.images.registries[1]", "spec.podSecurity.level"]));
    // A document that nobody reads has nothing to be wrong.
    check(("DELETE", ADMIN), "Tenant", "a", &json!({"sael": "keep"}), (200, &[]));
}

#[test]
fn what_ends_ends_within_180_days() {
    let exemption = |end: &str| {
        json!({"tenant": "not-there-yet", "rules": ["RF2003"], "namespaces": ["x"], "owner": "jo",
               "reason": "because", "expiresAt": end})
    };
    let grant = |end: &str| {
        json!({"from": {"tenant": "a"}, "to": {"tenant": "b"}, "ports": [{"port": 443}],
               "owner": "jo", "reason": "because", "expiresAt": end})
    };
    let wrong: (u64, &[&str]) = (422, &["spec.expiresAt"]);
    let long_past = "2026-01-01T00:00:00Z";
    for end in [long_past, "2027-01-02T00:00:00Z", "2027-06-30T00:00:00Z"] {
        check(("CREATE", ADMIN), "Exemption", "e", &exemption(end), (200, &[]));
        check(("UPDATE", ADMIN), "Grant", "g", &grant(end), (200, &[]));
    }
    for end in ["2027-06-30T00:00:01Z", "2999-01-01T00:00:00Z"] {
        check(("UPDATE", ADMIN), "Exemption", "e", &exemption(end), wrong);
        check(("CREATE", ADMIN), "Grant", "g", &grant(end), wrong);
    }
    check(("CREATE", ADMIN), "Exemption", "e", &exemption("soon"), wrong);
}

#[test]
fn who_may_not_write_is_told_so_before_what_is_written() {
    let check = |spec: &Value, expect| check(("CREATE", "alpha-devs"), "Tenant", "a", spec, expect);
    check(&json!({}), (403, &[""]));
    check(&json!({"sael": "keep"}), (422, &["", "spec.sael"]));
}

#[test]
fn the_refusal_is_told_whole() {
    let spec = json!({
        "tenant": "Alpha", "rules": ["RF9", "RF2999"], "namespaces": [], "owner": "jo",
        "reason": "because", "expiresAt": "2027-01-02T00:00:00Z",
    });
    let broken = answered("CREATE", ADMIN, "Exemption", "e", &spec).unwrap();
    let spec = json!({
        "tenant": "alpha", "rules": ["RF2"], "namespaces": ["x"], "owner": "jo",
        "reason": "because", "expiresAt": "2028-01-02T00:00:00Z",
    });
    let long = answered("CREATE", ADMIN, "Exemption", "e", &spec).unwrap();
    let message = |status: &Value| status["message"].as_str().unwrap().to_owned();
    insta::assert_snapshot!([message(&broken), message(&long)].join("\n\n"));
}

#[test]
fn a_document_has_a_largest_size() {
    let tenant = |names: usize| {
        let names: Vec<String> = (0..names).map(|number| format!("n{number:0>62}")).collect();
        json!({"namespaces": {"names": names}})
    };
    check(("CREATE", ADMIN), "Tenant", "large", &tenant(1000), (200, &[]));
    check(("CREATE", ADMIN), "Tenant", "huge", &tenant(8000), (400, &[""]));
}
