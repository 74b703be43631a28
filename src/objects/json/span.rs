//! Where a list or an object ends, told by brackets alone.
//!
//! The objects of a review are passed over first, to read what is asked, and read next, by whoever
//! judges them: their grammar is left to that. Here 64 bytes at a time become masks of a bit a byte,
//! after Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (VLDB Journal 28, 2019), with the widest
//! registers that the processor has: whatever `dispatch!` calls is made for each kind of them, and so is always
//! inlined.

use fearless_simd::{Level, Simd, dispatch, prelude::*, u8x64};

const BLOCK: usize = 64;

/// What is known at the end of a block.
#[derive(Debug, Default)]
struct State {
    /// Whether the next byte is escaped.
    escaped: bool,
    in_string: bool,
    /// Lists and objects that are open.
    open: usize,
    /// The most that were open at once.
    deepest: usize,
}

/// The place behind the bracket that closes the one at `start`; `None` where none does, or where more
/// than `levels` are open at once.
pub(super) fn end(bytes: &[u8], start: usize, levels: usize) -> Option<usize> {
    end_at(Level::new(), bytes, start, levels)
}

fn end_at(level: Level, bytes: &[u8], start: usize, levels: usize) -> Option<usize> {
    dispatch!(level, simd => end_by(simd, bytes, start, levels))
}

#[inline(always)]
fn end_by<S: Simd>(simd: S, bytes: &[u8], start: usize, levels: usize) -> Option<usize> {
    let mut state = State::default();
    let mut at = start;
    let (blocks, rest) = bytes.get(start..)?.as_chunks::<BLOCK>();
    for block in blocks {
        if let Some(length) = state.end_in(simd, block, levels) {
            return (state.deepest <= levels).then_some(at + length);
        }
        if state.deepest > levels {
            return None;
        }
        at += BLOCK;
    }
    let mut last = [b' '; BLOCK];
    last.get_mut(..rest.len())?.copy_from_slice(rest);
    let length = state.end_in(simd, &last, levels)?;
    (state.deepest <= levels).then_some(at + length)
}

impl State {
    /// How much of a block belongs to what was open before it, if it ends in there.
    #[inline(always)]
    fn end_in<S: Simd>(&mut self, simd: S, block: &[u8; BLOCK], levels: usize) -> Option<usize> {
        let masks = Masks::of(simd, block);
        let quotes = masks.quotes & !self.after_backslashes(masks.backslashes);
        // Each bit is the parity of the quotes up to it: set from a string's first quote on to before
        // its last.
        let in_strings = parities(quotes) ^ if self.in_string { u64::MAX } else { 0 };
        self.in_string = in_strings >> 63 == 1;
        let (opening, closing) = (masks.opening & !in_strings, masks.closing & !in_strings);
        let (opened, closed) = (opening.count_ones() as usize, closing.count_ones() as usize);
        if closed < self.open && self.open + opened <= levels {
            self.open = self.open + opened - closed;
            return None;
        }
        self.one_by_one(opening, closing)
    }

    fn one_by_one(&mut self, opening: u64, closing: u64) -> Option<usize> {
        let mut left = opening | closing;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            if opening >> place & 1 == 1 {
                self.open += 1;
                self.deepest = self.deepest.max(self.open);
            } else {
                self.open = self.open.saturating_sub(1);
                if self.open == 0 {
                    return Some(place as usize + 1);
                }
            }
        }
        None
    }

    /// The bytes that a backslash stands before which is not escaped itself. There are few.
    fn after_backslashes(&mut self, backslashes: u64) -> u64 {
        let mut after = u64::from(self.escaped);
        self.escaped = false;
        let mut left = backslashes & !after;
        while left != 0 {
            let place = left.trailing_zeros();
            let next = 2_u64 << place;
            after |= next;
            self.escaped = next == 0;
            left &= left - 1;
            left &= !next;
        }
        after
    }
}

/// Which bytes of a block are what.
struct Masks {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Masks {
    #[inline(always)]
    fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let text = u8x64::simd_from(simd, *block);
        // `[` and `{`, and `]` and `}`, differ by this bit alone.
        let bracket = text | u8x64::splat(simd, 0x20);
        let mask = |text: u8x64<S>, byte| text.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        Self {
            quotes: mask(text, b'"'),
            backslashes: mask(text, b'\\'),
            opening: mask(bracket, b'{'),
            closing: mask(bracket, b'}'),
        }
    }
}

/// For each bit whether an odd number of bits is set up to and with it.
fn parities(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte at a time.
    fn naive(bytes: &[u8], levels: usize) -> Option<usize> {
        let (mut open, mut in_string, mut escaped) = (0, false, false);
        for (at, byte) in bytes.iter().enumerate() {
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\\' => escaped = !is_escaped,
                b'"' => in_string ^= !is_escaped,
                b'{' | b'[' if !in_string => open += 1,
                b'}' | b']' if !in_string && open <= 1 => return Some(at + 1),
                b'}' | b']' if !in_string => open -= 1,
                _ => {}
            }
            if open > levels {
                return None;
            }
        }
        None
    }

    /// What each kind of registers finds that the processor has.
    fn found(bytes: &[u8], start: usize, levels: usize) -> Vec<Option<usize>> {
        let own = Level::new();
        let mut kinds = vec![own];
        #[cfg(target_arch = "x86_64")]
        kinds.extend(
            [
                own.as_sse2().map(Level::Sse2),
                own.as_sse4_2().map(Level::Sse4_2),
                own.as_avx2().map(Level::Avx2),
            ]
            .into_iter()
            .flatten(),
        );
        kinds.into_iter().map(|kind| end_at(kind, bytes, start, levels)).collect()
    }

    #[test]
    fn an_end_is_what_a_byte_at_a_time_shows() {
        let config = proptest::test_runner::Config { cases: 2_000, ..Default::default() };
        proptest::proptest!(config, |(rest in "[\\[\\]{}\"\\\\a]{0,300}", space in "a{0,90}", levels in 1..40_usize)| {
            let text = format!("{{{space}{rest}");
            let expect = naive(text.as_bytes(), levels);
            for found in found(text.as_bytes(), 0, levels) {
                proptest::prop_assert_eq!(found, expect, "{}", text);
            }
        });
    }

    #[test]
    fn brackets_in_strings_do_not_count_wherever_a_block_ends() {
        for before in 0..140 {
            for inner in [r#"}"#, r#"\"}"#, r#"\\\"}"#, r#"\\"#, r#"{\u0022}\\"#] {
                let text = format!(r#"x{{"{}{inner}":[{{}}]}}}}"#, "y".repeat(before));
                for found in found(text.as_bytes(), 1, 9) {
                    assert_eq!(found, Some(text.len() - 1), "{text}");
                }
            }
        }
    }
}
