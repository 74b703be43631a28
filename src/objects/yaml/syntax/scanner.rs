//! Characters → tokens: indentation, and the keys that are known as such by the `:` behind them.

use std::collections::{HashMap, VecDeque};

use super::cursor::{Cursor, fail};
use super::token::{Token, What};
use super::{Mark, Scan};

/// Where a key may have begun that no `?` announces.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    tokens: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    /// Whether the first token of the queue is certain.
    available: bool,
    pub(super) flow_level: usize,
    /// The least column that what stands inside of the current block can have: one more than
    /// Go's `indent`.
    pub(super) floor: usize,
    floors: Vec<usize>,
    pub(super) simple_key_allowed: bool,
    /// One for each flow level.
    keys: Vec<SimpleKey>,
    /// Which of them begins at a token.
    keys_by_token: HashMap<usize, usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            available: false,
            flow_level: 0,
            floor: 0,
            floors: Vec::new(),
            simple_key_allowed: true,
            keys: vec![SimpleKey::default()],
            keys_by_token: HashMap::new(),
        }
    }

    /// What comes next, and where.
    pub(super) fn peek(&mut self) -> Scan<(What, Mark, Mark)> {
        if !self.available {
            self.fetch_more_tokens()?;
        }
        match self.tokens.front() {
            Some(token) => Ok((token.what, token.start, token.end)),
            None => Ok((What::StreamEnd, self.cursor.mark, self.cursor.mark)),
        }
    }

    /// Takes what was peeked at.
    pub(super) fn take(&mut self) -> Token {
        self.available = false;
        self.taken += 1;
        let here = self.cursor.mark;
        self.tokens.pop_front().unwrap_or_else(|| Token::new(What::StreamEnd, here, here))
    }

    fn fetch_more_tokens(&mut self) -> Scan<()> {
        loop {
            // A token at which a simple key may begin is not certain: a KEY may yet come before.
            if !self.tokens.is_empty() {
                let Some(index) = self.keys_by_token.get(&self.taken).copied() else { break };
                if !self.simple_key_is_valid(index)? {
                    break;
                }
            }
            self.fetch_next_token()?;
        }
        self.available = true;
        Ok(())
    }

    fn fetch_next_token(&mut self) -> Scan<()> {
        self.scan_to_next_token();
        self.unroll_indent(self.cursor.mark.column + 1);
        let here = self.cursor.here();
        let at_start = self.cursor.mark.column == 0;
        let spaced = self.cursor.is_blankz_at(1);
        let flow = self.flow_level > 0;
        match here {
            0 => self.fetch_stream_end(),
            b'%' if at_start => self.fetch_directive(),
            b'-' if self.cursor.is_three(b'-') => {
                self.fetch_document_indicator(What::DocumentStart)
            }
            b'.' if self.cursor.is_three(b'.') => self.fetch_document_indicator(What::DocumentEnd),
            b'[' => self.fetch_flow_collection_start(What::FlowSequenceStart),
            b'{' => self.fetch_flow_collection_start(What::FlowMappingStart),
            b']' => self.fetch_flow_collection_end(What::FlowSequenceEnd),
            b'}' => self.fetch_flow_collection_end(What::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if spaced => self.fetch_block_entry(),
            b'?' if flow || spaced => self.fetch_key(),
            b':' if flow || spaced => self.fetch_value(),
            b'*' => self.fetch_by(What::Alias, Self::scan_anchor),
            b'&' => self.fetch_by(What::Anchor, Self::scan_anchor),
            b'!' => self.fetch_by(What::Tag, |this, _| this.scan_tag()),
            b'|' | b'>' if !flow => self.fetch_block_scalar(here == b'|'),
            b'\'' | b'"' => {
                self.fetch_by(What::Scalar, |this, _| this.scan_flow_scalar(here == b'\''))
            }
            b' ' | b'\t' | b'|' | b'>' | b'#' | b'%' | b'@' | b'`' => {
                fail(self.cursor.mark, "found a character that cannot start any token")
            }
            // What is left of `?` and `:` in flow style was taken above.
            _ => self.fetch_by(What::Scalar, |this, _| this.scan_plain_scalar()),
        }
    }

    /// A comment, blanks and line breaks. A tab counts where it cannot be taken for indentation.
    fn scan_to_next_token(&mut self) {
        loop {
            while self.cursor.here() == b' '
                || ((self.flow_level > 0 || !self.simple_key_allowed)
                    && self.cursor.here() == b'\t')
            {
                self.cursor.skip();
            }
            self.cursor.skip_comment();
            if !self.cursor.is_break() {
                return;
            }
            self.cursor.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn simple_key_is_valid(&mut self, index: usize) -> Scan<bool> {
        /// How far the `:` may stand behind the beginning of its key.
        const REACH: usize = 1024;
        let here = self.cursor.mark;
        let Some(key) = self.keys.get_mut(index) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < here.line || key.mark.index + REACH < here.index {
            if key.required {
                return fail(key.mark, "could not find the `:` of this key");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Scan<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        self.remove_simple_key()?;
        let token = self.taken + self.tokens.len();
        let mark = self.cursor.mark;
        let required = self.flow_level == 0 && self.floor == mark.column + 1;
        if let Some(last) = self.keys.last_mut() {
            *last = SimpleKey { possible: true, required, token, mark };
        }
        self.keys_by_token.insert(token, self.keys.len().saturating_sub(1));
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scan<()> {
        let Some(key) = self.keys.last_mut().filter(|key| key.possible) else { return Ok(()) };
        if key.required {
            return fail(key.mark, "could not find the `:` of this key");
        }
        key.possible = false;
        self.keys_by_token.remove(&key.token);
        Ok(())
    }

    /// Begins a block where the column is deeper than the current one; its token goes before the
    /// token of that number, or to the end.
    fn roll_indent(&mut self, mark: Mark, before: Option<usize>, what: What) {
        if self.flow_level > 0 || self.floor > mark.column {
            return;
        }
        self.floors.push(self.floor);
        self.floor = mark.column + 1;
        self.insert(before, Token::new(what, mark, mark));
    }

    fn insert(&mut self, before: Option<usize>, token: Token) {
        // As in Go, what would have to go before a token that was taken already goes to the end.
        let place = before.and_then(|number| number.checked_sub(self.taken));
        let end = self.tokens.len();
        self.tokens.insert(place.unwrap_or(end).min(end), token);
    }

    /// Ends the blocks that cannot hold what stands at a column, given as one more than it.
    fn unroll_indent(&mut self, floor: usize) {
        if self.flow_level > 0 {
            return;
        }
        while self.floor > floor {
            self.push(What::BlockEnd, self.cursor.mark);
            self.floor = self.floors.pop().unwrap_or(0);
        }
    }

    fn push(&mut self, what: What, start: Mark) {
        self.tokens.push_back(Token::new(what, start, self.cursor.mark));
    }

    /// Takes an indicator of so many characters.
    fn push_indicator(&mut self, what: What, length: usize) {
        let start = self.cursor.mark;
        self.cursor.skip_many(length);
        self.push(what, start);
    }

    fn leave_all_blocks(&mut self) -> Scan<()> {
        self.unroll_indent(0);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.leave_all_blocks()?;
        self.push(What::StreamEnd, self.cursor.mark);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.leave_all_blocks()?;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, what: What) -> Scan<()> {
        self.leave_all_blocks()?;
        self.push_indicator(what, 3);
        Ok(())
    }

    fn fetch_flow_collection_start(&mut self, what: What) -> Scan<()> {
        self.save_simple_key()?;
        let token = self.taken + self.tokens.len();
        self.keys.push(SimpleKey { token, ..SimpleKey::default() });
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.push_indicator(what, 1);
        Ok(())
    }

    fn fetch_flow_collection_end(&mut self, what: What) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // In an empty collection this is the number that the collection itself has as a key:
            // Go forgets it then, so that `[]: x` is an empty list at the root of a document.
            if let Some(key) = self.keys.pop() {
                self.keys_by_token.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(what, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(What::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return fail(self.cursor.mark, "a list's entry cannot stand here");
            }
            self.roll_indent(self.cursor.mark, None, What::BlockSequenceStart);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(What::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return fail(self.cursor.mark, "a map's key cannot stand here");
            }
            self.roll_indent(self.cursor.mark, None, What::BlockMappingStart);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(What::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let index = self.keys.len().saturating_sub(1);
        if self.simple_key_is_valid(index)? {
            let key = self.keys.get(index).copied().unwrap_or_default();
            self.insert(Some(key.token), Token::new(What::Key, key.mark, key.mark));
            self.roll_indent(key.mark, Some(key.token), What::BlockMappingStart);
            if let Some(key) = self.keys.get_mut(index) {
                key.possible = false;
            }
            self.keys_by_token.remove(&key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return fail(self.cursor.mark, "a map's value cannot stand here");
                }
                self.roll_indent(self.cursor.mark, None, What::BlockMappingStart);
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(What::Value, 1);
        Ok(())
    }

    /// What may be a simple key, and what no other may follow at once.
    fn fetch_by(
        &mut self,
        what: What,
        scan: impl FnOnce(&mut Self, What) -> Scan<Token>,
    ) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = scan(self, what)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }
}
