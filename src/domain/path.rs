//! Where in an object something stands, for people and for machines.

use std::borrow::Cow;
use std::fmt;

use super::text::sanitise;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A field of a struct: `.securityContext`
    Field(Cow<'static, str>),
    /// A key of a map: `[example.com/key]`
    Key(String),
    /// An item of a list, by its name where it has one: `[app]`, else `[0]`
    Item {
        /// Zero-based.
        index: usize,
        /// What people call the item.
        name: Option<String>,
    },
}

/// A path into an object. `Display` is for people (`spec.containers[app].image`),
/// [`pointer`](Self::pointer) for machines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The object itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path through these fields from the object's root.
    #[must_use]
    pub fn fields(fields: &[&'static str]) -> Self {
        Self(fields.iter().map(|name| Segment::Field(Cow::Borrowed(name))).collect())
    }

    /// This path and one field more.
    #[must_use]
    pub fn field(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.step(Segment::Field(name.into()))
    }

    /// This path and these fields more.
    #[must_use]
    pub fn down(&self, fields: &[&'static str]) -> Self {
        // Mostly an item and some of its fields follow.
        let mut segments = Vec::with_capacity(self.0.len() + fields.len() + 4);
        segments.extend_from_slice(&self.0);
        segments.extend(fields.iter().map(|name| Segment::Field(Cow::Borrowed(name))));
        Self(segments)
    }

    /// The same of a path that is wanted no more.
    #[must_use]
    pub fn then(mut self, fields: &[&'static str]) -> Self {
        self.0.extend(fields.iter().map(|name| Segment::Field(Cow::Borrowed(name))));
        self
    }

    /// An item of a list at a path that is wanted no more; an empty name is no name.
    #[must_use]
    pub fn then_item(mut self, index: usize, name: &str) -> Self {
        let name = (!name.is_empty()).then(|| name.to_owned());
        self.0.push(Segment::Item { index, name });
        self
    }

    /// This path and one key of a map more.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Segment::Key(key.to_owned()))
    }

    /// This path and one item of a list more; an empty name is no name.
    #[must_use]
    pub fn item(&self, index: usize, name: &str) -> Self {
        self.down(&[]).then_item(index, name)
    }

    /// The steps from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The name of the container that this path leads into, or that it is.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
        self.0.windows(2).find_map(|pair| match pair {
            [Segment::Field(list), Segment::Item { name: Some(name), .. }]
                if LISTS.contains(&list.as_ref()) =>
            {
                Some(name.as_str())
            }
            _ => None,
        })
    }

    /// RFC 6901.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut text = String::new();
        for segment in &self.0 {
            text.push('/');
            match segment {
                Segment::Field(name) => text.push_str(name),
                Segment::Key(key) => text.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Item { index, .. } => text.push_str(&index.to_string()),
            }
        }
        text
    }

    fn step(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }
}

impl FieldPath {
    /// For people. A refusal says many paths: each is put together in one piece.
    #[must_use]
    pub fn text(&self) -> String {
        const USUAL: usize = 80;
        let mut text = String::with_capacity(USUAL);
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) => {
                    text.push_str(if position == 0 { "" } else { "." });
                    text.push_str(name);
                }
                Segment::Key(key) => bracketed(&mut text, &sanitise(key, MAX_NAME)),
                Segment::Item { index, name: None } => bracketed(&mut text, &index.to_string()),
                Segment::Item { name: Some(name), .. } => {
                    bracketed(&mut text, &sanitise(name, MAX_NAME));
                }
            }
        }
        text
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// The API server allows 63 characters in a container's name and 317 in an annotation's key; what
/// is longer is not worth a line.
const MAX_NAME: usize = 80;

fn bracketed(text: &mut String, inside: &str) {
    text.push('[');
    text.push_str(inside);
    text.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_for_people_and_for_machines() {
        let path = FieldPath::fields(&["spec", "containers"]).item(1, "app").field("image");
        assert_eq!(path.to_string(), "spec.containers[app].image");
        assert_eq!(path.pointer(), "/spec/containers/1/image");
        assert_eq!(path.container(), Some("app"));
        let path = FieldPath::fields(&["metadata", "annotations"]).key("a/b~c");
        assert_eq!(path.to_string(), "metadata.annotations[a/b~c]");
        assert_eq!(path.pointer(), "/metadata/annotations/a~1b~0c");
        assert_eq!(FieldPath::root().item(2, "").to_string(), "[2]");
        assert_eq!(FieldPath::fields(&["spec", "volumes"]).item(0, "app").container(), None);
    }
}
