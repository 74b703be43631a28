//! How much a list, a map or a text may hold. The definitions of our kinds say it, and a file is held to
//! what a cluster would take.

use std::sync::LazyLock;

use serde_json::Value;

use super::documents::definitions;
use crate::objects::yaml::{Kind, Node, Span};

static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(definitions);

/// What in the `spec` of a kind holds more or less than it may.
pub(super) fn broken(kind: &str, spec: &Node) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    let definition = DEFINITIONS.iter().find(|own| text(own, "/spec/names/kind") == Some(kind));
    let schema = definition.and_then(|own| own.pointer(SPEC));
    schema.into_iter().for_each(|schema| walk(schema, spec, &mut found));
    found
}

const SPEC: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn walk(schema: &Value, node: &Node, found: &mut Vec<(Span, String)>) {
    let bound = |keyword: &str| {
        let number = schema.get(keyword).and_then(Value::as_u64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    let more = |count: usize, keyword: &str| bound(keyword).filter(|most| count > *most);
    let mut add = |message: String| found.push((node.span.clone(), message));
    match &node.kind {
        Kind::List(items) => {
            if items.is_empty() && bound("minItems").is_some_and(|least| least > 0) {
                add("this list must not be empty".to_owned());
            }
            if let Some(most) = more(items.len(), "maxItems") {
                add(format!("this list has {} items, more than {most}", items.len()));
            }
            for (item, schema) in items.iter().zip(std::iter::repeat(schema.get("items"))) {
                schema.into_iter().for_each(|schema| walk(schema, item, found));
            }
        }
        Kind::Map(entries) => {
            if let Some(most) = more(entries.len(), "maxProperties") {
                add(format!("this map has {} keys, more than {most}", entries.len()));
            }
            for entry in entries {
                let named = schema.get("properties").and_then(|named| named.get(&entry.key));
                let schema = named.or_else(|| schema.get("additionalProperties"));
                schema.into_iter().for_each(|schema| walk(schema, &entry.value, found));
            }
        }
        Kind::String(text) => {
            let length = text.chars().count();
            if let Some(most) = more(length, "maxLength") {
                add(format!("this text has {length} characters, more than {most}"));
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}
