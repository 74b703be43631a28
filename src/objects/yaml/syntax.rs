//! Text → events, as the scanner and the parser of go.yaml.in/yaml/v2 v2.4.4 (`scannerc.go`,
//! `parserc.go`) make them, which are libyaml's: YAML 1.1 with all of its quirks.
//!
//! Followed step by step rather than left to a YAML 1.2 parser, because the two take the same
//! text for different values wherever it holds tabs, odd line breaks, directives, `?` and `:` in
//! flow style or document ends. Function names are those of the Go code without their prefix.
//! Deliberately absent: everything behind the first document, which Go does not look at either.

mod block;
mod cursor;
mod parser;
mod properties;
mod quoted;
mod scanner;
mod token;

pub(super) use cursor::Mark;
pub(super) use parser::{Event, EventKind, Parser};

/// A text that Go's reader does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Mark,
    pub(super) problem: &'static str,
}

type Scan<T> = Result<T, Fault>;
