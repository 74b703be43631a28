//! For people: by file, each finding with its place, its line and its fix.

use std::fmt::Write as _;

use super::Reviewed;
use crate::domain::{Decision, Exempted, Finding, Judged, Mode, Place, sanitise};

/// Whether there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// None.
    Plain,
    /// ANSI's.
    Colour,
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";
const BLUE: &str = "34";

impl Paint {
    fn in_colour(self, colour: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\x1b[{colour}m{text}\x1b[0m"),
        }
    }
}

/// A few lines for each object that there is something to say of, below the name of its file.
#[must_use]
pub fn human(reviewed: &[Reviewed<'_>], paint: Paint) -> String {
    let mut text = String::new();
    let mut file = None;
    for object in reviewed {
        let Some(about) = object_text(object, paint) else { continue };
        if file != Some(object.source) {
            file = Some(object.source);
            let name = sanitise(object.source, 1024);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", paint.in_colour(BOLD, &name));
        }
        text.push_str(&about);
        text.push('\n');
    }
    text
}

fn object_text(reviewed: &Reviewed<'_>, paint: Paint) -> Option<String> {
    let verdict = match reviewed.verdict.decision() {
        Decision::Deny => paint.in_colour(RED, "refused"),
        Decision::Admit if reviewed.notes.is_empty() => return None,
        Decision::Warn | Decision::Admit => paint.in_colour(YELLOW, "admitted with warnings"),
    };
    let tenant = reviewed.tenant.map_or_else(String::new, |name| format!(" (tenant {name})"));
    let mut text = format!("  {}: {verdict}{tenant}\n", paint.in_colour(BOLD, &reviewed.title()));
    for (Judged { finding, mode, exemption }, place, _) in reviewed.findings() {
        let mark = match mode {
            Mode::Enforce => "",
            Mode::Warn => "warning: ",
            Mode::Audit | Mode::Ignore if exemption.is_none() => continue,
            Mode::Audit | Mode::Ignore => "",
        };
        text.push('\n');
        let source = sanitise(reviewed.source, 1024);
        let at = place.map_or_else(
            || format!("{source}:{}", reviewed.line),
            |place| format!("{source}:{}:{}", place.line, place.column),
        );
        if let Some(Exempted { by, .. }) = exemption {
            let Finding { code, rule, path, .. } = finding;
            let _ = writeln!(text, "    {at}: {code} {rule}: permitted by exemption {by}");
            let _ = writeln!(text, "      {path}");
            continue;
        }
        finding_text(&mut text, (&at, mark), finding, place, paint);
    }
    for note in reviewed.notes {
        let mark = paint.in_colour(YELLOW, "warning:");
        let (source, line) = (sanitise(reviewed.source, 1024), reviewed.line);
        let _ = writeln!(text, "\n    {source}:{line}: {mark} {}", sanitise(note, 1024));
    }
    Some(text)
}

fn finding_text(
    text: &mut String,
    (at, mark): (&str, &str),
    finding: &Finding,
    place: Option<&Place>,
    paint: Paint,
) {
    let Finding { code, rule, severity, path, found, must, fix } = finding;
    let path = path.to_string();
    let colon = if path.is_empty() { "" } else { ": " };
    let colour = if mark.is_empty() { RED } else { YELLOW };
    let code = paint.in_colour(colour, &format!("{mark}{code} {rule}"));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "    {at}: {code} ({})", severity.as_str());
    let _ = writeln!(text, "      {path}{colon}found {found}; {must}");
    if let Some(place) = place {
        excerpt(text, place, paint, colour);
    }
    let _ = writeln!(text, "      {} {}", paint.in_colour(GREEN, "fix:"), fix.text);
}

/// The line, and a mark below what is meant.
fn excerpt(text: &mut String, place: &Place, paint: Paint, colour: &str) {
    let Place { line, width, excerpt, before, .. } = place;
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let (number, bar) = (paint.in_colour(BLUE, &format!("{number} |")), paint.in_colour(BLUE, "|"));
    let shown = excerpt.replace('\t', " ");
    let mark = paint.in_colour(colour, &"^".repeat(*width));
    let _ = writeln!(text, "      {number} {}", sanitise(shown.trim_end(), 400));
    let _ = writeln!(text, "      {gutter} {bar} {}{mark}", " ".repeat(*before));
}
