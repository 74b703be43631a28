//! The telemetry port: `/livez`, `/readyz` and `/metrics`, over plain HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;

use super::pace::Pace;
use super::readiness::report;
use super::refusal::{Refusal, respond};
use super::tls::Identity;
use super::{Check, Readiness};
use crate::telemetry::Metrics;

/// Answers requests of the telemetry port. It needs no socket: see [`Probes::respond`].
pub struct Probes<R> {
    readiness: R,
    identity: Arc<Identity>,
    metrics: Arc<Metrics>,
    closing: AtomicBool,
}

impl<R: Readiness> Probes<R> {
    /// Ready when `readiness` is and `identity` can be shown to clients.
    pub fn new(readiness: R, identity: Arc<Identity>, metrics: Arc<Metrics>) -> Self {
        Self { readiness, identity, metrics, closing: AtomicBool::new(false) }
    }

    /// From now on this replica is not ready.
    pub(super) fn close_soon(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Answers one request, and reads no body.
    pub fn respond<B: Body>(&self, request: &Request<B>, pace: &Pace) -> Response<Full<Bytes>> {
        pace.work();
        let mut response = self.page(request);
        if !request.body().is_end_stream() {
            pace.cut();
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn page<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return Refusal::Method("GET, HEAD").into_response();
        }
        let verbose = request.uri().query().is_some_and(|query| {
            query.split('&').any(|pair| pair == "verbose" || pair.starts_with("verbose="))
        });
        match request.uri().path() {
            "/livez" => checked(report("livez", &[Check::passed("ping")], verbose)),
            "/readyz" => checked(report("readyz", &self.checks(), verbose)),
            "/metrics" => {
                respond(StatusCode::OK, Metrics::CONTENT_TYPE, self.metrics.encode().into())
            }
            _ => respond(StatusCode::NOT_FOUND, TEXT, PATHS.into()),
        }
    }

    fn checks(&self) -> Vec<Check> {
        let closing = match self.closing.load(Relaxed) {
            true => Check::failed("shutdown", "this replica is shutting down"),
            false => Check::passed("shutdown"),
        };
        let mut checks = vec![closing, self.identity.check(SystemTime::now())];
        checks.extend(self.readiness.checks());
        checks
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
const PATHS: &str = "no such path: there are `/livez`, `/readyz` and `/metrics`\n";

fn checked((passed, text): (bool, String)) -> Response<Full<Bytes>> {
    let status = if passed { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    respond(status, TEXT, text.into())
}
