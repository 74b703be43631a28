//! Watches namespaces.

use std::collections::HashMap;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use tokio::sync::mpsc::Sender;

use super::Cluster;
use crate::domain::TENANT_LABEL;
use crate::state::Change;

/// Sends what becomes of namespaces, beginning with all of them, until nobody listens. A watch that
/// breaks is taken up again with growing pauses; until then what was known stays in force.
pub async fn watch_namespaces(cluster: Cluster, changes: Sender<Change>) {
    let watch = watcher::watcher(cluster.namespaces(), watcher::Config::default());
    let mut events = std::pin::pin!(watch.default_backoff());
    let mut listed = HashMap::new();
    while let Some(event) = events.next().await {
        let change = match event {
            Ok(event) => change(event, &mut listed),
            Err(error) => {
                tracing::warn!(%error, "the watch of namespaces broke and is taken up again");
                None
            }
        };
        if let Some(change) = change
            && changes.send(change).await.is_err()
        {
            return;
        }
    }
}

/// What an event changes. A list comes in pieces, and takes effect as a whole.
fn change(
    event: Event<PartialObjectMeta<Namespace>>,
    listed: &mut HashMap<String, Option<String>>,
) -> Option<Change> {
    match event {
        Event::Init => {
            listed.clear();
            None
        }
        Event::InitApply(object) => {
            let (name, label) = name_and_label(&object);
            listed.insert(name, label);
            None
        }
        Event::InitDone => Some(Change::Namespaces(std::mem::take(listed))),
        Event::Apply(object) => {
            let (name, label) = name_and_label(&object);
            Some(Change::Namespace(name, label))
        }
        Event::Delete(object) => Some(Change::NamespaceGone(object.name_any())),
    }
}

fn name_and_label(object: &PartialObjectMeta<Namespace>) -> (String, Option<String>) {
    (object.name_any(), object.labels().get(TENANT_LABEL).cloned())
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectMeta, PartialObjectMetaExt as _};

    use super::*;

    fn namespace(name: &str, tenant: Option<&str>) -> PartialObjectMeta<Namespace> {
        let labels = tenant.map(|tenant| [(TENANT_LABEL.to_owned(), tenant.to_owned())].into());
        ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() }
            .into_response_partial()
    }

    #[test]
    fn a_list_takes_effect_as_a_whole_and_takes_away_what_it_lacks() {
        let mut listed = HashMap::new();
        let mut next = |event| change(event, &mut listed).map(|change| format!("{change:?}"));
        assert_eq!(next(Event::Init), None);
        assert_eq!(next(Event::InitApply(namespace("a", Some("alpha")))), None);
        assert_eq!(next(Event::InitDone).unwrap(), r#"Namespaces({"a": Some("alpha")})"#);
        assert_eq!(next(Event::Apply(namespace("b", None))).unwrap(), r#"Namespace("b", None)"#);
        assert_eq!(next(Event::Delete(namespace("b", None))).unwrap(), r#"NamespaceGone("b")"#);
        assert_eq!(next(Event::Init), None);
        assert_eq!(next(Event::InitApply(namespace("c", None))), None);
        assert_eq!(next(Event::InitDone).unwrap(), r#"Namespaces({"c": None})"#);
    }
}
