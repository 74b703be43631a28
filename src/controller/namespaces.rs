//! Watches namespaces.

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Config;
use tokio::sync::mpsc::Sender;

use super::Cluster;
use super::watch::{News, news};
use crate::domain::TENANT_LABEL;
use crate::state::Change;

/// Sends what becomes of namespaces, beginning with all of them, until nobody listens.
pub async fn watch_namespaces(cluster: Cluster, changes: Sender<Change>) {
    let (namespaces, what) = (cluster.namespaces(), "namespaces".to_owned());
    let mut news =
        std::pin::pin!(news(namespaces, Config::default(), what, |it| name_and_label(&it)));
    while let Some(news) = news.next().await {
        if changes.send(change(news)).await.is_err() {
            return;
        }
    }
}

fn change(news: News<(String, Option<String>)>) -> Change {
    match news {
        News::All(listed) => Change::Namespaces(listed.into_iter().collect()),
        News::Came((name, label)) => Change::Namespace(name, label),
        News::Went((name, _)) => Change::NamespaceGone(name),
    }
}

fn name_and_label(object: &PartialObjectMeta<Namespace>) -> (String, Option<String>) {
    (object.name_any(), object.labels().get(TENANT_LABEL).cloned())
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectMeta, PartialObjectMetaExt as _};

    use kube::runtime::watcher::Event;

    use super::super::watch::Listing;
    use super::*;

    fn namespace(name: &str, tenant: Option<&str>) -> PartialObjectMeta<Namespace> {
        let labels = tenant.map(|tenant| [(TENANT_LABEL.to_owned(), tenant.to_owned())].into());
        ObjectMeta { name: Some(name.to_owned()), labels, ..ObjectMeta::default() }
            .into_response_partial()
    }

    #[test]
    fn a_list_takes_effect_as_a_whole_and_takes_away_what_it_lacks() {
        let mut listing = Listing::default();
        let mut next = |event| {
            let news = listing.take(event, &|it| name_and_label(&it));
            news.map(|news| format!("{:?}", change(news)))
        };
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
