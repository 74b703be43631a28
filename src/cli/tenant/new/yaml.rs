//! A Tenant as people write it: people in one line each, everything else on lines of its own.

use serde_json::{Map, Value, json};

use crate::policy::documents::{API_VERSION, Tenant};

/// The keys that people write first, in their order; others follow.
const FIRST: [&str; 12] = [
    "contact",
    "profile",
    "owners",
    "members",
    "namespaces",
    "limit",
    "prefix",
    "names",
    "labels",
    "kind",
    "name",
    "namespace",
];

/// The document.
pub(super) fn document(tenant: &Tenant) -> String {
    let name = tenant.metadata.name.as_deref().unwrap_or_default();
    let mut text = format!(
        "apiVersion: {API_VERSION}\nkind: Tenant\nmetadata:\n  name: {}\nspec:",
        scalar(&json!(name))
    );
    match json!(tenant.spec) {
        Value::Object(spec) if !spec.is_empty() => {
            text.push('\n');
            block(&mut text, &spec, 1);
        }
        _ => text.push_str(" {}\n"),
    }
    text
}

/// The fields of a map, each on a line of its own.
fn block(text: &mut String, map: &Map<String, Value>, depth: usize) {
    let indent = "  ".repeat(depth);
    for (key, value) in ordered(map) {
        let key = scalar(&json!(key));
        match value {
            Value::Object(map) if !map.is_empty() => {
                text.push_str(&format!("{indent}{key}:\n"));
                block(text, map, depth + 1);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                text.push_str(&format!("{indent}{key}:\n"));
                let line = |item: &Value| format!("{indent}- {}\n", flow(item));
                text.extend(items.iter().map(line));
            }
            value => text.push_str(&format!("{indent}{key}: {}\n", flow(value))),
        }
    }
}

/// A value in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let fields = ordered(map).into_iter();
            let fields =
                fields.map(|(key, value)| format!("{}: {}", scalar(&json!(key)), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        value => scalar(value),
    }
}

/// A text stands as it is where nothing else can be read from it, else as JSON writes it.
fn scalar(value: &Value) -> String {
    const WORDS: [&str; 12] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan", "infinity"];
    match value.as_str() {
        Some(text)
            if text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.chars().all(|own| own.is_ascii_alphanumeric() || "-_./".contains(own))
                && !WORDS.contains(&text.to_ascii_lowercase().as_str()) =>
        {
            text.to_owned()
        }
        _ => value.to_string(),
    }
}

fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by_key(|(key, _)| place(key));
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::objects::yaml;

    fn read(text: &str) -> Value {
        let documents = yaml::documents(text);
        assert_eq!(documents.len(), 1, "{text}");
        documents.into_iter().next().unwrap().unwrap().to_value()
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(
            contact in "\\PC{1,12}",
            user in prop_oneof!["\\PC{1,12}", "[a-z0-9:.+_-]{1,6}", "(yes|No|null|~|0x1F|1e3|\\.5|<<|=)"],
            key in "[a-zA-Z0-9]{1,5}",
            value in "[a-zA-Z0-9]{0,5}",
        ) {
            let spec = json!({
                "contact": contact,
                "owners": [{"kind": "User", "name": user}],
                "namespaces": {"limit": 3, "names": ["on", "a-b"], "labels": {key: value}},
            });
            let tenant = super::super::tenant("on", serde_json::from_value(spec).unwrap());
            let text = document(&tenant);
            prop_assert_eq!(read(&text), json!(tenant), "{}", text);
        }
    }

    #[test]
    fn one_that_says_nothing_is_a_document_too() {
        let tenant = super::super::tenant("empty", Default::default());
        assert_eq!(read(&document(&tenant)), json!(tenant));
    }
}
