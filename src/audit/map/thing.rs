//! One object, and where everything in it stands.

use std::borrow::Cow;

use serde_json::Value;

use crate::audit::object::{Input, Item, Problem, Read};
use crate::audit::place::place;
use crate::network::place_in;
use crate::objects::yaml::Document;
use crate::objects::{Malformed, Object, from_json};

/// An object.
pub(super) struct Thing<'a> {
    /// It, as JSON.
    pub(super) json: Cow<'a, str>,
    at: At<'a>,
}

enum At<'a> {
    Text { item: &'a Item, text: &'a str, document: &'a Document },
    Cluster,
}

/// What an object is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    /// Empty where it says none.
    pub(super) namespace: String,
    /// Empty where the API server has yet to make one.
    pub(super) name: String,
}

impl Head {
    pub(super) fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

impl<'a> Thing<'a> {
    pub(super) fn of_text(item: &'a Item, input: &'a Input, read: &'a Read) -> Option<Self> {
        let document = read.documents.get(item.document)?;
        let at = At::Text { item, text: &input.text, document };
        Some(Self { json: Cow::Borrowed(&item.json), at })
    }

    pub(super) fn of_cluster(object: &'a Value) -> Self {
        // These types always serialize.
        let json = serde_json::to_string(object).unwrap_or_default();
        Self { json: Cow::Owned(json), at: At::Cluster }
    }

    pub(super) fn head(&self) -> Result<Head, String> {
        if !self.json.starts_with('{') {
            return Err("not a Kubernetes object: a map must stand here".to_owned());
        }
        let object: Object<'_> = from_json(&self.json).map_err(|error: Malformed| {
            format!("not a Kubernetes object: {}", error.without_place())
        })?;
        if object.kind.is_empty() || object.api_version.is_empty() {
            return Err("not a Kubernetes object: apiVersion and kind are needed".to_owned());
        }
        Ok(Head {
            api_version: object.api_version.to_string(),
            kind: object.kind.to_string(),
            namespace: object.meta.namespace.to_string(),
            name: object.meta.name.to_string(),
        })
    }

    /// Where a value in it stands: `web.yaml:12`; in a cluster the path to it, and of the whole `the cluster`.
    pub(super) fn place(&self, pointer: &str) -> String {
        match &self.at {
            At::Text { item, text, document } => {
                let found = place(text, document, &format!("{}{pointer}", item.at));
                format!("{}:{}", item.source, found.line)
            }
            At::Cluster => place_in("the cluster", pointer),
        }
    }

    pub(super) fn problem(&self, message: String) -> Problem {
        let (source, line) = match &self.at {
            At::Text { item, .. } => (item.source.clone(), item.line),
            At::Cluster => ("the cluster".to_owned(), 0),
        };
        Problem { source, line, column: None, message }
    }
}
