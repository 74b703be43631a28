//! What stands behind the admission paths.

use std::future::Future;
use std::time::Instant;

use bytes::Bytes;
use http::StatusCode;

use crate::domain::Decision;
use crate::telemetry::Endpoint;

/// Answers reviews. Everything from the socket to the bytes of a body is the server's; everything
/// from there on is behind this trait.
pub trait Admission: Send + Sync + 'static {
    /// Answers one review. `deadline` is when the API server stops listening, less a margin.
    ///
    /// The future is polled on the connection's own task. It may be dropped at any await: the
    /// deadline passed, or the client has gone.
    fn answer(
        &self,
        endpoint: Endpoint,
        body: &Bytes,
        deadline: Instant,
    ) -> impl Future<Output = Answer> + Send;

    /// The answer to a body when answering it failed. It must be cheap and must not fail: a denial
    /// with the review's uid, or [`Answer::Unreadable`] where no uid can be read.
    fn failed(&self, endpoint: Endpoint, body: &Bytes, why: Failure) -> Answer;
}

/// Why [`Admission::answer`] gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It panicked.
    Panic,
    /// It ran past its deadline.
    Deadline,
}

/// What goes back: JSON in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A review with its verdict: 200.
    Review {
        /// What the verdict comes to, for the metrics.
        decision: Decision,
        /// The AdmissionReview.
        body: Bytes,
    },
    /// There is no uid to answer to: 400.
    Unreadable {
        /// What is wrong.
        body: Bytes,
    },
}

impl Answer {
    pub(super) fn into_parts(self) -> (StatusCode, Option<Decision>, Bytes) {
        match self {
            Self::Review { decision, body } => (StatusCode::OK, Some(decision), body),
            Self::Unreadable { body } => (StatusCode::BAD_REQUEST, None, body),
        }
    }
}
