//! How often an object is written: nobody who fights us, and nothing that fails, makes a hot loop.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::objects::Object;

/// Between two writes of one object.
const BETWEEN: Duration = Duration::from_millis(500);
/// After the first failure; each further one doubles it.
const FIRST: Duration = Duration::from_millis(500);
/// At most.
const LONGEST: Duration = Duration::from_secs(60);
/// How many objects are remembered; beyond them what is long past is forgotten.
const MOST: usize = 4096;

/// When each object was written last, and how often in vain.
#[derive(Debug, Default)]
pub(in super::super) struct Paces(HashMap<Object, Pace>);

#[derive(Debug, Clone, Copy)]
struct Pace {
    last: Instant,
    failures: u32,
}

impl Pace {
    fn next(self) -> Instant {
        let pause = match self.failures {
            0 => BETWEEN,
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
        let failures = self.0.get(object).map_or(0, |pace| pace.failures);
        self.0.insert(object.clone(), Pace { last: now, failures });
    }

    /// It was written.
    pub(in super::super) fn succeeds(&mut self, object: &Object) {
        if let Some(pace) = self.0.get_mut(object) {
            pace.failures = 0;
        }
    }

    /// It could not be written.
    pub(in super::super) fn fails(&mut self, object: &Object) {
        if let Some(pace) = self.0.get_mut(object) {
            pace.failures = pace.failures.saturating_add(1);
        }
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
            paces.succeeds(&object("one"));
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
