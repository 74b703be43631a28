//! Watches namespaces.

use futures::StreamExt as _;
use k8s_openapi::api::core::v1 as core;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Config;
use tokio::sync::mpsc::Sender;

use super::Cluster;
use super::watch::{News, news};
use crate::domain::TENANT_LABEL;
use crate::state::{Change, Namespace};

/// Sends what becomes of namespaces, beginning with all of them, until nobody listens.
pub async fn watch_namespaces(cluster: Cluster, changes: Sender<Change>) {
    let (namespaces, what) = (cluster.namespaces(), "namespaces".to_owned());
    let mut news = std::pin::pin!(news(namespaces, Config::default(), what, |it| named(&it)));
    while let Some(news) = news.next().await {
        if changes.send(change(news)).await.is_err() {
            return;
        }
    }
}

fn change(news: News<(String, Namespace)>) -> Change {
    match news {
        News::All(listed) => Change::Namespaces(listed.into_iter().collect()),
        News::Came((name, namespace)) => Change::Namespace(name, namespace),
        News::Went((name, _)) => Change::NamespaceGone(name),
    }
}

pub(super) fn named(object: &PartialObjectMeta<core::Namespace>) -> (String, Namespace) {
    let namespace = Namespace {
        tenant: object.labels().get(TENANT_LABEL).cloned(),
        uid: object.metadata.uid.as_deref().unwrap_or_default().into(),
        created: object.metadata.creation_timestamp.as_ref().map(|at| at.0).unwrap_or_default(),
        ending: object.metadata.deletion_timestamp.is_some(),
    };
    (object.name_any(), namespace)
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectMeta, PartialObjectMetaExt as _};

    use kube::runtime::watcher::Event;

    use super::super::watch::Listing;
    use super::*;

    fn namespace(name: &str, tenant: Option<&str>) -> PartialObjectMeta<core::Namespace> {
        let labels = tenant.map(|tenant| [(TENANT_LABEL.to_owned(), tenant.to_owned())].into());
        ObjectMeta {
            name: Some(name.to_owned()),
            uid: Some(format!("uid of {name}")),
            labels,
            ..ObjectMeta::default()
        }
        .into_response_partial()
    }

    fn told(change: Change) -> String {
        let line = |(name, it): (String, Namespace)| {
            format!("{name} {} {}", it.tenant.as_deref().unwrap_or("-"), it.uid)
        };
        match change {
            Change::Namespaces(all) => format!("all: {:?}", all.into_iter().map(line).next()),
            Change::Namespace(name, it) => format!("came: {}", line((name, it))),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_list_takes_effect_as_a_whole_and_takes_away_what_it_lacks() {
        let mut listing = Listing::default();
        let mut next = |event| listing.take(event, &|it| named(&it)).map(|news| told(change(news)));
        assert_eq!(next(Event::Init), None);
        assert_eq!(next(Event::InitApply(namespace("a", Some("alpha")))), None);
        assert_eq!(next(Event::InitDone).unwrap(), r#"all: Some("a alpha uid of a")"#);
        assert_eq!(next(Event::Apply(namespace("b", None))).unwrap(), "came: b - uid of b");
        assert_eq!(next(Event::Delete(namespace("b", None))).unwrap(), r#"NamespaceGone("b")"#);
        assert_eq!(next(Event::Init), None);
        assert_eq!(next(Event::InitApply(namespace("c", None))), None);
        assert_eq!(next(Event::InitDone).unwrap(), r#"all: Some("c - uid of c")"#);
    }

    #[test]
    fn a_namespace_that_is_being_deleted_is_known_as_such() {
        let mut object = namespace("a", None);
        assert!(!named(&object).1.ending);
        object.metadata.deletion_timestamp =
            Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(jiff::Timestamp::UNIX_EPOCH));
        assert!(named(&object).1.ending);
    }
}
