//! What was filled in, as an annotation tells it.

use std::collections::BTreeMap;
use std::fmt;

/// The annotation that says what was filled in: of a pod the fields, of a namespace the labels and what
/// they were set to.
pub const FILLED_IN: &str = "ringfence.dev/filled-in";

/// The labels that a namespace was given, each with its value: `a=b,c=d`. As long as such a label says
/// that, nobody else has set it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilledIn(pub BTreeMap<String, String>);

impl FilledIn {
    /// Reads the annotation. What is no label and no value was not filled in.
    #[must_use]
    pub fn read(annotation: &str) -> Self {
        let entries = annotation.split(',').filter_map(|entry| entry.split_once('='));
        Self(entries.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// The value that a label was given.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<&str> {
        self.0.get(label).map(String::as_str)
    }
}

impl fmt::Display for FilledIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (label, value)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{label}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let check = |text: &str, labels: &[(&str, &str)], written: &str| {
            let filled = FilledIn::read(text);
            let all: Vec<_> = filled.0.iter().map(|(key, value)| (&**key, &**value)).collect();
            assert_eq!((all.as_slice(), &*filled.to_string()), (labels, written), "{text}");
        };
        check("", &[], "");
        check("a=b", &[("a", "b")], "a=b");
        check("c/d=,a=b", &[("a", "b"), ("c/d", "")], "a=b,c/d=");
        check("nonsense,a=b,,", &[("a", "b")], "a=b");
    }
}
