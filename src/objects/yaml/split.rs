//! Where one YAML document ends and the next begins, as k8s.io/apimachinery
//! `pkg/util/yaml/decoder.go` has it: at every line that starts with `---`, whatever stands around
//! it.

use super::{Document, Span, YamlError, decode, tree};

/// The documents of the text from byte `start` on.
pub(super) fn read(text: &str, start: usize) -> Vec<Result<Document, YamlError>> {
    let mut found = Vec::new();
    let before = text.get(..start).unwrap_or_default();
    let mut chunk = Chunk { line: before.matches('\n').count(), bytes: start..start };
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let end = at + line.len();
        if let Some(rest) = line.strip_prefix("---") {
            found.extend(chunk.read(text));
            let number = chunk.line + text.get(chunk.bytes.clone()).map_or(0, lines);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                found.push(Err(YamlError {
                    span: Span { line: number + 1, column: 4, bytes: at + 3..end },
                    message: "only a comment may follow `---` on its line".to_owned(),
                }));
            }
            chunk = Chunk { line: number + 1, bytes: end..end };
        } else {
            chunk.bytes.end = end;
        }
        at = end;
    }
    found.extend(chunk.read(text));
    found
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// What stands between two separators.
struct Chunk {
    /// The lines before it.
    line: usize,
    bytes: std::ops::Range<usize>,
}

impl Chunk {
    fn read(&self, text: &str) -> Option<Result<Document, YamlError>> {
        let chunk = text.get(self.bytes.clone())?;
        let origin = tree::Origin { line: self.line, byte: self.bytes.start };
        let tree = match tree::scan(chunk, origin) {
            Ok(tree) => tree?,
            Err(error) => return Some(Err(error)),
        };
        decode::document(&tree).transpose()
    }
}
