//! RFC 6902, as far as filling in needs it.

use serde_json::{Value, json};

/// One `add`: what is filled in was absent, and where something was, `add` replaces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// RFC 6901.
    pub path: String,
    /// What is put there.
    pub value: Value,
}

/// Operations, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patch(Vec<Operation>);

impl Patch {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.0
    }

    /// Adds a value. Its parent must exist when this is applied.
    pub(super) fn add(&mut self, path: impl Into<String>, value: Value) {
        self.0.push(Operation { path: path.into(), value });
    }

    /// Adds keys to a map of strings, making the map where it is missing.
    pub(super) fn add_entries(&mut self, at: &str, exists: bool, entries: Vec<(String, String)>) {
        if entries.is_empty() {
            return;
        }
        if exists {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                self.add(format!("{at}/{key}"), json!(value));
            }
        } else {
            let map = entries.into_iter().map(|(key, value)| (key, json!(value))).collect();
            self.add(at, Value::Object(map));
        }
    }

    /// The patch as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let operations = self.0.iter();
        operations.map(|it| json!({"op": "add", "path": it.path, "value": it.value})).collect()
    }
}
