//! Watches our documents, and makes of all of them what is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::select_all;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::Config;
use kube::{Api, CustomResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::Cluster;
use super::watch::{News, news};
use crate::policy::documents::{API_VERSION, Exemption, Grant, Platform, Profile, Tenant};
use crate::policy::{Source, Tenants, usable};
use crate::state::Change;

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;

/// Sends what our documents come to, once all kinds have been listed and after each change, until
/// nobody listens. A document with a mistake takes nothing from the others: see [`usable()`].
pub async fn watch_documents(cluster: Cluster, changes: Sender<Change>) {
    let kinds = kinds();
    let mut known = Known::default();
    let streams = kinds.iter().map(|(kind, resource)| {
        let documents: Api<DynamicObject> = Api::all_with(cluster.client.clone(), resource);
        let name_and_text = |document| written(kind, &document);
        let news = news(documents, Config::default(), resource.plural.clone(), name_and_text);
        news.map(|news| (*kind, news)).boxed()
    });
    let mut news = select_all(streams).ready_chunks(EVENTS);
    while let Some(chunk) = news.next().await {
        let mut changed = false;
        for (kind, news) in chunk {
            changed |= known.take(kind, news);
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

pub(super) fn kinds() -> [(&'static str, ApiResource); 5] {
    [
        ("Platform", Platform::api_resource()),
        ("Profile", Profile::api_resource()),
        ("Tenant", Tenant::api_resource()),
        ("Exemption", Exemption::api_resource()),
        ("Grant", Grant::api_resource()),
    ]
}

#[derive(Debug, Default)]
struct Known {
    /// The kinds that have been listed.
    listed: BTreeSet<&'static str>,
    /// The documents of each kind, by name.
    documents: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// What was last said to be wrong.
    flawed: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Whether it changes what is known.
    fn take(&mut self, kind: &'static str, news: News<(String, String)>) -> bool {
        let documents = self.documents.entry(kind).or_default();
        match news {
            News::All(listed) => {
                let listed: BTreeMap<_, _> = listed.into_iter().collect();
                let changed = *documents != listed;
                *documents = listed;
                self.listed.insert(kind) || changed
            }
            News::Came((name, text)) => {
                let before = documents.insert(name, text.clone());
                before.is_none_or(|before| before != text)
            }
            News::Went((name, _)) => documents.remove(&name).is_some(),
        }
    }

    /// What is in force. What is wrong is logged when it comes up.
    fn resolve(&mut self) -> Arc<Tenants> {
        let of_kind = |(kind, documents): (&&'static str, &BTreeMap<String, String>)| {
            let source = |(name, text): (&String, &String)| Source {
                name: format!("{kind} {name}"),
                text: text.clone(),
            };
            documents.iter().map(source).collect::<Vec<_>>()
        };
        let sources: Vec<Source> = self.documents.iter().flat_map(of_kind).collect();
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
pub(super) fn written(kind: &str, object: &DynamicObject) -> (String, String) {
    let name = object.metadata.name.clone().unwrap_or_default();
    let text = json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "spec": object.data.get("spec").unwrap_or(&Value::Null),
    });
    (name, text.to_string())
}
