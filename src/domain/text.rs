//! Texts for people: what a user wrote, made safe to print; numbers and lists as sentences have them.

use std::borrow::Cow;

/// `text` without what could deceive a reader or a terminal: control characters (ESC and newlines
/// too), bidirectional overrides, invisible and private characters become U+FFFD; past
/// `limit` characters it ends in `…`.
///
/// kubectl prints what a webhook answers as it comes, escape sequences included, and the API server
/// drops a whole warning that holds a control character.
#[must_use]
pub fn sanitise(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::new();
    for (count, character) in text.chars().enumerate() {
        if count >= limit {
            clean.push('…');
            break;
        }
        clean.push(if deceives(character) { '\u{fffd}' } else { character });
    }
    Cow::Owned(clean)
}

/// `1 pod`, `2 pods`
#[must_use]
pub fn counted(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// The first `most` of some texts, and where there are more a last one that says how many.
#[must_use]
pub fn first_of<T>(all: &[T], most: usize, text: impl Fn(&T) -> String) -> Vec<String> {
    let mut shown: Vec<String> = all.iter().take(most).map(text).collect();
    if all.len() > most {
        shown.push(format!("and {} more", all.len() - most));
    }
    shown
}

fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_replaced_and_what_is_long_is_cut() {
        let check = |text: &str, expect: &str| assert_eq!(sanitise(text, 8), expect);
        check("plain", "plain");
        check("größe", "größe");
        check("a\u{1b}[31m", "a\u{fffd}[31m");
        check("a\nb\r", "a\u{fffd}b\u{fffd}");
        check("a\u{202e}b", "a\u{fffd}b");
        check("\u{7f}\u{9b}", "\u{fffd}\u{fffd}");
        check("12345678", "12345678");
        check("123456789", "12345678…");
        check("äöüäöüäöü", "äöüäöüäö…");
    }

    #[test]
    fn of_many_the_first_are_shown_and_the_rest_counted() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "pod")), ["0 pods", "1 pod", "2 pods"]);
        let first = |all: &[u8]| first_of(all, 2, u8::to_string);
        assert_eq!(first(&[]), [""; 0]);
        assert_eq!(first(&[1, 2]), ["1", "2"]);
        assert_eq!(first(&[1, 2, 3, 4]), ["1", "2", "and 2 more"]);
    }
}
