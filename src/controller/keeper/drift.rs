//! How an object came to be another than it must be, as far as the API server tells.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::domain::sanitise;
use crate::seal::FIELD_MANAGER;

/// How many fields of a change are named.
const MOST: usize = 4;
/// How deep they are named.
const DEEP: usize = 3;
/// How much is shown of what others call themselves and their fields.
const SHOWN: usize = 64;

/// What was done to an object by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Drift {
    /// It says something else than it must.
    Changed(Option<Author>),
    /// It is not there.
    Deleted,
}

/// Whose hand was on an object last beside ours, by its `managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Author {
    manager: String,
    fields: Vec<String>,
    at: String,
}

impl Drift {
    /// Who did what: the same for all that are told as one.
    pub(in super::super) fn what(&self) -> String {
        match self {
            Self::Changed(Some(author)) => author.what(),
            Self::Changed(None) => {
                "was changed by somebody who left no trace in its managedFields".to_owned()
            }
            Self::Deleted => "was deleted".to_owned(),
        }
    }

    /// The whole of it, in a sentence of an object.
    pub(in super::super) fn told(&self, object: &dyn Display) -> String {
        let at = match self {
            Self::Changed(Some(author)) => format!(" at {}", author.at),
            Self::Changed(None) | Self::Deleted => String::new(),
        };
        format!("{object} {}{at}; it stands again as it must", self.what())
    }
}

impl Author {
    /// The one who wrote last to what an object says, us and writers of its status aside.
    pub(in super::super) fn of(live: &Value) -> Option<Self> {
        let entries = live.pointer("/metadata/managedFields")?.as_array()?;
        let text = |entry: &Value, field: &str| {
            entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let others = entries.iter().filter(|entry| {
            text(entry, "manager") != FIELD_MANAGER && text(entry, "subresource").is_empty()
        });
        let last = others.max_by_key(|entry| text(entry, "time"))?;
        let mut fields = Vec::new();
        if let Some(owned) = last.get("fieldsV1").and_then(Value::as_object) {
            named(owned, &[], &mut fields);
        }
        Some(Self {
            manager: sanitise(&text(last, "manager"), SHOWN).into_owned(),
            fields,
            at: sanitise(&text(last, "time"), SHOWN).into_owned(),
        })
    }

    fn what(&self) -> String {
        let more = if self.fields.len() > MOST { ", …" } else { "" };
        let fields: Vec<&str> = self.fields.iter().take(MOST).map(String::as_str).collect();
        let manager = &self.manager;
        match fields[..] {
            [] => format!("was changed by `{manager}`"),
            _ => format!("was changed by `{manager}` ({}{more})", fields.join(", ")),
        }
    }
}

/// The fields of a set, in the form of `managedFields`: `f:spec: {f:ingress: {}}`. Items of lists are
/// told as the list.
fn named(set: &Map<String, Value>, above: &[String], fields: &mut Vec<String>) {
    let below = set.iter().filter_map(|(key, below)| Some((key.strip_prefix("f:")?, below)));
    let mut leaf = true;
    for (name, below) in below {
        leaf = false;
        let path = [above, &[sanitise(name, SHOWN).into_owned()]].concat();
        match below.as_object().filter(|_| path.len() < DEEP) {
            Some(below) => named(below, &path, fields),
            None => fields.push(path.join(".")),
        }
    }
    if leaf && !above.is_empty() {
        fields.push(above.join("."));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::objects::Object;
    use super::*;

    fn told(entries: &Value) -> String {
        let object =
            Object { kind: "NetworkPolicy", namespace: "a".to_owned(), name: "x".to_owned() };
        let live = json!({"metadata": {"managedFields": entries}});
        Drift::Changed(Author::of(&live)).told(&object)
    }

    #[test]
    fn the_last_hand_beside_ours_is_named() {
        let entry = |manager: &str, time: &str, fields: Value| json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields});
        let ours = entry("ringfence", "2026-06-01T00:00:09Z", json!({"f:spec": {}}));
        let old = entry("old", "2026-06-01T00:00:00Z", json!({"f:spec": {"f:egress": {}}}));
        let new = entry(
            "new\n",
            "2026-06-01T00:00:01Z",
            json!({"f:metadata": {"f:labels": {"f:a/b": {}, ".": {}}},
                "f:spec": {"f:ingress": {"k:{}": {}}, "f:podSelector": {"f:matchLabels": {"f:a": {}}}}}),
        );
        let mut status = entry("status", "2026-06-01T00:00:05Z", json!({}));
        status["subresource"] = json!("status");
        assert_eq!(
            told(&json!([ours, old, new, status])),
            "NetworkPolicy a/x was changed by `new\u{fffd}` (metadata.labels.a/b, spec.ingress, \
             spec.podSelector.matchLabels) at 2026-06-01T00:00:01Z; it stands again as it must"
        );
        assert_eq!(
            told(&json!([ours, status])),
            "NetworkPolicy a/x was changed by somebody who left no trace in its managedFields; it \
             stands again as it must"
        );
        let many = (0..6).map(|number| (format!("f:field{number}"), json!({})));
        let many = entry("many", "", Value::Object(many.collect()));
        assert!(told(&json!([many])).contains("(field0, field1, field2, field3, …) at ;"));
    }
}
