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

#[test]
fn the_api_server_takes_every_field_and_refuses_what_files_are_refused() {
    let admin = defined();
    assert_eq!(refused(admin, REFERENCE), None);
    let permitted = json!({"owner": "jo", "reason": "r", "expiresAt": "2027-03-01T00:00:00Z"});
    let with = |base: &Value, more: Value| {
        let mut all = base.clone();
        for (key, value) in more.as_object().unwrap() {
            all[key] = value.clone();
        }
        all
    };
    let exemption =
        with(&permitted, json!({"tenant": "alpha", "rules": ["RF2"], "namespaces": ["a"]}));
    let grant = with(
        &permitted,
        json!({"from": {"tenant": "alpha"}, "to": {"tenant": "beta"}, "ports": [{"port": 1}]}),
    );
    let shared = |more: Value| {
        let service = with(&json!({"name": "s", "direction": "ingress"}), more);
        json!({ "shared": [service] })
    };
    let check = |kind: &str, name: &str, spec: Value, expect: &str| {
        let text = document(kind, name, &spec);
        let said = refused(admin, &text).unwrap_or_else(|| panic!("{text} is taken"));
        assert!(said.contains(expect), "{text}\n{said}");
        let tenants = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: NAME}\nspec: {}\n---\n";
        let others = tenants.replace("NAME", "alpha") + &tenants.replace("NAME", "beta");
        let others = if kind == "Tenant" { String::new() } else { others };
        let source = |text: String| [Source { name: "a.yaml".into(), text }];
        assert!(load(&source(others.clone())).is_ok());
        assert!(load(&source(others + &text)).is_err(), "{text} loads");
    };
    check("Platform", "other", json!({}), "the Platform is named default");
    check("Tenant", &"a".repeat(64), json!({}), "at most 63 characters");
    for (subject, what) in [
        (json!({"kind": "ServiceAccount", "name": "a"}), "a ServiceAccount has a namespace"),
        (json!({"kind": "User", "name": "a", "namespace": "b"}), "and nobody else has"),
    ] {
        check("Tenant", "alpha", json!({"owners": [subject]}), what);
        check("Tenant", "alpha", json!({"members": [subject]}), what);
        check("Platform", "default", json!({"administrators": [subject]}), what);
    }
    let keys = "labelKeys has either allow or deny";
    for labels in [json!({}), json!({"allow": ["a"], "deny": ["b"]})] {
        check("Profile", "p", json!({"namespaces": {"labelKeys": labels}}), keys);
    }
    let rules = |key: &str| json!({"rules": {key: "warn"}});
    for key in ["RF1", "RF9", "RF1001", "nonsense", "RF20"] {
        check("Profile", "p", rules(key), "RF1 and RF9 are always enforced");
    }
    check("Platform", "default", shared(json!({})), "either a namespace or cidrs");
    let both = json!({"namespace": "a", "cidrs": ["203.0.113.0/24"]});
    check("Platform", "default", shared(both), "either a namespace or cidrs");
    let selector = json!({"cidrs": ["203.0.113.0/24"], "podSelector": {}});
    check("Platform", "default", shared(selector), "podSelector goes with namespace");
    for ports in [json!([{"port": 2, "endPort": 1}]), json!([{"endPort": 1}])] {
        let service = shared(json!({"namespace": "a", "ports": ports}));
        check("Platform", "default", service, "endPort is the last port");
    }
    let requirement = json!({"key": "a", "operator": "In"});
    let selector = json!({"matchExpressions": [requirement]});
    let service = shared(json!({"namespace": "a", "podSelector": selector}));
    check("Platform", "default", service, "In and NotIn have values");
    check("Exemption", "e", with(&exemption, json!({"rules": ["RF1"]})), "cannot be exempted from");
    check(
        "Exemption",
        "e",
        with(&exemption, json!({"rules": ["RF9001"]})),
        "cannot be exempted from",
    );
    check("Exemption", "e", with(&exemption, json!({"rules": []})), "spec.rules");
    check("Exemption", "e", with(&exemption, json!({"namespaces": []})), "spec.namespaces");
    let outside = json!({"cidrs": ["203.0.113.0/24"]});
    let nobody = json!({"from": outside, "to": outside});
    check("Grant", "g", with(&grant, nobody), "one side of a Grant is a tenant");
    check("Grant", "g", with(&grant, json!({"from": {}})), "either a tenant or cidrs");
    let stray = json!({"from": {"cidrs": ["203.0.113.0/24"], "namespaces": ["a"]}});
    check("Grant", "g", with(&grant, stray), "go with tenant");
    let range = json!({"ports": [{"port": 2, "endPort": 1}]});
    check("Grant", "g", with(&grant, range), "endPort is the last port");
}
