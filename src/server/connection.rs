//! One connection, from its first byte of HTTP to its last.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::watch;

use super::pace::Pace;
use super::paced::Paced;
use super::{Admission, Front, Limits, Probes, Readiness};
use crate::telemetry::{Metrics, Rejection};

/// What answers the requests of a port.
pub(super) trait Handler: Send + Sync + 'static {
    fn handle(
        &self,
        request: Request<Incoming>,
        pace: &Pace,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

impl<A: Admission> Handler for Front<A> {
    async fn handle(&self, request: Request<Incoming>, pace: &Pace) -> Response<Full<Bytes>> {
        self.respond(request, pace).await
    }
}

impl<R: Readiness> Handler for Probes<R> {
    async fn handle(&self, request: Request<Incoming>, pace: &Pace) -> Response<Full<Bytes>> {
        self.respond(&request, pace)
    }
}

/// What the acceptor asks of all its connections.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    /// Somebody waits for a place; counted, so that each time is a change.
    pub(super) crowded: u64,
    /// End after the request in hand.
    pub(super) drain: bool,
}

/// What the connections of a port have in common.
pub(super) struct Common<H> {
    pub(super) handler: Arc<H>,
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Arc<Metrics>,
}

impl<H: Handler> Common<H> {
    /// Answers the requests of one connection until it ends.
    pub(super) async fn serve<S>(&self, stream: S, mut wishes: watch::Receiver<Wish>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let pace = Arc::new(Pace::default());
        let (limits, metrics) = (Arc::clone(&self.limits), Arc::clone(&self.metrics));
        let stream = Paced::new(stream, Arc::clone(&pace), limits, metrics);
        let service = service_fn(|request| {
            let (handler, pace) = (Arc::clone(&self.handler), Arc::clone(&pace));
            async move {
                let response = handler.handle(request, &pace).await;
                pace.answer();
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(self.limits.header_bytes)
            .serve_connection(TokioIo::new(stream), service);
        let mut may_wish = true;
        let result = loop {
            let wished = tokio::select! {
                biased;
                result = &mut connection => break result,
                wished = wishes.changed(), if may_wish => wished,
            };
            // Without an acceptor there is nobody to serve for.
            may_wish = wished.is_ok() && !wishes.borrow_and_update().drain;
            if may_wish {
                pace.want();
            } else {
                Pin::new(&mut connection).graceful_shutdown();
            }
        };
        if let Err(error) = result {
            self.note(&error);
        }
        if pace.is_cut() {
            linger(connection.into_parts().io.into_inner().into_inner()).await;
        }
    }

    fn note(&self, error: &hyper::Error) {
        if error.is_parse_too_large() {
            self.metrics.rejection(Rejection::HeaderTooLarge);
        } else if error.is_parse() {
            self.metrics.rejection(Rejection::BadRequest);
        }
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How long, and for how many bytes, a client may go on sending a body that has been answered.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// Takes what the client still sends. A socket that is closed with bytes unread resets the
/// connection, and the client loses the answer that says why.
async fn linger<S: AsyncRead + Unpin>(stream: S) {
    let mut rest = stream.take(LINGER_BYTES);
    let mut nowhere = tokio::io::sink();
    // How it ends makes no difference.
    let _ = tokio::time::timeout(LINGER_TIME, tokio::io::copy(&mut rest, &mut nowhere)).await;
}
