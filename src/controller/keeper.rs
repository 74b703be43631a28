//! Keeps the seals: what a tenant's namespace must hold is laid, and put right whenever it changes.
//!
//! What is wanted follows from the snapshot in force, what stands from watches (`objects`); a [`Book`]
//! compares the two, namespace by namespace, and says what is to be done (`book`), which is done then
//! (`write`). Nothing is remembered of why: after a restart, or a watch that broke, everything is
//! compared again.
//!
//! A namespace is sealed when each of its objects has been seen as it must be, not when it has been
//! written: what a write answers may be deleted already when it is read. Each replica watches and tells;
//! the one whose hand writes does the rest, and looks at everything when it begins to.

mod book;
mod drift;
mod forecast;
mod objects;
mod pace;
mod report;
mod write;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::events::Events;
use super::lease::Hand;
use crate::state::{Change, Handle};
use crate::telemetry::Metrics;
pub use book::Barriers;
use book::{Book, Closed, Outlook};
pub(super) use drift::{Author, Drift};
pub use forecast::{Ahead, Deed, Doing, Estranged, Forecast, Sealing, Stray};
pub(super) use objects::Object;
pub(super) use objects::{KINDS, PLUGIN_KINDS, api, dialect, each_object, ours, served};
pub(super) use pace::Paces;
use report::{Trouble, kind};
use write::{After, Done, What, WriteError};

/// How many namespaces are written to at once.
const WRITERS: usize = 16;
/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// How long nothing is looked at again where nothing is awaited.
const IDLE: Duration = Duration::from_secs(3600);

/// Keeps every seal and every tenant's barrier, and tells which namespaces are sealed and how barriers stand,
/// until nobody listens.
pub async fn keep_seals(
    cluster: Cluster,
    handle: Handle,
    hand: Hand,
    changes: Sender<Change>,
    (barriers, metrics): (watch::Sender<Barriers>, Arc<Metrics>),
) {
    let mut events = objects::events(&cluster).ready_chunks(EVENTS);
    let mut keeper = Keeper {
        events: Events::start(cluster, Arc::clone(&metrics)),
        hand,
        changes,
        barriers,
        metrics,
        book: Book::default(),
        paces: Paces::default(),
        writes: JoinSet::new(),
        left: HashSet::new(),
    };
    loop {
        let next = keeper.next_look();
        tokio::select! {
            snapshot = handle.snapshot_that(|it| keeper.book.is_news(it)) => {
                keeper.book.adopt(snapshot, Timestamp::now());
            }
            Some(chunk) = events.next() => {
                for heard in chunk {
                    keeper.book.take(heard);
                }
            }
            Some(done) = keeper.writes.join_next() => {
                // They neither panic nor are they ended before their time: see `guarded`.
                if let Ok((namespace, done)) = done {
                    keeper.done(&namespace, done);
                }
            }
            () = keeper.hand.changed() => keeper.book.open_all(),
            () = sleep_until(next) => keeper.book.look_again(Instant::now(), Timestamp::now()),
        }
        if keeper.look().await.is_none() {
            return;
        }
    }
}

struct Keeper {
    hand: Hand,
    changes: Sender<Change>,
    barriers: watch::Sender<Barriers>,
    events: Events,
    metrics: Arc<Metrics>,
    book: Book,
    paces: Paces,
    writes: JoinSet<(String, Vec<Done>)>,
    /// The namespaces of which it has been told that they are over the limit.
    left: HashSet<String>,
}

impl Keeper {
    /// Looks at each namespace of which something changed; `None` where nobody listens.
    async fn look(&mut self) -> Option<()> {
        let now = Timestamp::now();
        while let Some(namespace) = self.book.next(self.writes.len() < WRITERS) {
            let outlook = self.book.outlook(&namespace, now);
            if let Some(change) = self.book.tell(&namespace, outlook.closed) {
                self.changes.send(change).await.ok()?;
            }
            self.tell_left(&namespace, outlook.closed);
            self.write(namespace, outlook);
        }
        let (sealed, unsealed) = self.book.count();
        self.metrics.seals().namespaces(sealed, unsealed);
        let barriers = self.book.barriers();
        self.metrics.seals().barriers(barriers.open.len());
        self.barriers.send_if_modified(|told| {
            let changed = *told != barriers;
            *told = barriers;
            changed
        });
        Some(())
    }

    /// Does what may be done now; for the rest the namespace is looked at again.
    fn write(&mut self, namespace: String, Outlook { mut steps, .. }: Outlook) {
        let now = Instant::now();
        let writes = self.hand.writes();
        steps.retain(|step| writes || matches!(step.what, What::Look(_)));
        let again = steps.iter().filter_map(|step| self.paces.due(&step.object, now)).min();
        if let Some(again) = again {
            self.book.await_until(&namespace, again);
        }
        steps.retain(|step| self.paces.due(&step.object, now).is_none());
        if steps.is_empty() {
            return;
        }
        for step in &steps {
            self.paces.begins(&step.object, now);
        }
        self.book.begin(&namespace);
        let client = self.hand.client();
        let objects = steps.iter().map(|step| step.object.clone()).collect();
        self.writes.spawn(async move {
            let done = guarded(objects, write::all(&client, steps)).await;
            (namespace, done)
        });
    }

    /// Tells once of a namespace that it is left open.
    fn tell_left(&mut self, namespace: &str, closed: Closed) {
        if closed != Closed::OverLimit {
            self.left.remove(namespace);
        } else if self.hand.writes() && self.left.insert(namespace.to_owned()) {
            tracing::warn!(
                namespace,
                "a namespace is over its tenant's limit and is left unsealed"
            );
            let owner = self.book.owner(namespace);
            let told = owner.map(|owner| report::left(namespace, owner));
            told.into_iter().flatten().for_each(|occurrence| self.events.tell(occurrence));
        }
    }

    fn done(&mut self, namespace: &str, done: Vec<Done>) {
        let wrote = done.iter().any(|own| matches!(own.outcome, Ok(After::Written(_))));
        for Done { object, outcome, writes } in done {
            self.metrics.seals().wrote(kind(&object), writes);
            match outcome {
                Ok(After::Stands(uid)) => self.book.stands(&object, &uid),
                Ok(After::Gone(uid)) => self.book.went(&object, &uid),
                Ok(After::Written(drift)) => {
                    self.paces.succeeds(&object, writes);
                    drift.into_iter().for_each(|drift| self.reverted(&object, &drift));
                }
                Err(error) => self.failed(&object, error),
            }
        }
        self.book.end(namespace, wrote);
    }

    fn reverted(&mut self, object: &Object, drift: &Drift) {
        let fought = self.paces.reverts(object, Instant::now());
        self.metrics.seals().reverted(kind(object), fought);
        let what = drift.what();
        tracing::info!(%object, what, fought, "an object of a seal was put right");
        self.report(object, &Trouble::Drift(drift));
    }

    fn failed(&mut self, object: &Object, error: WriteError) {
        let failures = self.paces.fails(object);
        // A namespace that ends is no trouble, nor is another leader.
        if error.is_of_the_end() || !self.hand.writes() {
            return;
        }
        self.metrics.seals().failed(kind(object), error.failure());
        tracing::warn!(%object, %error, failures, "cannot keep an object of a seal");
        self.report(object, &Trouble::Failure(&error, failures));
    }

    fn report(&self, object: &Object, trouble: &Trouble<'_>) {
        let owner = self.book.owner(&object.place());
        for occurrence in report::occurrences(object, owner, trouble) {
            self.events.tell(occurrence);
        }
    }

    /// When something is due although nothing happens: a pause ends, or a grant.
    fn next_look(&self) -> Instant {
        let idle = Instant::now() + IDLE;
        let ends = self.book.next_end().map(|end| {
            let left = Duration::try_from(end.duration_since(Timestamp::now()));
            Instant::now() + left.unwrap_or_default().min(IDLE)
        });
        [self.book.next_pause(), ends].into_iter().flatten().fold(idle, Instant::min)
    }
}

/// What becomes of writes, also where they panic: every one of them has failed then, and is tried again.
async fn guarded(objects: Vec<Object>, writes: impl Future<Output = Vec<Done>>) -> Vec<Done> {
    let failed = |object| Done { object, outcome: Err(WriteError::Panicked), writes: 0 };
    let done = AssertUnwindSafe(writes).catch_unwind().await;
    done.unwrap_or_else(|_| objects.into_iter().map(failed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_that_panic_have_failed_and_are_tried_again_after_a_pause() {
        let object =
            Object { kind: "NetworkPolicy", namespace: "a".to_owned(), name: "x".to_owned() };
        let done = guarded(vec![object.clone()], async { panic!("as the test asked") }).await;
        let [Done { object: failed, outcome: Err(WriteError::Panicked), writes: 0 }] = &done[..]
        else {
            panic!("{done:?}")
        };
        assert_eq!(*failed, object);
    }
}
