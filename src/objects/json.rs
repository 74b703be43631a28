//! JSON text, read in place.
//!
//! A review is mostly text that no rule reads, so that skipping it is most of the work of reading
//! one. [`Reader::skip`] holds what it skips to the whole of JSON's grammar (RFC 8259), and copies
//! nothing. Where JSON leaves a choice, it is Go's `encoding/json`: half of a surrogate pair reads as
//! U+FFFD. Numbers stay text until somebody wants an integer.

use std::borrow::Cow;

use error::Step;
pub use error::{Error, Malformed};
use skip::{Skip, Wanted};

mod error;
mod skip;
mod span;
mod string;
#[cfg(test)]
mod tests;
pub mod write;
mod wrong;

/// How deep lists and objects may be nested. Kubernetes' own objects stay below 30; reading takes some
/// of the stack for each.
pub const DEEPEST: usize = 1000;

/// What stands at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A list.
    List,
    /// An object.
    Object,
}

/// Holds a text to JSON's grammar.
///
/// # Errors
/// It is not JSON.
pub fn check(text: &str) -> Result<(), Malformed> {
    let mut reader = Reader::new(text);
    let read = reader.skip().and_then(|()| reader.end());
    read.map_err(|error| error.located(text))
}

/// Whether two texts first differ in the string that a key has in both: then they mean different
/// things. That is the most of what an update changes, and quickly told; `false` says nothing.
#[must_use]
pub fn differ_in_a_string(one: &str, other: &str) -> bool {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let before = one.as_bytes().get(..same).unwrap_or_default();
    let Some(open) = string::open_at_the_end_of(before) else { return false };
    if !before.get(..open).is_some_and(|key| key.ends_with(b":")) {
        return false;
    }
    // Escapes may mean the same although they are written otherwise.
    let is_plain = |text: &str| {
        let end = string::stop(text.as_bytes(), open + 1);
        text.as_bytes().get(end) == Some(&b'"')
    };
    is_plain(one) && is_plain(other)
}

/// Reads one text from its beginning to its end.
#[derive(Debug)]
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    /// How many more lists and objects may be opened inside of the open ones.
    left: usize,
}

impl<'de> Reader<'de> {
    /// At the beginning of `text`.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self::within(text, DEEPEST)
    }

    /// At the beginning of `text`, in which lists and objects may be nested `levels` deep, and never
    /// deeper than [`DEEPEST`].
    #[must_use]
    pub fn within(text: &'de str, levels: usize) -> Self {
        Self { text, at: 0, left: levels.min(DEEPEST) }
    }

    /// What comes next.
    ///
    /// # Errors
    /// Nothing that begins a value does.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, Error> {
        Ok(match self.token() {
            Some(b'"') => Kind::Text,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => return Err(self.wants(Wanted::Value)),
        })
    }

    /// Reads a `null`, if that comes next.
    ///
    /// # Errors
    /// It begins as `null`, and is none.
    #[inline]
    pub fn null(&mut self) -> Result<bool, Error> {
        if self.token() != Some(b'n') {
            return Ok(false);
        }
        self.literal("null").map(|()| true)
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// There is none.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        match self.token() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.mistaken("a boolean")),
        }
    }

    /// Reads a number that must be an integer of the type `I`, which `what` names. As in Go `1.0` and
    /// `1e3` are none.
    ///
    /// # Errors
    /// There is none.
    pub fn integer<I: std::str::FromStr>(&mut self, what: &str) -> Result<I, Error> {
        if self.kind()? != Kind::Number {
            return Err(self.mistaken(what));
        }
        let start = self.at;
        self.skip()?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        text.parse().map_err(|_| {
            self.at = start;
            self.mistaken(what)
        })
    }

    /// Reads a string, copied only where it holds an escape.
    ///
    /// # Errors
    /// There is none, or it is broken.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'de, str>, Error> {
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.other_string(),
        }
    }

    /// Most strings are this.
    #[inline]
    fn plain_string(&mut self) -> Option<&'de str> {
        let start = match self.token() {
            Some(b'"') => self.at + 1,
            _ => return None,
        };
        let stop = string::stop(self.text.as_bytes(), start);
        let text = self.text.get(start..stop)?;
        if self.text.as_bytes().get(stop) != Some(&b'"') {
            return None;
        }
        self.at = stop + 1;
        Some(text)
    }

    /// A string that holds escapes, or is none.
    #[cold]
    #[inline(never)]
    fn other_string(&mut self) -> Result<Cow<'de, str>, Error> {
        if self.token() != Some(b'"') {
            return Err(self.mistaken("a string"));
        }
        let start = self.at + 1;
        self.skip()?;
        let escaped = self.text.get(start..self.at - 1).unwrap_or_default();
        Ok(Cow::Owned(string::unescaped(escaped)))
    }

    /// Reads an object: `each` reads the value of each key.
    ///
    /// # Errors
    /// There is none, or it is broken, or `each` fails.
    #[inline]
    pub fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'de, str>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.token() != Some(b'{') {
            return Err(self.mistaken("an object"));
        }
        self.open()?;
        if self.token() == Some(b'}') {
            self.close();
            return Ok(());
        }
        loop {
            if self.token() != Some(b'"') {
                return Err(self.wants(Wanted::Key));
            }
            let start = self.at;
            let key = self.string()?;
            self.colon()?;
            each(self, key).map_err(|error| self.under_key(start, error))?;
            if !self.goes_on(b'}')? {
                self.close();
                return Ok(());
            }
        }
    }

    /// Reads a list: `each` reads each item.
    ///
    /// # Errors
    /// There is none, or it is broken, or `each` fails.
    #[inline]
    pub fn items(
        &mut self,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.token() != Some(b'[') {
            return Err(self.mistaken("a list"));
        }
        self.open()?;
        if self.token() == Some(b']') {
            self.close();
            return Ok(());
        }
        for index in 0.. {
            each(self, index).map_err(|error| error.under(Step::Index(index)))?;
            if !self.goes_on(b']')? {
                break;
            }
        }
        self.close();
        Ok(())
    }

    /// Reads past a value of any kind and returns its text. A list or an object ends where its brackets
    /// do: what stands in it is left to whoever reads the text.
    ///
    /// # Errors
    /// There is none, or it does not end, or it is nested too deep.
    pub fn raw(&mut self) -> Result<&'de str, Error> {
        let kind = self.kind()?;
        let start = self.at;
        match kind {
            Kind::List | Kind::Object => {
                // Where the brackets do not tell the end, the grammar tells what is wrong.
                match span::end(self.text.as_bytes(), start, self.left) {
                    Some(end) => self.at = end,
                    None => self.skip()?,
                }
            }
            Kind::Null | Kind::Boolean | Kind::Number | Kind::Text => self.skip()?,
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads a value that begins as `start` does, with its text; where it does not, or cannot be read,
    /// nothing is read.
    pub fn tried<T>(
        &mut self,
        start: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Option<(T, &'de str)> {
        self.token();
        let before = (self.at, self.left);
        if !self.text.get(self.at..)?.starts_with(start) {
            return None;
        }
        let Ok(value) = read(self) else {
            (self.at, self.left) = before;
            return None;
        };
        Some((value, self.text.get(before.0..self.at)?))
    }

    /// Reads past a value of any kind.
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub fn skip(&mut self) -> Result<(), Error> {
        self.token();
        self.past(|bytes, at, left| bytes.value(at, left))
    }

    /// Nothing but white space may be left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(self.error("something follows the end")),
        }
    }

    fn past(
        &mut self,
        skip: impl FnOnce(&Skip<'de>, usize, usize) -> Option<usize>,
    ) -> Result<(), Error> {
        let bytes = Skip::new(self.text.as_bytes());
        match skip(&bytes, self.at, self.left) {
            Some(at) => {
                self.at = at;
                Ok(())
            }
            None => Err(self.stopped(bytes.into_stop())),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), Error> {
        self.past(|bytes, at, _| bytes.word(at, word))
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Error> {
        if self.token() != Some(b':') {
            return Err(self.wants(Wanted::Colon));
        }
        self.at += 1;
        Ok(())
    }

    /// Behind a value: past a comma, or at what closes the list or object.
    #[inline]
    fn goes_on(&mut self, close: u8) -> Result<bool, Error> {
        match self.token() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(found) if found == close => Ok(false),
            _ => Err(self.wants(if close == b'}' {
                Wanted::CommaOrBrace
            } else {
                Wanted::CommaOrBracket
            })),
        }
    }

    #[inline]
    fn open(&mut self) -> Result<(), Error> {
        self.left = self.left.checked_sub(1).ok_or_else(|| self.wants(Wanted::LessDepth))?;
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn close(&mut self) {
        self.left += 1;
        self.at += 1;
    }

    /// The first byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        let (at, found) = Skip::new(self.text.as_bytes()).token(self.at);
        self.at = at;
        found
    }
}
