//! The kinds as an API server is told of them.

use kube::CustomResourceExt as _;
use serde_json::{Map, Number, Value};

use super::{Exemption, Grant, Platform, Profile, Tenant};

/// The CustomResourceDefinitions of all kinds, as JSON, each made when it is asked for.
pub fn definitions() -> impl Iterator<Item = Value> {
    let kinds = [Platform::crd, Profile::crd, Tenant::crd, Exemption::crd, Grant::crd];
    kinds.into_iter().map(|crd| {
        // A definition always serializes.
        let mut crd = serde_json::to_value(crd()).unwrap_or_default();
        plain(&mut crd);
        if let Some(status) = crd.pointer_mut(STATUS) {
            unbound(status);
        }
        crd
    })
}

const STATUS: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/status";

/// What a status may not say stands in the documents that it follows from. Of two within their bounds,
/// what they come to may be beyond them, and it must still be told.
fn unbound(schema: &mut Value) {
    const BOUNDS: [&str; 9] = [
        "maximum",
        "minimum",
        "maxItems",
        "minItems",
        "maxLength",
        "minLength",
        "maxProperties",
        "pattern",
        "x-kubernetes-validations",
    ];
    let Some(schema) = schema.as_object_mut() else { return };
    schema.retain(|keyword, _| !BOUNDS.contains(&keyword.as_str()));
    for keyword in ["items", "additionalProperties"] {
        schema.get_mut(keyword).into_iter().for_each(unbound);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).for_each(unbound);
}

/// Leaves out what the generator adds, and says each thing as one would by hand.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            without_nulls(map);
            if let Some(Value::String(text)) = map.get_mut("description") {
                // The lines of the source are not those of who reads it.
                *text = text.replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n");
            }
            map.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Number(number) => {
            // Bounds come as `1.0`.
            let whole = number.as_f64().filter(|float| float.fract() == 0.0 && number.is_f64());
            if let Some(whole) = whole {
                *number = Number::from(whole as i64);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// To us `null` is an absent field. Where a schema does not take it the API server leaves it out, so that
/// no expression sees a field that is there and says nothing.
fn without_nulls(map: &mut Map<String, Value>) {
    if map.get("nullable").is_some_and(Value::is_boolean) {
        map.remove("nullable");
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
