//! YAML: what is read, read again, and edited in its text.

use ringfence::domain::{Edit, EditValue, FieldPath};
use ringfence::objects::yaml::{Document, Kind, Node, documents, edited, part};
use serde_json::{Value, json};

use super::dice::{self, Dice};
use super::schema::{POD, encoded};
use super::styles::Style;

/// A text with documents.
pub fn run(data: &[u8]) {
    let text = dice::input(data, styled);
    let mut dice = Dice::new(data.get(data.len().saturating_sub(8)..).unwrap_or_default());
    for read in documents(&text) {
        match read {
            Err(error) => {
                let at = &error.span;
                assert!(at.line >= 1 && at.column >= 1 && !error.message.is_empty());
                assert!(text.get(at.bytes.clone()).is_some(), "{at:?} of {text:?}");
            }
            Ok(document) => {
                assert!(text.get(document.bytes.clone()).is_some(), "{text:?}");
                places(&text, &document.root);
                again(&document);
                edit(&text, &document, &mut dice);
            }
        }
    }
}

/// An object in any style that YAML has.
fn styled(dice: &mut Dice<'_>) -> String {
    let style: Vec<u8> = (0..8).map(|_| dice.byte()).collect();
    let object = POD.made(dice).to_string();
    let object = encoded(&POD, &object).unwrap_or_else(|| json!({"a": object}));
    Style::new(&style).document(&object)
}

fn places(text: &str, node: &Node) {
    let at = &node.span;
    assert!(at.line >= 1 && at.column >= 1, "{text:?}");
    assert!(text.get(at.bytes.clone()).is_some(), "{at:?} of {text:?}");
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| places(text, item)),
        Kind::Map(entries) => entries.iter().for_each(|entry| {
            assert!(text.get(entry.key_span.bytes.clone()).is_some(), "{text:?}");
            places(text, &entry.value);
        }),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}

/// What is read, written as JSON, means the same.
fn again(document: &Document) {
    let value = document.to_value();
    let pretty = serde_json::to_string_pretty(&value).expect("a value can be written");
    // Anything but an object is read as YAML, which knows other strings than JSON.
    for json in [document.to_json(), pretty].iter().filter(|_| value.is_object()) {
        let read = documents(json);
        let values: Vec<_> =
            read.iter().map(|read| read.as_ref().map(Document::to_value)).collect();
        assert_eq!(values, [Ok(value.clone())], "{json}");
    }
}

fn edit(text: &str, document: &Document, dice: &mut Dice<'_>) {
    let mut paths = Vec::new();
    collect(&document.root, &FieldPath::root(), &mut paths);
    let mut path = dice.one(&paths).clone();
    if dice.byte().is_multiple_of(3) {
        path = path.field("added").key(["a/b~c", "", "0", "ä"][dice.below(4)]);
    }
    if path == FieldPath::root() {
        return;
    }
    let value = match dice.byte() % 6 {
        0 => EditValue::Bool(true),
        1 => EditValue::Number(1000),
        2 => EditValue::Text(["x", "yes", "a: b", "#", "\u{85}\n", "~"][dice.below(6)].into()),
        3 => EditValue::List(vec!["ALL".into(), "null".into()]),
        4 => EditValue::List(Vec::new()),
        _ => EditValue::EmptyObject,
    };
    let edit = match dice.byte() % 3 {
        0 => Edit::Set(path, value),
        1 => Edit::Remove(path),
        _ => Edit::Discard(path),
    };
    let _ = part(text, document, "", &[&edit]);
    let Ok(made) = edited(text, document, &[("", vec![&edit])]) else { return };
    let expect = naive(document.to_value(), &edit);
    assert_eq!(Some(&made.value), expect.as_ref(), "{edit} in {text:?}");
    let read = documents(&made.text);
    let values: Vec<_> = read.iter().map(|read| read.as_ref().map(Document::to_value)).collect();
    assert_eq!(values, [Ok(made.value)], "{edit} in {text:?} is {:?}", made.text);
}

/// The paths to every value.
fn collect(node: &Node, at: &FieldPath, into: &mut Vec<FieldPath>) {
    into.push(at.clone());
    match &node.kind {
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &at.item(index, ""), into);
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                collect(&entry.value, &at.key(&entry.key), into);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}

/// What an edit means; none where there is no place for it.
fn naive(root: Value, edit: &Edit) -> Option<Value> {
    let (path, value) = match edit {
        Edit::Set(path, value) => (path, Some(value)),
        Edit::Remove(path) | Edit::Discard(path) => (path, None),
    };
    let pointer = path.pointer();
    let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let steps: Vec<_> = steps.collect();
    let mut changed = root.clone();
    let made = match (value, steps.split_last()?) {
        (Some(value), _) => place(&mut changed, &steps).map(|place| *place = json_of(value)),
        // What is not there need not be taken away.
        (None, (last, parents)) => return Some(removed(changed, parents, last).unwrap_or(root)),
    };
    made.map(|()| changed)
}

fn place<'a>(root: &'a mut Value, steps: &[String]) -> Option<&'a mut Value> {
    let Some((first, rest)) = steps.split_first() else { return Some(root) };
    if root.is_null() {
        *root = json!({});
    }
    let next = match root {
        Value::Object(map) => map.entry(first).or_insert(Value::Null),
        Value::Array(items) => items.get_mut(first.parse::<usize>().ok()?)?,
        _ => return None,
    };
    place(next, rest)
}

fn removed(mut root: Value, parents: &[String], last: &str) -> Option<Value> {
    let mut at = &mut root;
    for step in parents {
        at = match at {
            Value::Object(map) => map.get_mut(step)?,
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match at {
        Value::Object(map) => drop(map.remove(last)?),
        Value::Array(items) => {
            let at = last.parse().ok().filter(|at: &usize| *at < items.len())?;
            items.remove(at);
        }
        _ => return None,
    }
    Some(root)
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
