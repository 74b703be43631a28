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
    /// What is wrong.
    pub message: String,
}

/// Every object of an input, Lists taken apart, and every document that could not be read.
#[must_use]
pub fn items(input: &Input) -> (Vec<Item>, Vec<Problem>) {
    let mut items = Vec::new();
    let mut problems = Vec::new();
    for document in yaml::documents(&input.text) {
        match document {
            Ok(document) => take_apart(&input.source, &document, &mut items),
            Err(error) => problems.push(Problem {
                source: input.source.clone(),
                line: error.span.line,
                message: error.to_string(),
            }),
        }
    }
    (items, problems)
}

fn take_apart(source: &str, document: &Document, items: &mut Vec<Item>) {
    let value = document.to_value();
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or("");
    let list = value.get("items").and_then(Value::as_array).filter(|_| kind.ends_with("List"));
    let source = source.to_owned();
    let Some(list) = list else {
        items.push(Item { source, line: document.line, json: document.to_json() });
        return;
    };
    // A typed list such as PodList leaves the kind of its items out.
    let of_items = kind.strip_suffix("List").unwrap_or("");
    for (index, item) in list.iter().enumerate() {
        let line = document.span_of(&format!("/items/{index}")).map_or(document.line, |at| at.line);
        let mut item = item.clone();
        if let Some(object) = item.as_object_mut()
            && !of_items.is_empty()
        {
            object.entry("kind").or_insert_with(|| Value::from(of_items));
            let version = value.get("apiVersion").cloned().unwrap_or_default();
            object.entry("apiVersion").or_insert(version);
        }
        items.push(Item { source: source.clone(), line, json: item.to_string() });
    }
}
