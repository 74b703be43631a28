//! What a change means for the value.

use serde_json::{Map, Value, json};

use super::Change;
use crate::domain::EditValue;
use crate::objects::yaml::steps;

/// Makes a change in the value; none where there is no place for it. What is not there need not be
/// taken away.
pub(super) fn apply(root: &mut Value, change: &Change) -> Option<()> {
    let steps = steps(change.pointer())?;
    match change {
        Change::Set(_, value) => *descend(root, &steps)? = json_of(value),
        Change::Append(pointer, text) => {
            root.pointer_mut(pointer)?.as_array_mut()?.push(Value::from(text.as_str()));
        }
        Change::Remove(pointer) => {
            let (parent, _) = pointer.rsplit_once('/')?;
            let last = steps.last()?;
            match root.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.remove(last);
                }
                Some(Value::Array(items)) => {
                    if let Some(index) = last.parse().ok().filter(|at: &usize| *at < items.len()) {
                        items.remove(index);
                    }
                }
                _ => {}
            }
        }
    }
    Some(())
}

/// The place at these steps, its parents made where they are missing.
fn descend<'a>(root: &'a mut Value, steps: &[String]) -> Option<&'a mut Value> {
    steps.iter().try_fold(root, |at, step| {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        match at {
            Value::Object(map) => Some(map.entry(step.as_str()).or_insert(Value::Null)),
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    })
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
