//! Says of each of our documents in its `status` what comes of it.
//!
//! What is to be said follows from the documents, the snapshot in force, how tenants' barriers stand, what is
//! proven of tenants and the clock (`said`); it is written where it is not what stands. Of a condition nothing
//! is written anew but what changed, and our own writes lead to none. That a tenant is isolated no more, or is
//! again, is told by an Event once that is written (`turn`).

mod said;
mod tenant;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::documents::{Key, Paper, Papers, kinds};
use super::events::Events;
use super::isolation::Standings;
use super::keeper::{Barriers, Object};
use super::lease::Hand;
use super::writes::{Begun, Writes};
use crate::policy::documents::API_VERSION;
use crate::seal::FIELD_MANAGER;
use crate::state::{Handle, Snapshot};
use crate::telemetry::Metrics;
use said::Sayer;

/// Between two looks: where many namespaces are sealed one after the other, each of them would be news.
const BETWEEN: Duration = Duration::from_millis(250);
/// How long nothing is looked at where nothing happens; a clock may be set meanwhile.
const IDLE: Duration = Duration::from_secs(60);

/// What statuses follow from, beside the snapshot.
#[derive(Debug)]
pub struct StatusSources {
    /// The documents.
    pub papers: watch::Receiver<Papers>,
    /// How tenants' barriers stand.
    pub barriers: watch::Receiver<Barriers>,
    /// How tenants stand to each other.
    pub standings: watch::Receiver<Standings>,
}

/// Keeps the status of every document while the hand is ours to write with.
pub async fn keep_status(
    handle: Handle,
    StatusSources { mut papers, mut barriers, mut standings }: StatusSources,
    (cluster, metrics): (Cluster, Arc<Metrics>),
    mut hand: Hand,
) {
    let mut keeper = Keeper {
        client: hand.client(),
        events: Events::start(cluster, metrics),
        papers: Papers::default(),
        snapshot: None,
        written: BTreeMap::new(),
        sayer: Sayer::default(),
        writes: Writes::default(),
    };
    // When it may be looked again, and when it is.
    let mut soonest = Instant::now();
    let mut next = soonest;
    loop {
        tokio::select! {
            changed = papers.changed() => {
                if changed.is_err() {
                    return;
                }
                keeper.papers = papers.borrow_and_update().clone();
                next = next.min(soonest);
            }
            snapshot = handle.snapshot_that(|it| is_news(keeper.snapshot.as_deref(), it)) => {
                keeper.snapshot = Some(snapshot);
                next = next.min(soonest);
            }
            Ok(()) = barriers.changed() => {
                keeper.sayer.barriers = barriers.borrow_and_update().clone();
                next = next.min(soonest);
            }
            Ok(()) = standings.changed() => {
                keeper.sayer.standings = standings.borrow_and_update().clone();
                next = next.min(soonest);
            }
            () = hand.changed() => next = next.min(soonest),
            Some((object, written)) = keeper.writes.next() => {
                keeper.done(&object, written);
                next = next.min(soonest);
            }
            () = sleep_until(next) => {
                next = if hand.writes() { keeper.look() } else { Instant::now() + IDLE };
                soonest = Instant::now() + BETWEEN;
            }
        }
    }
}

/// What a write came to.
struct Written {
    /// What stood before.
    before: Arc<Paper>,
    /// What stands after it.
    paper: Arc<Paper>,
    /// Whether that is what was written.
    stays: bool,
}

struct Keeper {
    client: Client,
    events: Events,
    papers: Papers,
    snapshot: Option<Arc<Snapshot>>,
    /// What stood after our writes: watches tell it later.
    written: BTreeMap<Key, Arc<Paper>>,
    sayer: Sayer,
    writes: Writes<Written>,
}

impl Keeper {
    /// Writes what is not said yet; when to look again though nothing happens.
    fn look(&mut self) -> Instant {
        let mut next = Instant::now() + IDLE;
        let (Some(usable), Some(snapshot)) = (&self.papers.usable, &self.snapshot) else {
            return next;
        };
        let now = Timestamp::now();
        self.written.retain(|key, own| {
            self.papers.all.get(key).is_some_and(|it| it.uid == own.uid && it.version < own.version)
        });
        self.sayer.take(usable, snapshot, now);
        let kinds = kinds();
        for (key, paper) in self.papers.all.iter() {
            let paper = self.written.get(key).unwrap_or(paper);
            let said = self.sayer.of(key, paper, now);
            if let Some(again) = said.until {
                let left = Duration::try_from(again.duration_since(now)).unwrap_or_default();
                next = next.min(Instant::now() + left.min(IDLE));
            }
            if self.writes.are_full() || is_said(&said.value, &paper.status) {
                continue;
            }
            let Some((_, resource)) = kinds.iter().find(|(kind, _)| *kind == key.0) else {
                continue;
            };
            let before = Arc::clone(paper);
            let write =
                write(self.client.clone(), key.clone(), resource.clone(), said.value, before);
            if let Begun::At(due) = self.writes.begin(object(key), write) {
                next = next.min(due);
            }
        }
        next
    }

    /// Takes in what stands after a write.
    fn done(&mut self, object: &Object, written: Option<Written>) {
        let Some(Written { before, paper, stays }) = written else { return };
        if !stays {
            self.writes.in_vain(object);
        }
        let turn = turn::told(&object.name, &before.status, &paper.status);
        turn.into_iter().for_each(|turn| self.events.tell(turn));
        self.written.insert((object.kind, object.name.clone()), paper);
    }
}

fn is_news(known: Option<&Snapshot>, snapshot: &Snapshot) -> bool {
    known.is_none_or(|known| !std::ptr::eq(known, snapshot))
}

fn object((kind, name): &Key) -> Object {
    Object { kind, namespace: String::new(), name: name.clone() }
}

/// Whether a status says this. Others may have added conditions of their own.
fn is_said(said: &Value, stands: &Value) -> bool {
    let ours = |condition: &Value| {
        let all = said.get("conditions").and_then(Value::as_array);
        all.into_iter().flatten().any(|own| own.get("type") == condition.get("type"))
    };
    let mut stands = stands.clone();
    if let Some(conditions) = stands.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.retain(ours);
    }
    stands == *said
}

async fn write(
    client: Client,
    (kind, name): Key,
    resource: ApiResource,
    status: Value,
    before: Arc<Paper>,
) -> Result<Written, kube::Error> {
    let api: Api<DynamicObject> = Api::all_with(client, &resource);
    let document = json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let applied = api.patch_status(&name, &params, &Patch::Apply(document)).await?;
    let paper = Arc::new(Paper::of(kind, &applied));
    let stays = is_said(&status, &paper.status);
    Ok(Written { before, paper, stays })
}
