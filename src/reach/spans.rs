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
        self.0.iter().any(|(first, last)| *first <= number && number <= *last)
    }

    pub fn first(&self) -> Option<T> {
        self.0.first().map(|(first, _)| *first)
    }

    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut all: Vec<(T, T)> = self.0.iter().chain(&other.0).copied().collect();
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
        let pairs = self.0.iter().flat_map(|own| other.0.iter().map(move |other| (own, other)));
        let meet = pairs.map(|(own, other)| (own.0.max(other.0), own.1.min(other.1)));
        Self(meet.filter(|(first, last)| first <= last).collect())
    }

    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (first, last) in &self.0 {
            let mut from = Some(*first);
            for (cut, end) in other.0.iter().filter(|(cut, end)| cut <= last && first <= end) {
                let Some(start) = from else { break };
                left.extend(cut.before().filter(|it| start <= *it).map(|it| (start, it)));
                from = end.behind().filter(|next| next <= last);
            }
            left.extend(from.map(|start| (start, *last)));
        }
        // A cut at the very first number leaves nothing before it.
        left.retain(|(first, last)| first <= last);
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
