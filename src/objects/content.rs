//! Objects of kinds that nobody reads.

use serde_json::{Map, Value};

/// Whether an update changes what an object says beside its metadata and its status. What cannot be read has
/// changed.
#[must_use]
pub fn content_changed(new: &str, old: &str) -> bool {
    match (content(new), content(old)) {
        (Some(new), Some(old)) => new != old,
        _ => true,
    }
}

fn content(text: &str) -> Option<Map<String, Value>> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    fields.retain(|key, _| !["metadata", "status"].contains(&key.as_str()));
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_status_are_no_content() {
        let check = |new: &str, expect: bool| {
            let old =
                r#"{"kind":"A","metadata":{"labels":{"a":"b"}},"spec":{"a":1},"specs":[{"b":[]}]}"#;
            assert_eq!(content_changed(new, old), expect, "{new}");
        };
        check(r#"{"specs":[{"b":[]}],"kind":"A","spec":{"a":1},"status":{"ok":true}}"#, false);
        check(r#"{"kind":"A","spec":{"a":2},"specs":[{"b":[]}]}"#, true);
        check(r#"{"kind":"A","spec":{"a":1},"specs":[]}"#, true);
        check(r#"{"kind":"A","spec":{"a":1}}"#, true);
        check("[]", true);
    }
}
