//! RFC 6902, as far as filling in needs it.

use crate::objects::json::write;

/// Operations, in order, as JSON without its last bracket. Each is an `add`: what is filled in was
/// absent, and where something was, `add` replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch(String);

impl Patch {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value, which is JSON. Its parent must exist when this is applied.
    pub(super) fn add(&mut self, path: &str, value: &str) {
        self.0.push_str(if self.0.is_empty() { "[" } else { "," });
        self.0.push_str(r#"{"op":"add","path":"#);
        write::quoted(&mut self.0, path);
        self.0.push_str(r#","value":"#);
        self.0.push_str(value);
        self.0.push('}');
    }

    /// Adds keys to a map of strings, making the map where it is missing.
    pub(super) fn add_entries(&mut self, at: &str, exists: bool, entries: Vec<(String, String)>) {
        if entries.is_empty() {
            return;
        }
        if exists {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                self.add(&format!("{at}/{key}"), &write::text(&value));
            }
        } else {
            let entries = entries.iter().map(|(key, value)| (key, write::text(value)));
            self.add(at, &write::object(entries));
        }
    }

    /// The patch as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self(begun) = self;
        if begun.is_empty() { "[]".to_owned() } else { format!("{begun}]") }
    }
}
