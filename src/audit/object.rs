//! From texts to objects.

use serde_json::Value;

use crate::objects::yaml;
use crate::objects::yaml::Document;

/// A text and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// A path, or `-`.
    pub source: String,
    /// YAML or JSON.
    pub text: String,
}

/// One object of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it comes from.
    pub source: String,
    /// The line that it begins on.
    pub line: usize,
    /// It, as JSON.
    pub json: String,
}

/// A document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it comes from.
    pub source: String,
    /// The line at fault.
    pub line: usize,
    /// The column at fault, where there is one.
    pub column: Option<usize>,
    /// What is wrong, as it was found: it may quote what a user wrote.
    pub message: String,
}

/// Every object of an input, Lists taken apart, and every document that could not be read.
#[must_use]
pub fn items(input: &Input) -> (Vec<Item>, Vec<Problem>) {
    let mut items = Vec::new();
    let mut problems = Vec::new();
    for document in yaml::documents(&input.text) {
        match document {
            Ok(document) => {
                take_apart((&input.source, &document), "", &document.to_value(), &mut items)
            }
            Err(error) => problems.push(Problem {
                source: input.source.clone(),
                line: error.span.line,
                column: Some(error.span.column),
                message: error.to_string(),
            }),
        }
    }
    (items, problems)
}

/// As kubectl does it: what has a list of items is a list, and its items may be lists again.
fn take_apart(
    of @ (source, document): (&str, &Document),
    at: &str,
    value: &Value,
    items: &mut Vec<Item>,
) {
    let Some(list) = value.get("items").and_then(Value::as_array) else {
        let line = document.span_of(at).map_or(document.line, |at| at.line);
        items.push(Item { source: source.to_owned(), line, json: value.to_string() });
        return;
    };
    for (index, item) in list.iter().enumerate() {
        take_apart(of, &format!("{at}/items/{index}"), &typed(item, value), items);
    }
}

/// An item with its kind, which typed lists such as PodList leave out of their items.
fn typed(item: &Value, list: &Value) -> Value {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut item = item.clone();
    let named = |key: &str| text(&item, key).is_some_and(|value| !value.is_empty());
    if named("kind") && named("apiVersion") {
        return item;
    }
    let kind = text(list, "kind").unwrap_or_default();
    let version = text(list, "apiVersion");
    if let (Some(object), Some(kind), Some(version)) =
        (item.as_object_mut(), kind.strip_suffix("List"), version)
    {
        object.insert("kind".to_owned(), Value::from(kind));
        object.insert("apiVersion".to_owned(), Value::from(version));
    }
    item
}
