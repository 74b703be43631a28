//! Our own documents in recorded reviews: who may write them, and whether they can be used.

use ringfence::domain::{Mode, Verdict};
use ringfence::policy::embedded;
use ringfence::review::{Subject, refusal};
use serde_json::{Value, json};

use super::reviews::{created, snapshot};

const NOW: &str = "2027-01-01T00:00:00.5Z";

/// The status that answers a review of a document; `None` where it is allowed.
fn answered(operation: &str, group: &str, kind: &str, name: &str, spec: &Value) -> Option<Value> {
    let verdict = judged((operation, ""), ("jo", group), kind, name, spec);
    let subject = Subject {
        tenant: None,
        group: "ringfence.dev",
        kind,
        name,
        contact: "#x",
        to_control_plane: false,
    };
    refusal(&subject, &verdict).map(|status| serde_json::from_str(&status.to_json()).unwrap())
}

/// What a request comes to: an operation and the subresource that it is for, a user and a group.
fn judged(
    (operation, subresource): (&str, &str),
    (user, group): (&str, &str),
    kind: &str,
    name: &str,
    spec: &Value,
) -> Verdict {
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
            "uid": "1", "kind": named, "name": name,
            "operation": if operation == "TOUCH" { "UPDATE" } else { operation },
            "resource": {"group": "ringfence.dev", "version": "v1alpha1", "resource": plural},
            "subResource": subresource,
            "userInfo": {"username": user, "groups": [group]},
            "object": if deletes { Value::Null } else { object.clone() },
            "oldObject": match operation {
                "CREATE" => Value::Null,
                "UPDATE" if subresource.is_empty() => json!({"spec": {"was": "otherwise"}}),
                // Only its metadata or its status change.
                _ => object,
            },
        },
    });
    let snapshot = snapshot(&embedded());
    created(&snapshot, &review_of.to_string(), None, NOW.parse().unwrap()).verdict
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

/// Whoever may take a finalizer off one that has become useless need not mend it first.
#[test]
fn what_stays_as_it_was_is_not_judged_again() {
    check(("TOUCH", ADMIN), "Tenant", "a", &json!({"sael": "keep"}), (200, &[]));
    check(("TOUCH", "alpha-devs"), "Tenant", "a", &json!({"sael": "keep"}), (403, &[""]));
}

#[test]
fn a_status_is_ours_to_write() {
    let writes = |user, group, expect: bool| {
        let (at, spec) = (("UPDATE", "status"), json!({"sael": "keep"}));
        for kind in ["Platform", "Profile", "Tenant", "Exemption", "Grant"] {
            let verdict = judged(at, (user, group), kind, "a", &spec);
            assert_eq!(verdict.in_mode(Mode::Enforce).count() == 0, expect, "{user} {kind}");
        }
    };
    writes("system:serviceaccount:ringfence-system:ringfence", "g", true);
    writes("jo", ADMIN, true);
    writes("ada", "alpha-devs", false);
    writes("system:serviceaccount:kube-system:helm", "g", false);
}

/// What does not fit to other documents, each as field and what must be.
fn misfits(group: &str, kind: &str, spec: &Value) -> Vec<(String, String)> {
    let verdict = judged(("CREATE", ""), ("jo", group), kind, "default", spec);
    let warned = verdict.in_mode(Mode::Warn);
    warned.map(|it| (it.path.to_string(), it.must.to_string())).collect()
}

#[track_caller]
fn warned_of(kind: &str, spec: &Value, expect: &[(&str, &str)]) {
    assert_eq!(answered("CREATE", ADMIN, kind, "default", spec), None, "{kind} {spec}");
    let found = misfits(ADMIN, kind, spec);
    let found: Vec<_> = found.iter().map(|(at, must)| (at.as_str(), must.as_str())).collect();
    assert_eq!(found, expect, "{kind} {spec}");
    // Who may not write is not told of other documents.
    assert_eq!(misfits("alpha-devs", kind, spec), [], "{kind} {spec}");
}

/// Others may come in any order.
#[test]
fn what_does_not_fit_to_other_documents_is_warned_of() {
    let check = |kind, spec: Value, expect: &[_]| warned_of(kind, &spec, expect);
    let grant = |from: Value| {
        json!({"from": from, "to": {"tenant": "beta"}, "ports": [{"port": 443}],
               "owner": "jo", "reason": "because", "expiresAt": "2027-01-02T00:00:00Z"})
    };
    check("Tenant", json!({}), &[]);
    check(
        "Tenant",
        json!({"profile": "nothing", "network": {"shared": ["lunch"]}}),
        &[
            ("spec.network.shared[0]", "there is no shared service `lunch`"),
            ("spec.profile", "there is no Profile `nothing`"),
        ],
    );
    check(
        "Tenant",
        json!({"namespaces": {"names": ["alpha-dev"]}, "rules": {"RF2": "warn"}}),
        &[
            ("spec.namespaces.names[0]", "the namespace `alpha-dev` is tenant `alpha`'s already"),
            (
                "spec.rules.RF2",
                "`warn` for RF2 is looser than `enforce`, which profile `restricted` says",
            ),
        ],
    );
    check(
        "Grant",
        grant(json!({"tenant": "nobody"})),
        &[("spec.from.tenant", "there is no Tenant `nobody`")],
    );
    check(
        "Grant",
        grant(json!({"cidrs": ["10.1.0.0/16"]})),
        &[(
            "spec.from.cidrs[0]",
            "`10.1.0.0/16` meets `10.0.0.0/8`, which counts as the cluster's own",
        )],
    );
}

#[test]
fn a_tenants_place_is_none_of_the_platforms() {
    warned_of(
        "Platform",
        &json!({"unowned": {"profile": "nothing"},
               "administrators": [{"kind": "ServiceAccount", "name": "a", "namespace": "alpha-dev"}],
               "shared": [{"name": "a", "direction": "egress", "namespace": "alpha-dev"}]}),
        &[
            (
                "spec.administrators[a].namespace",
                "an account of tenant `alpha`'s namespace is never the platform",
            ),
            (
                "spec.shared[a].namespace",
                "a shared service is the platform's, and this namespace is tenant `alpha`'s",
            ),
            ("spec.unowned.profile", "there is no Profile `nothing`"),
        ],
    );
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

/// What follows where a document goes is told whom it concerns, and refuses nothing.
#[test]
fn what_goes_is_told_of() {
    let told = |group: &str, kind: &str, name: &str| -> Vec<String> {
        let verdict = judged(("DELETE", ""), ("jo", group), kind, name, &json!({}));
        let warned = verdict.in_mode(Mode::Warn);
        warned.map(|own| format!("{}: {}; {}", own.code, own.found, own.must)).collect()
    };
    let of = "RF1019: the deletion of";
    assert_eq!(
        told(ADMIN, "Profile", "restricted"),
        [format!("{of} the Profile of 1 tenant; they are held to the built-in restricted: alpha")]
    );
    assert_eq!(told(ADMIN, "Profile", "unknown"), [""; 0]);
    assert_eq!(told("others", "Profile", "restricted"), [""; 0], "it is not for everybody to know");
    assert_eq!(told(ADMIN, "Tenant", "alpha"), [""; 0], "without a cluster nothing is there");
    assert_eq!(told(ADMIN, "Grant", "alpha"), [""; 0]);
    let platform = told(ADMIN, "Platform", "default");
    assert!(
        platform.iter().all(|line| line.starts_with(&format!("{of} the Platform; "))),
        "{platform:?}"
    );
    assert!(!platform.is_empty());
}
