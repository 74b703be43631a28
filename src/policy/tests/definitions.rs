//! The definitions of our kinds, as far as they can be judged without an API server.

use serde_json::{Value, json};

use crate::policy::documents::definitions;

/// Every schema below one, with its path, itself first.
fn schemas<'a>(path: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    found.push((path.to_owned(), schema));
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        schemas(&format!("{path}.{name}"), below, found);
    }
    for (keyword, step) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(below) = schema.get(keyword) {
            schemas(&format!("{path}{step}"), below, found);
        }
    }
}

fn all(definition: &Value) -> Vec<(String, &Value)> {
    let kind = definition["spec"]["names"]["kind"].as_str().unwrap();
    let mut found = Vec::new();
    schemas(kind, &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &mut found);
    found
}

#[test]
fn every_field_is_described() {
    let mut described = 0;
    for definition in definitions() {
        for (path, schema) in all(&definition) {
            if path.ends_with(']') || path.ends_with('}') {
                continue;
            }
            let text = schema["description"].as_str().unwrap_or_else(|| panic!("{path}"));
            let sentence = text.ends_with('.') && !text.contains('\n') && text.len() > 3;
            assert!(sentence, "{path}: {text:?}");
            described += 1;
        }
    }
    assert!(described > 200, "{described}");
}

#[test]
fn no_field_has_a_default_and_none_takes_null() {
    for definition in definitions() {
        for (path, schema) in all(&definition) {
            for keyword in ["default", "nullable", "anyOf", "oneOf", "allOf", "$ref"] {
                assert_eq!(schema.get(keyword), None, "{path} {keyword}");
            }
            let typed =
                schema["type"].is_string() != schema["x-kubernetes-int-or-string"].is_boolean();
            assert!(typed, "{path}");
            let of_status = path.contains(".status");
            for keyword in ["x-kubernetes-validations", "maxItems", "pattern", "maximum"] {
                assert!(!of_status || schema.get(keyword).is_none(), "{path} {keyword}");
            }
        }
    }
}

#[test]
fn each_kind_says_how_it_is_listed() {
    let mut listed = Vec::new();
    for definition in definitions() {
        let (names, version) = (&definition["spec"]["names"], &definition["spec"]["versions"][0]);
        assert_eq!(names["categories"], json!(["ringfence"]));
        assert_eq!(definition["spec"]["scope"], "Cluster");
        let columns = version["additionalPrinterColumns"].as_array().unwrap().iter();
        let columns: Vec<&str> = columns.map(|own| own["name"].as_str().unwrap()).collect();
        let status = version["subresources"].get("status").is_some();
        let short = names["shortNames"][0].as_str().unwrap();
        listed.push(format!("{short} {status} {}", columns.join(" ")));
    }
    let expect = [
        "plat true Rehearsal Ready Age",
        "prof true Ready Age",
        "tn true Profile Ready Sealed Isolated Namespaces Age",
        "exm true Tenant State Expires Age",
        "gr true From To State Expires Age",
    ];
    assert_eq!(listed, expect);
}
