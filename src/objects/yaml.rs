//! YAML and JSON text → what kubectl would have sent for it, with the place of every value.
//!
//! A text is split as kubectl splits it (`split`, `json`), each document is scanned into events
//! (`syntax`) and kept as written (`tree`), then anchors, merge keys, tags and plain scalars are
//! resolved (`decode`, `scalar`), all of it exactly as `sigs.k8s.io/yaml` v1.6 on
//! `go.yaml.in/yaml/v2` v2.4 does it: YAML 1.1, so `on` is true and `017` is fifteen.
//!
//! `tests/cluster/yaml.rs` holds this to kubectl's own reader, and names what we refuse although
//! kubectl reads it. An error in one document hides no other document. Deliberately absent:
//! writing YAML. What is edited (`edit`) is edited in its text.

use std::ops::Range;

pub use edit::{Edited, Part, Unedited, edited, part};

use serde_json::{Map, Number, Value};

mod decode;
mod edit;
mod json;
mod scalar;
mod split;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

/// How deep values may nest, aliases followed. Kubernetes' own objects stay below 30; the API
/// server takes 10,000, which no stack of ours need hold.
const MAX_DEPTH: usize = 256;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where something stands in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// Into the whole text. A block's range starts at its first key or dash.
    pub bytes: Range<usize>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value's place; an alias's is the alias.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// What a node is, in JSON's terms.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number where the API server would read one: `1.0` is 1.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map; keys are unique and in the order of the text.
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, as a string.
    pub key: String,
    /// The key's place.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A key that stands twice in one map: kubectl takes the later and says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// The place that is overridden.
    pub first: Span,
    /// The place that holds.
    pub second: Span,
}

/// One document of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The line of its first value, from one.
    pub line: usize,
    /// The stretch of the text that it was read from.
    pub bytes: Range<usize>,
    /// What it holds; never `null`.
    pub root: Node,
    /// Keys that were written twice.
    pub duplicates: Vec<Duplicate>,
}

/// A document that kubectl could not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Where the reader gave up.
    pub span: Span,
    /// Why, in lower case.
    pub message: String,
}

/// Every document of a text, or why it cannot be read, in order. Empty ones are left out.
#[must_use]
pub fn documents(text: &str) -> Vec<Result<Document, YamlError>> {
    // kubectl takes one byte order mark from a file.
    let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let Some(stream) = json::sniff(text, start) else {
        return split::read(text, start);
    };
    let mut found = stream.documents;
    let Some(failed) = stream.failed else {
        return found;
    };
    // After two JSON values kubectl is sure that the stream is JSON and stays with it.
    let rest = if failed.values > 1 { None } else { split::behind_space(text, failed.at) };
    let Some(rest) = rest else {
        found.push(Err(failed.error));
        return found;
    };
    let mut rest = split::read(text, rest);
    if let Some(Err(error)) = rest.first_mut()
        && found.is_empty()
    {
        let message = format!("{}; read as YAML: {error}", failed.error);
        *error = YamlError { message, ..failed.error };
    }
    found.append(&mut rest);
    found
}

impl Document {
    /// The document in JSON's terms.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.root.to_value()
    }

    /// The document as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// The node at an RFC 6901 pointer.
    #[must_use]
    pub fn node(&self, pointer: &str) -> Option<&Node> {
        steps(pointer)?.iter().try_fold(&self.root, |node, step| node.child(step))
    }

    /// The place of the value at an RFC 6901 pointer.
    #[must_use]
    pub fn span_of(&self, pointer: &str) -> Option<Span> {
        self.node(pointer).map(|node| node.span.clone())
    }

    /// The place of the key that the last step of an RFC 6901 pointer names.
    #[must_use]
    pub fn key_span_of(&self, pointer: &str) -> Option<Span> {
        let (parent, last) = pointer.rsplit_once('/')?;
        let last = last.replace("~1", "/").replace("~0", "~");
        self.node(parent)?.entry(&last).map(|entry| entry.key_span.clone())
    }
}

fn steps(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let steps = pointer.strip_prefix('/')?.split('/');
    Some(steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

impl Node {
    /// The value in JSON's terms.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(value.clone()),
            Kind::String(value) => Value::String(value.clone()),
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Map(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The entry of a map.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::List(_) => None,
        }
    }

    /// The value of a map's key or of a list's index.
    #[must_use]
    pub fn child(&self, step: &str) -> Option<&Self> {
        match &self.kind {
            Kind::List(items) => items.get(step.parse::<usize>().ok()?),
            Kind::Map(_) => self.entry(step).map(|entry| &entry.value),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => None,
        }
    }
}

/// What makes two keys of a map the same one to Go, before JSON makes strings of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    Text(String),
    Bool(bool),
    Int(i64),
    /// The bits, where zero has no sign.
    Float(u64),
    /// The one key that is not equal to itself.
    NotANumber(usize),
}

/// A map under construction: a later key overrides an earlier one in its place.
#[derive(Default)]
struct MapBuilder {
    entries: Vec<Entry>,
    places: std::collections::HashMap<Identity, usize>,
    /// Why JSON cannot say it.
    odd: Option<YamlError>,
}

impl MapBuilder {
    /// Sets a key; the place that it had before, if it had one.
    fn set(&mut self, identity: Identity, entry: Entry) -> Option<Span> {
        if let Some(held) = self.places.get(&identity).and_then(|at| self.entries.get_mut(*at)) {
            return Some(std::mem::replace(held, entry).key_span);
        }
        self.places.insert(identity, self.entries.len());
        self.entries.push(entry);
        None
    }

    /// The map, or why JSON has no words for it: one reason is two keys that it cannot tell apart,
    /// such as `1` and `"1"`, of which kubectl takes either.
    fn finish(self) -> Result<Kind, YamlError> {
        if let Some(error) = self.odd {
            return Err(error);
        }
        let mut seen = std::collections::HashSet::new();
        match self.entries.iter().find(|entry| !seen.insert(entry.key.as_str())) {
            Some(entry) => Err(YamlError {
                span: entry.key_span.clone(),
                message: "this key is written in two ways in its map".to_owned(),
            }),
            None => Ok(Kind::Map(self.entries)),
        }
    }
}
