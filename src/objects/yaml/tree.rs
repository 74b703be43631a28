//! A document as it is written: nodes by number, aliases not yet followed.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{Span, YamlError};

/// A node's number.
pub(super) type Id = usize;

pub(super) struct Tree {
    pub(super) nodes: Vec<RawNode>,
    pub(super) root: Id,
}

pub(super) struct RawNode {
    pub(super) span: Span,
    pub(super) raw: Raw,
}

pub(super) enum Raw {
    Scalar { text: String, plain: bool, tag: Option<String> },
    List(Vec<Id>),
    Map(Vec<Id>),
    Alias(Id),
}

/// Where a chunk begins in its text.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    /// The lines before it.
    pub(super) line: usize,
    /// The bytes before it.
    pub(super) byte: usize,
}

/// The first document of a chunk, as far as kubectl reads; none in an empty one.
pub(super) fn scan(chunk: &str, origin: Origin) -> Result<Option<Tree>, YamlError> {
    if let Some(error) = foreign_break(chunk, origin) {
        return Err(error);
    }
    let options = granit_parser::options! { emit_comments: false };
    let mut builder = Builder::default();
    for next in Parser::new_from_str_with_options(chunk, options) {
        let (event, span) = next.map_err(|error| YamlError {
            span: origin.span(*error.marker(), *error.marker()),
            message: sentence(&error.info()),
        })?;
        let span = origin.span(span.start, span.end);
        match event {
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| name(&tag));
                let plain = style == ScalarStyle::Plain && tag.is_none();
                builder.add(
                    RawNode { span, raw: Raw::Scalar { text: text.into_owned(), plain, tag } },
                    anchor,
                );
            }
            Event::Alias(anchor) => builder.alias(anchor, span)?,
            Event::SequenceStart(_, anchor, _) => {
                builder.start(span, anchor, Raw::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, _) => builder.start(span, anchor, Raw::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => builder.end(&span),
            // Starts, and presentation that is not asked for.
            Event::StreamStart | Event::DocumentStart(..) | _ => {}
        }
    }
    Ok(builder.root.map(|root| Tree { nodes: builder.nodes, root }))
}

#[derive(Default)]
struct Builder {
    nodes: Vec<RawNode>,
    open: Vec<Id>,
    root: Option<Id>,
    anchors: HashMap<usize, Id>,
}

impl Builder {
    fn add(&mut self, node: RawNode, anchor: usize) -> Id {
        let id = self.nodes.len();
        self.nodes.push(node);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        let parent = self.open.last().and_then(|parent| self.nodes.get_mut(*parent));
        match parent.map(|parent| &mut parent.raw) {
            Some(Raw::List(children) | Raw::Map(children)) => children.push(id),
            Some(Raw::Scalar { .. } | Raw::Alias(_)) | None => self.root = self.root.or(Some(id)),
        }
        id
    }

    fn start(&mut self, span: Span, anchor: usize, raw: Raw) {
        let id = self.add(RawNode { span, raw }, anchor);
        self.open.push(id);
    }

    fn end(&mut self, span: &Span) {
        if let Some(node) = self.open.pop().and_then(|id| self.nodes.get_mut(id)) {
            node.span.bytes.end = span.bytes.end.max(node.span.bytes.start);
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), YamlError> {
        let Some(target) = self.anchors.get(&anchor).copied() else {
            let message = "this alias names no anchor".to_owned();
            return Err(YamlError { span, message });
        };
        self.add(RawNode { span, raw: Raw::Alias(target) }, 0);
        Ok(())
    }
}

impl Origin {
    fn span(self, start: Marker, end: Marker) -> Span {
        let byte = |mark: Marker| self.byte + mark.byte_offset().unwrap_or(0);
        Span {
            line: self.line + start.line(),
            column: start.col() + 1,
            bytes: byte(start)..byte(end).max(byte(start)),
        }
    }
}

/// YAML 1.1 ends a line at these, YAML 1.2 does not: what is a comment to one is a field to the
/// other. Nobody needs them as they are, so nobody's reading of them is taken.
fn foreign_break(chunk: &str, origin: Origin) -> Option<YamlError> {
    let (at, found) =
        chunk.char_indices().find(|(_, c)| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}'))?;
    let before = chunk.get(..at)?;
    let line = before.rsplit('\n').next().unwrap_or_default();
    Some(YamlError {
        span: Span {
            line: origin.line + before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            bytes: origin.byte + at..origin.byte + at + found.len_utf8(),
        },
        message: format!(
            "the line separator U+{:04X} must be written as an escape in double quotes",
            u32::from(found)
        ),
    })
}

fn name(tag: &Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect::<String>().trim_end_matches('.').to_owned()
}
