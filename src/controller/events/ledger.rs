//! What has happened, and what of it is written when. Nothing here asks or waits.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Occurrence;

/// How many different occurrences are remembered.
const MOST: usize = 512;
/// How often one Event is written: what happens in between is counted.
const OFTEN: Duration = Duration::from_secs(10);
/// After this long without the like, the next one is another Event.
const QUIET: Duration = Duration::from_secs(360);
/// How often an Event is tried.
const TRIES: u32 = 5;
/// How long nothing is looked at where nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// One Event.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) occurrence: Occurrence,
    /// How it is called in the cluster, once it is there.
    pub(super) name: Option<String>,
    pub(super) count: i32,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    written: i32,
    tries: u32,
    /// Since when nothing like it has happened.
    quiet: Instant,
    /// When it may be written next.
    next: Instant,
}

impl Page {
    fn is(&self, occurrence: &Occurrence) -> bool {
        let own = &self.occurrence;
        own.same == occurrence.same
            && own.reason == occurrence.reason
            && own.related == occurrence.related
            && own.regarding.kind == occurrence.regarding.kind
            && own.regarding.name == occurrence.regarding.name
    }

    fn waits(&self) -> bool {
        self.written < self.count
    }
}

/// All that is told at present.
#[derive(Debug, Default)]
pub(super) struct Ledger(Vec<Page>);

impl Ledger {
    /// Whether there was room for it.
    pub(super) fn enter(&mut self, occurrence: Occurrence, at: Timestamp, now: Instant) -> bool {
        let old = |page: &Page| !page.waits() && now.duration_since(page.quiet) >= QUIET;
        self.0.retain(|page| !old(page));
        if let Some(page) = self.0.iter_mut().find(|page| page.is(&occurrence)) {
            page.count = page.count.saturating_add(1);
            (page.last, page.quiet) = (at, now);
            return true;
        }
        if self.0.len() >= MOST {
            return false;
        }
        self.0.push(Page {
            occurrence,
            name: None,
            count: 1,
            first: at,
            last: at,
            written: 0,
            tries: 0,
            quiet: now,
            next: now,
        });
        true
    }

    /// When something is to be written next.
    pub(super) fn next_due(&self) -> Instant {
        let waiting = self.0.iter().filter(|page| page.waits()).map(|page| page.next);
        waiting.min().unwrap_or_else(|| Instant::now() + IDLE)
    }

    /// What is to be written now. It comes first until it was published.
    pub(super) fn due(&mut self, now: Instant) -> Option<&mut Page> {
        let due = self.0.iter().enumerate().filter(|(_, page)| page.waits() && page.next <= now);
        let (index, _) = due.min_by_key(|(_, page)| page.next)?;
        self.0.swap(0, index);
        self.0.first_mut()
    }

    /// What was due was written, or could not be: where that is final, it is let go.
    pub(super) fn published(&mut self, outcome: Result<(), bool>, now: Instant) {
        let Some(page) = self.0.first_mut() else { return };
        page.next = now + OFTEN;
        match outcome {
            Ok(()) => (page.written, page.tries) = (page.count, 0),
            Err(is_final) => {
                page.tries += 1;
                if is_final || page.tries >= TRIES {
                    self.0.swap_remove(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ObjectReference;

    use super::super::Severity;
    use super::*;

    fn occurrence(name: &str, same: &str) -> Occurrence {
        let regarding = ObjectReference { name: Some(name.to_owned()), ..Default::default() };
        let related = ObjectReference::default();
        let (same, note) = (same.to_owned(), String::new());
        let (reason, action) = ("DriftReverted", "Revert");
        Occurrence { regarding, related, severity: Severity::Warning, reason, action, same, note }
    }

    /// Enters something, and what is written at once: how often that has happened.
    fn tell(ledger: &mut Ledger, name: &str, same: &str, now: Instant) -> Option<i32> {
        assert!(ledger.enter(occurrence(name, same), Timestamp::UNIX_EPOCH, now));
        publish(ledger, now)
    }

    fn publish(ledger: &mut Ledger, now: Instant) -> Option<i32> {
        let count = ledger.due(now)?.count;
        ledger.published(Ok(()), now);
        Some(count)
    }

    #[test]
    fn the_same_is_counted_and_written_every_ten_seconds() {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        assert_eq!(tell(&mut ledger, "a", "eve", start), Some(1));
        assert_eq!(tell(&mut ledger, "a", "eve", start), None);
        assert_eq!(tell(&mut ledger, "a", "bob", start), Some(1), "somebody else");
        assert_eq!(tell(&mut ledger, "b", "eve", start), Some(1), "something else");
        assert_eq!(tell(&mut ledger, "a", "eve", start + OFTEN / 2), None);
        assert_eq!(ledger.next_due(), start + OFTEN);
        assert_eq!(publish(&mut ledger, start + OFTEN), Some(3));
        assert_eq!(publish(&mut ledger, start + 2 * OFTEN), None);
        assert_eq!(tell(&mut ledger, "a", "eve", start + OFTEN / 2 + QUIET), Some(1), "anew");
    }

    #[test]
    fn what_cannot_be_written_is_tried_again_and_let_go() {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        ledger.enter(occurrence("a", ""), Timestamp::UNIX_EPOCH, start);
        for number in 0..TRIES {
            let now = start + OFTEN * number;
            assert!(ledger.due(now).is_some(), "{number}");
            ledger.published(Err(false), now);
        }
        assert!(ledger.0.is_empty());
        ledger.enter(occurrence("a", ""), Timestamp::UNIX_EPOCH, start);
        ledger.due(start);
        ledger.published(Err(true), start);
        assert!(ledger.0.is_empty());
    }

    #[test]
    fn so_many_are_remembered_and_no_more() {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        let mut enter = |number: usize, now| {
            ledger.enter(occurrence(&number.to_string(), ""), Timestamp::UNIX_EPOCH, now)
        };
        assert!((0..MOST).all(|number| enter(number, start)));
        assert!(!enter(MOST, start));
        assert!(enter(0, start), "what is known is counted");
        assert!(!enter(MOST, start + 2 * QUIET), "what waits is kept");
        while ledger.due(start).is_some() {
            ledger.published(Ok(()), start);
        }
        assert!(ledger.enter(occurrence("late", ""), Timestamp::UNIX_EPOCH, start + QUIET));
        assert_eq!(ledger.0.len(), 1);
    }
}
