//! A place in the text and what stands there.

use super::{Fault, Scan};

/// A place in the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::objects::yaml) struct Mark {
    /// In characters, from zero.
    pub(in crate::objects::yaml) index: usize,
    /// From zero.
    pub(in crate::objects::yaml) line: usize,
    /// In characters, from zero.
    pub(in crate::objects::yaml) column: usize,
    /// In bytes, from zero.
    pub(in crate::objects::yaml) byte: usize,
}

pub(super) struct Cursor<'a> {
    text: &'a str,
    pub(super) mark: Mark,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, mark: Mark::default() }
    }

    /// The byte so many behind this place; zero behind the end, which no text holds itself.
    pub(super) fn at(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.mark.byte + offset).copied().unwrap_or(0)
    }

    pub(super) fn here(&self) -> u8 {
        self.at(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.here() == 0
    }

    pub(super) fn is_break_at(&self, offset: usize) -> bool {
        match self.at(offset) {
            b'\r' | b'\n' => true,
            // U+0085, then U+2028 and U+2029
            0xC2 => self.at(offset + 1) == 0x85,
            0xE2 => self.at(offset + 1) == 0x80 && matches!(self.at(offset + 2), 0xA8 | 0xA9),
            _ => false,
        }
    }

    pub(super) fn is_break(&self) -> bool {
        self.is_break_at(0)
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.here(), b' ' | b'\t')
    }

    pub(super) fn is_breakz(&self) -> bool {
        self.is_end() || self.is_break()
    }

    pub(super) fn is_blankz_at(&self, offset: usize) -> bool {
        matches!(self.at(offset), b' ' | b'\t' | 0) || self.is_break_at(offset)
    }

    pub(super) fn is_blankz(&self) -> bool {
        self.is_blankz_at(0)
    }

    /// `[0-9A-Za-z_-]`
    pub(super) fn is_alpha(&self) -> bool {
        self.here().is_ascii_alphanumeric() || matches!(self.here(), b'_' | b'-')
    }

    /// `---` or `...` at the beginning of a line, and nothing right behind it.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.is_three(b'-') || self.is_three(b'.')
    }

    pub(super) fn is_three(&self, byte: u8) -> bool {
        self.mark.column == 0
            && (0..3).all(|offset| self.at(offset) == byte)
            && self.is_blankz_at(3)
    }

    fn character(&self) -> Option<char> {
        self.text.get(self.mark.byte..)?.chars().next()
    }

    pub(super) fn skip(&mut self) {
        self.mark.index += 1;
        self.mark.column += 1;
        self.mark.byte += self.character().map_or(0, char::len_utf8);
    }

    pub(super) fn skip_many(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank() {
            self.skip();
        }
    }

    pub(super) fn skip_comment(&mut self) {
        if self.here() == b'#' {
            while !self.is_breakz() {
                self.skip();
            }
        }
    }

    pub(super) fn skip_line(&mut self) {
        self.read_line(&mut String::new());
    }

    /// Takes the rest of a line in which nothing but a comment may stand, and its end.
    pub(super) fn skip_rest_of_line(&mut self, start: Mark) -> Scan<()> {
        self.skip_blanks();
        self.skip_comment();
        if !self.is_breakz() {
            return fail(start, "only a comment may follow on this line");
        }
        self.skip_line();
        Ok(())
    }

    /// Takes a character.
    pub(super) fn read(&mut self, into: &mut String) {
        into.extend(self.character());
        self.skip();
    }

    /// Takes a line break, as a line feed where YAML does not keep it.
    pub(super) fn read_line(&mut self, into: &mut String) {
        if !self.is_break() {
            return;
        }
        if self.here() == b'\r' && self.at(1) == b'\n' {
            self.skip();
        }
        match self.character() {
            Some(kept @ ('\u{2028}' | '\u{2029}')) => into.push(kept),
            _ => into.push('\n'),
        }
        self.skip();
        self.mark.column = 0;
        self.mark.line += 1;
    }
}

pub(super) fn fail<T>(at: Mark, problem: &'static str) -> Scan<T> {
    Err(Fault { at, problem })
}
