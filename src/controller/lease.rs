//! Which replica writes: all watch and decide, and one at a time has the [`Hand`] that changes anything.
//!
//! The [`Elector`] holds the Lease `ringfence-leader` as client-go's `tools/leaderelection` does: no
//! clocks of two machines are compared, for a Lease counts as left when this process has seen no change
//! of it for as long as it says. What that cannot rule out is closed here: a hand writes only within
//! `TERM` of the last renewal that was answered, counted from when it was sent, and the API server is
//! told to give up each write after `WRITE`. Both together are less than the Lease lasts, so that the
//! last write of one leader ends before another begins, even where a leader was stopped in between and
//! goes on later.
//!
//! Beside it each replica keeps a Lease that tells how it is ([`Report`]).

mod election;
mod hand;
mod home;
mod report;

use std::time::Duration;

pub use election::Elector;
pub use hand::Hand;
pub use home::Home;
pub use report::{Bearing, REPLICA_LABEL, REPORT_ANNOTATION, Report, Reporter};

/// The Lease of who writes.
pub const LEADER: &str = "ringfence-leader";

/// How long others wait for a leader that is silent.
const LEASE: Duration = Duration::from_secs(15);
/// How long a leader writes after a renewal.
const TERM: Duration = Duration::from_secs(7);
/// How long a write may take.
const WRITE: Duration = Duration::from_secs(7);
/// Between two attempts to get or to renew it.
const RETRY: Duration = Duration::from_secs(2);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);

/// The replica that a Lease's holder is a run of.
#[must_use]
pub fn replica_of(holder: &str) -> &str {
    holder.split_once('_').map_or(holder, |(replica, _)| replica)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_ends_before_another_begins() {
        assert!(TERM + WRITE < LEASE);
        assert!(RETRY + ATTEMPT < TERM, "a renewal that fails may be tried again");
    }
}
