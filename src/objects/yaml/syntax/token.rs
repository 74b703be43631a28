//! What the scanner makes of characters.

use super::Mark;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) start: Mark,
    pub(super) end: Mark,
    /// A scalar's text, an anchor's or alias's name, a tag's handle, the version's digits.
    pub(super) text: String,
    /// What follows a tag's handle, or what it stands for. Escapes may make it no UTF-8.
    pub(super) suffix: Vec<u8>,
    /// Of a scalar: whether it has no quotes.
    pub(super) plain: bool,
}

impl Token {
    pub(super) fn new(what: What, start: Mark, end: Mark) -> Self {
        Self { what, start, end, text: String::new(), suffix: Vec::new(), plain: false }
    }

    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }
}
