//! Decisions from a fuzzer's bytes.

/// Bytes that are used up one decision after the other. What is asked of none is 0, so that every
/// decision's 0 must be the one that ends.
pub struct Dice<'a> {
    rest: &'a [u8],
}

impl<'a> Dice<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((first, rest)) => {
                self.rest = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `of`.
    pub fn below(&mut self, of: usize) -> usize {
        usize::from(self.byte()) % of
    }

    /// One of these.
    pub fn one<'b, T>(&mut self, of: &'b [T]) -> &'b T {
        let at = self.below(of.len());
        of.get(at).expect("there is one at least")
    }

    /// One of these words.
    pub fn word<'b>(&mut self, of: &[&'b str]) -> &'b str {
        let word: &&str = self.one(of);
        word
    }

    /// Whether it goes on; never where nothing is left.
    pub fn more(&mut self) -> bool {
        !self.rest.is_empty() && self.byte() != 0
    }
}

/// What a fuzzer's bytes stand for: behind a byte 1 the decisions by which `make` makes it, else the
/// text itself.
pub fn input(data: &[u8], make: impl FnOnce(&mut Dice<'_>) -> String) -> String {
    match data.strip_prefix(&[1]) {
        Some(decisions) => make(&mut Dice::new(decisions)),
        None => String::from_utf8_lossy(data).into_owned(),
    }
}
