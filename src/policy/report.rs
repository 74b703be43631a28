//! Everything that is wrong with a set of documents, each with its place.

use std::fmt;

use crate::domain::sanitise;
use crate::objects::yaml::Span;

/// A text with documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path, as the user gave it.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the source.
    pub source: String,
    /// Where in it; none where the source as a whole is meant.
    pub excerpt: Option<Excerpt>,
    /// What is wrong, in lower case and without a final stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A line of a source and what is meant in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// The line, or the part of it around the column; safe to print.
    pub text: String,
    /// How many characters of `text` stand before what is meant.
    pub before: usize,
    /// How many characters of `text` are meant, at least one.
    pub width: usize,
}

/// Everything that is wrong with a set of documents. It is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of the sources and their lines.
    pub problems: Vec<Problem>,
}

/// The longest line that is shown whole.
const MAX_LINE: usize = 120;

impl Problem {
    /// A problem of a source as a whole.
    #[must_use]
    pub fn of_source(source: impl Into<String>, message: impl Into<String>) -> Self {
        Self { source: source.into(), excerpt: None, message: message.into(), help: None }
    }

    /// A problem at a place of a source.
    #[must_use]
    pub fn at(source: &Source, span: &Span, message: impl Into<String>) -> Self {
        let excerpt = Some(Excerpt::of(&source.text, span));
        Self { source: source.name.clone(), excerpt, message: message.into(), help: None }
    }

    /// This problem, and what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

impl Excerpt {
    fn of(text: &str, span: &Span) -> Self {
        let line = text.lines().nth(span.line.saturating_sub(1)).unwrap_or_default();
        let meant = text.get(span.bytes.clone()).unwrap_or_default();
        let meant = meant.lines().next().unwrap_or_default().trim_end();
        let before = span.column.saturating_sub(1);
        // A line of JSON can be a whole document: only what stands around is shown.
        let skipped =
            if line.chars().count() > MAX_LINE { before.saturating_sub(MAX_LINE / 3) } else { 0 };
        let shown: String = line.chars().skip(skipped).take(MAX_LINE).collect();
        let before = before - skipped;
        let room = shown.chars().count().saturating_sub(before);
        Self {
            line: span.line,
            column: span.column,
            text: sanitise(&shown.replace('\t', " "), MAX_LINE).into_owned(),
            before,
            width: meant.chars().count().min(room).max(1),
        }
    }
}

impl fmt::Display for Problem {
    /// `file:line:column: message`, the line with what is meant underlined, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = sanitise(&self.source, 4096);
        let message = sanitise(&self.message, 1024);
        match &self.excerpt {
            Some(Excerpt { line, column, text, before, width }) => {
                writeln!(f, "{source}:{line}:{column}: {message}")?;
                writeln!(f, "    {text}")?;
                writeln!(f, "    {:before$}{:^<width$}", "", "")?;
            }
            None => writeln!(f, "{source}: {message}")?,
        }
        match &self.help {
            Some(help) => writeln!(f, "help: {}", sanitise(help, 1024)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    /// Every problem, with an empty line between two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// The candidate that a slip of one or two letters could have turned into `word`.
pub(super) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let close = |candidate: &&str| {
        let distance = distance(word, candidate);
        (distance > 0 && distance <= 2 && distance * 3 <= candidate.chars().count())
            .then_some((distance, (*candidate).to_owned()))
    };
    let (_, candidate) = candidates.into_iter().filter_map(|candidate| close(&candidate)).min()?;
    Some(format!("did you mean `{candidate}`?"))
}

/// How many letters must be put in, taken out, replaced or swapped with the next; where only cases
/// differ it is one, so that `podsecurity` finds `podSecurity`.
fn distance(a: &str, b: &str) -> usize {
    if a != b && a.eq_ignore_ascii_case(b) {
        return 1;
    }
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let at = |row: Option<&Vec<usize>>, j: usize| row.and_then(|row| row.get(j)).copied();
    let far = usize::MAX - 1;
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let (left, right) = (a.get(i - 1), b.get(j - 1));
            let above = at(rows.last(), j).unwrap_or(far) + 1;
            let before = next.last().copied().unwrap_or(far) + 1;
            let same = at(rows.last(), j - 1).unwrap_or(far) + usize::from(left != right);
            let mut least = above.min(before).min(same);
            if i > 1 && j > 1 && left == b.get(j - 2) && a.get(i - 2) == right {
                least = least.min(at(rows.get(i - 2), j - 2).unwrap_or(far) + 1);
            }
            next.push(least);
        }
        rows.push(next);
    }
    at(rows.last(), b.len()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_what_was_meant() {
        let check = |word: &str, expect: Option<&str>| {
            let found = did_you_mean(word, ["runAsUser", "runAsGroup", "fsGroup", "seal"]);
            assert_eq!(found, expect.map(|word| format!("did you mean `{word}`?")), "{word}");
        };
        check("runAsUsr", Some("runAsUser"));
        check("runasuser", Some("runAsUser"));
        check("fsgroup", Some("fsGroup"));
        check("seel", Some("seal"));
        check("sael", Some("seal"));
        check("pods", None);
        check("seal", None);
    }

    #[test]
    fn a_place_is_shown_with_its_line() {
        let text = format!("a: b\n\tkey: \u{1b}[31m value # x\nlong: {}X\n", "y".repeat(300));
        let source = Source { name: "dir/file.yaml".to_owned(), text };
        let check = |line: usize, column: usize, word: &str, expect: &str| {
            let start = source.text.find(word).unwrap();
            let span = Span { line, column, bytes: start..start + word.len() };
            let problem =
                Problem::at(&source, &span, "it is wrong").with_help(Some("mend it".into()));
            assert_eq!(problem.to_string(), expect);
        };
        check(1, 4, "b", "dir/file.yaml:1:4: it is wrong\n    a: b\n       ^\nhelp: mend it\n");
        check(
            2,
            13,
            "value",
            "dir/file.yaml:2:13: it is wrong\n     key: \u{fffd}[31m value # x\n                ^^^^^\nhelp: mend it\n",
        );
        check(
            3,
            307,
            "X",
            &format!(
                "dir/file.yaml:3:307: it is wrong\n    {}X\n    {}^\nhelp: mend it\n",
                "y".repeat(40),
                " ".repeat(40)
            ),
        );
        let whole = Problem::of_source("dir", "there is nothing");
        assert_eq!(whole.to_string(), "dir: there is nothing\n");
    }
}
