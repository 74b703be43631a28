//! A document as it is written: nodes by number, aliases not yet followed.

use std::collections::HashMap;

use super::split::Chunk;
use super::syntax::{Event, EventKind, Fault, Mark, Parser};
use super::{BYTE_ORDER_MARK, MAX_DEPTH, Span, YamlError};

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

/// The first document of a chunk, as far as kubectl reads; none in an empty one.
pub(super) fn scan(chunk: &Chunk) -> Result<Option<Tree>, YamlError> {
    let mark = if chunk.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let text = chunk.text.get(mark..).unwrap_or_default();
    let place = Place { chunk, mark };
    if let Some(error) = foreign(text, place) {
        return Err(error);
    }
    let failed = |fault: Fault| YamlError {
        span: place.span(fault.at, fault.at),
        message: fault.problem.to_owned(),
    };
    let Some(mut parser) = Parser::open(text).map_err(failed)? else { return Ok(None) };
    let mut builder = Builder::default();
    loop {
        let Event { start, end, anchor, kind } = parser.next().map_err(failed)?;
        let span = place.span(start, end);
        match kind {
            EventKind::DocumentEnd => break,
            EventKind::Scalar { text, plain, tag } => {
                builder.add(RawNode { span, raw: Raw::Scalar { text, plain, tag } }, anchor);
            }
            EventKind::Alias(name) => builder.alias(&name, span)?,
            EventKind::SequenceStart => builder.start(span, anchor, Raw::List(Vec::new()))?,
            EventKind::MappingStart => builder.start(span, anchor, Raw::Map(Vec::new()))?,
            EventKind::SequenceEnd | EventKind::MappingEnd => builder.end(&span),
        }
    }
    Ok(builder.root.map(|root| Tree { nodes: builder.nodes, root }))
}

#[derive(Default)]
struct Builder {
    nodes: Vec<RawNode>,
    open: Vec<Id>,
    root: Option<Id>,
    anchors: HashMap<String, Id>,
}

impl Builder {
    fn add(&mut self, node: RawNode, anchor: Option<String>) -> Id {
        let id = self.nodes.len();
        self.nodes.push(node);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        let parent = self.open.last().and_then(|parent| self.nodes.get_mut(*parent));
        match parent.map(|parent| &mut parent.raw) {
            Some(Raw::List(children) | Raw::Map(children)) => children.push(id),
            Some(Raw::Scalar { .. } | Raw::Alias(_)) | None => self.root = self.root.or(Some(id)),
        }
        id
    }

    fn start(&mut self, span: Span, anchor: Option<String>, raw: Raw) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError { span, message: "values are nested too deeply".to_owned() });
        }
        let id = self.add(RawNode { span, raw }, anchor);
        self.open.push(id);
        Ok(())
    }

    fn end(&mut self, span: &Span) {
        if let Some(node) = self.open.pop().and_then(|id| self.nodes.get_mut(id)) {
            node.span.bytes.end = span.bytes.end.max(node.span.bytes.start);
        }
    }

    fn alias(&mut self, anchor: &str, span: Span) -> Result<(), YamlError> {
        let Some(target) = self.anchors.get(anchor).copied() else {
            let message = "this alias names no anchor".to_owned();
            return Err(YamlError { span, message });
        };
        self.add(RawNode { span, raw: Raw::Alias(target) }, None);
        Ok(())
    }
}

/// Where what was scanned stands in the whole text.
#[derive(Clone, Copy)]
struct Place<'a> {
    chunk: &'a Chunk,
    /// The bytes of the chunk that were not scanned.
    mark: usize,
}

impl Place<'_> {
    fn span(self, start: Mark, end: Mark) -> Span {
        let byte = |mark: Mark| {
            let at = self.mark + mark.byte;
            let dropped = self.chunk.dropped.partition_point(|place| *place < at);
            // The last line's end may be one that the text has not.
            (self.chunk.byte + at + dropped).min(self.chunk.end)
        };
        Span {
            line: self.chunk.line + start.line + 1,
            column: start.column + 1,
            bytes: byte(start)..byte(end).max(byte(start)),
        }
    }
}

/// What must not stand in a document. Of a byte order mark behind the beginning, Go makes nothing
/// or loses the first character of lines, whichever way its buffer lies: nobody's reading of that
/// is taken.
fn foreign(text: &str, place: Place<'_>) -> Option<YamlError> {
    let kept = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
            && c != BYTE_ORDER_MARK
    };
    let (byte, found) = text.char_indices().find(|(_, c)| !kept(*c))?;
    let before = text.get(..byte)?;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let line = before.matches('\n').count();
    let at = Mark { index: byte, line, column, byte };
    let message = format!(
        "the character U+{:04X} must be written as an escape in double quotes",
        u32::from(found)
    );
    Some(YamlError { span: place.span(at, at), message })
}
