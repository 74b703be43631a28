//! Gets the Lease, renews it, and gives it back.

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::hand::{Hand, Renewal, Term, WRITES, Writing};
use super::{ATTEMPT, Home, LEADER, LEASE, RETRY, WRITE};
use crate::controller::Cluster;

/// Seeks the Lease of who writes, and tells its hand.
pub struct Elector {
    leases: Api<Lease>,
    /// Of this run: a process that was started anew is another.
    identity: String,
    /// Where the namespace of the Lease is not there, we are alone.
    supposed: bool,
    seen: Option<Seen>,
    term: watch::Sender<Term>,
    writing: Arc<Writing>,
    complaint: Option<String>,
}

/// What the Lease said, and since when it says nothing else.
#[derive(Debug, Clone)]
struct Seen {
    spec: LeaseSpec,
    since: Instant,
}

/// Whose the Lease is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Ours already.
    Ours,
    /// Free to take.
    Free,
    /// Another's.
    Others,
}

impl Elector {
    /// An elector, and the hand that writes while it leads.
    #[must_use]
    pub fn new(cluster: &Cluster, home: &Home) -> (Self, Hand) {
        let (term, receiver) = watch::channel(Term::Nobodys);
        let writing = Arc::new(Writing::default());
        let hand = Hand::new(cluster, receiver, Arc::clone(&writing));
        let elector = Self {
            leases: Api::namespaced(cluster.client.clone(), &home.namespace),
            identity: format!(
                "{}_{:016x}",
                home.replica,
                RandomState::new().build_hasher().finish()
            ),
            supposed: home.supposed,
            seen: None,
            term,
            writing,
            complaint: None,
        };
        (elector, hand)
    }

    /// Leads whenever it can, until `end`; then the Lease is given back, once no write is under way.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                () = self.turn() => {}
            }
        }
        self.release().await;
    }

    async fn turn(&mut self) {
        let renewal = Renewal::now();
        let outcome = match timeout(ATTEMPT, self.attempt()).await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {ATTEMPT:?}")),
        };
        match outcome {
            Ok(true) => self.enter(Term::Since(renewal)),
            Ok(false) => self.enter(Term::Nobodys),
            // Until its end the term holds. It may have been renewed all the same; we cannot know.
            Err(error) => {
                if self.complaint.as_ref() != Some(&error) {
                    tracing::warn!(error, lease = LEADER, "cannot learn or say who the leader is");
                }
                self.complaint = Some(error);
                let now = Renewal::now();
                if !self.term.borrow().holds(now) {
                    self.enter(Term::Nobodys);
                }
                return sleep(RETRY).await;
            }
        }
        self.complaint = None;
        sleep(RETRY).await;
    }

    /// Whoever waits is told where a term begins or ends, not where it goes on.
    fn enter(&mut self, next: Term) {
        let now = Renewal::now();
        self.term.send_if_modified(|term| {
            let (did, does) = (term.holds(now), next.holds(now));
            let told = match (*term, next) {
                (Term::Nobodys, Term::Nobodys) => false,
                _ => did != does || !does,
            };
            if told {
                let identity = &self.identity;
                tracing::info!(identity, leads = does, "another term of the leader");
            }
            *term = next;
            told
        });
    }

    /// Whether the Lease is ours now.
    async fn attempt(&mut self) -> Result<bool, kube::Error> {
        let Some(lease) = self.leases.get_opt(LEADER).await? else { return self.create().await };
        let spec = lease.spec.clone().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|seen| seen.spec != spec) {
            self.seen = Some(Seen { spec: spec.clone(), since: Instant::now() });
        }
        let silent = self.seen.as_ref().map(|seen| seen.since.elapsed()).unwrap_or_default();
        match claim(&spec, silent, &self.identity) {
            Claim::Others => Ok(false),
            claim => self.take(lease, held(&self.identity, spec, claim)).await,
        }
    }

    async fn create(&mut self) -> Result<bool, kube::Error> {
        let metadata = ObjectMeta { name: Some(LEADER.to_owned()), ..ObjectMeta::default() };
        let spec = held(&self.identity, LeaseSpec::default(), Claim::Free);
        let lease = Lease { metadata, spec: Some(spec) };
        match self.leases.create(&PostParams::default(), &lease).await {
            Ok(lease) => Ok(self.know(lease)),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(kube::Error::Api(status)) if status.code == 404 && self.supposed => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Writes the Lease over what was read; where another was faster, it is theirs.
    async fn take(&mut self, mut lease: Lease, spec: LeaseSpec) -> Result<bool, kube::Error> {
        lease.spec = Some(spec);
        match self.leases.replace(LEADER, &PostParams::default(), &lease).await {
            Ok(lease) => Ok(self.know(lease)),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn know(&mut self, lease: Lease) -> bool {
        let spec = lease.spec.unwrap_or_default();
        self.seen = Some(Seen { spec, since: Instant::now() });
        true
    }

    /// No write begins any more, those that are under way end, and then others need not wait.
    async fn release(&mut self) {
        self.enter(Term::Nobodys);
        let ended = timeout(WRITE, self.writing.0.acquire_many(WRITES)).await;
        if ended.is_err() {
            return;
        }
        if let Err(error) = timeout(ATTEMPT, self.give_back()).await.unwrap_or(Ok(())) {
            tracing::warn!(%error, lease = LEADER, "the lease is not given back: it runs out");
        }
    }

    async fn give_back(&self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.leases.get_opt(LEADER).await? else { return Ok(()) };
        let Some(spec) = &mut lease.spec else { return Ok(()) };
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return Ok(());
        }
        spec.holder_identity = None;
        spec.renew_time = Some(MicroTime(Timestamp::now()));
        spec.lease_duration_seconds = Some(1);
        self.leases.replace(LEADER, &PostParams::default(), &lease).await.map(|_| ())
    }
}

/// Whose a Lease is that has said the same for so long.
fn claim(spec: &LeaseSpec, silent: Duration, identity: &str) -> Claim {
    let lasts = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    match spec.holder_identity.as_deref().unwrap_or_default() {
        holder if holder == identity => Claim::Ours,
        "" => Claim::Free,
        _ if silent >= lasts.map_or(LEASE, Duration::from_secs) => Claim::Free,
        _ => Claim::Others,
    }
}

/// What the Lease says once it is renewed, or taken.
fn held(identity: &str, before: LeaseSpec, claim: Claim) -> LeaseSpec {
    let now = Some(MicroTime(Timestamp::now()));
    let (acquire_time, transitions) = match claim {
        Claim::Ours => (before.acquire_time, before.lease_transitions),
        _ => (now.clone(), Some(before.lease_transitions.map_or(0, |all| all.saturating_add(1)))),
    };
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(LEASE.as_secs()).ok(),
        renew_time: now,
        acquire_time,
        lease_transitions: transitions,
        ..before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(holder: &str, lasts: Option<i32>) -> LeaseSpec {
        LeaseSpec {
            holder_identity: (!holder.is_empty()).then(|| holder.to_owned()),
            lease_duration_seconds: lasts,
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_is_left_when_nothing_of_it_changed_for_as_long_as_it_says() {
        let check = |spec: &LeaseSpec, silent: u64, expect: Claim| {
            assert_eq!(claim(spec, Duration::from_secs(silent), "us"), expect, "{spec:?} {silent}");
        };
        check(&spec("us", Some(15)), 0, Claim::Ours);
        check(&spec("us", Some(15)), 1000, Claim::Ours);
        check(&spec("", Some(15)), 0, Claim::Free);
        check(&spec("them", Some(15)), 14, Claim::Others);
        check(&spec("them", Some(15)), 15, Claim::Free);
        check(&spec("them", Some(60)), 59, Claim::Others);
        check(&spec("them", None), 14, Claim::Others);
        check(&spec("them", Some(-1)), 14, Claim::Others);
    }

    #[test]
    fn who_takes_it_counts_and_who_renews_it_does_not() {
        let taken = held("us", spec("them", Some(15)), Claim::Free);
        assert_eq!((taken.lease_transitions, taken.acquire_time.is_some()), (Some(4), true));
        let renewed = held("us", taken.clone(), Claim::Ours);
        assert_eq!(renewed.lease_transitions, Some(4));
        assert_eq!(renewed.acquire_time, taken.acquire_time);
        assert_eq!(held("us", LeaseSpec::default(), Claim::Free).lease_transitions, Some(0));
    }
}
