//! One document alone, as a cluster sends it: what is wrong in it, by field. Other documents that it
//! names may come later and are not asked for.

use jiff::Timestamp;

use super::fit;
use super::problems::{Misfit, Problems};
use super::read::{Loaded, Read};
use super::report::Source;
use crate::domain::{FieldPath, sanitise};
use crate::objects::yaml::{self, Kind, Node};

/// How many are told: each is looked for in the whole document.
const MAX_FLAWS: usize = 256;

/// What is wrong in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The field.
    pub path: FieldPath,
    /// What stands there, safe to print.
    pub found: String,
    /// What is wrong with it, safe to print.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What a document that can be used says to who takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// When it ends, if it is one that does.
    pub expires: Option<Timestamp>,
}

/// Checks one document, in JSON.
///
/// # Errors
/// Everything that is wrong in it, up to 256 things.
pub fn check(text: &str) -> Result<Written, Vec<Flaw>> {
    // Nobody is shown the lines of an object, so that they need not be looked for.
    let source = [Source { name: String::new(), text: String::new() }];
    let mut problems = Problems::of(&source);
    let mut read = Read::default();
    read.source(0, text, &mut problems);
    fit::check(&read, &mut problems);
    let found = problems.into_found();
    if found.is_empty() {
        return Ok(Written { expires: expires(&read) });
    }
    Err(flaws(text, found.into_iter().map(|(_, misfit)| misfit)))
}

/// What is wrong in a text, by field.
pub(super) fn flaws(text: &str, found: impl IntoIterator<Item = Misfit>) -> Vec<Flaw> {
    let roots: Vec<Node> =
        yaml::documents(text).into_iter().filter_map(|read| Some(read.ok()?.root)).collect();
    let flaw = |(at, problem): Misfit| {
        let place = roots.iter().find_map(|root| find(root, at, &FieldPath::root()));
        let (path, found) = place.unwrap_or_else(|| (FieldPath::root(), "a text".to_owned()));
        let message = sanitise(&problem.message, 300).into_owned();
        Flaw { path, found, message, help: problem.help }
    };
    found.into_iter().take(MAX_FLAWS).map(flaw).collect()
}

fn expires(read: &Read) -> Option<Timestamp> {
    let exemptions = read.exemptions.iter().map(|Loaded { spec, .. }| spec.expires_at.0);
    let grants = read.grants.iter().map(|Loaded { spec, .. }| spec.expires_at.0);
    exemptions.chain(grants).max()
}

/// The path of the key or the value that begins at a line and a column, and what stands there.
fn find(node: &Node, at: (usize, usize), path: &FieldPath) -> Option<(FieldPath, String)> {
    if (node.span.line, node.span.column) == at {
        return Some((path.clone(), shown(node)));
    }
    match &node.kind {
        Kind::Map(entries) => entries.iter().find_map(|entry| {
            let path = match plain(&entry.key) {
                true => path.field(entry.key.clone()),
                false => path.key(&entry.key),
            };
            if (entry.key_span.line, entry.key_span.column) == at {
                return Some((path, sanitise(&entry.key, 60).into_owned()));
            }
            find(&entry.value, at, &path)
        }),
        Kind::List(items) => items.iter().enumerate().find_map(|(index, item)| {
            let name = match item.child("name").map(|name| &name.kind) {
                Some(Kind::String(name)) => name.as_str(),
                _ => "",
            };
            find(item, at, &path.item(index, name))
        }),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => None,
    }
}

/// Whether a key reads as a field does.
fn plain(key: &str) -> bool {
    key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !key.is_empty()
}

fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(value) => value.to_string(),
        Kind::String(value) => sanitise(value, 60).into_owned(),
        Kind::List(items) if items.is_empty() => "an empty list".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
        Kind::Map(_) => "a map".to_owned(),
    }
}
