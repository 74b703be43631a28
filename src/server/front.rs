//! The admission paths: from a request to a response.
//!
//! Two paths and one method need no router: a match on the path is what is left of it. A tower of
//! layers around a handler of a few microseconds would cost as much as the handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tokio::time::{Instant, timeout_at};

use super::body::{BELIEVED, Reader};
use super::budget::Budget;
use super::pace::Pace;
use super::refusal::{Refusal, respond};
use super::{Admission, Answer, Failure, Limits, deadline};
use crate::telemetry::{Endpoint, Metrics, Rejection};

/// Answers requests of the admission port. It needs no socket: see [`Front::respond`].
pub struct Front<A> {
    admission: A,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    requests: Budget,
    bodies: Budget,
    closing: AtomicBool,
}

impl<A: Admission> Front<A> {
    /// In front of `admission`.
    pub fn new(admission: A, limits: Arc<Limits>, metrics: Arc<Metrics>) -> Self {
        // A few large bodies must not keep all others out, and the largest must still find room.
        let most = limits.bodies_bytes;
        let kept = (most / 4).min(most.saturating_sub(limits.body_bytes));
        let bodies = Budget::new(most, metrics.bytes_in_flight()).keeping(kept, BELIEVED);
        Self {
            admission,
            requests: Budget::new(limits.requests, metrics.requests_in_flight()),
            bodies,
            limits,
            metrics,
            closing: AtomicBool::new(false),
        }
    }

    /// From now on, connections end with their next answer, so that clients move to other
    /// replicas.
    pub(super) fn close_soon(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Answers one request; `pace` is that of its connection ([`Pace::detached`] without one).
    pub async fn respond<B>(&self, request: Request<B>, pace: &Pace) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (parts, body) = request.into_parts();
        let mut reader = Reader::new(body, self.limits.body_bytes, &self.bodies, pace);
        let mut response = match self.review(&parts, &mut reader, pace).await {
            Ok(response) => response,
            Err(refusal) => {
                if let Some(rejection) = refusal.rejection() {
                    self.metrics.rejection(rejection);
                }
                refusal.into_response()
            }
        };
        // A body in chunks is the last one: see `heads`. The API server states lengths.
        let last = !reader.is_at_end() || parts.headers.contains_key(TRANSFER_ENCODING);
        if last {
            pace.cut();
        }
        if last || self.closing.load(Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn review<B>(
        &self,
        parts: &Parts,
        reader: &mut Reader<'_, B>,
        pace: &Pace,
    ) -> Result<Response<Full<Bytes>>, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let started = reader.started();
        let allowed = deadline::allowed(&self.limits, parts.uri.query());
        pace.body(allowed.min(self.limits.body_time));
        let endpoint = read_head(parts)?;
        if reader.is_too_large() {
            return Err(Refusal::BodyTooLarge);
        }
        // Load is shed by an answer, and never by closing: the rest of the body is read for that.
        let Some(_place) = self.requests.take(1) else {
            reader.discard().await;
            return Err(Refusal::Busy);
        };
        let held = match reader.read().await {
            Err(Refusal::NoRoom) => {
                reader.discard().await;
                return Err(Refusal::NoRoom);
            }
            read => read?,
        };
        pace.work();
        let answer = self.answer(endpoint, &held.bytes, started + allowed).await?;
        let (status, decision, body) = answer.into_parts();
        match decision {
            Some(decision) => self.metrics.review(endpoint, decision, started.elapsed()),
            None => self.metrics.rejection(Rejection::Unreadable),
        }
        Ok(respond(status, "application/json", body))
    }

    /// What stands behind answers, or is answered for.
    async fn answer(
        &self,
        endpoint: Endpoint,
        body: &Bytes,
        deadline: Instant,
    ) -> Result<Answer, Refusal> {
        // Inside the block, so that a panic before the first await is caught too.
        let answer = async { self.admission.answer(endpoint, body, deadline.into_std()).await };
        let why = match timeout_at(deadline, AssertUnwindSafe(answer).catch_unwind()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_panic)) => {
                self.metrics.panic();
                Failure::Panic
            }
            Err(_elapsed) => {
                self.metrics.rejection(Rejection::Deadline);
                Failure::Deadline
            }
        };
        tracing::error!(endpoint = endpoint.as_str(), ?why, "a review failed");
        let failed = AssertUnwindSafe(|| self.admission.failed(endpoint, body, why));
        catch_unwind(failed).map_err(|_panic| Refusal::Internal)
    }
}

/// Which path it is, if everything that a head says is as it must be.
fn read_head(parts: &Parts) -> Result<Endpoint, Refusal> {
    let endpoint = match parts.uri.path() {
        "/validate" => Endpoint::Validate,
        "/mutate" => Endpoint::Mutate,
        _ => return Err(Refusal::NotFound),
    };
    if parts.method != Method::POST {
        return Err(Refusal::Method("POST"));
    }
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !parts.headers.get_all(CONTENT_ENCODING).iter().all(is_identity) {
        return Err(Refusal::ContentEncoding);
    }
    if !parts.headers.get(CONTENT_TYPE).is_some_and(is_json) {
        return Err(Refusal::ContentType);
    }
    Ok(endpoint)
}

/// `application/json`, with or without parameters.
fn is_json(value: &HeaderValue) -> bool {
    let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}
