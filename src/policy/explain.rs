//! serde's messages in the words of who wrote the document.

use super::report::did_you_mean;
use crate::objects::yaml::{Kind, Node};

/// A mistake, for people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Explained {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The field that is missing, where one is.
    pub(super) missing: Option<String>,
    /// The key that is meant, where it is not the value.
    pub(super) at_key: Option<String>,
}

/// What serde says of a node, which is the value of `key` or the map that holds it.
pub(super) fn explain(said: &str, node: &Node, key: Option<&str>) -> Explained {
    if let Some(field) = quoted_after(said, "unknown field ") {
        return unknown(field, said, "there is no field", Some(field.to_owned()));
    }
    if let Some(variant) = quoted_after(said, "unknown variant ") {
        let choice = said.split_once(", expected ").map_or("", |(_, choice)| choice);
        let choice = choice.strip_prefix("one of ").unwrap_or(choice);
        let help = did_you_mean(variant, quoted(choice));
        let message = format!("`{variant}` is not one of {choice}");
        return Explained { message, help, ..Explained::default() };
    }
    if let Some(field) = quoted_after(said, "missing field ") {
        let message = format!("`{field}` is missing");
        return Explained { message, missing: Some(field.to_owned()), ..Explained::default() };
    }
    if let Some((found, expected)) = said
        .strip_prefix("invalid type: ")
        .or_else(|| said.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "))
    {
        return wrong_type(found, expected, node);
    }
    let meant = |word: &&str| {
        node.entry(word).is_some()
            || (key == Some(word) && node.kind != Kind::String((*word).to_owned()))
    };
    let at_key = quoted(said).next().filter(meant).map(str::to_owned);
    let help = quoted(said)
        .next()
        .and_then(|word| did_you_mean(word, super::values::FIELDS.iter().copied()));
    let help = help.filter(|_| said.contains("tenants could loosen"));
    Explained { message: said.to_owned(), help, missing: None, at_key }
}

fn unknown(word: &str, said: &str, message: &str, at_key: Option<String>) -> Explained {
    let choice = said.split_once(", expected ").map_or("", |(_, choice)| choice);
    let help = did_you_mean(word, quoted(choice)).or_else(|| {
        (!choice.is_empty()).then(|| {
            format!(
                "there are {}",
                quoted(choice).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            )
        })
    });
    Explained { message: format!("{message} `{word}`"), help, missing: None, at_key }
}

fn wrong_type(found: &str, expected: &str, node: &Node) -> Explained {
    let expected = match expected {
        "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        "i64" | "u64" | "u32" | "u16" => "a whole number",
        other if other.starts_with("struct ") || other == "a map" => "a map",
        other if other.starts_with("enum ") || other == "string or map" => "a string",
        other => other,
    };
    let found = match &node.kind {
        Kind::Null => "nothing".to_owned(),
        Kind::Bool(value) => format!("the boolean `{value}`"),
        Kind::Number(value) => format!("the number `{value}`"),
        Kind::String(value) => format!("the string `{value}`"),
        Kind::List(_) if found == "sequence" => "a list".to_owned(),
        Kind::Map(_) if found == "map" => "a map".to_owned(),
        Kind::List(_) | Kind::Map(_) => found.to_owned(),
    };
    let help = match (&node.kind, expected) {
        (Kind::Bool(_), "a string") => {
            Some("YAML takes on, off, yes, no, y and n for booleans: put it in quotes".to_owned())
        }
        (Kind::Number(_), "a string") => Some("put it in quotes".to_owned()),
        _ => None,
    };
    let message = format!("{expected} must stand here, not {found}");
    Explained { message, help, ..Explained::default() }
}

/// The word in backticks that follows `start`.
fn quoted_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_prefix('`')?.split('`').next()
}

/// Every word in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
