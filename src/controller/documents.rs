//! Watches our documents, and makes of all of them what is in force.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use kube::{Api, CustomResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::Cluster;
use crate::policy::documents::{Exemption, Grant, Platform, Profile, Tenant};
use crate::policy::{Source, Tenants, usable};
use crate::state::Change;

/// One of our documents: its kind and its name.
type Key = (&'static str, String);

/// Sends what our documents come to, once all kinds have been listed and after each change, until
/// nobody listens. A document with a mistake takes nothing from the others: see [`usable()`].
pub async fn watch_documents(cluster: Cluster, changes: Sender<Change>) {
    let kinds = kinds();
    let mut known = Known::default();
    let streams = kinds.iter().map(|kind| events(&cluster, kind).boxed());
    let mut events = futures::stream::select_all(streams).ready_chunks(1024);
    while let Some(chunk) = events.next().await {
        let mut changed = false;
        for (kind, event) in chunk {
            changed |= known.take(kind, event);
        }
        if !changed || known.listed.len() < kinds.len() {
            continue;
        }
        let tenants = known.resolve();
        if changes.send(Change::Tenants(tenants)).await.is_err() {
            return;
        }
    }
}

fn kinds() -> [ApiResource; 5] {
    [
        Platform::api_resource(),
        Profile::api_resource(),
        Tenant::api_resource(),
        Exemption::api_resource(),
        Grant::api_resource(),
    ]
}

/// What becomes of the documents of one kind. A watch that breaks, or whose kind is not there yet, is
/// taken up again with growing pauses.
fn events(
    cluster: &Cluster,
    kind: &ApiResource,
) -> impl Stream<Item = (&'static str, Event<DynamicObject>)> + use<> {
    let documents: Api<DynamicObject> = Api::all_with(cluster.client.clone(), kind);
    let plural = kind.plural.clone();
    let name = static_name(&kind.kind);
    let watch = watcher::watcher(documents, watcher::Config::default()).default_backoff();
    watch.filter_map(move |event| {
        let event = event.inspect_err(|error| {
            tracing::warn!(%error, "the watch of {plural} broke and is taken up again");
        });
        std::future::ready(event.ok().map(|event| (name, event)))
    })
}

fn static_name(kind: &str) -> &'static str {
    let names = ["Platform", "Profile", "Tenant", "Exemption", "Grant"];
    names.into_iter().find(|name| *name == kind).unwrap_or_default()
}

#[derive(Debug, Default)]
struct Known {
    /// The kinds that have been listed.
    listed: BTreeSet<&'static str>,
    /// Of each kind, the documents of a list that is still coming.
    coming: HashMap<&'static str, HashMap<String, String>>,
    documents: BTreeMap<Key, String>,
    /// What was last said to be wrong.
    flawed: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Whether an event changes what is known.
    fn take(&mut self, kind: &'static str, event: Event<DynamicObject>) -> bool {
        match event {
            Event::Init => {
                self.coming.insert(kind, HashMap::new());
                false
            }
            Event::InitApply(object) => {
                let (name, text) = written(kind, &object);
                self.coming.entry(kind).or_default().insert(name, text);
                false
            }
            Event::InitDone => {
                let coming = self.coming.remove(kind).unwrap_or_default();
                let first = self.listed.insert(kind);
                let before = self.documents.clone();
                self.documents.retain(|(own, _), _| *own != kind);
                self.documents.extend(coming.into_iter().map(|(name, text)| ((kind, name), text)));
                first || self.documents != before
            }
            Event::Apply(object) => {
                let (name, text) = written(kind, &object);
                let before = self.documents.insert((kind, name), text.clone());
                before.is_none_or(|before| before != text)
            }
            Event::Delete(object) => {
                let name = object.metadata.name.unwrap_or_default();
                self.documents.remove(&(kind, name)).is_some()
            }
        }
    }

    /// What is in force. What is wrong is logged when it comes up.
    fn resolve(&mut self) -> Arc<Tenants> {
        let source = |((kind, name), text): (&Key, &String)| Source {
            name: format!("{kind} {name}"),
            text: text.clone(),
        };
        let sources: Vec<Source> = self.documents.iter().map(source).collect();
        let usable = usable(&sources);
        let said = usable.flaws.iter().map(|(document, flaws)| {
            let lines = flaws.iter().map(|flaw| format!("{}: {}", flaw.path, flaw.message));
            (document.clone(), lines.collect::<Vec<_>>())
        });
        let flawed: BTreeMap<_, _> = said.collect();
        for (document, lines) in &flawed {
            if self.flawed.get(document) != Some(lines) {
                let wrong = lines.join("; ");
                tracing::warn!(
                    document,
                    wrong,
                    "a document has mistakes: what is wrong in it does not count"
                );
            }
        }
        self.flawed = flawed;
        usable.documents.resolve()
    }
}

/// A document's name, and the document as a text, with what says something alone.
fn written(kind: &str, object: &DynamicObject) -> (String, String) {
    let name = object.metadata.name.clone().unwrap_or_default();
    let text = json!({
        "apiVersion": "ringfence.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": object.data.get("spec").unwrap_or(&Value::Null),
    });
    (name, text.to_string())
}
