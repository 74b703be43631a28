//! Edits of a document's text: what is asked for changes, every other byte stays.
//!
//! Edits are made one after the other. Each is planned on the text by the places of its values
//! (`insert`, `remove`), made, and read back: unless the text then means exactly what was asked for,
//! the next plan is tried, and in the end the document is left alone. So nothing here need know all
//! of YAML: what it does not understand (aliases, merge keys, odd layouts) it does not change.

use std::ops::Range;

use serde_json::Value;

use super::{Document, Kind, documents};
use crate::domain::{Edit, EditValue};

mod insert;
mod meaning;
mod places;
mod remove;

use meaning::apply;
use places::Editor;

/// An edit that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {pointer}")]
pub struct Unedited {
    /// Where: RFC 6901, from the document's root.
    pub pointer: String,
    /// Why not.
    pub why: &'static str,
}

/// A document with edits made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its new text.
    pub text: String,
    /// What it means.
    pub value: Value,
}

/// A stretch of a text with edits made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The stretch, in the whole text.
    pub bytes: Range<usize>,
    /// What takes its place.
    pub text: String,
}

/// A document with edits made, each group at an object's RFC 6901 pointer into the document.
/// As a person would: what is set first, what is taken away last and from the end of lists, so that
/// no edit moves another's place.
///
/// # Errors
/// [`Unedited`] where one of them cannot be made; then none is.
pub fn edited(
    text: &str,
    document: &Document,
    edits: &[(&str, Vec<&Edit>)],
) -> Result<Edited, Unedited> {
    let mut parts = Vec::new();
    for (at, edits) in edits {
        parts.push(part(text, document, at, edits)?);
    }
    parts.sort_by_key(|part| part.bytes.start);
    let apart = parts.is_sorted_by(|a, b| a.bytes.end <= b.bytes.start);
    let all = || edits.iter().flat_map(|(at, edits)| edits.iter().map(move |edit| (*at, *edit)));
    if !apart {
        // Objects that hold each other.
        let mut whole = Working::new(text.get(document.bytes.clone()).unwrap_or_default())?;
        in_order(all()).iter().try_for_each(|change| whole.make(change))?;
        return Ok(Edited { value: whole.document.to_value(), text: whole.text });
    }
    let mut own = text.get(document.bytes.clone()).unwrap_or_default().to_owned();
    for part in parts.iter().rev() {
        let start = part.bytes.start - document.bytes.start;
        own.replace_range(start..start + part.bytes.len(), &part.text);
    }
    let mut expected = document.to_value();
    for change in in_order(all()) {
        let failed = || Unedited { pointer: change.pointer().to_owned(), why: NO_PLACE };
        apply(&mut expected, &change).ok_or_else(failed)?;
    }
    let found = only(&own).map(|document| document.to_value());
    if found.as_ref() != Some(&expected) {
        return Err(Unedited { pointer: String::new(), why: UNPLAIN });
    }
    Ok(Edited { text: own, value: expected })
}

/// The stretch of a text that edits of one object change: the object itself where it can be read on
/// its own, so that a list of thousands is not read anew for each edit, else the document.
///
/// # Errors
/// As [`edited`].
pub fn part(text: &str, document: &Document, at: &str, edits: &[&Edit]) -> Result<Part, Unedited> {
    let made = |own: &str, at: &str| {
        let mut working = Working::new(own)?;
        let edits = edits.iter().map(|edit| (at, *edit));
        in_order(edits).iter().try_for_each(|change| working.make(change))?;
        Ok(working.text)
    };
    if let Some((indent, bytes)) = cut(text, document, at)
        && let Some(own) = text.get(bytes.clone())
        && let Ok(edited) = made(&format!("{indent}{own}"), "")
        && let Some(edited) = edited.strip_prefix(indent.as_str())
    {
        return Ok(Part { bytes, text: edited.to_owned() });
    }
    let bytes = document.bytes.clone();
    let text = made(text.get(bytes.clone()).unwrap_or_default(), at)?;
    Ok(Part { bytes, text })
}

/// Where an object in a document stands, and what must come before it for its first line to be as
/// deep as its others.
fn cut(text: &str, document: &Document, at: &str) -> Option<(String, Range<usize>)> {
    let node = document.node(at).filter(|_| !at.is_empty())?;
    let editor = Editor { text, root: &document.root };
    let start = node.span.bytes.start;
    let end = editor.end(node);
    if editor.is_flow(node) {
        return Some((String::new(), start..end));
    }
    Some((" ".repeat(node.span.column - 1), start..editor.line_end(end)))
}

const NO_PLACE: &str = "nothing stands where it belongs";
const UNPLAIN: &str = "its place is not written plainly enough to edit";

/// What an edit does to a value, by absolute pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Set(String, EditValue),
    Append(String, String),
    Remove(String),
}

impl Change {
    fn pointer(&self) -> &str {
        match self {
            Self::Set(pointer, _) | Self::Append(pointer, _) | Self::Remove(pointer) => pointer,
        }
    }
}

fn in_order<'a>(edits: impl IntoIterator<Item = (&'a str, &'a Edit)>) -> Vec<Change> {
    let (mut sets, mut removals) = (Vec::new(), Vec::new());
    for (at, edit) in edits {
        match edit {
            Edit::Set(path, value) => {
                sets.push(Change::Set(format!("{at}{}", path.pointer()), value.clone()));
            }
            Edit::Remove(path) | Edit::Discard(path) => {
                removals.push(Change::Remove(format!("{at}{}", path.pointer())));
            }
        }
    }
    removals.sort_by_key(|change| std::cmp::Reverse(numbered(change.pointer())));
    removals.dedup();
    sets.extend(removals);
    sets
}

/// A pointer by which items sort as numbers.
fn numbered(pointer: &str) -> Vec<(usize, String)> {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| (step.parse().unwrap_or(0), step.to_owned())).collect()
}

/// A stretch of the text and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Patch {
    bytes: Range<usize>,
    with: String,
}

impl Patch {
    fn insert(at: usize, text: String) -> Self {
        Self { bytes: at..at, with: text }
    }
}

/// Patches that make one change together, in the order of the text.
type Plan = Vec<Patch>;

/// A document in the middle of its edits.
struct Working {
    text: String,
    document: Document,
}

impl Working {
    fn new(text: &str) -> Result<Self, Unedited> {
        let why = "the document cannot be told from its neighbours";
        let document = only(text).ok_or(Unedited { pointer: String::new(), why })?;
        Ok(Self { text: text.to_owned(), document })
    }

    fn make(&mut self, change: &Change) -> Result<(), Unedited> {
        for step in self.stepwise(change) {
            let mut expected = self.document.to_value();
            let failed = |why| Unedited { pointer: change.pointer().to_owned(), why };
            apply(&mut expected, &step).ok_or_else(|| failed(NO_PLACE))?;
            if expected == self.document.to_value() {
                continue;
            }
            let plans = Editor { text: &self.text, root: &self.document.root }
                .plans(&step)
                .map_err(failed)?;
            let made = plans.into_iter().find_map(|plan| {
                let text = patched(&self.text, plan)?;
                let document = only(&text)?;
                (document.to_value() == expected).then_some(Self { text, document })
            });
            *self = made.ok_or_else(|| failed(UNPLAIN))?;
        }
        Ok(())
    }

    /// A list of strings that is there already is changed item by item.
    fn stepwise(&self, change: &Change) -> Vec<Change> {
        let whole = || vec![change.clone()];
        let Change::Set(pointer, EditValue::List(wanted)) = change else { return whole() };
        let Some(Kind::List(items)) = self.document.node(pointer).map(|node| &node.kind) else {
            return whole();
        };
        let mut wanted = wanted.iter().peekable();
        let mut gone = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match (&item.kind, wanted.peek()) {
                (Kind::String(text), Some(next)) if *text == next.as_ref() => {
                    wanted.next();
                }
                _ => gone.push(Change::Remove(format!("{pointer}/{index}"))),
            }
        }
        if gone.len() == items.len() && !gone.is_empty() {
            return whole();
        }
        let added = wanted.map(|text| Change::Append(pointer.clone(), text.to_string()));
        added.chain(gone.into_iter().rev()).collect()
    }
}

/// The one document of a text.
fn only(text: &str) -> Option<Document> {
    let mut found = documents(text).into_iter();
    match (found.next(), found.next()) {
        (Some(Ok(document)), None) => Some(document),
        _ => None,
    }
}

/// The text with patches made; none where two of them overlap.
fn patched(text: &str, mut plan: Plan) -> Option<String> {
    plan.sort_by_key(|patch| (patch.bytes.start, patch.bytes.end));
    let mut made = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for Patch { bytes, with } in plan {
        made.push_str(text.get(at..bytes.start)?);
        made.push_str(&with);
        at = bytes.end;
    }
    made.push_str(text.get(at..)?);
    Some(made)
}

#[cfg(test)]
mod tests;
