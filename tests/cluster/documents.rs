//! Our documents as custom resources: the API server takes their definitions and every field of the
//! reference set, and what it refuses by their rules the reader of files refuses too.

use ringfence::policy::documents::definitions;
use ringfence::policy::{Source, load};
use serde_json::{Value, json};

use super::harness::{ControlPlane, Kubeconfig};

const REFERENCE: &str = include_str!("../../src/policy/tests/reference.yaml");

fn defined() -> &'static Kubeconfig {
    let admin = ControlPlane::shared().admin();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": definitions()});
    let list = list.to_string();
    admin.kubectl_with(&list, &["apply", "--server-side", "-f", "-"]).success();
    let plurals = ["platforms", "profiles", "tenants", "exemptions", "grants"];
    for plural in plurals {
        let name = format!("crd/{plural}.ringfence.dev");
        let wait = ["wait", "--for=condition=Established", &name, "--timeout=60s"];
        admin.kubectl(&wait).success();
    }
    admin
}

/// What the API server says of a document, if it refuses it.
fn refused(admin: &Kubeconfig, document: &str) -> Option<String> {
    let create = ["create", "--dry-run=server", "-f", "-"];
    let output = admin.kubectl_with(document, &create);
    (output.code != 0).then_some(output.stderr)
}

fn document(kind: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": name},
        "spec": spec})
    .to_string()
}

/// A document that nobody takes: kind, name, spec, and what the API server says of it.
type Bad = (&'static str, String, Value, &'static str);

fn of(kind: &'static str, name: &str, spec: Value, said: &'static str) -> Bad {
    (kind, name.to_owned(), spec, said)
}

fn bad_subjects() -> Vec<Bad> {
    let nowhere =
        (json!({"kind": "ServiceAccount", "name": "a"}), "a ServiceAccount has a namespace");
    let stray = (json!({"kind": "User", "name": "a", "namespace": "b"}), "and nobody else has");
    let all = |(subject, said): (Value, &'static str)| {
        [
            of("Tenant", "alpha", json!({"owners": [subject]}), said),
            of("Tenant", "alpha", json!({"members": [subject]}), said),
            of("Platform", "default", json!({"administrators": [subject]}), said),
        ]
    };
    [all(nowhere), all(stray)].into_iter().flatten().collect()
}

fn bad_profiles() -> Vec<Bad> {
    let labels = [json!({}), json!({"allow": ["a"], "deny": ["b"]})].into_iter().map(|keys| {
        let spec = json!({"namespaces": {"labelKeys": keys}});
        of("Profile", "p", spec, "labelKeys has either allow or deny")
    });
    let keys = ["RF1", "RF9", "RF1001", "nonsense", "RF20"].into_iter().map(|key| {
        of("Profile", "p", json!({"rules": {key: "warn"}}), "RF1 and RF9 are always enforced")
    });
    labels.chain(keys).collect()
}

fn bad_services() -> Vec<Bad> {
    let elsewhere = "either a namespace or cidrs";
    let range = json!(["203.0.113.0/24"]);
    let requirement = json!({"matchExpressions": [{"key": "a", "operator": "In"}]});
    let service = |more: Value, said: &'static str| {
        let service = with(&json!({"name": "s", "direction": "ingress"}), more);
        of("Platform", "default", json!({"shared": [service]}), said)
    };
    let ports = |ports: Value| {
        service(json!({"namespace": "a", "ports": ports}), "endPort is the last port")
    };
    vec![
        service(json!({}), elsewhere),
        service(json!({"namespace": "a", "cidrs": range}), elsewhere),
        service(json!({"cidrs": range, "podSelector": {}}), "podSelector goes with namespace"),
        ports(json!([{"port": 2, "endPort": 1}])),
        ports(json!([{"endPort": 1}])),
        service(json!({"namespace": "a", "podSelector": requirement}), "In and NotIn have values"),
    ]
}

fn bad_permissions() -> Vec<Bad> {
    let permitted = json!({"owner": "jo", "reason": "r", "expiresAt": "2027-03-01T00:00:00Z"});
    let exemption =
        with(&permitted, json!({"tenant": "alpha", "rules": ["RF2"], "namespaces": ["a"]}));
    let grant = with(
        &permitted,
        json!({"from": {"tenant": "alpha"}, "to": {"tenant": "beta"}, "ports": [{"port": 1}]}),
    );
    let exempt = |more: Value, said| of("Exemption", "e", with(&exemption, more), said);
    let grant = |more: Value, said| of("Grant", "g", with(&grant, more), said);
    let outside = json!({"cidrs": ["203.0.113.0/24"]});
    let stray = json!({"from": {"cidrs": ["203.0.113.0/24"], "namespaces": ["a"]}});
    vec![
        exempt(json!({"rules": ["RF1"]}), "cannot be exempted from"),
        exempt(json!({"rules": ["RF9001"]}), "cannot be exempted from"),
        exempt(json!({"rules": []}), "spec.rules"),
        exempt(json!({"namespaces": []}), "spec.namespaces"),
        grant(json!({"from": outside, "to": outside}), "one side of a Grant is a tenant"),
        grant(json!({"from": {}}), "either a tenant or cidrs"),
        grant(stray, "go with tenant"),
        grant(json!({"ports": [{"port": 2, "endPort": 1}]}), "endPort is the last port"),
    ]
}

fn with(base: &Value, more: Value) -> Value {
    let mut all = base.clone();
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

#[test]
fn the_api_server_takes_every_field_and_refuses_what_files_are_refused() {
    let admin = defined();
    assert_eq!(refused(admin, REFERENCE), None);
    let names = vec![
        of("Platform", "other", json!({}), "the Platform is named default"),
        of("Tenant", &"a".repeat(64), json!({}), "at most 63 characters"),
    ];
    let all = [names, bad_subjects(), bad_profiles(), bad_services(), bad_permissions()];
    for (kind, name, spec, expect) in all.into_iter().flatten() {
        let text = document(kind, &name, &spec);
        let said = refused(admin, &text).unwrap_or_else(|| panic!("{text} is taken"));
        assert!(said.contains(expect), "{text}\n{said}");
        let tenants = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: NAME}\nspec: {}\n---\n";
        let others = tenants.replace("NAME", "alpha") + &tenants.replace("NAME", "beta");
        let others = if kind == "Tenant" { String::new() } else { others };
        let source = |text: String| [Source { name: "a.yaml".into(), text }];
        assert!(load(&source(others.clone())).is_ok());
        assert!(load(&source(others + &text)).is_err(), "{text} loads");
    }
}
