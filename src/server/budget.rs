//! A bounded amount of something, taken and given back without a lock or a queue.

use std::sync::atomic::Ordering::Relaxed;

use crate::telemetry::Gauge;

/// So much, and no more. What is taken shows in a gauge.
pub(super) struct Budget {
    capacity: i64,
    /// How large a share may be that takes of what is kept.
    small: i64,
    kept: i64,
    taken: Gauge,
}

impl Budget {
    pub(super) fn new(capacity: usize, taken: Gauge) -> Self {
        Self { capacity: number(capacity), small: 0, kept: 0, taken }
    }

    /// The same, in which so much is kept for shares of at most `small`, so that large ones leave room.
    pub(super) fn keeping(self, kept: usize, small: usize) -> Self {
        Self { small: number(small), kept: number(kept), ..self }
    }

    /// A share of `amount`, if there is as much left.
    pub(super) fn take(&self, amount: usize) -> Option<Share<'_>> {
        let mut share = Share { budget: self, held: 0 };
        share.grow(amount).then_some(share)
    }
}

/// A part of a budget; dropping it gives it back.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    held: i64,
}

impl Share<'_> {
    /// Takes `amount` more; false, and nothing taken, if there is not as much left.
    pub(super) fn grow(&mut self, amount: usize) -> bool {
        let Ok(amount) = i64::try_from(amount) else { return false };
        let is_small = self.held.saturating_add(amount) <= self.budget.small;
        let most = self.budget.capacity - if is_small { 0 } else { self.budget.kept };
        let fits = |taken: i64| taken.checked_add(amount).filter(|sum| *sum <= most);
        let grown = self.budget.taken.inner().fetch_update(Relaxed, Relaxed, fits).is_ok();
        if grown {
            self.held += amount;
        }
        grown
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.taken.inner().fetch_sub(self.held, Relaxed);
    }
}

fn number(amount: usize) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_back_and_never_exceed_the_whole() {
        let gauge = Gauge::default();
        let budget = Budget::new(10, gauge.clone());
        let mut first = budget.take(6).expect("there is room");
        assert!(budget.take(5).is_none());
        assert!(first.grow(4));
        assert!(!first.grow(1));
        assert!(!first.grow(usize::MAX));
        assert_eq!(gauge.get(), 10);
        drop(first);
        assert_eq!(gauge.get(), 0);
    }

    #[test]
    fn large_shares_leave_room_for_small_ones() {
        let budget = Budget::new(10, Gauge::default()).keeping(4, 2);
        let mut large = budget.take(2).expect("there is room");
        assert!(large.grow(4));
        assert!(!large.grow(1));
        assert!(budget.take(3).is_none());
        let small = [budget.take(2), budget.take(2)];
        assert!(small.iter().all(Option::is_some));
        assert!(budget.take(1).is_none());
    }
}
