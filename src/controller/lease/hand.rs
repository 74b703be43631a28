//! What writes, while it may.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, Request, Uri};
use kube::Client;
use kube::client::Body;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::{TERM, WRITE};
use crate::controller::Cluster;

/// Writes at once, at most.
pub(super) const WRITES: u32 = 1024;

/// Until when a replica writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Term {
    /// It does not.
    Nobodys,
    /// As long as this renewal counts.
    Since(Renewal),
}

/// When a renewal was sent. A machine that is suspended may stop the one clock, and who sets the other
/// may turn it back: a term ends with the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Renewal {
    steady: Instant,
    of_the_day: SystemTime,
}

impl Renewal {
    pub(super) fn now() -> Self {
        Self { steady: Instant::now(), of_the_day: SystemTime::now() }
    }

    fn age(self, now: Self) -> Duration {
        let of_the_day = now.of_the_day.duration_since(self.of_the_day).unwrap_or_default();
        now.steady.saturating_duration_since(self.steady).max(of_the_day)
    }
}

impl Term {
    pub(super) fn holds(self, now: Renewal) -> bool {
        match self {
            Self::Nobodys => false,
            Self::Since(renewal) => renewal.age(now) < TERM,
        }
    }
}

/// The hand that changes the cluster. All replicas have one, and one at a time may use it.
#[derive(Clone)]
pub struct Hand {
    term: watch::Receiver<Term>,
    client: Client,
}

impl Hand {
    /// A hand that never writes.
    #[must_use]
    pub fn idle(cluster: &Cluster) -> Self {
        let (_, term) = watch::channel(Term::Nobodys);
        Self::new(cluster, term, Arc::default())
    }

    pub(super) fn new(
        cluster: &Cluster,
        term: watch::Receiver<Term>,
        writing: Arc<Writing>,
    ) -> Self {
        let (inner, until) = (cluster.client.clone(), term.clone());
        let gate = tower::service_fn(move |request: Request<Body>| {
            let (client, until, writing) = (inner.clone(), until.clone(), Arc::clone(&writing));
            async move {
                if *request.method() == Method::GET {
                    return client.send(request).await;
                }
                let _writes = writing.0.acquire().await;
                let term = *until.borrow();
                if !term.holds(Renewal::now()) {
                    return Err(kube::Error::Service(Box::new(NotOurs)));
                }
                client.send(bounded(request)).await
            }
        });
        Self { term, client: Client::new(gate, cluster.client.default_namespace()) }
    }

    /// Whether it may write now.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.term.borrow().holds(Renewal::now())
    }

    /// Once it may write, or may no more; never where that cannot change.
    pub async fn changed(&mut self) {
        if self.term.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// A client that reads always, and writes while it may.
    pub(in crate::controller) fn client(&self) -> Client {
        self.client.clone()
    }
}

/// The writes that are under way.
pub(super) struct Writing(pub(super) Semaphore);

impl Default for Writing {
    fn default() -> Self {
        Self(Semaphore::new(WRITES as usize))
    }
}

/// Another replica writes.
#[derive(Debug, thiserror::Error)]
#[error("this replica is not the leader, and does not write")]
struct NotOurs;

/// The request with the time after which the API server gives it up (apiserver
/// `pkg/endpoints/filters/request_deadline.go`).
fn bounded(mut request: Request<Body>) -> Request<Body> {
    let uri = request.uri();
    let separator = if uri.query().is_some() { '&' } else { '?' };
    if let Ok(uri) = format!("{uri}{separator}timeout={}s", WRITE.as_secs()).parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(since: Renewal, steady: f64, of_the_day: f64) -> Renewal {
        Renewal {
            steady: since.steady + Duration::from_secs_f64(steady),
            of_the_day: if of_the_day < 0.0 {
                since.of_the_day - Duration::from_secs_f64(-of_the_day)
            } else {
                since.of_the_day + Duration::from_secs_f64(of_the_day)
            },
        }
    }

    #[test]
    fn a_term_ends_by_the_first_clock_and_is_not_prolonged_by_the_other() {
        let since = Renewal::now();
        let term = Term::Since(since);
        assert!(term.holds(since));
        assert!(term.holds(later(since, 6.9, 6.9)));
        assert!(!term.holds(later(since, 7.0, 0.0)));
        assert!(!term.holds(later(since, 7.0, -3600.0)));
        assert!(!term.holds(later(since, 0.1, 7.0)), "it was suspended");
        assert!(term.holds(later(since, 1.0, -3600.0)));
        assert!(!Term::Nobodys.holds(since));
    }

    #[test]
    fn a_write_is_given_up_before_another_leader_begins() {
        let of = |uri: &str| {
            let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
            bounded(request).uri().to_string()
        };
        assert_eq!(of("/api/v1/x"), "/api/v1/x?timeout=7s");
        assert_eq!(of("/api/v1/x?force=true"), "/api/v1/x?force=true&timeout=7s");
    }
}
