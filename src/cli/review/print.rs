//! What a review prints, and where.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;

use crate::audit::{self, Input, Problem, Record, Reviewed};
use crate::cli::inputs::Inputs;
use crate::cli::output;
use crate::domain::Rewrite;
use crate::report::review::{self, Paint, Summary, Unread};
use crate::review::warnings;
use crate::telemetry::BuildInfo;

/// How a review is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// JUnit's XML, for build servers.
    Junit,
}

/// Where the review goes: stdout, unless that is taken by a text that was fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    fn paint(self) -> Paint {
        let terminal = match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        };
        if coloured(terminal, |name| std::env::var(name).ok()) {
            Paint::Colour
        } else {
            Paint::Plain
        }
    }

    fn print(self, text: &str) -> Result<()> {
        match self {
            Self::Stdout => output::result(text),
            // There is nowhere left to report that this failed.
            Self::Stderr => {
                let _ = io::stderr().lock().write_all(text.as_bytes());
                Ok(())
            }
        }
    }
}

/// Whether to print in colour (no-color.org, bixense.com/clicolors): as clap does it for its help.
fn coloured(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    let wanted = set("CLICOLOR").is_none_or(|value| value != "0");
    terminal && wanted && set("TERM").is_some_and(|term| term != "dumb")
}

pub(super) fn print(
    (format, to, after_fixes): (Format, Stream, bool),
    inputs: &Inputs,
    reviewed: &Reviewed,
) -> Result<()> {
    let Reviewed { records, problems, notes } = reviewed;
    for Problem { source, line, column, message } in problems {
        let column = column.map_or_else(String::new, |column| format!(":{column}"));
        output::error(&format!("{source}:{line}{column}: {message}"));
    }
    for note in notes {
        output::note(&format!("{}: {}", note.source, note.text));
    }
    let notes: Vec<Vec<String>> = records.iter().map(|record| said(format, record)).collect();
    let rewrites = match format {
        Format::Sarif => rewrites(&inputs.read, records),
        Format::Human | Format::Json | Format::Junit => vec![Vec::new(); records.len()],
    };
    let objects: Vec<review::Reviewed<'_>> = records
        .iter()
        .zip(&notes)
        .zip(&rewrites)
        .map(|((record, notes), rewrites)| view(record, notes, rewrites))
        .collect();
    let unread = unread(inputs, problems);
    let text = match format {
        Format::Human => {
            let mut summary = Summary::default();
            for object in &objects {
                summary.add(object);
            }
            let summary = if after_fixes { summary.of_what_is_left() } else { summary };
            review::human(&objects, to.paint()) + &summary.text(unread.len())
        }
        Format::Json => objects.iter().map(review::json).collect(),
        Format::Sarif => review::sarif(&objects, &unread, BuildInfo::CURRENT.version),
        Format::Junit => review::junit(&objects, &unread),
    };
    to.print(&text)
}

/// The notes of an object. JSON has one list for them and for what the webhook would warn of.
fn said(format: Format, record: &Record) -> Vec<String> {
    let mut notes = record.notes.clone();
    if format == Format::Json {
        notes.splice(0..0, warnings(&record.verdict));
    }
    notes
}

fn view<'a>(
    record: &'a Record,
    notes: &'a [String],
    rewrites: &'a [Option<Rewrite>],
) -> review::Reviewed<'a> {
    review::Reviewed {
        source: &record.source,
        line: record.line,
        kind: &record.kind,
        namespace: &record.namespace,
        name: &record.name,
        recorded: record.recorded,
        tenant: record.tenant.as_ref().map(crate::domain::TenantName::as_str),
        verdict: &record.verdict,
        places: &record.places,
        rewrites,
        notes,
        // It is JSON that we wrote.
        patch: serde_json::from_str(&record.patch.to_json()).unwrap_or_default(),
    }
}

/// How each fix would change the text. The records of an input stand together.
fn rewrites(inputs: &[Input], records: &[Record]) -> Vec<Vec<Option<Rewrite>>> {
    let by_input = records.chunk_by(|a, b| a.input == b.input);
    by_input
        .flat_map(|records| {
            let input = records.first().and_then(|record| inputs.get(record.input));
            input.map_or_else(Vec::new, |input| audit::rewrites(input, records.iter()))
        })
        .collect()
}

fn unread<'a>(inputs: &'a Inputs, problems: &'a [Problem]) -> Vec<Unread<'a>> {
    let documents = problems.iter().map(|problem| Unread {
        source: &problem.source,
        line: Some(problem.line),
        message: &problem.message,
    });
    let files = inputs.failed.iter().map(|failed| Unread {
        source: &failed.path,
        line: None,
        message: &failed.message,
    });
    documents.chain(files).collect()
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn colour_is_for_terminals_and_for_those_who_ask() {
        #[track_caller]
        fn check(terminal: bool, variables: &[(&str, &str)], expect: bool) {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(coloured(terminal, variable), expect);
        }
        let term = ("TERM", "xterm");
        check(true, &[term], true);
        check(false, &[term], false);
        check(true, &[], false);
        check(true, &[("TERM", "dumb")], false);
        check(true, &[term, ("NO_COLOR", "1")], false);
        check(true, &[term, ("NO_COLOR", "")], true);
        check(true, &[term, ("CLICOLOR", "0")], false);
        check(false, &[("CLICOLOR_FORCE", "1")], true);
        check(false, &[("CLICOLOR_FORCE", "0")], false);
        check(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
    }
}
