//! Logs: lines on stderr.

mod lines;
mod quick;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use lines::Lines;
use quick::Quick;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people; in colour on a terminal, unless `NO_COLOR` is set.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter cannot be read.
    #[error("`{filter}` is not a log filter such as `info` or `info,ringfence=debug`: {source}")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong.
        source: tracing_subscriber::filter::ParseError,
    },
    /// There is no thread to write them.
    #[error("cannot start a thread for logs: {0}")]
    Thread(#[from] io::Error),
    /// This process logs already.
    #[error("logs are set up already: {0}")]
    Again(#[from] tracing_subscriber::util::TryInitError),
}

/// Logs until it is dropped, and what was logged by then is written.
#[must_use]
pub struct Logs(Lines);

impl Drop for Logs {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Sends what passes `filter` to stderr, panics included, for the rest of the process. Lines are
/// written within a twentieth of a second; those that nobody reads in time are counted as `lost`.
///
/// # Errors
/// The filter cannot be read, there is no thread, or this is the second call.
pub fn init(format: Format, filter: &str, lost: Counter) -> Result<Logs, InitError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|source| InitError::Filter { filter: filter.to_owned(), source })?;
    let lines = Lines::to(io::stderr(), lost)?;
    let layer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines.clone());
    match format {
        Format::Text => {
            let layer = layer.with_ansi(in_colour());
            layer.map_event_format(|otherwise| Quick { format, otherwise }).finish().try_init()?;
        }
        Format::Json => {
            let layer = layer.json().flatten_event(true);
            layer.map_event_format(|otherwise| Quick { format, otherwise }).finish().try_init()?;
        }
    }
    let of_panics = lines.clone();
    std::panic::set_hook(Box::new(move |info| {
        log_panic(info);
        of_panics.flush();
    }));
    Ok(Logs(lines))
}

/// <https://no-color.org>: any value but the empty one turns colour off.
fn in_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stderr().is_terminal()
}

/// Says where, and not the message: that of a failed string operation quotes the string, which may
/// be part of somebody's object.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panicked");
}
