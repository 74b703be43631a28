//! How often an object is written: nobody who fights us, and nothing that fails, makes a hot loop.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::objects::Object;

/// For each write of an object, before the next one.
const BETWEEN: Duration = Duration::from_millis(500);
/// After the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_millis(500);
/// At most.
const LONGEST: Duration = Duration::from_secs(60);
/// An object that is put right more often than this, never with [`CALM`] in between, is fought over.
const ROUNDS: u32 = 5;
const CALM: Duration = Duration::from_secs(10);
/// How many objects are remembered; beyond them what is long past is forgotten.
const MOST: usize = 4096;

/// When each object was written last, and how often in vain.
#[derive(Debug, Default)]
pub(in super::super) struct Paces(HashMap<Object, Pace>);

#[derive(Debug, Clone, Copy)]
struct Pace {
    last: Instant,
    /// How many writes it took then.
    writes: u32,
    failures: u32,
    /// When it was put right last, and how often without calm.
    reverted: Option<(Instant, u32)>,
}

impl Pace {
    fn next(self) -> Instant {
        let pause = match self.failures {
            0 => BETWEEN.saturating_mul(self.writes.max(1)),
            failures => FIRST.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST),
        };
        self.last + pause
    }
}

impl Paces {
    /// When an object may be written next, where that is not now.
    pub(in super::super) fn due(&self, object: &Object, now: Instant) -> Option<Instant> {
        self.0.get(object).map(|pace| pace.next()).filter(|next| *next > now)
    }

    /// An object is being written.
    pub(in super::super) fn begins(&mut self, object: &Object, now: Instant) {
        if self.0.len() >= MOST {
            self.0.retain(|_, pace| pace.next() > now);
        }
        let new = Pace { last: now, writes: 0, failures: 0, reverted: None };
        let pace = self.0.entry(object.clone()).or_insert(new);
        (pace.last, pace.writes) = (now, 0);
    }

    /// It was written, by so many writes.
    pub(in super::super) fn succeeds(&mut self, object: &Object, writes: u32) {
        if let Some(pace) = self.0.get_mut(object) {
            (pace.failures, pace.writes) = (0, writes);
        }
    }

    /// It could not be written; how often that has been so now.
    pub(in super::super) fn fails(&mut self, object: &Object) -> u32 {
        self.0.get_mut(object).map_or(1, |pace| {
            pace.failures = pace.failures.saturating_add(1);
            pace.failures
        })
    }

    /// It was put right after somebody had changed it; whether it is fought over.
    pub(super) fn reverts(&mut self, object: &Object, now: Instant) -> bool {
        let Some(pace) = self.0.get_mut(object) else { return false };
        let before = pace.reverted.filter(|(at, _)| now.duration_since(*at) < CALM);
        let rounds = before.map_or(0, |(_, rounds)| rounds).saturating_add(1);
        pace.reverted = Some((now, rounds));
        rounds > ROUNDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> Object {
        Object { kind: "NetworkPolicy", namespace: "a".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn an_object_is_written_twice_a_second_and_less_often_where_it_fails() {
        let mut paces = Paces::default();
        let start = Instant::now();
        assert_eq!(paces.due(&object("one"), start), None);
        let mut check = |failures: u32, millis: u64| {
            paces.begins(&object("one"), start);
            for _ in 0..failures {
                paces.fails(&object("one"));
            }
            let due = start + Duration::from_millis(millis);
            assert_eq!(paces.due(&object("one"), start), Some(due));
            assert_eq!(paces.due(&object("one"), due), None);
            paces.succeeds(&object("one"), 1);
        };
        check(0, 500);
        check(1, 500);
        check(2, 1_000);
        check(5, 8_000);
        check(8, 60_000);
        check(40, 60_000);
        check(0, 500);
        assert_eq!(paces.due(&object("two"), start), None);
    }

    #[test]
    fn two_writes_at_once_count_as_two() {
        let mut paces = Paces::default();
        let start = Instant::now();
        paces.begins(&object("one"), start);
        paces.succeeds(&object("one"), 2);
        assert_eq!(paces.due(&object("one"), start), Some(start + 2 * BETWEEN));
    }

    #[test]
    fn an_object_is_fought_over_that_is_put_right_again_and_again() {
        let mut paces = Paces::default();
        let start = Instant::now();
        paces.begins(&object("one"), start);
        let half = CALM / 2;
        let fought = (0..7).map(|number| paces.reverts(&object("one"), start + half * number));
        assert_eq!(fought.collect::<Vec<_>>(), [false, false, false, false, false, true, true]);
        assert!(!paces.reverts(&object("one"), start + half * 6 + CALM));
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let mut paces = Paces::default();
        let start = Instant::now();
        for number in 0..MOST {
            paces.begins(&object(&number.to_string()), start);
        }
        paces.begins(&object("late"), start + BETWEEN);
        assert_eq!(paces.0.len(), 1);
    }
}
