//! The server as a whole: two ports, from binding to the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::accept::{Port, Security};
use super::connection::Common;
use super::tls::Identity;
use super::{Admission, Front, Limits, Probes, Readiness, Shutdown};
use crate::telemetry::Metrics;

/// Where to listen, and within what bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The admission port (HTTPS); port 0 takes any free one.
    pub listen: SocketAddr,
    /// The telemetry port (HTTP).
    pub telemetry_listen: SocketAddr,
    /// What clients may take up.
    pub limits: Limits,
    /// How long to go on accepting once shutdown was asked for, while Services learn that this
    /// replica is not ready any more.
    pub grace: Duration,
    /// How long requests in flight may then take. With `grace` it must stay below the pod's
    /// terminationGracePeriodSeconds (30 by default).
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            telemetry_listen: SocketAddr::from(([127, 0, 0, 1], 9090)),
            limits: Limits::default(),
            grace: Duration::from_secs(5),
            drain: Duration::from_secs(20),
        }
    }
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` cannot be listened on: {error}")]
pub struct BindError {
    /// Which.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

/// How the server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every request was answered.
    Drained,
    /// The time for draining was over first.
    CutOff,
    /// A second signal asked for it.
    Aborted,
}

/// Both ports, bound: connections wait in their queues until [`Server::run`].
pub struct Server<A, R> {
    admission: (TcpListener, SocketAddr),
    telemetry: (TcpListener, SocketAddr),
    front: Arc<Front<A>>,
    probes: Arc<Probes<R>>,
    identity: Arc<Identity>,
    metrics: Arc<Metrics>,
    settings: Settings,
}

impl<A: Admission, R: Readiness> Server<A, R> {
    /// Binds both ports. It must be called within a tokio runtime.
    ///
    /// # Errors
    /// An address is taken, or not this machine's.
    pub fn bind(
        settings: Settings,
        identity: Arc<Identity>,
        metrics: Arc<Metrics>,
        (admission, readiness): (A, R),
    ) -> Result<Self, BindError> {
        let limits = Arc::new(settings.limits.clone());
        let front = Front::new(admission, limits, Arc::clone(&metrics));
        let probes = Probes::new(readiness, Arc::clone(&identity), Arc::clone(&metrics));
        Ok(Self {
            admission: listen(settings.listen)?,
            telemetry: listen(settings.telemetry_listen)?,
            front: Arc::new(front),
            probes: Arc::new(probes),
            identity,
            metrics,
            settings,
        })
    }

    /// Where the admission paths are.
    #[must_use]
    pub fn admission_addr(&self) -> SocketAddr {
        self.admission.1
    }

    /// Where the probes and metrics are.
    #[must_use]
    pub fn telemetry_addr(&self) -> SocketAddr {
        self.telemetry.1
    }

    /// Serves until `shutdown` asks for an end: not ready at once, still accepting for the grace,
    /// then answering what is in flight. The telemetry port and the certificate's files are looked
    /// after until the very end.
    pub async fn run(self, shutdown: Shutdown) -> Ended {
        let Settings { ref limits, grace, drain, .. } = self.settings;
        let telemetry = Port {
            common: self.common(&self.probes, limits.for_telemetry()),
            security: Security::Plain,
        };
        let handshakes = Semaphore::new(limits.handshakes);
        let admission = Port {
            common: self.common(&self.front, limits.clone()),
            security: Security::Tls { identity: Arc::clone(&self.identity), handshakes },
        };
        let (front, probes) = (Arc::clone(&self.front), Arc::clone(&self.probes));
        let asked = shutdown.draining();
        let last_accept = async move {
            asked.await;
            probes.close_soon();
            front.close_soon();
            tokio::time::sleep(grace).await;
        };
        let asked = shutdown.draining();
        let time_is_up = async move {
            asked.await;
            tokio::time::sleep(grace + drain).await;
        };
        let mut aside = JoinSet::new();
        aside.spawn(Arc::clone(&self.identity).keep_fresh());
        aside.spawn(telemetry.run(self.telemetry.0, std::future::pending()));
        let mut serving = JoinSet::new();
        serving.spawn(admission.run(self.admission.0, last_accept));
        let ended = tokio::select! {
            _ = serving.join_next() => Ended::Drained,
            () = time_is_up => Ended::CutOff,
            () = shutdown.aborting() => Ended::Aborted,
        };
        tracing::info!(?ended, "the server has ended");
        ended
    }

    fn common<H>(&self, handler: &Arc<H>, limits: Limits) -> Common<H> {
        Common {
            handler: Arc::clone(handler),
            limits: Arc::new(limits),
            metrics: Arc::clone(&self.metrics),
        }
    }
}

/// A burst of connections on a cold replica must fit in the queue: the API server opens one for
/// each request that finds no idle one.
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait for the kernel to forget the connections of the last process.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    bound().map_err(|error| BindError { address, error })
}
