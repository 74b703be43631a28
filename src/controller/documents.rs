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
use tokio::sync::watch;

use super::Cluster;
use super::watch::{News, news};
use crate::policy::documents::{API_VERSION, Exemption, Grant, Platform, Profile, Tenant};
use crate::policy::{Source, Tenants, Usable, usable};
use crate::state::Change;

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;

/// The documents of a cluster, and what can be used of them.
#[derive(Debug, Clone, Default)]
pub struct Papers {
    /// Each document as it stands, by kind and name.
    pub(super) all: Arc<BTreeMap<Key, Arc<Paper>>>,
    /// What is in force; none before all kinds have been listed.
    pub(super) usable: Option<Arc<Usable>>,
}

/// A document's kind and name.
pub(super) type Key = (&'static str, String);

/// A document as it stands in the cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Paper {
    pub(super) uid: String,
    /// Its resourceVersion, which grows with each change; 0 where it cannot be read.
    pub(super) version: u64,
    pub(super) generation: Option<i64>,
    /// The document, with what says something alone.
    pub(super) text: String,
    /// What is said of it.
    pub(super) status: Value,
}

impl Paper {
    pub(super) fn of(kind: &str, object: &DynamicObject) -> Self {
        let DynamicObject { metadata, data, .. } = object;
        let version = metadata.resource_version.as_ref().and_then(|version| version.parse().ok());
        Self {
            uid: metadata.uid.clone().unwrap_or_default(),
            version: version.unwrap_or_default(),
            generation: metadata.generation,
            text: written(kind, object).1,
            status: data.get("status").cloned().unwrap_or_default(),
        }
    }
}

/// Sends what our documents come to, once all kinds have been listed and after each change, until
/// nobody listens. A document with a mistake takes nothing from the others: see [`usable()`].
pub async fn watch_documents(
    cluster: Cluster,
    changes: Sender<Change>,
    papers: watch::Sender<Papers>,
) {
    let kinds = kinds();
    let mut known = Known::default();
    let streams = kinds.iter().map(|(kind, resource)| {
        let documents: Api<DynamicObject> = Api::all_with(cluster.client.clone(), resource);
        let name_and_paper = |document: DynamicObject| {
            let paper = Paper::of(kind, &document);
            (document.metadata.name.unwrap_or_default(), paper)
        };
        let news = news(documents, Config::default(), resource.plural.clone(), name_and_paper);
        news.map(|news| (*kind, news)).boxed()
    });
    let mut news = select_all(streams).ready_chunks(EVENTS);
    while let Some(chunk) = news.next().await {
        let mut says_more = false;
        for (kind, news) in chunk {
            says_more |= known.take(kind, news);
        }
        if says_more && known.listed.len() == kinds.len() {
            let documents = known.resolve();
            if changes.send(Change::Tenants(documents)).await.is_err() {
                return;
            }
        }
        papers.send_replace(known.papers.clone());
    }
}

/// What the API server calls our kinds.
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
    papers: Papers,
    /// What was last said to be wrong.
    flawed: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Whether it changes what the documents say.
    fn take(&mut self, kind: &'static str, news: News<(String, Paper)>) -> bool {
        let all = Arc::make_mut(&mut self.papers.all);
        match news {
            News::All(listed) => {
                let mut before = BTreeMap::new();
                all.retain(|key, paper| {
                    let other = key.0 != kind;
                    if !other {
                        before.insert(key.1.clone(), paper.text.clone());
                    }
                    other
                });
                let now: BTreeMap<String, String> =
                    listed.iter().map(|(name, paper)| (name.clone(), paper.text.clone())).collect();
                all.extend(listed.into_iter().map(|(name, it)| ((kind, name), Arc::new(it))));
                self.listed.insert(kind) || before != now
            }
            News::Came((name, paper)) => {
                let text = paper.text.clone();
                let before = all.insert((kind, name), Arc::new(paper));
                before.is_none_or(|before| before.text != text)
            }
            News::Went((name, _)) => all.remove(&(kind, name)).is_some(),
        }
    }

    /// What is in force. What is wrong is logged when it comes up.
    fn resolve(&mut self) -> Arc<Tenants> {
        let source = |((kind, name), paper): (&Key, &Arc<Paper>)| Source {
            name: format!("{kind} {name}"),
            text: paper.text.clone(),
        };
        let sources: Vec<Source> = self.papers.all.iter().map(source).collect();
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
        let tenants = usable.documents.resolve();
        self.papers.usable = Some(Arc::new(usable));
        tenants
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
