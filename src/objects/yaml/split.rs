//! Where one YAML document ends and the next begins, as k8s.io/apimachinery
//! `pkg/util/yaml/decoder.go` has it: at every line that starts with `---`, whatever stands around
//! it.

use super::{Document, Span, YamlError, decode, tree};

/// What is between two separators, in the lines that kubectl hands on: all of them end in a line
/// feed, and in nothing but that.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) text: String,
    /// How many lines of the whole text are before it.
    pub(super) line: usize,
    /// Where in the whole text it begins, in bytes.
    pub(super) byte: usize,
    /// Where in the whole text it ends.
    pub(super) end: usize,
    /// The places in `text` before which a carriage return was left out.
    pub(super) dropped: Vec<usize>,
}

/// The documents of the text from byte `start` on.
pub(super) fn read(text: &str, start: usize) -> Vec<Result<Document, YamlError>> {
    let mut found = Vec::new();
    let before = text.get(..start).unwrap_or_default();
    let (mut number, mut at) = (before.matches('\n').count(), start);
    let mut chunk = Chunk { line: number, byte: at, end: at, ..Chunk::default() };
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let end = at + line.len();
        let next = Chunk { line: number + 1, byte: end, end, ..Chunk::default() };
        let content = line.strip_suffix('\n').unwrap_or(line);
        let ended = content.len() < line.len();
        let content = if ended { content.strip_suffix('\r').unwrap_or(content) } else { content };
        match content.strip_prefix("---").map(str::trim) {
            Some(rest) if !rest.is_empty() && !rest.starts_with('#') => {
                // With it kubectl loses what came before it.
                chunk = next;
                found.push(Err(YamlError {
                    span: Span { line: number + 1, column: 4, bytes: at + 3..end },
                    message: "only a comment may follow `---` on its line".to_owned(),
                }));
            }
            // A separator before which there is nothing begins the document itself.
            Some(_) if !chunk.text.is_empty() => {
                found.extend(std::mem::replace(&mut chunk, next).read());
            }
            _ if !ended && is_lost(content) => {}
            _ => chunk.push(content, line.len()),
        }
        (number, at) = (number + 1, end);
    }
    found.extend(chunk.read());
    found
}

/// Where YAML begins behind JSON values: Go skips white space up to a line's end, and gives up
/// where less than four bytes are left.
pub(super) fn behind_space(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = text.get(at..).filter(|rest| rest.len() >= 4)?;
        let next = rest.chars().next().filter(|next| *next != char::REPLACEMENT_CHARACTER)?;
        if !next.is_whitespace() {
            return Some(at);
        }
        at += next.len_utf8();
        if next == '\n' {
            return Some(at);
        }
    }
}

/// Whether Go's reader loses a last line that has no end: one that fills its buffer a whole
/// number of times is reported together with the end of the file, and then not looked at.
fn is_lost(line: &str) -> bool {
    const BUFFER: usize = 4096;
    let mut left = line.as_bytes();
    while let Some((filled, rest)) = left.split_at_checked(BUFFER) {
        // A carriage return is put back, because a line feed may follow it.
        let kept = if filled.ends_with(b"\r") { BUFFER - 1 } else { BUFFER };
        left = left.get(kept..).unwrap_or(rest);
        if left.is_empty() {
            return true;
        }
    }
    false
}

impl Chunk {
    /// Adds a line, which has so many bytes with its end.
    fn push(&mut self, content: &str, length: usize) {
        self.text.push_str(content);
        if length == content.len() + 2 {
            self.dropped.push(self.text.len());
        }
        self.text.push('\n');
        self.end += length;
    }

    fn read(self) -> Option<Result<Document, YamlError>> {
        match tree::scan(&self) {
            Ok(tree) => {
                let mut document = decode::document(&tree?).transpose()?;
                if let Ok(document) = &mut document {
                    document.bytes = self.byte..self.end;
                }
                Some(document)
            }
            Err(error) => Some(Err(error)),
        }
    }
}
