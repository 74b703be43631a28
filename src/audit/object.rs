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
    /// The document of the input that holds it, by number.
    pub document: usize,
    /// Where in the document: RFC 6901.
    pub at: String,
    /// It, as JSON.
    pub json: String,
}

/// What an input holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Read {
    /// Its documents, to find places in.
    pub(super) documents: Vec<Document>,
    /// Its objects, Lists taken apart.
    pub(super) items: Vec<Item>,
    /// What could not be read.
    pub(super) problems: Vec<Problem>,
}

/// Something that a reader of the results must know and that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub source: String,
    /// It.
    pub text: String,
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
    let Read { items, problems, .. } = read(input);
    (items, problems)
}

/// The same, with the documents to find places in.
pub(super) fn read(input: &Input) -> Read {
    let mut read = Read::default();
    for document in yaml::documents(&input.text) {
        match document {
            Ok(document) => {
                take_apart(&input.source, read.documents.len(), &document, &mut read.items);
                read.documents.push(document);
            }
            Err(error) => read.problems.push(Problem {
                source: input.source.clone(),
                line: error.span.line,
                column: Some(error.span.column),
                message: error.to_string(),
            }),
        }
    }
    read
}

fn take_apart(source: &str, number: usize, document: &Document, items: &mut Vec<Item>) {
    flatten(&document.to_value(), "", &mut |pointer, object| {
        let line = document.span_of(pointer).map_or(document.line, |at| at.line);
        items.push(Item {
            source: source.to_owned(),
            line,
            document: number,
            at: pointer.to_owned(),
            json: object.to_string(),
        });
    });
}

/// The objects that kubectl sends of a document, as its decoder without types finds them: what has
/// `items` is a list, whatever its kind says. What is not called a list is given too, because other
/// clients send it as it is; and so is what lists in lists hold, which kubectl itself refuses.
fn flatten(value: &Value, pointer: &str, found: &mut dyn FnMut(&str, &Value)) {
    let Some(list) = value.get("items").and_then(Value::as_array) else {
        return found(pointer, value);
    };
    let kind = word(value, "kind");
    let of_items = kind.strip_suffix("List");
    if of_items.is_none() {
        found(pointer, value);
    }
    for (index, item) in list.iter().enumerate() {
        let mut item = item.clone();
        // A list such as a PodList may leave out what its items are.
        let named = !kind.is_empty() && kind != "List";
        let nameless = word(&item, "kind").is_empty() && word(&item, "apiVersion").is_empty();
        if let Some(object) = item.as_object_mut().filter(|_| named && nameless) {
            object.insert("kind".to_owned(), Value::from(of_items.unwrap_or(kind)));
            object.insert("apiVersion".to_owned(), Value::from(word(value, "apiVersion")));
        }
        flatten(&item, &format!("{pointer}/items/{index}"), found);
    }
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(usize, &str)]) {
        let input = Input { source: "-".to_owned(), text: text.to_owned() };
        let Read { items, problems, .. } = read(&input);
        let found: Vec<_> = items.iter().map(|item| (item.line, item.json.as_str())).collect();
        assert_eq!((&found[..], problems), (expect, Vec::new()), "{text}");
    }

    #[test]
    fn what_has_items_is_a_list() {
        check(
            "kind: List\nitems:\n- kind: A\n- kind: List\n  items:\n  - kind: B\n",
            &[(3, r#"{"kind":"A"}"#), (6, r#"{"kind":"B"}"#)],
        );
        check("kind: List\nitems: []\n", &[]);
        check(
            "kind: A\nitems: [{kind: B}]\n",
            &[(1, r#"{"items":[{"kind":"B"}],"kind":"A"}"#), (2, r#"{"kind":"B"}"#)],
        );
        check("kind: A\nitems: null\n", &[(1, r#"{"items":null,"kind":"A"}"#)]);
        check("- kind: A\n", &[(1, r#"[{"kind":"A"}]"#)]);
    }

    #[test]
    fn a_typed_list_names_its_items() {
        check(
            "apiVersion: v1\nkind: AList\nitems:\n- a: 1\n- kind: B\n- apiVersion: v2\n",
            &[
                (4, r#"{"a":1,"apiVersion":"v1","kind":"A"}"#),
                (5, r#"{"kind":"B"}"#),
                (6, r#"{"apiVersion":"v2"}"#),
            ],
        );
        check(
            "kind: List\nitems: [{kind: BList, apiVersion: v1, items: [{a: 1}]}]\n",
            &[(2, r#"{"a":1,"apiVersion":"v1","kind":"B"}"#)],
        );
    }
}
