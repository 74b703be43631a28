//! Where in a text something stands.

/// A place in a text, and the line to show it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// How many characters are meant, on this line.
    pub width: usize,
    /// The line, as it was written; of a long one the part around the place.
    pub excerpt: String,
    /// How many characters of the excerpt stand before the place.
    pub before: usize,
}

/// A stretch of a text and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// Line and column of its first character, from one.
    pub from: (usize, usize),
    /// Line and column behind its last character, from one.
    pub to: (usize, usize),
    /// The new text.
    pub with: String,
}
