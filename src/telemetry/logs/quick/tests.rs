use std::io;
use std::sync::{Arc, Mutex};

use super::*;

/// Where lines go.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged meanwhile, without its moments, by us and by tracing-subscriber alone.
fn both(format: Format, log: impl Fn()) -> [String; 2] {
    let written = |subscriber: tracing::Dispatch, lines: Lines| {
        tracing::dispatcher::with_default(&subscriber, &log);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let moment = text.find(|c: char| c.is_ascii_digit()).unwrap();
        let (before, rest) = text.split_at(moment);
        let (moment, rest) = rest.split_at("2026-01-02T03:04:05.678901Z".len());
        assert!(moment.parse::<jiff::Timestamp>().is_ok(), "{text}");
        format!("{before}{rest}")
    };
    let lines = || {
        let lines = Lines::default();
        let to = lines.clone();
        (tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()), lines)
    };
    let ((ours, our_lines), (theirs, their_lines)) = (lines(), lines());
    match format {
        Format::Text => {
            let ours = ours.map_event_format(|otherwise| Quick { format, otherwise });
            [written(ours.finish().into(), our_lines), written(theirs.finish().into(), their_lines)]
        }
        Format::Json => {
            let (ours, theirs) =
                (ours.json().flatten_event(true), theirs.json().flatten_event(true));
            let ours = ours.map_event_format(|otherwise| Quick { format, otherwise });
            [written(ours.finish().into(), our_lines), written(theirs.finish().into(), their_lines)]
        }
    }
}

#[track_caller]
fn check(log: impl Fn()) {
    for format in [Format::Text, Format::Json] {
        let [ours, theirs] = both(format, &log);
        assert_eq!(ours, theirs);
    }
}

#[test]
fn a_line_is_what_tracing_subscriber_writes() {
    check(|| tracing::info!(name = "web", done = true, count = 3, left = -3_i64, "reviewed"));
    check(|| tracing::warn!(error = %"a\n\u{1b}[2K", kind = ?Some("x"), "cannot"));
    check(|| tracing::error!(error = &io::Error::other("broken") as &dyn std::error::Error));
    check(|| tracing::info!(share = 0.5, r#type = "odd", "a {} of words", "\"line\"\u{1b}"));
    check(|| tracing::info!(message = "a\u{7}b", empty = ""));
    check(|| tracing::info!("no field"));
    check(|| {
        let _inside = tracing::info_span!("outer", number = 1).entered();
        tracing::info!(name = "web", "in a span");
    });
}

#[test]
fn whatever_a_text_holds_it_is_written_so() {
    let config = proptest::test_runner::Config { cases: 500, ..Default::default() };
    proptest::proptest!(config, |(odd: String, plain in "[ -~]{0,20}")| {
        check(|| tracing::info!(odd, plain, shown = ?odd, told = %plain, "told {odd}"));
    });
}

/// Writes nothing.
struct Nothing;

impl<S, N> FormatEvent<S, N> for Nothing
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, _: Writer<'_>, _: &Event<'_>) -> fmt::Result {
        Ok(())
    }
}

#[test]
fn a_decisions_line_is_left_to_nobody() {
    for format in [Format::Text, Format::Json] {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || to.clone())
            .map_event_format(|_| Quick { format, otherwise: Nothing });
        tracing::subscriber::with_default(subscriber.finish(), || {
            tracing::info!(user = "dev@example.com", dry_run = false, findings = "", "reviewed");
            assert!(!lines.0.lock().unwrap().is_empty(), "{format:?}");
        });
    }
}
