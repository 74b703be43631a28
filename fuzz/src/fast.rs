//! Reading past values: by their brackets, and by their grammar.

use ringfence::objects::json::{DEEPEST, Reader};

use super::dice;
use super::schema::REVIEW;
use super::tree::{self, between_brackets, spaces};

/// Any text.
pub fn run(data: &[u8]) {
    let text = dice::input(data, |dice| REVIEW.made(dice).to_string());
    for levels in [DEEPEST, 7, 1, 0] {
        by_grammar(&text, levels);
        by_brackets(&text, levels);
    }
}

fn by_grammar(text: &str, levels: usize) {
    let mut reader = Reader::within(text, levels);
    let read = reader.skip().and_then(|()| reader.end());
    let expect = tree::read(text, levels);
    assert_eq!(read.is_ok(), expect.is_some(), "{text:?}: {read:?}");
    if let Err(error) = read {
        let (line, column) = error.located(text).place.expect("errors have places");
        assert!(line >= 1 && column >= 1 && column <= text.len() + 1, "{text:?}");
    }
}

fn by_brackets(text: &str, levels: usize) {
    let read = Reader::within(text, levels).raw();
    let mut rest = text.chars().peekable();
    spaces(&mut rest);
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    if let Some('{' | '[') = rest.peek() {
        let expect = between_brackets(&mut rest, levels);
        assert_eq!(read.as_ref().ok().copied(), expect.as_deref(), "{text:?}");
    }
    if tree::read(text, levels).is_some() {
        assert_eq!(read.ok(), Some(trimmed), "{text:?}");
    }
}
