//! Writing JSON.

use std::fmt::Write as _;

use super::string;

/// Adds a text as a string.
pub fn quoted(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    while let Some((plain, from)) = rest.split_at_checked(string::stop(rest.as_bytes(), 0)) {
        json.push_str(plain);
        let mut characters = from.chars();
        let Some(special) = characters.next() else { break };
        match special {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            // Writing into memory cannot fail.
            _ => _ = write!(json, "\\u{:04x}", u32::from(special)),
        }
        rest = characters.as_str();
    }
    json.push('"');
}

/// A text as a string.
#[must_use]
pub fn text(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    quoted(&mut json, text);
    json
}

/// A list of texts.
#[must_use]
pub fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let mut json = "[".to_owned();
    for item in items {
        if json.len() > 1 {
            json.push(',');
        }
        quoted(&mut json, item);
    }
    json.push(']');
    json
}

/// An object of values that are JSON already.
#[must_use]
pub fn object<K: AsRef<str>>(members: impl IntoIterator<Item = (K, String)>) -> String {
    let mut json = "{".to_owned();
    for (key, value) in members {
        if json.len() > 1 {
            json.push(',');
        }
        quoted(&mut json, key.as_ref());
        json.push(':');
        json.push_str(&value);
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_written_reads_as_it_was() {
        proptest::proptest!(|(one: String, other in "[\"\\\\\n\t\u{1}aé]{0,40}")| {
            let read = |json: &str| serde_json::from_str::<Value>(json).unwrap();
            for own in [&one, &other] {
                proptest::prop_assert_eq!(read(&text(own)), json!(own));
            }
            let both = [one.as_str(), other.as_str()];
            proptest::prop_assert_eq!(read(&texts(both)), json!(both));
            let members = [(format!("a{one}"), texts(both)), (format!("b{other}"), text(&one))];
            let expect = json!({ members[0].0.clone(): both, members[1].0.clone(): one });
            proptest::prop_assert_eq!(read(&object(members)), expect);
        });
        assert_eq!((object::<&str>([]), texts([])), ("{}".to_owned(), "[]".to_owned()));
    }
}
