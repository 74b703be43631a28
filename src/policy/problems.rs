//! What is wrong while documents are read, and what could not be read: every mistake is told, and none
//! that another explains.

use super::reader::Gap;
use super::report::{Problem, Report, Source};
use crate::objects::yaml::Span;

/// How many problems are kept of all sources: each costs a look through its source.
const MAX_PROBLEMS: usize = 1000;

/// A problem with its line and its column.
pub(super) type Misfit = ((usize, usize), Problem);

/// Problems and the sources that they are in.
pub(super) struct Problems<'a> {
    sources: &'a [Source],
    found: Vec<(usize, Span, Problem)>,
}

impl<'a> Problems<'a> {
    pub(super) fn of(sources: &'a [Source]) -> Self {
        Self { sources, found: Vec::new() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    pub(super) fn add(&mut self, source: usize, span: &Span, message: impl Into<String>) {
        self.help(source, span, message, None);
    }

    pub(super) fn help(
        &mut self,
        source: usize,
        span: &Span,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        if let Some(text) = self.sources.get(source).filter(|_| self.found.len() < MAX_PROBLEMS) {
            let problem = Problem::at(text, span, message).with_help(help);
            self.found.push((source, span.clone(), problem));
        }
    }

    /// `file:line:column` of a place.
    pub(super) fn place(&self, source: usize, span: &Span) -> String {
        let name = self.sources.get(source).map_or("", |source| source.name.as_str());
        format!("{name}:{}:{}", span.line, span.column)
    }

    /// The report, if anything is wrong, after what could not be read at all.
    pub(super) fn into_report(self, unread: &[Problem]) -> Option<Report> {
        let mut problems = unread.to_vec();
        problems.extend(self.into_found().into_iter().map(|(_, (_, problem))| problem));
        (!problems.is_empty()).then_some(Report { problems })
    }

    /// Each problem with the index of its source, in the order of the sources.
    pub(super) fn into_found(mut self) -> Vec<(usize, Misfit)> {
        self.found.sort_by_key(|(source, span, _)| (*source, span.line, span.column));
        let place = |span: &Span| (span.line, span.column);
        let found = self.found.into_iter();
        found.map(|(source, span, problem)| (source, (place(&span), problem))).collect()
    }

    /// Drops those after the first so many that a gap explains.
    pub(super) fn forget_explained(&mut self, first: usize, gaps: &[Gap]) {
        let later = self.found.split_off(first);
        let real =
            |(_, span, _): &(usize, Span, Problem)| !gaps.iter().any(|gap| gap.explains(span));
        self.found.extend(later.into_iter().filter(real));
    }
}

/// A document that is there and cannot be used, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Lost {
    kind: Option<&'static str>,
    name: Option<String>,
    /// What it is written in, where nothing else is known.
    text: Option<String>,
}

impl Lost {
    pub(super) fn of(kind: &'static str, name: String) -> Self {
        Self::known(Some(kind), Some(name))
    }

    pub(super) fn known(kind: Option<&'static str>, name: Option<String>) -> Self {
        Self { kind, name, text: None }
    }

    /// The document around a place at which its reader gave up: what stands between two separators.
    pub(super) fn unreadable(text: &str, place: &Span) -> Self {
        let at = place.bytes.start;
        let (mut first, mut last, mut offset) = (0, text.len(), 0);
        for line in text.split_inclusive('\n') {
            if line.starts_with("---") && offset < at {
                first = offset;
            } else if line.starts_with("---") {
                last = offset;
                break;
            }
            offset += line.len();
        }
        Self { text: text.get(first..last).map(str::to_owned), ..Self::default() }
    }

    /// Its name, if it is of this kind.
    pub(super) fn name_of(&self, kind: &str) -> Option<&str> {
        self.name.as_deref().filter(|_| self.kind == Some(kind))
    }

    /// Whether it may be the document of this kind and name, and say `word`.
    pub(super) fn may_be(&self, kind: &str, name: &str, word: &str) -> bool {
        // What is written with escapes may be any word.
        let says = |text: &String| {
            text.contains('\\') || [kind, name, word].iter().all(|word| text.contains(word))
        };
        self.kind.is_none_or(|own| own == kind)
            && self.name.as_ref().is_none_or(|own| own == name)
            && self.text.as_ref().is_none_or(says)
    }
}
