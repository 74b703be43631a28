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
mod objects;
mod pace;
mod write;

use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::lease::Hand;
use crate::state::{Change, Handle};
use book::{Book, Outlook};
pub(super) use objects::Object;
pub(super) use objects::{KINDS, Kind, resource};
pub(super) use pace::Paces;
use write::{Done, Step};

/// How many namespaces are written to at once.
const WRITERS: usize = 16;
/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// How long nothing is looked at again where nothing is awaited.
const IDLE: Duration = Duration::from_secs(3600);

/// Keeps every seal, and tells which namespaces are sealed, until nobody listens.
pub async fn keep_seals(cluster: Cluster, handle: Handle, hand: Hand, changes: Sender<Change>) {
    let mut events = objects::events(&cluster).ready_chunks(EVENTS);
    let mut keeper = Keeper {
        hand,
        changes,
        book: Book::default(),
        paces: Paces::default(),
        writes: JoinSet::new(),
    };
    loop {
        let next = keeper.next_look();
        tokio::select! {
            snapshot = handle.snapshot_that(|it| keeper.book.is_news(it)) => {
                keeper.book.adopt(snapshot, Timestamp::now());
            }
            Some(chunk) = events.next() => {
                for (kind, news) in chunk {
                    keeper.book.take(kind, news);
                }
            }
            Some(done) = keeper.writes.join_next() => {
                match done {
                    Ok((namespace, done)) => keeper.done(&namespace, done),
                    // It panicked, which nobody but a mistake of ours makes it do.
                    Err(error) => tracing::error!(%error, "a seal could not be kept"),
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
    book: Book,
    paces: Paces,
    writes: JoinSet<(String, Vec<Done>)>,
}

impl Keeper {
    /// Looks at each namespace of which something changed; `None` where nobody listens.
    async fn look(&mut self) -> Option<()> {
        let now = Timestamp::now();
        while let Some(namespace) = self.book.next(self.writes.len() < WRITERS) {
            let outlook = self.book.outlook(&namespace, now);
            if let Some(change) = self.book.tell(&namespace, outlook.sealed) {
                self.changes.send(change).await.ok()?;
            }
            if self.hand.writes() {
                self.write(namespace, outlook);
            }
        }
        Some(())
    }

    /// Does what may be done now; for the rest the namespace is looked at again.
    fn write(&mut self, namespace: String, outlook: Outlook) {
        let now = Instant::now();
        let again =
            outlook.steps.iter().filter_map(|step| self.paces.due(step.object(), now)).min();
        if let Some(again) = again {
            self.book.await_until(&namespace, again);
        }
        let may = |step: &Step| self.paces.due(step.object(), now).is_none();
        let due: Vec<Step> = outlook.steps.into_iter().filter(may).collect();
        if due.is_empty() {
            return;
        }
        for step in &due {
            self.paces.begins(step.object(), now);
        }
        self.book.begin(&namespace);
        let client = self.hand.client();
        self.writes.spawn(async move {
            let done = write::all(&client, due).await;
            (namespace, done)
        });
    }

    fn done(&mut self, namespace: &str, done: Vec<Done>) {
        for Done { object, outcome } in done {
            match outcome {
                Ok(()) => self.paces.succeeds(&object),
                Err(error) if error.is_of_the_end() => self.paces.fails(&object),
                Err(error) => {
                    self.paces.fails(&object);
                    tracing::warn!(%object, %error, "cannot keep an object of a seal");
                }
            }
        }
        self.book.end(namespace);
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
