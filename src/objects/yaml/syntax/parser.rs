//! Tokens → events.

use super::cursor::fail;
use super::scanner::Scanner;
use super::token::What;
use super::{Mark, Scan};

mod collections;

/// What YAML's own tags stand for.
const CORE: &[u8] = b"tag:yaml.org,2002:";

/// A step of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::objects::yaml) struct Event {
    pub(in crate::objects::yaml) start: Mark,
    pub(in crate::objects::yaml) end: Mark,
    /// The name that a later alias may use.
    pub(in crate::objects::yaml) anchor: Option<String>,
    pub(in crate::objects::yaml) kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::objects::yaml) enum EventKind {
    /// `plain` is true of one with neither quotes nor tag.
    Scalar {
        text: String,
        plain: bool,
        tag: Option<String>,
    },
    /// By the anchor's name.
    Alias(String),
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
    DocumentEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    DocumentContent,
    BlockNode,
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    DocumentEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Block,
    /// A list as a map's value, which need not be deeper than its key.
    BlockOrIndentless,
    Flow,
}

/// An anchor and a tag, and where they begin.
struct Properties {
    start: Mark,
    end: Mark,
    anchor: Option<String>,
    tag: Option<Vec<u8>>,
}

pub(in crate::objects::yaml) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    /// Where the open collections began.
    marks: Vec<Mark>,
    tag_directives: Vec<(String, Vec<u8>)>,
}

impl<'a> Parser<'a> {
    /// At the beginning of the first document; none where the text holds none.
    pub(in crate::objects::yaml) fn open(text: &'a str) -> Scan<Option<Self>> {
        let mut parser = Self {
            scanner: Scanner::new(text),
            state: State::BlockNode,
            states: vec![State::DocumentEnd],
            marks: Vec::new(),
            tag_directives: Vec::new(),
        };
        match parser.scanner.peek()?.0 {
            What::StreamEnd => return Ok(None),
            What::VersionDirective | What::TagDirective | What::DocumentStart => {
                parser.directives()?;
                let (what, start, _) = parser.scanner.peek()?;
                if what != What::DocumentStart {
                    return fail(start, "did not find the `---` behind directives");
                }
                parser.scanner.take();
                parser.state = State::DocumentContent;
            }
            _ => {}
        }
        for (handle, prefix) in [("!", &b"!"[..]), ("!!", CORE)] {
            if parser.prefix(handle).is_none() {
                parser.tag_directives.push((handle.to_owned(), prefix.to_vec()));
            }
        }
        Ok(Some(parser))
    }

    fn directives(&mut self) -> Scan<()> {
        let mut version = false;
        loop {
            let (what, start, _) = self.scanner.peek()?;
            if !matches!(what, What::VersionDirective | What::TagDirective) {
                return Ok(());
            }
            let token = self.scanner.take();
            if what == What::TagDirective {
                if self.prefix(&token.text).is_some() {
                    return fail(start, "found a %TAG directive twice");
                }
                self.tag_directives.push((token.text, token.suffix));
            } else if version {
                return fail(start, "found the %YAML directive twice");
            } else if token.text != "1.1" {
                return fail(start, "found a document that is not of YAML 1.1");
            } else {
                version = true;
            }
        }
    }

    fn prefix(&self, handle: &str) -> Option<&Vec<u8>> {
        let mut directives = self.tag_directives.iter();
        directives.find(|(known, _)| known == handle).map(|(_, prefix)| prefix)
    }

    pub(in crate::objects::yaml) fn next(&mut self) -> Scan<Event> {
        match self.state {
            State::DocumentContent => self.document_content(),
            State::BlockNode => self.node(Node::Block),
            State::BlockSequenceFirstEntry => self.first(Self::block_sequence_entry),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => self.first(Self::block_mapping_key),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.first(|this| this.flow_sequence_entry(true)),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => self.flow_sequence_entry_mapping_end(),
            State::FlowMappingFirstKey => self.first(|this| this.flow_mapping_key(true)),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let (_, start, _) = self.scanner.peek()?;
                self.state = State::FlowMappingKey;
                Ok(empty(start))
            }
            State::DocumentEnd => {
                let (_, start, _) = self.scanner.peek()?;
                Ok(event(start, start, EventKind::DocumentEnd))
            }
        }
    }

    fn document_content(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        match what {
            What::VersionDirective
            | What::TagDirective
            | What::DocumentStart
            | What::DocumentEnd
            | What::StreamEnd => {
                self.pop();
                Ok(empty(start))
            }
            _ => self.node(Node::Block),
        }
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    /// A node, and then the state.
    fn node_then(&mut self, node: Node, then: State) -> Scan<Event> {
        self.states.push(then);
        self.node(node)
    }

    /// Nothing, and then the state.
    fn empty_then(&mut self, at: Mark, then: State) -> Event {
        self.state = then;
        empty(at)
    }

    fn node(&mut self, node: Node) -> Scan<Event> {
        let (what, ..) = self.scanner.peek()?;
        if what == What::Alias {
            self.pop();
            let token = self.scanner.take();
            return Ok(event(token.start, token.end, EventKind::Alias(token.text)));
        }
        let Properties { start, end, anchor, tag } = self.properties()?;
        let tag = tag.map(|tag| String::from_utf8_lossy(&tag).into_owned());
        let (what, next, next_end) = self.scanner.peek()?;
        let block = node != Node::Flow;
        let (state, kind) = match what {
            What::BlockEntry if node == Node::BlockOrIndentless => {
                (State::IndentlessSequenceEntry, EventKind::SequenceStart)
            }
            What::FlowSequenceStart => (State::FlowSequenceFirstEntry, EventKind::SequenceStart),
            What::FlowMappingStart => (State::FlowMappingFirstKey, EventKind::MappingStart),
            What::BlockSequenceStart if block => {
                (State::BlockSequenceFirstEntry, EventKind::SequenceStart)
            }
            What::BlockMappingStart if block => {
                (State::BlockMappingFirstKey, EventKind::MappingStart)
            }
            What::Scalar => {
                self.pop();
                let token = self.scanner.take();
                let plain = token.plain && tag.is_none();
                let kind = EventKind::Scalar { text: token.text, plain, tag };
                return Ok(Event { start, end: token.end, anchor, kind });
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop();
                let kind = EventKind::Scalar { text: String::new(), plain: tag.is_none(), tag };
                return Ok(Event { start, end, anchor, kind });
            }
            _ => return self.lacking(what, next, "did not find the value that must stand here"),
        };
        self.state = state;
        Ok(Event { start, end: next_end, anchor, kind })
    }

    /// What is wanted is not there, which at the text's end is the fault of what is open.
    fn lacking<T>(&self, what: What, at: Mark, problem: &'static str) -> Scan<T> {
        match self.marks.last() {
            Some(open) if what == What::StreamEnd => {
                fail(*open, "the bracket that opens here has no end")
            }
            Some(_) | None => fail(at, problem),
        }
    }

    /// Each at most once, in either order.
    fn properties(&mut self) -> Scan<Properties> {
        let (mut what, start, _) = self.scanner.peek()?;
        let mut found = Properties { start, end: start, anchor: None, tag: None };
        while (what == What::Anchor && found.anchor.is_none())
            || (what == What::Tag && found.tag.is_none())
        {
            let token = self.scanner.take();
            found.end = token.end;
            if what == What::Anchor {
                found.anchor = Some(token.text);
            } else if token.text.is_empty() {
                found.tag = Some(token.suffix);
            } else {
                let Some(prefix) = self.prefix(&token.text) else {
                    return fail(token.start, "found a tag's handle that no directive explains");
                };
                found.tag = Some([prefix.as_slice(), &token.suffix].concat());
            }
            what = self.scanner.peek()?.0;
        }
        Ok(found)
    }
}

fn event(start: Mark, end: Mark, kind: EventKind) -> Event {
    Event { start, end, anchor: None, kind }
}

fn empty(at: Mark) -> Event {
    event(at, at, EventKind::Scalar { text: String::new(), plain: true, tag: None })
}
