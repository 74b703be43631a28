//! Lines as tracing-subscriber writes them, in a quarter of its time: that puts every character through
//! layers of formatting, and there is a line for each decision.
//!
//! What is not plain text in the usual types is left to it, and so are lines in colour and in spans.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Format;

/// As much as a decision's line takes.
const USUAL: usize = 512;

/// Writes the same as `otherwise`.
pub(super) struct Quick<F> {
    pub(super) format: Format,
    pub(super) otherwise: F,
}

impl<S, N, F> FormatEvent<S, N> for Quick<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let is_simple = !writer.has_ansi_escapes() && context.event_scope().is_none();
        match is_simple.then(|| line(self.format, event)).flatten() {
            Some(line) => writer.write_str(&line),
            None => self.otherwise.format_event(context, writer, event),
        }
    }
}

/// The line of an event, unless something in it is not plain.
fn line(format: Format, event: &Event<'_>) -> Option<String> {
    let mut text = String::with_capacity(USUAL);
    let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
    let now = jiff::Timestamp::now();
    match format {
        Format::Text => write!(text, "{now:.6} {level:>5} {target}:"),
        Format::Json => write!(text, r#"{{"timestamp":"{now:.6}","level":"{level}""#),
    }
    .ok()?;
    let mut fields = Fields { format, text, plain: true };
    event.record(&mut fields);
    let Fields { mut text, plain, .. } = fields;
    match format {
        Format::Text => text.push('\n'),
        Format::Json => writeln!(text, r#","target":"{target}"}}"#).ok()?,
    }
    plain.then_some(text)
}

/// Writes an event's fields one after the other.
struct Fields {
    format: Format,
    text: String,
    /// Whether all so far could be written.
    plain: bool,
}

impl Fields {
    fn key(&mut self, field: &Field) {
        let name = field.name();
        // How a field is called whose name is a word of Rust.
        self.plain &= !name.starts_with("r#");
        match self.format {
            Format::Text if name == "message" => self.text.push(' '),
            Format::Text => {
                self.text.push(' ');
                self.text.push_str(name);
                self.text.push('=');
            }
            Format::Json => {
                self.text.push_str(",\"");
                self.text.push_str(name);
                self.text.push_str("\":");
            }
        }
    }

    fn quoted(&mut self, value: &str) {
        self.plain &= is_plain(value);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
    }

    /// A number or a word, which is no string of JSON.
    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.key(field);
        self.plain &= write!(self.text, "{value}").is_ok();
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A message that is computed.
        self.plain &= field.name() != "message";
        self.key(field);
        self.quoted(value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, _: &Field, _: f64) {
        self.plain = false;
    }

    fn record_error(&mut self, _: &Field, _: &(dyn std::error::Error + 'static)) {
        self.plain = false;
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.key(field);
        let quote = if self.format == Format::Json { "\"" } else { "" };
        self.text.push_str(quote);
        let before = self.text.len();
        self.plain &= write!(self.text, "{value:?}").is_ok();
        // In the text format a value stands for itself, whatever is in it.
        if self.format == Format::Json || field.name() == "message" {
            self.plain &= is_plain(self.text.get(before..).unwrap_or_default());
        }
        self.text.push_str(quote);
    }
}

/// Whether a text is written as it is, in both formats.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    text.bytes().fold(true, |plain, byte| plain & is_plain(byte))
}

#[cfg(test)]
mod tests;
