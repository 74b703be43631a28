//! Keeps the labels of tenants' namespaces: whose they are, where a document names them, what the API
//! server's own Pod Security admission enforces in them, and what their tenants give them.
//!
//! What is wanted follows from the documents and the clock, what stands from a watch; `defaults::complete`
//! says what of the difference is ours to mend. It is written only on what was seen: where somebody else
//! has written meanwhile, it is looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Patch, PatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Config;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::keeper::Object;
use super::lease::Hand;
use super::watch::{News, news};
use super::writes::{Begun, Writes};
use crate::defaults::{Completion, complete, namespace_labels};
use crate::domain::{FILLED_IN, FilledIn, TENANT_LABEL};
use crate::rules::backstop_in;
use crate::seal::FIELD_MANAGER;
use crate::state::{Handle, Snapshot};

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// How long nothing is looked at where nothing happens; a clock may be set meanwhile.
const IDLE: Duration = Duration::from_secs(60);

/// Keeps the labels of every tenant's namespace while the hand is ours to write with.
pub async fn keep_labels(cluster: Cluster, handle: Handle, mut hand: Hand) {
    let mut events = std::pin::pin!(
        news(cluster.namespaces(), Config::default(), "labels".to_owned(), |it| named(&it))
            .ready_chunks(EVENTS)
    );
    let mut keeper = Keeper {
        client: hand.client(),
        snapshot: None,
        stands: BTreeMap::new(),
        open: BTreeSet::new(),
        next_end: None,
        writes: Writes::default(),
    };
    let mut next = Instant::now() + IDLE;
    loop {
        tokio::select! {
            Some(chunk) = events.next() => chunk.into_iter().for_each(|news| keeper.take(news)),
            snapshot = handle.snapshot_that(|it| is_news(keeper.snapshot.as_deref(), it)) => keeper.adopt(snapshot),
            () = hand.changed() => keeper.open_all(),
            Some((object, _)) = keeper.writes.next() => {
                keeper.open.insert(object.name);
            }
            () = sleep_until(next) => {}
        }
        next = if hand.writes() { keeper.look() } else { Instant::now() + IDLE };
    }
}

/// A namespace as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stands {
    version: String,
    labels: BTreeMap<String, String>,
    pub(super) filled: FilledIn,
    pub(super) is_going: bool,
}

impl Stands {
    /// The value of its tenant label.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.labels.get(TENANT_LABEL).map(String::as_str)
    }
}

pub(super) fn named(object: &PartialObjectMeta<Namespace>) -> (String, Stands) {
    let metadata = &object.metadata;
    let annotation = metadata.annotations.as_ref().and_then(|all| all.get(FILLED_IN));
    let stands = Stands {
        version: metadata.resource_version.clone().unwrap_or_default(),
        labels: metadata.labels.clone().unwrap_or_default(),
        filled: FilledIn::read(annotation.map_or("", String::as_str)),
        is_going: metadata.deletion_timestamp.is_some(),
    };
    (metadata.name.clone().unwrap_or_default(), stands)
}

struct Keeper {
    client: Client,
    snapshot: Option<Arc<Snapshot>>,
    stands: BTreeMap<String, Stands>,
    /// The namespaces to look at.
    open: BTreeSet<String>,
    /// When an exemption ends, and with it what may be enforced.
    next_end: Option<Timestamp>,
    writes: Writes<()>,
}

impl Keeper {
    fn take(&mut self, news: News<(String, Stands)>) {
        match news {
            News::All(listed) => {
                self.stands = listed.into_iter().collect();
                self.open_all();
            }
            News::Came((name, stands)) => {
                self.open.insert(name.clone());
                self.stands.insert(name, stands);
            }
            News::Went((name, _)) => {
                self.stands.remove(&name);
            }
        }
    }

    fn adopt(&mut self, snapshot: Arc<Snapshot>) {
        self.next_end = snapshot.tenants.exemptions.next_end(Timestamp::now());
        self.snapshot = Some(snapshot);
        self.open_all();
    }

    fn open_all(&mut self) {
        self.open = self.stands.keys().cloned().collect();
    }

    /// Mends what is not as it must be; when to look again though nothing happens.
    fn look(&mut self) -> Instant {
        let mut next = Instant::now() + IDLE;
        let Some(snapshot) = self.snapshot.clone() else { return next };
        let now = Timestamp::now();
        if self.next_end.is_some_and(|end| end <= now) {
            self.adopt(Arc::clone(&snapshot));
        }
        if let Some(end) = self.next_end {
            let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
            next = next.min(Instant::now() + left.min(IDLE));
        }
        let mut again = Vec::new();
        // A write that ends has the rest looked at.
        while !self.writes.are_full()
            && let Some(name) = self.open.pop_first()
        {
            let Some(stands) = self.stands.get(&name) else { continue };
            let Some(completion) = wanted(&snapshot, &name, stands, now) else { continue };
            let object = Object { kind: "Namespace", namespace: String::new(), name: name.clone() };
            let takes_in = completion.labels.contains_key(TENANT_LABEL);
            let write = write(self.client.clone(), name.clone(), patch(stands, completion));
            match self.writes.begin(object, write) {
                Begun::Now => {
                    if takes_in {
                        tracing::info!(namespace = name, "a namespace is taken in by its name");
                    }
                }
                Begun::At(due) => {
                    next = next.min(due);
                    again.push(name);
                }
                Begun::Later => again.push(name),
            }
        }
        self.open.extend(again);
        next
    }
}

fn is_news(known: Option<&Snapshot>, snapshot: &Snapshot) -> bool {
    known.is_none_or(|known| !Arc::ptr_eq(&known.tenants, &snapshot.tenants))
}

/// How a namespace's labels must change at a moment.
pub(super) fn wanted(
    snapshot: &Snapshot,
    name: &str,
    stands: &Stands,
    now: Timestamp,
) -> Option<Completion> {
    let tenant = snapshot.labelled(name, stands.tenant()).tenant().filter(|_| !stands.is_going)?;
    let (tenants, latest) = (&snapshot.tenants, snapshot.latest);
    let enforce = backstop_in(tenants, tenant, name, latest, now);
    complete(&stands.labels, &stands.filled, &namespace_labels(tenant, enforce, latest))
}

fn patch(stands: &Stands, completion: Completion) -> Value {
    let (labels, annotations) = completion.written();
    json!({"metadata": {
        "resourceVersion": stands.version,
        "labels": labels,
        "annotations": annotations,
    }})
}

async fn write(client: Client, name: String, patch: Value) -> Result<(), kube::Error> {
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(client);
    let params =
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let patched = namespaces.patch_metadata(&name, &params, &Patch::Merge(patch)).await;
    match patched {
        // Somebody else has written meanwhile, or it is gone: the watch tells.
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
        patched => patched.map(|_| ()),
    }
}
