//! One breach of a rule, and the change that ends it.

use std::borrow::Cow;
use std::fmt;

use super::{Code, Family, FieldPath, sanitise};

/// How much of a value is shown, in characters: a whole image reference.
const SHOWN: usize = 512;

/// How bad a breach of a rule is. It belongs to the rule; whether it is refused is the profile's
/// to say. The worst is the smallest, so that findings sort worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The node or the cluster is open.
    Critical,
    /// A boundary between tenants is open.
    High,
    /// A layer of defence is missing.
    Medium,
    /// Worth mending.
    Low,
}

impl Severity {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// One breach of one rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose breach it is.
    pub code: Code,
    /// The rule's short name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub path: FieldPath,
    /// What stands there, safe to print.
    pub found: String,
    /// What must stand there: `it must be false`.
    pub must: Cow<'static, str>,
    /// What to do.
    pub fix: Fix,
}

impl Finding {
    /// Whether a machine may make the fix unasked: it is an edit that loses no data, and it does not
    /// say whose a namespace is, which is for people to say.
    #[must_use]
    pub fn is_safe_to_fix(&self) -> bool {
        let loses = |edit: &Edit| matches!(edit, Edit::Discard(_));
        let edits = &self.fix.edits;
        self.code.family() != Family::TENANCY && !edits.is_empty() && !edits.iter().any(loses)
    }
}

/// What to do about a finding, as a sentence and, where the object's author can do it by editing,
/// as edits that a machine can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// For people, without a final stop.
    pub text: Cow<'static, str>,
    /// The edits that the text asks for, in order; empty where the fix is no edit of the object.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix that is no edit of the object.
    pub fn advice(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), edits: Vec::new() }
    }

    /// A fix that is one edit, described by itself.
    #[must_use]
    pub fn edit(edit: Edit) -> Self {
        Self { text: edit.to_string().into(), edits: vec![edit] }
    }
}

/// One change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Give the field this value, making its parents where they are missing.
    Set(FieldPath, EditValue),
    /// Take the field, key or item away.
    Remove(FieldPath),
    /// Take away what holds data of the workload. Whoever makes this edit decides what becomes of
    /// them.
    Discard(FieldPath),
}

/// What an edit sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditValue {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(Cow<'static, str>),
    /// A list of strings.
    List(Vec<Cow<'static, str>>),
    /// `{}`
    EmptyObject,
}

impl fmt::Display for Edit {
    /// `set FIELD: VALUE` or `remove FIELD`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(path, value) => write!(f, "set {path}: {value}"),
            Self::Remove(path) | Self::Discard(path) => write!(f, "remove {path}"),
        }
    }
}

impl fmt::Display for EditValue {
    /// The value as people read it, safe to print: it may be what an object said before.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.write_str(&sanitise(value, SHOWN)),
            Self::List(values) => write!(f, "[{}]", sanitise(&values.join(", "), SHOWN)),
            Self::EmptyObject => f.write_str("{}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_somebody_wrote_is_shown_safely() {
        let path = FieldPath::fields(&["metadata", "name"]);
        let text = |value: EditValue| Fix::edit(Edit::Set(path.clone(), value)).text.into_owned();
        let odd = Cow::Borrowed("a\u{1b}[31m\0\nb");
        let safe = "a\u{fffd}[31m\u{fffd}\u{fffd}b";
        assert_eq!(text(EditValue::Text(odd.clone())), format!("set metadata.name: {safe}"));
        assert_eq!(text(EditValue::List(vec![odd])), format!("set metadata.name: [{safe}]"));
    }
}
