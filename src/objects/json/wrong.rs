//! What is wrong, in words.

use super::error::{Error, Step};
use super::skip::{Stop, Wanted};
use super::{Reader, string};

impl Reader<'_> {
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

    #[cold]
    pub(super) fn stopped(&mut self, stop: Option<Stop>) -> Error {
        let Some(Stop { at, wanted }) = stop else { return self.error("not JSON") };
        self.at = at;
        self.wants(wanted)
    }

    /// What stands here is not what is wanted.
    #[cold]
    pub(super) fn wants(&self, wanted: Wanted) -> Error {
        let what = match wanted {
            Wanted::Value => "a value",
            Wanted::Key => "a key",
            Wanted::Colon => "`:`",
            Wanted::Digit => "a digit",
            Wanted::CommaOrBrace => "`,` or `}`",
            Wanted::CommaOrBracket => "`,` or `]`",
            Wanted::Word(word) => word,
            Wanted::LessDepth => return self.error("lists and objects are nested too deep"),
            Wanted::StringGoingOn => {
                return self.error(match self.text.as_bytes().get(self.at) {
                    None => "the text ends in a string",
                    Some(b'\\') => "an escape that JSON does not know",
                    Some(_) => "a control character in a string",
                });
            }
        };
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => self.error(format!("the text ends where {what} is expected")),
            Some(found) => self.error(format!("found {found:?}, expected {what}")),
        }
    }

    /// Something is wrong here.
    #[cold]
    pub fn error(&self, reason: impl Into<String>) -> Error {
        Error::at(self.at, reason.into())
    }

    #[cold]
    pub(super) fn under_key(&self, start: usize, error: Error) -> Error {
        let mut again = Self { text: self.text, at: start, left: 0 };
        let key = again.string().unwrap_or_default().into_owned();
        error.under(Step::Key(key))
    }
}
