//! The door's frame: everything from the socket to the bytes of a review and back.
//!
//! ```text
//!  accept ── handshake ── paced ── hyper ── front ── body ── Admission ── response
//!  (places)  (places,     (clocks,          (paths,  (bound,  (behind a
//!             10 s)       heads)             places)  budget)  trait)
//! ```
//!
//! The telemetry port shares the accept loop and the clocks, without TLS. What stands behind the
//! admission paths is an [`Admission`]; what a replica needs before it should be asked is a
//! [`Readiness`]. Every bound is a field of [`Limits`]. A request that has come in whole gets an
//! answer, whatever happens behind the trait: a panic or a missed deadline is
//! [`Admission::failed`]'s to answer.
//!
//! Deliberately absent: what a review says, and anything that opens a connection.

mod accept;
mod admission;
mod body;
mod budget;
mod connection;
mod deadline;
mod door;
mod front;
mod heads;
mod limits;
mod pace;
mod paced;
mod probes;
mod readiness;
mod refusal;
mod run;
pub mod shutdown;
pub mod tls;

#[cfg(test)]
mod tests;

pub use admission::{Admission, Answer, Failure};
pub use door::Door;
pub use front::Front;
pub use limits::Limits;
pub use pace::Pace;
pub use probes::Probes;
pub use readiness::{Check, Readiness};
pub use run::{BindError, Ended, Server, Settings};
pub use shutdown::Shutdown;

pub use crate::telemetry::Endpoint;
