//! JUnit's XML, which build servers show: a suite for each file, a case for each object.

use std::fmt::Write as _;

use super::{Reviewed, Unread};
use crate::domain::{Exempted, Finding, Judged, Mode, sanitise};

/// The whole document.
#[must_use]
pub fn junit(reviewed: &[Reviewed<'_>], unread: &[Unread<'_>]) -> String {
    let refused = reviewed.iter().filter(|it| is_refused(it)).count();
    let cases = reviewed.len() + unread.len();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ringfence review\" \
         tests=\"{cases}\" failures=\"{refused}\" errors=\"{}\">\n",
        unread.len()
    );
    let mut sources: Vec<&str> = reviewed.iter().map(|it| it.source).collect();
    sources.extend(unread.iter().map(|it| it.source));
    let mut seen = std::collections::BTreeSet::new();
    sources.retain(|source| seen.insert(*source));
    let (by_source, unread_by_source) =
        (grouped(reviewed, |it| it.source), grouped(unread, |it| it.source));
    for source in sources {
        let objects = by_source.get(source).map_or(&[][..], Vec::as_slice);
        let unread = unread_by_source.get(source).map_or(&[][..], Vec::as_slice);
        suite(&mut text, source, objects, unread);
    }
    text.push_str("</testsuites>\n");
    text
}

fn grouped<'a, T>(
    all: &'a [T],
    source: impl Fn(&T) -> &'a str,
) -> std::collections::BTreeMap<&'a str, Vec<&'a T>> {
    let mut groups = std::collections::BTreeMap::<&str, Vec<&T>>::new();
    for one in all {
        groups.entry(source(one)).or_default().push(one);
    }
    groups
}

fn is_refused(reviewed: &Reviewed<'_>) -> bool {
    reviewed.verdict.in_mode(Mode::Enforce).next().is_some()
}

fn suite(text: &mut String, source: &str, objects: &[&Reviewed<'_>], unread: &[&Unread<'_>]) {
    let refused = objects.iter().filter(|it| is_refused(it)).count();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  <testsuite name=\"{0}\" tests=\"{1}\" failures=\"{refused}\" errors=\"{2}\">",
        escaped(source),
        objects.len() + unread.len(),
        unread.len()
    );
    for object in objects {
        case(text, object);
    }
    for Unread { line, message, .. } in unread {
        let line = line.map_or_else(String::new, |line| format!(" line=\"{line}\""));
        let (source, message) = (escaped(source), escaped(message));
        let _ = writeln!(
            text,
            "    <testcase classname=\"{source}\" name=\"unreadable\" file=\"{source}\"{line}>\n      \
             <error message=\"{message}\" type=\"unreadable\"/>\n    </testcase>"
        );
    }
    text.push_str("  </testsuite>\n");
}

fn case(text: &mut String, object: &Reviewed<'_>) {
    let source = escaped(object.source);
    let _ = write!(
        text,
        "    <testcase classname=\"{source}\" name=\"{}\" file=\"{source}\" line=\"{}\"",
        escaped(&object.title()),
        object.line
    );
    let mut inside = String::new();
    let mut said = String::new();
    for (Judged { finding, mode, exemption }, place, _) in object.findings() {
        let line = place.map_or(object.line, |place| place.line);
        let Finding { code, rule, path, found, must, fix, severity } = finding;
        let told = format!(
            "{}:{line}: {code} {rule} ({}): {path}: found {found}; {must}\nfix: {}\n",
            object.source,
            severity.as_str(),
            fix.text
        );
        if let Some(Exempted { by, .. }) = exemption {
            let _ = write!(said, "permitted by exemption {by}: {told}");
            continue;
        }
        match mode {
            Mode::Enforce => {
                let _ = writeln!(
                    inside,
                    "      <failure message=\"{}\" type=\"{code}\">{}</failure>",
                    escaped(&format!("{path}: found {found}; {must}")),
                    escaped(&told)
                );
            }
            Mode::Warn => {
                let _ = write!(said, "warning: {told}");
            }
            Mode::Audit | Mode::Ignore => {}
        }
    }
    for note in object.notes {
        let _ = writeln!(said, "warning: {note}");
    }
    if !said.is_empty() {
        let _ = writeln!(inside, "      <system-out>{}</system-out>", escaped(&said));
    }
    if inside.is_empty() {
        text.push_str("/>\n");
    } else {
        let _ = writeln!(text, ">\n{inside}    </testcase>");
    }
}

/// XML has no way to write most control characters: what is left of them is U+FFFD. A line's end in
/// an attribute would be read as a space.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            safe.push_str("&#10;");
        }
        for character in sanitise(line, 4096).chars() {
            match character {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                _ => safe.push(character),
            }
        }
    }
    safe
}
