//! JSON text, read in place.
//!
//! A review is mostly text that no rule reads, so that skipping it is most of the work of reading
//! one. [`Reader::skip`] holds what it skips to the whole of JSON's grammar (RFC 8259), and copies
//! nothing. Where JSON leaves a choice, it is Go's `encoding/json`: half of a surrogate pair reads as
//! U+FFFD. Numbers stay text until somebody wants an integer.

use std::borrow::Cow;
use std::fmt;

mod string;
#[cfg(test)]
mod tests;

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

/// Text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// `spec.containers[0].image`; empty where the text as a whole is at fault.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// Into the text, where the text is one that its author knows: line and column, from one, the
    /// column in bytes.
    pub place: Option<(usize, usize)>,
}

impl Malformed {
    /// The text as a whole is at fault.
    pub fn whole(reason: impl Into<String>) -> Self {
        Self::at("", reason)
    }

    /// The value of a path is at fault.
    pub fn at(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into(), place: None }
    }

    /// For whoever never saw the text that the place counts in.
    #[must_use]
    pub fn without_place(&self) -> Self {
        Self { place: None, ..self.clone() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)?;
        match self.place {
            Some((line, column)) => write!(f, " at line {line} column {column}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Malformed {}

/// Why reading stopped. Small, because every value that is read may come to one.
#[derive(Debug)]
pub struct Error(Box<Fault>);

#[derive(Debug)]
struct Fault {
    at: usize,
    reason: String,
    /// The innermost first.
    path: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Error {
    #[cold]
    fn under(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    /// What is wrong with `text`, and where.
    #[must_use]
    pub fn located(self, text: &str) -> Malformed {
        let Fault { at, reason, path } = *self.0;
        let mut shown = String::new();
        for step in path.iter().rev() {
            match step {
                Step::Index(index) => shown.push_str(&format!("[{index}]")),
                Step::Key(key) => {
                    if !shown.is_empty() {
                        shown.push('.');
                    }
                    shown.push_str(key);
                }
            }
        }
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Malformed { path: shown, reason, place: Some((line + 1, column + 1)) }
    }
}

/// Reads one text from its beginning to its end.
#[derive(Debug)]
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
}

impl<'de> Reader<'de> {
    /// At the beginning of `text`.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self { text, at: 0 }
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
            _ => return Err(self.unexpected("a value")),
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
        self.skip_number()?;
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
        if self.token() != Some(b'"') {
            return Err(self.mistaken("a string"));
        }
        let start = self.at + 1;
        let stop = string::stop(self.text.as_bytes(), start);
        if self.text.as_bytes().get(stop) == Some(&b'"') {
            self.at = stop + 1;
            return Ok(Cow::Borrowed(self.text.get(start..stop).unwrap_or_default()));
        }
        self.skip_string()?;
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
        self.at += 1;
        if self.token() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.token() != Some(b'"') {
                return Err(self.unexpected("a key"));
            }
            let start = self.at;
            let key = self.string()?;
            self.colon()?;
            each(self, key).map_err(|error| self.under_key(start, error))?;
            if !self.goes_on(b'}')? {
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
        self.at += 1;
        if self.token() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            each(self, index).map_err(|error| error.under(Step::Index(index)))?;
            if !self.goes_on(b']')? {
                break;
            }
        }
        Ok(())
    }

    /// Reads a value of any kind and returns its text.
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub fn raw(&mut self) -> Result<&'de str, Error> {
        self.kind()?;
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads past a value of any kind.
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub fn skip(&mut self) -> Result<(), Error> {
        match self.kind()? {
            Kind::Text => self.skip_string(),
            Kind::Number => self.skip_number(),
            Kind::Boolean => self.boolean().map(drop),
            Kind::Null => self.null().map(drop),
            Kind::Object | Kind::List => self.skip_nested(),
        }
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

    /// What is found is no `wanted`.
    #[cold]
    pub fn mistaken(&mut self, wanted: &str) -> Error {
        let start = match self.kind() {
            Ok(_) => self.at,
            Err(error) => return error,
        };
        let found = match self.raw() {
            Ok(raw) => string::shown(raw),
            Err(error) => return error,
        };
        self.at = start;
        self.error(format!("found {found}, expected {wanted}"))
    }

    /// Without recursion: depth is whoever wrote the text's to choose.
    fn skip_nested(&mut self) -> Result<(), Error> {
        let mut open = Vec::new();
        loop {
            match self.token() {
                Some(b'{') => {
                    self.at += 1;
                    if self.token() == Some(b'}') {
                        self.at += 1;
                    } else {
                        open.push(b'}');
                        self.skip_key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if self.token() == Some(b']') {
                        self.at += 1;
                    } else {
                        open.push(b']');
                        continue;
                    }
                }
                Some(b'"') => self.skip_string()?,
                _ => self.skip()?,
            }
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                if self.goes_on(close)? {
                    if close == b'}' {
                        self.skip_key()?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<(), Error> {
        if self.token() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        self.skip_string()?;
        self.colon()
    }

    /// At the quote that a string begins with.
    #[inline]
    fn skip_string(&mut self) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            self.at = string::stop(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => match string::escape(bytes.get(self.at..).unwrap_or_default()) {
                    Some(length) => self.at += length,
                    None => return Err(self.error("an escape that JSON does not know")),
                },
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the text ends in a string")),
            }
        }
    }

    fn skip_number(&mut self) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.skip_digits()?;
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.skip_digits()?;
        }
        if let Some(b'e' | b'E') = bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = bytes.get(self.at) {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Result<(), Error> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        if digits == 0 { Err(self.unexpected("a digit")) } else { Ok(()) }
    }

    fn literal(&mut self, word: &str) -> Result<(), Error> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.unexpected(word));
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Error> {
        if self.token() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    /// Behind a value: whether another follows, or what `close` closes ends here.
    #[inline]
    fn goes_on(&mut self, close: u8) -> Result<bool, Error> {
        let found = self.token();
        if found != Some(b',') && found != Some(close) {
            let wanted = if close == b'}' { "`,` or `}`" } else { "`,` or `]`" };
            return Err(self.unexpected(wanted));
        }
        self.at += 1;
        Ok(found == Some(b','))
    }

    /// The first byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                found => return found.copied(),
            }
        }
    }

    #[cold]
    fn unexpected(&self, wanted: &str) -> Error {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.chars().next() {
            None => self.error(format!("the text ends where {wanted} is expected")),
            Some(found) => self.error(format!("found {found:?}, expected {wanted}")),
        }
    }

    #[cold]
    fn error(&self, reason: impl Into<String>) -> Error {
        Error(Box::new(Fault { at: self.at, reason: reason.into(), path: Vec::new() }))
    }

    #[cold]
    fn under_key(&self, start: usize, error: Error) -> Error {
        let mut again = Self { text: self.text, at: start };
        let key = again.string().unwrap_or_default().into_owned();
        error.under(Step::Key(key))
    }
}
