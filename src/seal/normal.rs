//! What an object says, in one form for all that mean the same to the API server.
//!
//! It fills in what is absent (`SetDefaults_NetworkPolicy`, `SetDefaults_NetworkPolicyPort`,
//! `SetDefaults_Subject`, `SetDefaults_RoleBinding` of kubernetes 1.37), leaves out lists and maps that are
//! empty where that is no other meaning, and writes amounts in its own way. The order of lists stays: it keeps
//! it. What nobody knows here stays too, so that it is a difference.

use serde_json::{Map, Value, json};

use crate::policy::values::Quantity;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Maps of which an empty one says the same as none: releases of Calico differ in whether they write a `source`
/// that says nothing. An empty selector is not among them: it selects all.
const MAPS: [&str; 9] = [
    "matchLabels",
    "hard",
    "default",
    "defaultRequest",
    "max",
    "min",
    "maxLimitRequestRatio",
    "source",
    "destination",
];

/// Maps of amounts.
const AMOUNTS: [&str; 6] =
    ["hard", "default", "defaultRequest", "max", "min", "maxLimitRequestRatio"];

/// What an object of a kind says, without its metadata and its status.
pub(super) fn normal(kind: &str, object: &Value) -> Value {
    let keys: &[&str] = match kind {
        "RoleBinding" | "ClusterRoleBinding" => &["roleRef", "subjects"],
        // A policy of Cilium's may say several things.
        "CiliumClusterwideNetworkPolicy" => &["spec", "specs"],
        _ => &["spec"],
    };
    let taken = keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(*key)?.clone())));
    let mut said = Value::Object(taken.collect());
    compact(&mut said);
    match kind {
        "NetworkPolicy" => policy(&mut said),
        "ResourceQuota" | "LimitRange" => amounts(&mut said),
        "RoleBinding" | "ClusterRoleBinding" => binding(&mut said),
        // Of what a CustomResourceDefinition describes nothing is filled in.
        _ => {}
    }
    said
}

/// Takes away what is there and says nothing.
fn compact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(compact);
            map.retain(|key, value| match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(inner) => !inner.is_empty() || !MAPS.contains(&key.as_str()),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(compact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn policy(said: &mut Value) {
    let Some(spec) = map_of(said, "spec") else { return };
    spec.entry("podSelector").or_insert_with(|| json!({}));
    let types = match spec.get("egress") {
        Some(_) => json!(["Ingress", "Egress"]),
        None => json!(["Ingress"]),
    };
    spec.entry("policyTypes").or_insert(types);
    for direction in ["ingress", "egress"] {
        for rule in list_of(spec, direction).filter_map(Value::as_object_mut) {
            for port in list_of(rule, "ports").filter_map(Value::as_object_mut) {
                port.entry("protocol").or_insert_with(|| json!("TCP"));
            }
        }
    }
}

fn amounts(said: &mut Value) {
    match said {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Object(inner) if AMOUNTS.contains(&key.as_str()) => {
                        inner.values_mut().for_each(amount);
                    }
                    value => amounts(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(amounts),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What cannot be read stays as it is written.
pub(super) fn amount(value: &mut Value) {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return,
    };
    if let Ok(quantity) = text.parse::<Quantity>() {
        *value = Value::String(quantity.canonical());
    }
}

fn binding(said: &mut Value) {
    let Some(said) = said.as_object_mut() else { return };
    let role = said.get_mut("roleRef").and_then(Value::as_object_mut);
    if let Some(role) = role {
        group(role, RBAC);
    }
    for subject in list_of(said, "subjects").filter_map(Value::as_object_mut) {
        let account = subject.get("kind").is_some_and(|kind| kind == "ServiceAccount");
        group(subject, if account { "" } else { RBAC });
        if subject.get("namespace").is_some_and(|namespace| namespace == "") {
            subject.remove("namespace");
        }
    }
}

fn group(of: &mut Map<String, Value>, absent: &str) {
    let given = of.get("apiGroup").is_some_and(|group| group != "");
    if !given {
        of.insert("apiGroup".to_owned(), json!(absent));
    }
}

fn map_of<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Map<String, Value>> {
    value.get_mut(key)?.as_object_mut()
}

fn list_of<'a>(map: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Value> {
    map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}
