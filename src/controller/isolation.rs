//! Proves that tenants are isolated from each other, while the hand is ours to write with: the whole of it
//! after each change of documents, namespaces, seals or policies.
//!
//! Policies and namespaces are watched (`stands`), documents and seals come with the snapshot; no pod is looked
//! at. Changes that come together are one, a proof runs on a thread of its own (`round`), and after each there
//! is a rest of a multiple of what it took, so that proving never takes more than a part of one core.

mod round;
mod stands;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::lease::Hand;
use crate::isolation::Standing;
use crate::state::{Handle, Snapshot};
use crate::telemetry::Metrics;
use round::{Round, Seals};
use stands::Stands;

/// How each tenant stands to all others; nothing before the first proof.
pub type Standings = Option<Arc<BTreeMap<String, Standing>>>;

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// Between a change and a proof: a namespace comes, and is sealed a moment later.
const SETTLING: Duration = Duration::from_millis(300);
/// After a proof this many times as long as it took nothing is proven.
const REST: u32 = 4;
/// How long nothing is looked at where nothing happens; a clock may be set meanwhile.
const IDLE: Duration = Duration::from_secs(60);

/// Tells how tenants stand, whenever that may be another, until nobody listens.
pub async fn keep_proof(
    cluster: Cluster,
    handle: Handle,
    mut hand: Hand,
    (standings, metrics): (watch::Sender<Standings>, Arc<Metrics>),
) {
    while !standings.is_closed() {
        if hand.writes() {
            let prover = Prover::new(&standings, &metrics);
            prover.run(&cluster, &handle, &mut hand).await;
            standings.send_replace(None);
            metrics.isolation().stopped();
        }
        hand.changed().await;
    }
}

struct Prover<'a> {
    standings: &'a watch::Sender<Standings>,
    metrics: &'a Metrics,
    stands: Stands,
    snapshot: Option<Arc<Snapshot>>,
    /// The proof that is made, if one is.
    running: JoinSet<(Proven, Seals)>,
    /// What the last one has left for the next.
    seals: Seals,
    /// When the next one is made.
    due: Option<Instant>,
    /// When it may be made at the soonest.
    soonest: Instant,
    /// When it is made although nothing happens.
    until: Option<Timestamp>,
}

/// What came of a proof.
struct Proven {
    standings: BTreeMap<String, Standing>,
    took: Duration,
}

impl<'a> Prover<'a> {
    fn new(standings: &'a watch::Sender<Standings>, metrics: &'a Metrics) -> Self {
        Self {
            standings,
            metrics,
            stands: Stands::default(),
            snapshot: None,
            running: JoinSet::new(),
            seals: Seals::default(),
            due: None,
            soonest: Instant::now(),
            until: None,
        }
    }

    /// Proves until the hand is another's.
    async fn run(mut self, cluster: &Cluster, handle: &Handle, hand: &mut Hand) {
        let mut events = std::pin::pin!(stands::events(cluster).ready_chunks(EVENTS));
        while hand.writes() {
            let next = self.next();
            tokio::select! {
                Some(chunk) = events.next() => {
                    let changes = chunk.into_iter().map(|heard| self.stands.take(heard));
                    if changes.fold(false, |any, one| any | one) {
                        self.settle();
                    }
                }
                snapshot = handle.snapshot_that(|it| is_news(self.snapshot.as_deref(), it)) => {
                    self.snapshot = Some(snapshot);
                    self.settle();
                }
                Some(done) = self.running.join_next() => self.done(done),
                () = hand.changed() => {}
                () = sleep_until(next) => self.begin(),
            }
        }
    }

    /// Something has changed.
    fn settle(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + SETTLING);
    }

    /// When to look whether a proof is due.
    fn next(&self) -> Instant {
        let idle = Instant::now() + IDLE;
        if !self.running.is_empty() || !self.stands.are_known() || self.snapshot.is_none() {
            return idle;
        }
        let ends = self.until.map(|until| {
            let left = Duration::try_from(until.duration_since(Timestamp::now()));
            Instant::now() + left.unwrap_or_default().min(IDLE)
        });
        let next = self.due.into_iter().chain(ends).fold(idle, Instant::min);
        next.max(self.soonest)
    }

    /// Begins a proof, where one is due.
    fn begin(&mut self) {
        let now = Timestamp::now();
        let has_ended = self.until.is_some_and(|until| until <= now);
        let is_due = has_ended || self.due.is_some_and(|due| due <= Instant::now());
        let Some(snapshot) = self.snapshot.as_ref().filter(|_| is_due) else { return };
        let round = Round {
            snapshot: Arc::clone(snapshot),
            namespaces: Arc::clone(&self.stands.namespaces),
            policies: Arc::clone(&self.stands.policies),
            now,
        };
        self.due = None;
        self.until = round.until();
        let mut seals = std::mem::take(&mut self.seals);
        self.running.spawn_blocking(move || {
            let begun = Instant::now();
            let standings = round.prove(&mut seals);
            (Proven { standings, took: begun.elapsed() }, seals)
        });
    }

    fn done(&mut self, done: Result<(Proven, Seals), JoinError>) {
        let standings = match done {
            Ok((Proven { standings, took }, seals)) => {
                self.soonest = Instant::now() + took * REST;
                self.seals = seals;
                self.metrics.isolation().proven(took, standings.values().map(holds));
                standings
            }
            // A mistake of ours: nothing is proven then.
            Err(error) => {
                tracing::error!(%error, "the proof of isolation has failed");
                self.metrics.isolation().stopped();
                BTreeMap::new()
            }
        };
        self.standings.send_replace(Some(Arc::new(standings)));
    }
}

fn is_news(known: Option<&Snapshot>, snapshot: &Snapshot) -> bool {
    known.is_none_or(|known| !std::ptr::eq(known, snapshot))
}

/// Whether a tenant is isolated; nothing where that is not known.
fn holds(standing: &Standing) -> Option<bool> {
    match standing {
        Standing::Isolated | Standing::Granted => Some(true),
        Standing::Open(_) => Some(false),
        Standing::Unknown(_) => None,
    }
}
