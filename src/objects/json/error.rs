//! Why a text is not what it should be, and where.

use std::fmt::{self, Write as _};

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
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Error {
    #[cold]
    pub(super) fn at(at: usize, reason: String) -> Self {
        Self(Box::new(Fault { at, reason, path: Vec::new() }))
    }

    #[cold]
    pub(super) fn under(mut self, step: Step) -> Self {
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
                Step::Index(index) => _ = write!(shown, "[{index}]"),
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
