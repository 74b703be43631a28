//! The one grammar of patterns.

use std::fmt;
use std::str::FromStr;

/// An exact word, or one with a single `*` at its start or its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// `default`
    Exact(String),
    /// `kube-*`; holds what stands before the `*`
    Prefix(String),
    /// `*-system`; holds what stands after the `*`
    Suffix(String),
}

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern: write a word, or one `*` at its start or at its end")]
pub struct InvalidPattern(String);

impl Pattern {
    /// Whether `text` is one of those that the pattern stands for. `*` stands for anything, also
    /// nothing.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(word) => text == word,
            Self::Prefix(word) => text.starts_with(word.as_str()),
            Self::Suffix(word) => text.ends_with(word.as_str()),
        }
    }

    /// Whether everything that this pattern stands for is also what `other` stands for.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(word), _) => other.matches(word),
            (Self::Prefix(word), Self::Prefix(wider)) => word.starts_with(wider.as_str()),
            (Self::Suffix(word), Self::Suffix(wider)) => word.ends_with(wider.as_str()),
            (Self::Suffix(_), Self::Prefix(wider)) => wider.is_empty(),
            (Self::Prefix(_), Self::Suffix(_) | Self::Exact(_))
            | (Self::Suffix(_), Self::Exact(_)) => false,
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pattern = if let Some(word) = text.strip_suffix('*') {
            Self::Prefix(word.to_owned())
        } else if let Some(word) = text.strip_prefix('*') {
            Self::Suffix(word.to_owned())
        } else {
            Self::Exact(text.to_owned())
        };
        let (Self::Exact(word) | Self::Prefix(word) | Self::Suffix(word)) = &pattern;
        let stray = word.contains('*') || word.chars().any(|c| c.is_whitespace() || c.is_control());
        if stray || text.is_empty() {
            return Err(InvalidPattern(text.to_owned()));
        }
        Ok(pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(word) => f.write_str(word),
            Self::Prefix(word) => write!(f, "{word}*"),
            Self::Suffix(word) => write!(f, "*{word}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_at_one_end() {
        let check = |pattern: &str, text: &str, expect: bool| {
            assert_eq!(
                pattern.parse::<Pattern>().unwrap().matches(text),
                expect,
                "{pattern} {text}"
            );
        };
        check("kube-*", "kube-system", true);
        check("kube-*", "kube-", true);
        check("kube-*", "kub", false);
        check("*-system", "a-system", true);
        check("*-system", "a-systems", false);
        check("default", "default", true);
        check("default", "defaults", false);
        check("*", "", true);
        for wrong in ["", "**", "a*b", "*a*", "a b", "a\n"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_lies_within_a_wider_one() {
        let check = |narrow: &str, wide: &str, expect: bool| {
            let (narrow, wide): (Pattern, Pattern) =
                (narrow.parse().unwrap(), wide.parse().unwrap());
            assert_eq!(narrow.within(&wide), expect, "{narrow} in {wide}");
        };
        for (narrow, wide) in [
            ("a", "a"),
            ("ab", "a*"),
            ("ab", "*b"),
            ("ab*", "a*"),
            ("a*", "a*"),
            ("*ab", "*b"),
            ("a", "*"),
            ("a*", "*"),
            ("*a", "*"),
            ("*", "*"),
        ] {
            check(narrow, wide, true);
        }
        for (narrow, wide) in [
            ("a", "b"),
            ("a*", "ab*"),
            ("*b", "*ab"),
            ("a*", "a"),
            ("*a", "a"),
            ("a*", "*a"),
            ("*a", "a*"),
            ("*", "a*"),
            ("*", "*a"),
            ("*", "a"),
        ] {
            check(narrow, wide, false);
        }
    }
}
