//! A tree → a typed `spec`, with every mistake.
//!
//! serde stops at the first mistake. So each one is noted at its place, the value that holds it is
//! taken out of the tree, and what is left is read again.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::explain::{Explained, explain};
use super::problems::Problems;
use crate::objects::yaml::{Entry, Kind, Node, Span};

/// How many mistakes of one document are told. Who has more has another problem.
const MAX_MISTAKES: usize = 100;

/// Where a value was taken out of a document.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    /// Where the values begin that it was a part of, by line and column.
    around: Vec<(usize, usize)>,
    /// The map that it was a field of, in bytes; none for items of lists and for the fields of `spec`,
    /// which do not depend on each other.
    beside: Option<Range<usize>>,
}

impl Gap {
    /// Whether what is missed at a place may be what was taken out.
    pub(super) fn explains(&self, place: &Span) -> bool {
        self.around.contains(&(place.line, place.column))
            || self.beside.as_ref().is_some_and(|bytes| bytes.contains(&place.bytes.start))
    }

    fn of(tree: &Node, steps: &[String]) -> Self {
        let mut around = vec![start(tree)];
        let mut parent = tree;
        let above = steps.split_last().map_or(steps, |(_, above)| above);
        for step in above {
            let Some(next) = parent.child(step) else { break };
            around.push(start(next));
            parent = next;
        }
        let map = matches!(parent.kind, Kind::Map(_)) && !above.is_empty();
        Self { around, beside: map.then(|| parent.span.bytes.clone()) }
    }
}

fn start(node: &Node) -> (usize, usize) {
    (node.span.line, node.span.column)
}

/// Reads one document.
pub(super) struct Reader {
    source: usize,
    gaps: Vec<Gap>,
    /// What was taken out, by the steps to it: its absence is no mistake of the user's.
    taken: BTreeSet<Vec<String>>,
}

impl Reader {
    pub(super) fn of(source: usize) -> Self {
        Self { source, gaps: Vec::new(), taken: BTreeSet::new() }
    }

    pub(super) fn into_gaps(self) -> Vec<Gap> {
        self.gaps
    }

    /// What the tree comes to without its mistakes, and what was left of the tree.
    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        mut tree: Node,
        problems: &mut Problems<'_>,
    ) -> Option<(T, Node)> {
        for _ in 0..MAX_MISTAKES {
            let error = match serde_path_to_error::deserialize::<_, T>(tree.to_value()) {
                Ok(spec) => return Some((spec, tree)),
                Err(error) => error,
            };
            let mut steps: Vec<String> = error.path().iter().filter_map(step).collect();
            let said = error.inner().to_string();
            let mut node = nearest(&tree, &mut steps);
            let Explained { message, help, missing, mut at_key } =
                explain(&said, node, steps.last().map(String::as_str));
            // The path goes through the key, and the key is what is meant.
            if at_key.is_some() && steps.last() == at_key.as_ref() {
                steps.pop();
                node = nearest(&tree, &mut steps);
            }
            at_key = at_key.filter(|key| node.entry(key).is_some());
            let told = missing.as_ref().is_some_and(|missing| {
                let field: Vec<_> = steps.iter().chain([missing]).cloned().collect();
                self.taken.contains(&field)
            });
            if !told {
                let key = at_key.as_deref().and_then(|key| node.entry(key));
                let place = key.map_or(&node.span, |entry| &entry.key_span);
                problems.help(self.source, place, message, help);
            }
            // What every document of a kind must say is made up, so that the rest can be looked at.
            if let Some(missing) = missing.filter(|_| steps.is_empty()) {
                stand_in(&mut tree, missing)?;
                self.gaps.push(Gap::of(&tree, &[]));
                continue;
            }
            if at_key.is_none() {
                self.gaps.push(Gap::of(&tree, &steps));
            }
            steps.extend(at_key);
            if steps.is_empty() || !take(&mut tree, &steps) {
                return None;
            }
            self.forget_shifted(&steps);
            self.taken.insert(steps);
        }
        None
    }

    /// What stood behind an item that was taken out of a list has other steps now.
    fn forget_shifted(&mut self, steps: &[String]) {
        if let Some((last, parent)) = steps.split_last()
            && last.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.taken.retain(|taken| !taken.starts_with(parent));
        }
    }
}

/// Puts a value in the place of a field of `spec` that must be there.
fn stand_in(tree: &mut Node, field: String) -> Option<()> {
    let party = json!({"tenant": "x"});
    let value = match field.as_str() {
        "tenant" | "owner" | "reason" => json!("x"),
        "rules" => json!(["*"]),
        "namespaces" => json!(["x"]),
        "expiresAt" => json!("2000-01-01T00:00:00Z"),
        "from" | "to" => party,
        "ports" => json!([{"port": 1}]),
        _ => return None,
    };
    let span = tree.span.clone();
    let Kind::Map(entries) = &mut tree.kind else { return None };
    entries.push(Entry { key: field, key_span: span.clone(), value: made_up(&value, &span) });
    Some(())
}

fn made_up(value: &Value, span: &Span) -> Node {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(value) => Kind::Bool(*value),
        Value::Number(value) => Kind::Number(value.clone()),
        Value::String(value) => Kind::String(value.clone()),
        Value::Array(items) => Kind::List(items.iter().map(|item| made_up(item, span)).collect()),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| Entry {
                key: key.clone(),
                key_span: span.clone(),
                value: made_up(value, span),
            };
            Kind::Map(map.iter().map(entry).collect())
        }
    };
    Node { span: span.clone(), kind }
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// The node that the steps lead to. The last may name a key that could not be read: then they are
/// cut to its map.
fn nearest<'a>(tree: &'a Node, steps: &mut Vec<String>) -> &'a Node {
    let mut node = tree;
    for at in 0..steps.len() {
        match steps.get(at).and_then(|step| node.child(step)) {
            Some(next) => node = next,
            None => {
                steps.truncate(at);
                break;
            }
        }
    }
    node
}

fn take(node: &mut Node, steps: &[String]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return false };
    match &mut node.kind {
        Kind::Map(entries) => {
            let Some(at) = entries.iter().position(|entry| entry.key == *first) else {
                return false;
            };
            if rest.is_empty() {
                entries.remove(at);
                return true;
            }
            entries.get_mut(at).is_some_and(|entry| take(&mut entry.value, rest))
        }
        Kind::List(items) => {
            let Some(at) = first.parse().ok().filter(|at| *at < items.len()) else { return false };
            if rest.is_empty() {
                items.remove(at);
                return true;
            }
            items.get_mut(at).is_some_and(|item| take(item, rest))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => false,
    }
}
