//! Where in the text the things stand that an edit reaches.

use std::ops::Range;

use super::{Change, Plan};
use crate::objects::yaml::{Kind, Node, Span, steps};

/// Plans changes of a text.
#[derive(Clone, Copy)]
pub(super) struct Editor<'a> {
    pub(super) text: &'a str,
    pub(super) root: &'a Node,
}

/// A node that an edit reaches, and what holds it.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) node: &'a Node,
    pub(super) parent: Option<&'a Node>,
    /// The parent's key, where a map holds the parent.
    pub(super) parent_key: Option<&'a Span>,
    /// The key's place, where a map holds it.
    pub(super) key: Option<&'a Span>,
    /// Its place among its parent's children.
    pub(super) index: usize,
}

pub(super) const ALIAS: &str = "it is written once for several places (an alias or a merge key)";

impl<'a> Editor<'a> {
    pub(super) fn plans(self, change: &Change) -> Result<Vec<Plan>, &'static str> {
        let steps = steps(change.pointer()).ok_or("it has no place")?;
        let (spot, rest) = self.reach(&steps)?;
        match change {
            Change::Set(_, value) if rest.is_empty() => self.replace(spot, value),
            Change::Set(_, value) => self.insert(spot, rest, value),
            Change::Append(_, text) => self.append(spot, text),
            Change::Remove(_) if rest.is_empty() => self.remove(spot),
            Change::Remove(_) => Ok(Vec::new()),
        }
    }

    /// The node that the steps reach, and the steps that have no node.
    pub(super) fn reach<'s>(
        self,
        steps: &'s [String],
    ) -> Result<(Spot<'a>, &'s [String]), &'static str> {
        let mut spot =
            Spot { node: self.root, parent: None, parent_key: None, key: None, index: 0 };
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first() {
            let parent = spot.node;
            let (node, key, index) = match &parent.kind {
                Kind::Map(entries) => {
                    let Some(index) = entries.iter().position(|entry| entry.key == *step) else {
                        break;
                    };
                    let Some(entry) = entries.get(index) else { break };
                    (&entry.value, Some(&entry.key_span), index)
                }
                Kind::List(items) => {
                    let index = step.parse().map_err(|_| "it has no place")?;
                    (items.get(index).ok_or("it has no place")?, None, index)
                }
                Kind::Null => break,
                Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
                    return Err("a value stands where a map must be");
                }
            };
            let start = key.map_or(node.span.bytes.start, |key| key.bytes.start);
            if self.is_alias(parent) || start < parent.span.bytes.start {
                return Err(ALIAS);
            }
            spot = Spot { node, parent: Some(parent), parent_key: spot.key, key, index };
            rest = after;
        }
        if self.is_alias(spot.node) && !rest.is_empty() {
            return Err(ALIAS);
        }
        Ok((spot, rest))
    }

    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    pub(super) fn slice(self, bytes: Range<usize>) -> &'a str {
        self.text.get(bytes).unwrap_or_default()
    }

    pub(super) fn is_alias(self, node: &Node) -> bool {
        self.byte(node.span.bytes.start) == Some(b'*')
    }

    pub(super) fn is_flow(self, node: &Node) -> bool {
        matches!(self.byte(node.span.bytes.start), Some(b'{' | b'['))
    }

    /// Whether a null is nothing at all.
    pub(super) fn is_nothing(self, node: &Node) -> bool {
        let written = self.slice(node.span.bytes.clone()).trim();
        node.kind == Kind::Null && !matches!(written, "null" | "Null" | "NULL" | "~")
    }

    /// Where a key's colon ends.
    pub(super) fn after_colon(self, key: &Span) -> usize {
        let from = self.slice(key.bytes.end..self.text.len());
        key.bytes.end + from.find(':').map_or(0, |at| at + 1)
    }

    /// Where the content of a node ends; what holds it tells for nothing at all.
    pub(super) fn end(self, node: &Node) -> usize {
        let own = node.span.bytes.end;
        if self.is_alias(node) || self.is_flow(node) {
            return own;
        }
        match &node.kind {
            Kind::Map(entries) => entries
                .iter()
                .filter(|entry| entry.key_span.bytes.start >= node.span.bytes.start)
                .map(|entry| self.entry_end(&entry.key_span, &entry.value))
                .max()
                .unwrap_or(own),
            Kind::List(items) => items
                .iter()
                .map(|item| self.end(item))
                .max()
                .unwrap_or(own)
                .max(self.dash_end(node)),
            _ => self.slice(0..own).trim_end().len().max(node.span.bytes.start),
        }
    }

    /// Items may be nothing but their dash.
    pub(super) fn dash_end(self, list: &Node) -> usize {
        list.span.bytes.start + 1
    }

    pub(super) fn entry_end(self, key: &Span, value: &Node) -> usize {
        if self.is_nothing(value) { self.after_colon(key) } else { self.end(value) }
    }

    pub(super) fn spot_end(self, spot: Spot<'_>) -> usize {
        spot.key.map_or_else(|| self.end(spot.node), |key| self.entry_end(key, spot.node))
    }

    /// Where the line of a byte begins.
    pub(super) fn line_start(self, at: usize) -> usize {
        self.slice(0..at).rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line of a byte ends, before its break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let rest = self.slice(at..self.text.len());
        at + rest.find('\n').map_or(rest.len(), |end| {
            rest.get(..end).map_or(0, |it| it.trim_end_matches('\r').len())
        })
    }

    /// Where the next line begins.
    pub(super) fn next_line(self, at: usize) -> usize {
        let rest = self.slice(at..self.text.len());
        at + rest.find('\n').map_or(rest.len(), |end| end + 1)
    }

    /// What ends a line in this text.
    pub(super) fn line_break(self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Whether nothing but a comment follows on the line.
    pub(super) fn ends_line(self, at: usize) -> bool {
        let rest = self.slice(at..self.line_end(at));
        let comment = rest.trim_start();
        comment.is_empty() || (comment.starts_with('#') && comment.len() < rest.len())
    }

    /// Whether nothing stands before on the line.
    pub(super) fn begins_line(self, at: usize) -> bool {
        self.slice(self.line_start(at)..at).trim().is_empty()
    }
}
