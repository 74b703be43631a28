//! Lists and maps.

use super::super::cursor::fail;
use super::super::token::What;
use super::super::{Mark, Scan};
use super::{Event, EventKind, Node, Parser, State, empty, event};

impl Parser<'_> {
    /// Takes the token that opens a collection.
    pub(super) fn first(&mut self, rest: impl FnOnce(&mut Self) -> Scan<Event>) -> Scan<Event> {
        let (_, start, _) = self.scanner.peek()?;
        self.marks.push(start);
        self.scanner.take();
        rest(self)
    }

    /// Takes the token that closes a collection.
    fn close(&mut self, kind: EventKind) -> Event {
        self.pop();
        self.marks.pop();
        let token = self.scanner.take();
        event(token.start, token.end, kind)
    }

    /// Takes an indicator; what follows it, and where the indicator ended.
    fn step(&mut self) -> Scan<(What, Mark)> {
        let end = self.scanner.take().end;
        Ok((self.scanner.peek()?.0, end))
    }

    pub(super) fn block_sequence_entry(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        match what {
            What::BlockEntry => {
                let (next, end) = self.step()?;
                if matches!(next, What::BlockEntry | What::BlockEnd) {
                    return Ok(self.empty_then(end, State::BlockSequenceEntry));
                }
                self.node_then(Node::Block, State::BlockSequenceEntry)
            }
            What::BlockEnd => Ok(self.close(EventKind::SequenceEnd)),
            _ => fail(start, "did not find the `-` of a list's next entry"),
        }
    }

    pub(super) fn indentless_sequence_entry(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        if what != What::BlockEntry {
            self.pop();
            return Ok(event(start, start, EventKind::SequenceEnd));
        }
        let (next, end) = self.step()?;
        if matches!(next, What::BlockEntry | What::Key | What::Value | What::BlockEnd) {
            return Ok(self.empty_then(end, State::IndentlessSequenceEntry));
        }
        self.node_then(Node::Block, State::IndentlessSequenceEntry)
    }

    pub(super) fn block_mapping_key(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        match what {
            What::Key => {
                let (next, end) = self.step()?;
                if matches!(next, What::Key | What::Value | What::BlockEnd) {
                    return Ok(self.empty_then(end, State::BlockMappingValue));
                }
                self.node_then(Node::BlockOrIndentless, State::BlockMappingValue)
            }
            What::BlockEnd => Ok(self.close(EventKind::MappingEnd)),
            _ => fail(start, "did not find a map's next key"),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        if what != What::Value {
            return Ok(self.empty_then(start, State::BlockMappingKey));
        }
        let (next, end) = self.step()?;
        if matches!(next, What::Key | What::Value | What::BlockEnd) {
            return Ok(self.empty_then(end, State::BlockMappingKey));
        }
        self.node_then(Node::BlockOrIndentless, State::BlockMappingKey)
    }

    /// The `,` before all entries but the first; what follows it.
    fn comma(&mut self, first: bool, end: What) -> Scan<(What, Mark)> {
        let (what, start, _) = self.scanner.peek()?;
        if first || what == end {
            return Ok((what, start));
        }
        if what != What::FlowEntry {
            return self.lacking(what, start, "did not find the `,` or the end of these brackets");
        }
        self.scanner.take();
        let (what, start, _) = self.scanner.peek()?;
        Ok((what, start))
    }

    pub(super) fn flow_sequence_entry(&mut self, first: bool) -> Scan<Event> {
        match self.comma(first, What::FlowSequenceEnd)?.0 {
            What::FlowSequenceEnd => Ok(self.close(EventKind::SequenceEnd)),
            // A map of one entry without its braces
            What::Key => {
                let token = self.scanner.take();
                self.state = State::FlowSequenceEntryMappingKey;
                Ok(event(token.start, token.end, EventKind::MappingStart))
            }
            _ => self.node_then(Node::Flow, State::FlowSequenceEntry),
        }
    }

    pub(super) fn flow_sequence_entry_mapping_key(&mut self) -> Scan<Event> {
        let (what, _, end) = self.scanner.peek()?;
        if matches!(what, What::Value | What::FlowEntry | What::FlowSequenceEnd) {
            // Go takes the token, whichever it is: `[? ]` and `[? : a]` do not read as they look.
            self.scanner.take();
            return Ok(self.empty_then(end, State::FlowSequenceEntryMappingValue));
        }
        self.node_then(Node::Flow, State::FlowSequenceEntryMappingValue)
    }

    pub(super) fn flow_sequence_entry_mapping_value(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        if what == What::Value {
            let (next, _) = self.step()?;
            if !matches!(next, What::FlowEntry | What::FlowSequenceEnd) {
                return self.node_then(Node::Flow, State::FlowSequenceEntryMappingEnd);
            }
        }
        Ok(self.empty_then(start, State::FlowSequenceEntryMappingEnd))
    }

    pub(super) fn flow_sequence_entry_mapping_end(&mut self) -> Scan<Event> {
        let (_, start, _) = self.scanner.peek()?;
        self.state = State::FlowSequenceEntry;
        Ok(event(start, start, EventKind::MappingEnd))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Scan<Event> {
        match self.comma(first, What::FlowMappingEnd)?.0 {
            What::FlowMappingEnd => Ok(self.close(EventKind::MappingEnd)),
            What::Key => {
                self.scanner.take();
                let (next, start, _) = self.scanner.peek()?;
                if matches!(next, What::Value | What::FlowEntry | What::FlowMappingEnd) {
                    return Ok(self.empty_then(start, State::FlowMappingValue));
                }
                self.node_then(Node::Flow, State::FlowMappingValue)
            }
            _ => self.node_then(Node::Flow, State::FlowMappingEmptyValue),
        }
    }

    pub(super) fn flow_mapping_value(&mut self) -> Scan<Event> {
        let (what, start, _) = self.scanner.peek()?;
        if what == What::Value {
            let (next, _) = self.step()?;
            if !matches!(next, What::FlowEntry | What::FlowMappingEnd) {
                return self.node_then(Node::Flow, State::FlowMappingKey);
            }
        }
        self.state = State::FlowMappingKey;
        Ok(empty(start))
    }
}
