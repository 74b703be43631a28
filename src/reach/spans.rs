//! Sets of numbers.

/// A whole number that has neighbours.
pub trait Number: Copy + Ord {
    /// The one before, if there is one.
    fn before(self) -> Option<Self>;
    /// The one behind, if there is one.
    fn behind(self) -> Option<Self>;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn behind(self) -> Option<Self> {
                self.checked_add(1)
            }
        }
    )*};
}
number!(u16, u32, u128);

/// A set of numbers: ranges in order, each with its first and its last, with a gap between any two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spans<T>(Vec<(T, T)>);

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Number> Spans<T> {
    /// The numbers of a range; none where it ends before it begins.
    pub fn range(first: T, last: T) -> Self {
        Self(if first <= last { vec![(first, last)] } else { Vec::new() })
    }

    /// The ranges, in order.
    pub fn ranges(&self) -> &[(T, T)] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, number: T) -> bool {
        let begun = self.0.partition_point(|(first, _)| *first <= number);
        let own = begun.checked_sub(1).and_then(|index| self.0.get(index));
        own.is_some_and(|(_, last)| number <= *last)
    }

    pub fn first(&self) -> Option<T> {
        self.0.first().map(|(first, _)| *first)
    }

    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self::union([self, other])
    }

    /// The numbers of any of some sets.
    #[must_use]
    pub fn union<'s>(sets: impl IntoIterator<Item = &'s Self>) -> Self
    where
        T: 's,
    {
        let sets = sets.into_iter();
        let mut all: Vec<(T, T)> = sets.flat_map(|own| own.0.iter().copied()).collect();
        all.sort_unstable();
        let mut merged: Vec<(T, T)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match merged.last_mut() {
                // One that begins right behind the last belongs to it.
                Some((_, end)) if end.behind().is_none_or(|next| first <= next) => {
                    *end = last.max(*end);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (mut own, mut theirs) = (self.0.as_slice(), other.0.as_slice());
        let mut both = Vec::new();
        while let ([(first, last), rest @ ..], [(start, end), others @ ..]) = (own, theirs) {
            let meet = (*first.max(start), *last.min(end));
            if meet.0 <= meet.1 {
                both.push(meet);
            }
            // The one that ends first meets nothing more.
            if last < end { own = rest } else { theirs = others }
        }
        Self(both)
    }

    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut cuts = other.0.as_slice();
        let mut left = Vec::new();
        for (first, last) in &self.0 {
            while let [(_, end), rest @ ..] = cuts
                && end < first
            {
                cuts = rest;
            }
            let mut from = Some(*first);
            while let (Some(start), [(cut, end), rest @ ..]) = (from, cuts)
                && cut <= last
            {
                left.extend(cut.before().filter(|it| start <= *it).map(|it| (start, it)));
                from = end.behind().filter(|next| next <= last);
                // One that goes on behind this range may cut the next.
                if from.is_some() {
                    cuts = rest;
                }
            }
            left.extend(from.map(|start| (start, *last)));
        }
        Self(left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &[u16]) -> Spans<u16> {
        numbers.iter().fold(Spans::default(), |all, it| all.or(&Spans::range(*it, *it)))
    }

    /// Near both ends, where there is no neighbour.
    fn numbers() -> impl Strategy<Value = Vec<u16>> {
        prop::collection::vec(prop_oneof![0..8u16, 65_528..=65_535u16], 0..10)
    }

    proptest! {
        #[test]
        fn they_are_sets(a in numbers(), b in numbers()) {
            let (one, other) = (of(&a), of(&b));
            for number in (0..9).chain(65_527..=65_535) {
                let (in_a, in_b) = (a.contains(&number), b.contains(&number));
                prop_assert_eq!(one.contains(number), in_a);
                prop_assert_eq!(one.or(&other).contains(number), in_a || in_b);
                prop_assert_eq!(one.and(&other).contains(number), in_a && in_b);
                prop_assert_eq!(one.without(&other).contains(number), in_a && !in_b);
            }
            for own in [one.or(&other), one.and(&other), one.without(&other)] {
                let apart = |pair: &[(u16, u16)]| pair[0].1 < pair[1].0 - 1;
                prop_assert!(own.ranges().iter().all(|(first, last)| first <= last));
                prop_assert!(own.ranges().windows(2).all(apart), "{:?}", own);
            }
            prop_assert_eq!(one.is_empty(), a.is_empty());
            prop_assert_eq!(one.first(), a.iter().min().copied());
        }

        /// What is the same set looks the same.
        #[test]
        fn there_is_one_form(a in numbers(), b in numbers()) {
            let (one, other) = (of(&a), of(&b));
            prop_assert_eq!(one.without(&other).or(&one.and(&other)), one);
        }
    }
}
