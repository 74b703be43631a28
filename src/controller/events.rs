//! What is told by Events (events.k8s.io/v1): the same is told once and counted, and however much happens,
//! few are written.

mod ledger;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::Cluster;
use crate::telemetry::Metrics;
use ledger::{Ledger, Page};

/// Who reports.
const CONTROLLER: &str = "ringfence.dev/controller";
/// How many occurrences wait to be taken in.
const WAITING: usize = 256;
/// Between two writes: ten a second.
const BETWEEN: Duration = Duration::from_millis(100);
/// The longest note that the API server takes.
const NOTE: usize = 1024;

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) struct Occurrence {
    /// What it is told of. Without a uid, that is asked for.
    pub(super) regarding: ObjectReference,
    /// What it happened to.
    pub(super) related: ObjectReference,
    /// Whether it is trouble.
    pub(super) severity: Severity,
    /// In a word.
    pub(super) reason: &'static str,
    /// What we did.
    pub(super) action: &'static str,
    /// What makes it the same as another, beside all the above.
    pub(super) same: String,
    /// In a sentence; of those that are the same, the first's is told.
    pub(super) note: String,
}

/// The type of an Event, as Kubernetes calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// It is no trouble.
    Normal,
    /// It is.
    Warning,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// An object of a kind of this API version, by its name.
pub(super) fn reference(version: &str, kind: &str, name: &str) -> ObjectReference {
    ObjectReference {
        api_version: Some(version.to_owned()),
        kind: Some(kind.to_owned()),
        name: Some(name.to_owned()),
        ..ObjectReference::default()
    }
}

/// Where what happens is told.
#[derive(Clone)]
pub(super) struct Events {
    inbox: mpsc::Sender<Occurrence>,
    metrics: Arc<Metrics>,
}

impl Events {
    /// Writes what is told from now on, until nobody can tell any more.
    pub(super) fn start(cluster: Cluster, metrics: Arc<Metrics>) -> Self {
        let (inbox, told) = mpsc::channel(WAITING);
        tokio::spawn(write(cluster, Arc::clone(&metrics), told));
        Self { inbox, metrics }
    }

    /// Never waits: what cannot be taken in is lost, and counted.
    pub(super) fn tell(&self, occurrence: Occurrence) {
        if self.inbox.try_send(occurrence).is_err() {
            self.metrics.lost_event();
        }
    }
}

async fn write(cluster: Cluster, metrics: Arc<Metrics>, mut told: mpsc::Receiver<Occurrence>) {
    let mut ledger = Ledger::default();
    loop {
        let due = ledger.next_due();
        tokio::select! {
            occurrence = told.recv() => match occurrence {
                Some(occurrence) => {
                    if !ledger.enter(occurrence, Timestamp::now(), Instant::now()) {
                        metrics.lost_event();
                    }
                }
                None => return,
            },
            () = sleep_until(due) => {
                if let Some(page) = ledger.due(Instant::now()) {
                    let outcome = publish(&cluster, page).await;
                    if let Err(error) = &outcome {
                        tracing::debug!(%error, "an event could not be written");
                    }
                    ledger.published(outcome.map_err(|error| is_final(&error)), Instant::now());
                    sleep(BETWEEN).await;
                }
            }
        }
    }
}

/// Whether trying again is in vain: its namespace is going, or we may not.
fn is_final(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if (400..500).contains(&status.code) && status.code != 429)
}

async fn publish(cluster: &Cluster, page: &mut Page) -> Result<(), kube::Error> {
    let Occurrence { regarding, .. } = &mut page.occurrence;
    let namespace = regarding.namespace.clone().unwrap_or_else(|| "default".to_owned());
    let events: Api<Event> = Api::namespaced(cluster.client.clone(), &namespace);
    if let Some(name) = &page.name {
        let last = MicroTime(page.last);
        let series = json!({"series": EventSeries { count: page.count, last_observed_time: last }});
        match events.patch(name, &PatchParams::default(), &Patch::Merge(series)).await {
            // It has reached its age, and is written anew.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            patched => return patched.map(|_| ()),
        }
    }
    if regarding.uid.is_none() {
        regarding.uid = uid(cluster, regarding).await?;
    }
    let event = event(page, namespace);
    page.name = event.metadata.name.clone();
    events.create(&PostParams::default(), &event).await.map(|_| ())
}

fn event(page: &Page, namespace: String) -> Event {
    let Page { occurrence, count, first, last, .. } = page;
    let Occurrence { regarding, related, severity, reason, action, note, .. } = occurrence;
    let name = regarding.name.as_deref().unwrap_or_default();
    let name = format!("{name}.{:x}", Timestamp::now().as_nanosecond());
    let series = EventSeries { count: *count, last_observed_time: MicroTime(*last) };
    let instance = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME"));
    let instance = instance.unwrap_or_default();
    let mut note = note.clone();
    note.truncate(note.floor_char_boundary(NOTE));
    let metadata =
        ObjectMeta { name: Some(name), namespace: Some(namespace), ..ObjectMeta::default() };
    Event {
        metadata,
        event_time: Some(MicroTime(*first)),
        regarding: Some(regarding.clone()),
        related: Some(related.clone()),
        reason: Some((*reason).to_owned()),
        action: Some((*action).to_owned()),
        note: Some(note),
        type_: Some(severity.as_str().to_owned()),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(if instance.is_empty() {
            "ringfence".to_owned()
        } else {
            instance
        }),
        series: (*count > 1).then_some(series),
        ..Event::default()
    }
}

/// By its uid people find what is told of an object.
async fn uid(cluster: &Cluster, of: &ObjectReference) -> Result<Option<String>, kube::Error> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let version = text(&of.api_version);
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &text(&of.kind)));
    let objects: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &kind);
    let found = objects.get_metadata_opt(&text(&of.name)).await?;
    Ok(found.and_then(|found| found.metadata.uid))
}
