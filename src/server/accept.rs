//! A port: accepting connections, each on a task of its own, and draining them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::{Common, Handler, Wish};
use super::tls::Identity;
use crate::telemetry::Rejection;

/// What lies between a port's sockets and HTTP.
pub(super) enum Security {
    Plain,
    Tls { identity: Arc<Identity>, handshakes: Semaphore },
}

/// A port and what answers on it.
pub(super) struct Port<H> {
    pub(super) common: Common<H>,
    pub(super) security: Security,
}

/// How long to wait after the system refused a connection, for lack of descriptors or memory: they
/// come back only when connections end, and the idle ones are asked to.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often idle connections are asked for their place while somebody waits for one.
const CROWDED_EVERY: Duration = Duration::from_secs(1);
/// How long a connection keeps its place without a first byte while somebody waits for one: a TLS
/// client speaks at once.
const SILENT_TIME: Duration = Duration::from_secs(1);
/// rustls reads 4 KiB at a time; with this much in between, a review of usual size is one read of
/// the socket.
const READ_AHEAD: usize = 16 * 1024;

type Buffered = BufReader<TcpStream>;

impl<H: Handler> Port<H> {
    /// Accepts until `drain` ends, then waits for the connections to end. Dropping the future ends
    /// them at once.
    pub(super) async fn run(self, listener: TcpListener, drain: impl Future<Output = ()>) {
        let port = Arc::new(self);
        let (wishes, _) = watch::channel(Wish::default());
        let mut connections = JoinSet::new();
        tokio::select! {
            () = drain => {}
            () = Arc::clone(&port).accept(listener, &wishes, &mut connections) => {}
        }
        wishes.send_modify(|wish| wish.drain = true);
        while connections.join_next().await.is_some() {}
    }

    async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        wishes: &watch::Sender<Wish>,
        connections: &mut JoinSet<()>,
    ) {
        let places = Arc::new(Semaphore::new(self.common.limits.connections));
        loop {
            while connections.try_join_next().is_some() {}
            let stream = match listener.accept().await {
                Ok((stream, _peer)) => stream,
                Err(error) if is_the_clients(&error) => continue,
                Err(error) => {
                    tracing::error!(%error, "a connection cannot be accepted");
                    ask_for_places(wishes);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Only now does somebody want a place.
            let Some(place) = free_place(&places, wishes).await else { return };
            let (port, wishes) = (Arc::clone(&self), wishes.subscribe());
            connections.spawn(async move {
                port.connection(stream, wishes).await;
                drop(place);
            });
        }
    }

    async fn connection(&self, stream: TcpStream, mut wishes: watch::Receiver<Wish>) {
        // Without it an answer may wait for an acknowledgement; a failure costs only that.
        let _ = stream.set_nodelay(true);
        match &self.security {
            Security::Plain => self.common.serve(stream, wishes).await,
            Security::Tls { identity, handshakes } => {
                let gauge = self.common.metrics.connections();
                gauge.inc();
                let _open = Defer(|| _ = gauge.dec());
                let deadline = Instant::now() + self.common.limits.handshake_time;
                let handshake = async {
                    talks(&stream, &mut wishes).await?;
                    self.handshake(stream, identity, handshakes).await
                };
                match timeout_at(deadline, handshake).await {
                    Ok(Ok(stream)) => self.common.serve(stream, wishes).await,
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a tls handshake failed");
                        self.common.metrics.rejection(Rejection::HandshakeFailed);
                    }
                    Err(_elapsed) => {
                        self.common.metrics.rejection(Rejection::HandshakeTimeout);
                    }
                }
            }
        }
    }

    /// Makes a handshake when its turn comes.
    async fn handshake(
        &self,
        stream: TcpStream,
        identity: &Identity,
        handshakes: &Semaphore,
    ) -> io::Result<TlsStream<Buffered>> {
        let place = handshakes.acquire().await.map_err(io::Error::other)?;
        let stream = BufReader::with_capacity(READ_AHEAD, stream);
        let mut handshake = TlsAcceptor::from(identity.config()).accept(stream);
        match timeout(self.common.limits.handshake_turn, &mut handshake).await {
            Ok(ended) => ended,
            Err(_elapsed) => {
                drop(place);
                handshake.await
            }
        }
    }
}

/// Waits for a client's first byte. Who says nothing takes no place from one that does: they keep
/// it no longer than [`SILENT_TIME`] once somebody waits for it, and at the end not at all.
async fn talks(stream: &TcpStream, wishes: &mut watch::Receiver<Wish>) -> io::Result<()> {
    let mut byte = [0];
    let gives_way = async {
        if timeout(SILENT_TIME, wishes.wait_for(|wish| wish.drain)).await.is_err() {
            let asked = wishes.borrow().crowded;
            let _ = wishes.wait_for(|wish| wish.drain || wish.crowded != asked).await;
        }
    };
    tokio::select! {
        biased;
        // Readiness alone may be reported of a socket that has nothing to read.
        peeked = stream.peek(&mut byte) => peeked.map(drop),
        () = gives_way => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// A place for one more connection, made where necessary by asking idle ones for theirs.
async fn free_place(places: &Arc<Semaphore>, wishes: &watch::Sender<Wish>) -> Option<Place> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    tracing::warn!("all connections are taken: accepting is paused, idle ones are asked to end");
    loop {
        ask_for_places(wishes);
        let place = Arc::clone(places).acquire_owned();
        if let Ok(place) = timeout(CROWDED_EVERY, place).await {
            return place.ok();
        }
    }
}

/// Asks idle connections to end.
fn ask_for_places(wishes: &watch::Sender<Wish>) {
    wishes.send_modify(|wish| wish.crowded = wish.crowded.wrapping_add(1));
}

/// Whether the client had gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Runs a closure at the end of a scope, however it ends.
struct Defer<F: FnMut()>(F);

impl<F: FnMut()> Drop for Defer<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
