//! The objects of seals in the cluster, as watches tell them.

use std::fmt;

use futures::stream::select_all;
use futures::{Stream, StreamExt as _};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher::Config;
use kube::{Api, Client};

use super::super::watch::{News, news};
use super::Cluster;
use super::drift::Author;
use crate::domain::MANAGED_LABEL;
use crate::seal::Seen;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct Object {
    pub(in super::super) kind: &'static str,
    /// Empty where it stands for the whole cluster.
    pub(in super::super) namespace: String,
    pub(in super::super) name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() {
            write!(f, "{kind} {name}")
        } else {
            write!(f, "{kind} {namespace}/{name}")
        }
    }
}

/// What a watch tells of an object.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) object: Object,
    pub(super) seen: Seen,
    /// Whose hand was on it last beside ours.
    pub(super) by: Option<Author>,
}

/// A kind: its name, its group, its version, and its name in paths.
pub(in crate::controller) type Kind = (&'static str, &'static str, &'static str, &'static str);

/// The kinds that seals consist of.
pub(in crate::controller) const KINDS: [Kind; 5] = [
    ("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
    ("ResourceQuota", "", "v1", "resourcequotas"),
    ("LimitRange", "", "v1", "limitranges"),
    ("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
];

/// What the API server calls a kind.
pub(in crate::controller) fn resource((kind, group, version, plural): Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// The objects of a kind in a namespace, or with an empty one those of the whole cluster.
pub(in crate::controller) fn api(
    client: &Client,
    resource: &ApiResource,
    namespace: &str,
) -> Api<DynamicObject> {
    match namespace {
        "" => Api::all_with(client.clone(), resource),
        namespace => Api::namespaced_with(client.clone(), namespace, resource),
    }
}

/// What becomes of all objects with our label, kind by kind; one that loses the label goes.
pub(super) fn events(cluster: &Cluster) -> impl Stream<Item = (&'static str, News<Told>)> + use<> {
    let of_kind = |all: &Kind| {
        let objects: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource(*all));
        let ours = Config::default().labels(&format!("{MANAGED_LABEL}=true"));
        let (kind, .., plural) = *all;
        let news = news(objects, ours, plural.to_owned(), move |object| told(kind, object));
        news.map(move |news| (kind, news)).boxed()
    };
    select_all(KINDS.iter().map(of_kind))
}

fn told(kind: &'static str, object: DynamicObject) -> Told {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    // These types always serialize.
    let live = serde_json::to_value(object).unwrap_or_default();
    let (seen, by) = (Seen::of(kind, &live), Author::of(&live));
    Told { object: Object { kind, namespace, name }, seen, by }
}
