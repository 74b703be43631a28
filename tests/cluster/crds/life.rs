//! Objects of our kinds that are there: what never changes, their status, and how people see them.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use jiff::Timestamp;
use ringfence::policy::documents::{self, Truth};
use ringfence::policy::{self, Said, Source, conditions, exemption_status, grant_status, load};
use serde_json::{Value, json};

use super::api::Api;
use super::{WHOLE, defined, objects};

/// An object of the whole set under another name.
fn renamed(kind: &str, name: &str) -> Value {
    let mut object = objects(WHOLE).into_iter().find(|own| own["kind"] == kind).unwrap();
    object["metadata"]["name"] = json!(name);
    object
}

/// A file knows no earlier document, and so takes what an API server refuses here.
#[test]
fn the_tenants_of_what_is_permitted_never_change() {
    let api = Api::of(defined());
    let tenant = "the tenant of an Exemption never changes: write another";
    let tenants = "the tenants of a Grant never change: write another";
    let outside = json!({"cidrs": ["203.0.113.0/24"], "tenant": null, "namespaces": null, "podSelector": null});
    let rows = [
        ("Exemption", json!({"tenant": "beta"}), json!({"rules": ["RF2"]}), "spec.tenant", tenant),
        (
            "Grant",
            json!({"from": {"tenant": "gamma"}}),
            json!({"from": {"namespaces": null}}),
            "spec",
            tenants,
        ),
        (
            "Grant",
            json!({"to": {"tenant": "alpha"}}),
            json!({"to": {"podSelector": null}}),
            "spec",
            tenants,
        ),
        ("Grant", json!({"to": outside}), json!({"ports": [{"port": 1}]}), "spec", tenants),
        ("Grant", json!({"from": outside}), json!({"owner": "ann"}), "spec", tenants),
    ];
    for (index, (kind, bad, good, field, said)) in rows.into_iter().enumerate() {
        let made = api.created(&renamed(kind, &format!("kept-{index}")));
        let with = |patch: &Value| {
            let mut object = made.clone();
            json_patch::merge(&mut object["spec"], patch);
            object
        };
        let refusal = api.replaced(&with(&bad), "").unwrap_err();
        let [(at, message)] = refusal.causes.as_slice() else { panic!("{refusal:?}") };
        assert!(at == field && message.ends_with(said), "{bad}: {refusal:?}");
        api.replaced(&with(&good), "").unwrap();
        assert_eq!(policy::check(&with(&bad).to_string()).err(), None);
    }
}

/// `null` is an absent field to both.
#[test]
fn null_says_nothing() {
    let api = Api::of(defined());
    let mut grant = renamed("Grant", "with-null");
    grant["spec"]["to"]["cidrs"] = json!(null);
    let mut tenant = renamed("Tenant", "with-null");
    tenant["spec"]["contact"] = json!(null);
    tenant["spec"]["namespaces"]["limit"] = json!(null);
    tenant["spec"]["seal"] = json!(null);
    let mut neither = renamed("Grant", "neither");
    neither["spec"]["to"]["tenant"] = json!(null);
    let answers = api.tried(&[grant.clone(), tenant.clone(), neither.clone()]);
    let stored: Vec<&Value> =
        answers[..2].iter().map(|own| &own.as_ref().unwrap()["spec"]).collect();
    for (object, stored) in [&grant, &tenant].iter().zip(stored) {
        let mut expect = object["spec"].clone();
        json_patch::merge(&mut expect, &object["spec"]);
        assert_eq!(*stored, expect);
        assert_eq!(policy::check(&object.to_string()).err(), None);
    }
    assert!(answers[2].is_err() && policy::check(&neither.to_string()).is_err());
}

/// Every status that we write is taken as it is, is read back, and is what people see.
#[test]
fn a_status_is_kept_and_shown() {
    let (admin, now) = (defined(), "2027-02-20T00:00:00Z".parse::<Timestamp>().unwrap());
    let api = Api::of(admin);
    let source = Source { name: "whole.yaml".to_owned(), text: WHOLE.to_owned() };
    let documents = load(&[source]).unwrap();
    let tenants = documents.resolve();
    let mut own: BTreeMap<&str, Value> = BTreeMap::new();
    for (kind, name) in [("Tenant", "shown"), ("Exemption", "shown"), ("Grant", "shown")] {
        own.insert(kind, api.created(&renamed(kind, name)));
    }
    let mut status = documents.tenant_status("alpha", now).unwrap();
    status.count_namespaces(3, vec!["alpha-b".to_owned()]);
    // More than a document may say.
    let quota = (0..200).map(|index| (format!("k{index}"), "1".parse().unwrap()));
    status.effective_profile.as_mut().unwrap().quota = Some(quota.collect());
    let said = |kind, status| Said { kind, status, reason: "AsExpected", message: "so".to_owned() };
    let all = vec![
        said("Ready", Truth::True),
        said("Sealed", Truth::False),
        said("Isolated", Truth::Unknown),
    ];
    status.conditions = conditions(all, Some(1), &[], now);
    let of = |kind: &str| own[kind].clone();
    let exemption: documents::Exemption = serde_json::from_value(of("Exemption")).unwrap();
    let grant: documents::Grant = serde_json::from_value(of("Grant")).unwrap();
    let written = [
        ("Tenant", json!(status)),
        ("Exemption", json!(exemption_status(&exemption, &tenants, &[], now))),
        ("Grant", json!(grant_status(&grant, &tenants, &[], now))),
    ];
    for (kind, status) in written {
        let mut object = of(kind);
        object["status"] = status.clone();
        // A status is written by its own way alone.
        let without = api.replaced(&object, "").unwrap();
        assert_eq!(without.get("status"), None);
        let kept = api.replaced(&object, "/status").unwrap();
        assert_eq!(kept["status"], status, "{kind}");
        assert_eq!(policy::check(&kept.to_string()).err(), None);
    }
    let wait = ["wait", "--for=condition=Ready", "tn/shown", "--timeout=10s"];
    admin.kubectl(&wait).success();
    let mut listed = String::new();
    for kind in ["tn", "exm", "gr"] {
        listed += &admin.kubectl(&["get", kind, "shown"]).success();
    }
    assert_snapshot!("listed", without_age(&listed));
    let all = admin.kubectl(&["get", "ringfence", "--output=name"]).success();
    for name in ["tenant", "exemption", "grant"] {
        assert!(all.contains(&format!("{name}.ringfence.dev/shown\n")), "{all}");
    }
}

/// How long ago something was made is another each time.
fn without_age(table: &str) -> String {
    let line = |line: &str| {
        let (rest, age) = line.trim_end().rsplit_once("   ").unwrap();
        let age = if age.trim() == "AGE" { "AGE" } else { "0s" };
        format!("{}   {age}\n", rest.trim_end())
    };
    table.lines().map(line).collect()
}

#[test]
fn fields_are_explained() {
    let admin = defined();
    let explain = |field: &str| admin.kubectl(&["explain", field]).success();
    assert_snapshot!("explained", explain("tenant.spec.namespaces"));
    assert_snapshot!("explained_kind", explain("gr.spec.from"));
    for kind in ["platform", "profile", "tn", "exemption", "grant"] {
        let text = explain(&format!("{kind}.spec"));
        assert!(!text.contains("<no description>"), "{text}");
    }
}

/// Nobody who asks for something of Kubernetes' own is shown something of ours.
#[test]
fn no_name_of_ours_is_a_builtin_one() {
    let api = Api::of(defined());
    let groups = api.read(vec!["/apis".to_owned()]).remove(0);
    let groups = groups["groups"].as_array().unwrap().iter();
    let paths = groups.map(|group| {
        format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap())
    });
    let paths: Vec<String> = paths.chain(["/api/v1".to_owned()]).collect();
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, list) in paths.clone().iter().zip(api.read(paths)) {
        let resources = list["resources"].as_array().unwrap().iter();
        for own in resources.filter(|own| !own["name"].as_str().unwrap().contains('/')) {
            let short = own["shortNames"].as_array().into_iter().flatten();
            let all = [&own["name"], &own["singularName"]].into_iter().chain(short);
            let categories = own["categories"].as_array().into_iter().flatten();
            let ours = path.contains("ringfence.dev");
            for name in all.chain(categories.filter(|_| !ours)).filter_map(Value::as_str) {
                names.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    let of_ours = |paths: &Vec<String>| paths.iter().any(|path| path.contains("ringfence.dev"));
    let ours: Vec<_> = names.iter().filter(|(_, paths)| of_ours(paths)).collect();
    assert_eq!(ours.len(), 15, "{ours:?}");
    let shared: Vec<_> = ours.iter().filter(|(_, paths)| paths.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert!(!names.contains_key("ringfence") && names.contains_key("netpol"));
}
