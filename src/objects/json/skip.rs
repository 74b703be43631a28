//! Reading past values, held to the grammar of RFC 8259.
//!
//! Most of the work of reading a review is done here. Places go from one function to the next as
//! plain numbers, and what went wrong is put into words by the reader alone.

use std::cell::Cell;

use super::string;

/// Reads past values of a text.
#[derive(Debug)]
pub(super) struct Skip<'a> {
    bytes: &'a [u8],
    /// Set where a function returns no place.
    stop: Cell<Option<Stop>>,
}

/// The text does not go on as it should.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Where.
    pub(super) at: usize,
    /// What should stand there.
    pub(super) wanted: Wanted,
}

/// What should stand somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    Value,
    Key,
    Colon,
    Digit,
    CommaOrBrace,
    CommaOrBracket,
    /// `null`, `true` or `false`
    Word(&'static str),
    /// A string's next character, or its end.
    StringGoingOn,
    /// Anything that opens no further list or object.
    LessDepth,
}

impl<'a> Skip<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, stop: Cell::new(None) }
    }

    /// Why there was no place.
    pub(super) fn into_stop(self) -> Option<Stop> {
        self.stop.into_inner()
    }

    #[cold]
    #[inline(never)]
    fn stop(&self, at: usize, wanted: Wanted) -> Option<usize> {
        self.stop.set(Some(Stop { at, wanted }));
        None
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The place and byte of the first that is no white space, from `at` on.
    #[inline]
    pub(super) fn token(&self, at: usize) -> (usize, Option<u8>) {
        match self.byte(at) {
            Some(byte) if byte <= b' ' => {
                let at = self.spaces(at);
                (at, self.byte(at))
            }
            byte => (at, byte),
        }
    }

    /// Past white space, of which the API server's encoder writes none.
    #[cold]
    #[inline(never)]
    fn spaces(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r')).count()
    }

    /// Past the value that begins at `at`; `left` more lists and objects may open.
    pub(super) fn value(&self, at: usize, left: usize) -> Option<usize> {
        match self.byte(at) {
            Some(b'"') => self.string(at),
            Some(b'{') => self.object(at, left),
            Some(b'[') => self.list(at, left),
            Some(b'-' | b'0'..=b'9') => self.number(at),
            Some(b't') => self.word(at, "true"),
            Some(b'f') => self.word(at, "false"),
            Some(b'n') => self.word(at, "null"),
            _ => self.stop(at, Wanted::Value),
        }
    }

    fn object(&self, at: usize, left: usize) -> Option<usize> {
        let Some(left) = left.checked_sub(1) else { return self.stop(at, Wanted::LessDepth) };
        let (mut at, mut found) = self.token(at + 1);
        if found == Some(b'}') {
            return Some(at + 1);
        }
        loop {
            if found != Some(b'"') {
                return self.stop(at, Wanted::Key);
            }
            (at, found) = self.token(self.string(at)?);
            if found != Some(b':') {
                return self.stop(at, Wanted::Colon);
            }
            (at, found) = self.token(at + 1);
            let end = match found {
                // What most values are.
                Some(b'"') => self.string(at),
                _ => self.value(at, left),
            };
            (at, found) = self.token(end?);
            match found {
                Some(b',') => (at, found) = self.token(at + 1),
                Some(b'}') => return Some(at + 1),
                _ => return self.stop(at, Wanted::CommaOrBrace),
            }
        }
    }

    fn list(&self, at: usize, left: usize) -> Option<usize> {
        let Some(left) = left.checked_sub(1) else { return self.stop(at, Wanted::LessDepth) };
        let (mut at, mut found) = self.token(at + 1);
        if found == Some(b']') {
            return Some(at + 1);
        }
        loop {
            (at, found) = self.token(self.value(at, left)?);
            match found {
                Some(b',') => (at, _) = self.token(at + 1),
                Some(b']') => return Some(at + 1),
                _ => return self.stop(at, Wanted::CommaOrBracket),
            }
        }
    }

    /// Past the string whose first quote stands at `at`.
    #[inline]
    fn string(&self, at: usize) -> Option<usize> {
        let end = string::stop(self.bytes, at + 1);
        match self.byte(end) {
            Some(b'"') => Some(end + 1),
            _ => self.escaped(end),
        }
    }

    /// Goes on where a string's plain part ends, and the string perhaps does not.
    #[inline(never)]
    fn escaped(&self, mut at: usize) -> Option<usize> {
        while self.byte(at) != Some(b'"') {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(length) = string::escape(rest) else {
                return self.stop(at, Wanted::StringGoingOn);
            };
            at = string::stop(self.bytes, at + length);
        }
        Some(at + 1)
    }

    fn number(&self, mut at: usize) -> Option<usize> {
        if self.byte(at) == Some(b'-') {
            at += 1;
        }
        at = if self.byte(at) == Some(b'0') { at + 1 } else { self.digits(at)? };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.byte(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Some(at)
    }

    fn digits(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => self.stop(at, Wanted::Digit),
            digits => Some(at + digits),
        }
    }

    /// Past a word that should stand at `at`.
    pub(super) fn word(&self, at: usize, word: &'static str) -> Option<usize> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            Some(at + word.len())
        } else {
            self.stop(at, Wanted::Word(word))
        }
    }
}
