//! Where a connection stands between two requests: told by who answers, read by who keeps time.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

/// The stages that a connection goes through, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// No byte of the next request has come.
    Idle,
    /// A head has begun.
    Head,
    /// A head has ended, and its body has not.
    Body,
    /// The body's time is up; who reads it answers 408.
    Late,
    /// The request is whole and is being answered.
    Work,
    /// The answer is on its way out.
    Answer,
}

/// A step: its stage, and a number that no other step of this connection has, so that two bodies
/// after one another are not taken for one slow body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) stage: Stage,
    number: u64,
}

/// Shared by a connection's stream and its handler. Both live on one task, so that relaxed atomics
/// do, and nothing waits.
#[derive(Debug, Default)]
pub struct Pace {
    step: AtomicU64,
    body_millis: AtomicU32,
    /// Bytes of the next request came while this one was being answered.
    early: AtomicBool,
    /// Something may stay unread, so that the connection must end after the answer.
    cut: AtomicBool,
    /// Somebody waits for this connection's place.
    wanted: AtomicBool,
}

impl Pace {
    /// For a request that comes from no connection.
    #[must_use]
    pub fn detached() -> Self {
        Self::default()
    }

    pub(super) fn step(&self) -> Step {
        let step = self.step.load(Relaxed);
        let stage = match step & 0xff {
            0 => Stage::Idle,
            1 => Stage::Head,
            2 => Stage::Body,
            3 => Stage::Late,
            4 => Stage::Work,
            _ => Stage::Answer,
        };
        Step { stage, number: step >> 8 }
    }

    fn enter(&self, stage: Stage) {
        let number = (self.step.load(Relaxed) >> 8).wrapping_add(1);
        self.step.store(number << 8 | stage as u64, Relaxed);
    }

    /// The head is whole, and its body may take so long.
    pub(super) fn body(&self, time: Duration) {
        self.body_millis.store(u32::try_from(time.as_millis()).unwrap_or(u32::MAX), Relaxed);
        // What came early was this head.
        self.early.store(false, Relaxed);
        self.enter(Stage::Body);
    }

    pub(super) fn body_time(&self) -> Duration {
        Duration::from_millis(self.body_millis.load(Relaxed).into())
    }

    /// The body's time is up.
    pub(super) fn expire_body(&self) {
        self.enter(Stage::Late);
    }

    pub(super) fn body_is_late(&self) -> bool {
        self.step().stage == Stage::Late
    }

    /// The body is whole: the connection is not idle, whoever wants its place.
    pub(super) fn work(&self) {
        self.wanted.store(false, Relaxed);
        self.enter(Stage::Work);
    }

    /// There is an answer.
    pub(super) fn answer(&self) {
        self.enter(Stage::Answer);
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        match self.step().stage {
            Stage::Idle => self.enter(Stage::Head),
            Stage::Work | Stage::Answer => self.early.store(true, Relaxed),
            Stage::Head | Stage::Body | Stage::Late => {}
        }
    }

    /// All that was to be sent has been.
    pub(super) fn flushed(&self) {
        if self.step().stage == Stage::Answer {
            let early = self.early.swap(false, Relaxed);
            self.enter(if early { Stage::Head } else { Stage::Idle });
        }
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Relaxed)
    }

    /// Asks the connection to end soon if it stays idle.
    pub(super) fn want(&self) {
        self.wanted.store(true, Relaxed);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(pace: &Pace, stage: Stage) {
        assert_eq!(pace.step().stage, stage);
    }

    #[test]
    fn bytes_that_came_early_begin_the_next_head_and_no_other() {
        let pace = Pace::default();
        pace.received();
        pace.body(Duration::ZERO);
        pace.work();
        pace.received();
        pace.answer();
        pace.flushed();
        is(&pace, Stage::Head);
        // The same, where the next head is read before the answer has gone out.
        pace.body(Duration::ZERO);
        pace.work();
        pace.received();
        pace.answer();
        pace.body(Duration::ZERO);
        pace.work();
        pace.answer();
        pace.flushed();
        is(&pace, Stage::Idle);
    }

    #[test]
    fn a_request_keeps_its_connections_place() {
        let pace = Pace::default();
        pace.want();
        pace.work();
        assert!(!pace.is_wanted());
    }
}
