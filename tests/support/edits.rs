//! Makes the edits that a fix asks for.

use ringfence::domain::{Edit, EditValue, Finding};
use serde_json::{Value, json};

use super::pods::put;

/// The object with every edit of every finding made: what is set first, what is removed last and
/// from the end of lists, so that no edit moves another's place.
pub fn fixed(object: &Value, findings: &[&Finding]) -> Value {
    let mut object = object.clone();
    let edits = || findings.iter().flat_map(|finding| &finding.fix.edits);
    for edit in edits() {
        if let Edit::Set(path, value) = edit {
            put(&mut object, &path.pointer(), json_of(value));
        }
    }
    let mut removals: Vec<String> = edits()
        .filter_map(|edit| match edit {
            Edit::Remove(path) | Edit::Discard(path) => Some(path.pointer()),
            Edit::Set(..) => None,
        })
        .collect();
    removals.sort_by_key(|pointer| std::cmp::Reverse(sort_key(pointer)));
    removals.dedup();
    for pointer in removals {
        remove(&mut object, &pointer);
    }
    object
}

fn sort_key(pointer: &str) -> Vec<(usize, String)> {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| (step.parse().unwrap_or(0), step.to_owned())).collect()
}

fn json_of(value: &EditValue) -> Value {
    match value {
        EditValue::Bool(value) => json!(value),
        EditValue::Number(value) => json!(value),
        EditValue::Text(value) => json!(value),
        EditValue::List(values) => json!(values),
        EditValue::EmptyObject => json!({}),
    }
}

fn remove(object: &mut Value, pointer: &str) {
    let (parent, step) = pointer.rsplit_once('/').unwrap();
    let step = step.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&step);
        }
        Some(Value::Array(items)) => {
            let index: usize = step.parse().unwrap();
            if index < items.len() {
                items.remove(index);
            }
        }
        _ => {}
    }
}
