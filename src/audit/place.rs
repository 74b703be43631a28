//! Where findings stand in the text.

use crate::domain::{Place, Rewrite};
use crate::objects::yaml::{Document, Kind, Node, Span};

/// How many bytes of a line are shown before what is meant, and behind its beginning. A document
/// may be one line of megabytes.
const BEFORE: usize = 100;
const BEHIND: usize = 160;
/// How many characters are marked at most.
const MARKED: usize = 60;

/// The place of the value at an RFC 6901 pointer, or of the nearest parent that is written down.
pub(super) fn place(text: &str, document: &Document, pointer: &str) -> Place {
    let mut node = &document.root;
    let mut key: Option<&Span> = None;
    let mut exact = true;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let (value, name) = match node.entry(&step) {
            Some(entry) => (&entry.value, Some(&entry.key_span)),
            None => match node.child(&step) {
                Some(item) => (item, None),
                None => {
                    exact = false;
                    break;
                }
            },
        };
        (node, key) = (value, name);
    }
    show(text, meant(node, key, exact))
}

/// The value itself where it is one, else the key that it is known by.
fn meant<'a>(node: &'a Node, key: Option<&'a Span>, exact: bool) -> &'a Span {
    let scalar = !matches!(node.kind, Kind::List(_) | Kind::Map(_)) && !node.span.bytes.is_empty();
    key.filter(|_| !(exact && scalar)).unwrap_or(&node.span)
}

fn show(text: &str, span: &Span) -> Place {
    let start = span.bytes.start.min(text.len());
    let (line, cut) = {
        let from = boundary(text, start.saturating_sub(BEFORE));
        let before = text.get(from..start).unwrap_or_default();
        match before.rfind('\n') {
            Some(newline) => (before.get(newline + 1..).unwrap_or_default(), false),
            None => (before, from > 0),
        }
    };
    let upto = boundary(text, (start + BEHIND).min(text.len()));
    let behind = text.get(start..upto).unwrap_or_default();
    let rest = behind.split(['\n', '\r']).next().unwrap_or_default();
    let tail = if rest.len() == behind.len() && upto < text.len() { "…" } else { "" };
    let end = boundary(text, span.bytes.end.min(start + rest.len()));
    let marked = text.get(start..end).unwrap_or_default().trim_end();
    let head = if cut { "…" } else { "" };
    Place {
        line: span.line,
        column: span.column,
        width: marked.chars().count().clamp(1, MARKED),
        excerpt: format!("{head}{line}{rest}{tail}"),
        before: head.chars().count() + line.chars().count(),
    }
}

/// The next place at or before a byte where characters begin.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The one stretch in which two texts differ, words whole.
pub(super) fn rewrite(old: &str, new: &str, from: usize, lines: &Lines<'_>) -> Rewrite {
    let same = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let mut start = boundary(old, same).min(boundary(new, same));
    let word = |at: usize| old.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
    while start > 0 && word(start - 1) {
        start -= 1;
    }
    let rest = (old.len().min(new.len())).saturating_sub(start);
    let mut tail = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take(rest)
        .take_while(|(old, new)| old == new)
        .count();
    while tail > 0 && (!old.is_char_boundary(old.len() - tail) || word(old.len() - tail)) {
        tail -= 1;
    }
    Rewrite {
        from: lines.at(from + start),
        to: lines.at(from + old.len() - tail),
        with: new.get(start..new.len() - tail).unwrap_or_default().to_owned(),
    }
}

/// The lines of a text, to tell line and column of a byte without counting from the line's start: a
/// text may be one long line.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters begin before each block.
    counted: Vec<usize>,
}

impl<'a> Lines<'a> {
    const BLOCK: usize = 1024;

    pub(super) fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut counted = vec![0];
        for block in text.as_bytes().chunks(Self::BLOCK) {
            counted.push(counted.last().copied().unwrap_or(0) + begun(block));
        }
        Self { text, starts: std::iter::once(0).chain(breaks).collect(), counted }
    }

    fn at(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied();
        (line, self.characters(byte) - self.characters(start.unwrap_or(0)) + 1)
    }

    fn characters(&self, byte: usize) -> usize {
        let block = byte / Self::BLOCK;
        let rest = self.text.as_bytes().get(block * Self::BLOCK..byte).unwrap_or_default();
        self.counted.get(block).copied().unwrap_or(0) + begun(rest)
    }
}

/// How many characters begin among these bytes.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::yaml::documents;

    /// The line, the column and what is marked of the excerpt.
    #[track_caller]
    fn check(text: &str, pointer: &str, expect: (usize, usize, &str, &str)) {
        let document = documents(text).into_iter().next().unwrap().unwrap();
        let Place { line, column, width, excerpt, before } = place(text, &document, pointer);
        let marked: String = excerpt.chars().skip(before).take(width).collect();
        assert_eq!((line, column, marked.as_str(), excerpt.as_str()), expect);
    }

    #[test]
    fn a_value_is_shown_itself_and_what_is_absent_by_its_nearest_parent() {
        let text = "spec:\n  a: true # x\n  list:\n  - name: é\n    b: {c: 'x y'}\n  none:\n";
        check(text, "/spec/a", (2, 6, "true", "  a: true # x"));
        check(text, "/spec/list", (3, 3, "list", "  list:"));
        check(text, "/spec/list/0", (4, 5, "name: é", "  - name: é"));
        check(text, "/spec/list/0/s/t", (4, 5, "name: é", "  - name: é"));
        check(text, "/spec/list/0/b/c", (5, 12, "'x y'", "    b: {c: 'x y'}"));
        check(text, "/spec/list/0/b/d", (5, 5, "b", "    b: {c: 'x y'}"));
        check(text, "/spec/list/7/b", (3, 3, "list", "  list:"));
        check(text, "/spec/none", (6, 3, "none", "  none:"));
        check(text, "/x", (1, 1, "spec:", "spec:"));
        check(text, "", (1, 1, "spec:", "spec:"));
    }

    #[test]
    fn of_a_long_line_a_part_is_shown() {
        let long = "ü".repeat(300);
        let text = format!("{{\"a\": \"{long}\", \"b\": true, \"c\": \"{long}\"}}");
        let document = documents(&text).into_iter().next().unwrap().unwrap();
        let found = place(&text, &document, "/b");
        assert_eq!((found.column, found.width), (316, 4));
        let marked: String = found.excerpt.chars().skip(found.before).take(4).collect();
        assert_eq!(marked, "true");
        assert!(found.excerpt.starts_with('…') && found.excerpt.ends_with('…'));
        assert!(found.excerpt.len() < 300, "{}", found.excerpt);
    }

    #[test]
    fn a_rewrite_is_the_stretch_in_which_texts_differ() {
        #[track_caller]
        fn check(old: &str, new: &str, expect: ((usize, usize), (usize, usize), &str)) {
            let whole = format!("x\n{old}");
            let Rewrite { from, to, with } = rewrite(old, new, 2, &Lines::of(&whole));
            assert_eq!((from, to, with.as_str()), expect);
        }
        check("a: true\nb: 1\n", "a: false\nb: 1\n", ((2, 4), (2, 8), "false"));
        check("a: 1\nb: 2\n", "a: 1\n", ((3, 1), (4, 1), ""));
        check("ä: ö\n", "ä: ü\n", ((2, 4), (2, 5), "ü"));
        check("aa", "aaa", ((2, 1), (2, 3), "aaa"));
        let long = "ü".repeat(3000);
        check(&format!("{long} a\n"), &format!("{long} b\n"), ((2, 3002), (2, 3003), "b"));
        check("- a\n", "- a\n- b\n", ((3, 1), (3, 1), "- b\n"));
    }
}
