//! Where commands print.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::domain::sanitise;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Objects for a cluster: YAML for people, or one JSON object a line.
pub(super) fn documents(documents: &[Value], format: Format) -> Result<String> {
    let mut text = String::new();
    for document in documents {
        match format {
            Format::Human => {
                text.push_str("---\n");
                text.push_str(&serde_saphyr::to_string(document).context("cannot write YAML")?);
            }
            Format::Json => {
                text.push_str(&document.to_string());
                text.push('\n');
            }
        }
    }
    Ok(text)
}

/// Prints a result. A reader that has seen enough and closed the pipe is no error.
pub(super) fn result(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// Prints what went wrong. There is nowhere left to report that this failed.
pub(super) fn error(text: &str) {
    said("error", text);
}

/// Prints what somebody should know.
pub(super) fn warning(text: &str) {
    said("warning", text);
}

/// Prints what is worth knowing beside the result.
pub(super) fn note(text: &str) {
    said("note", text);
}

/// Line by line safe for a terminal.
fn said(how: &str, text: &str) {
    const LONGEST: usize = 4096;
    let lines: Vec<_> = text.split('\n').map(|line| sanitise(line, LONGEST)).collect();
    let _ = writeln!(io::stderr().lock(), "{how}: {}", lines.join("\n"));
}
