//! Sets of small numbers.

/// A set of numbers below a length.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Bits(Vec<u64>);

const WIDTH: usize = 64;

impl Bits {
    /// None of `length` numbers.
    pub(super) fn none(length: usize) -> Self {
        Self(vec![0; length.div_ceil(WIDTH)])
    }

    /// All of `length` numbers.
    pub(super) fn all(length: usize) -> Self {
        let mut words = vec![u64::MAX; length / WIDTH];
        let rest = length % WIDTH;
        if rest > 0 {
            words.push((1 << rest) - 1);
        }
        Self(words)
    }

    pub(super) fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / WIDTH) {
            *word |= 1 << (number % WIDTH);
        }
    }

    /// Adds those of another set of the same length.
    pub(super) fn add(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    /// The numbers that are in both, in order.
    pub(super) fn both<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = usize> + 'b {
        let words = self.0.iter().zip(&other.0).map(|(word, other)| word & other);
        words
            .enumerate()
            .flat_map(|(index, word)| numbers(word).map(move |bit| index * WIDTH + bit))
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.iter().enumerate();
        words.flat_map(|(index, word)| numbers(*word).map(move |bit| index * WIDTH + bit))
    }
}

fn numbers(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        // The lowest one goes.
        word &= word.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit as usize)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_sets(
            a in prop::collection::btree_set(0..200usize, 0..20),
            b in prop::collection::btree_set(0..200usize, 0..20),
        ) {
            let of = |all: &std::collections::BTreeSet<usize>| {
                let mut bits = Bits::none(200);
                all.iter().for_each(|own| bits.insert(*own));
                bits
            };
            let (one, other) = (of(&a), of(&b));
            prop_assert_eq!(one.iter().collect::<Vec<_>>(), a.iter().copied().collect::<Vec<_>>());
            let both: Vec<usize> = one.both(&other).collect();
            prop_assert_eq!(both, a.intersection(&b).copied().collect::<Vec<_>>());
            let mut either = one.clone();
            either.add(&other);
            prop_assert_eq!(either.iter().collect::<Vec<_>>(), a.union(&b).copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn all_are_as_many_as_there_are() {
        for length in [0, 1, 63, 64, 65, 200] {
            assert_eq!(Bits::all(length).iter().count(), length);
            assert_eq!(Bits::none(length).iter().count(), 0);
        }
    }
}
