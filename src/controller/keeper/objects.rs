//! The objects of seals in the cluster, as watches tell them.

use std::fmt;

use futures::stream::{SelectAll, select_all};
use futures::{Stream, StreamExt as _};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use serde_json::Value;

use super::Cluster;
use crate::domain::MANAGED_LABEL;
use crate::seal::Seen;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Object {
    pub(super) kind: &'static str,
    /// Empty where it stands for the whole cluster.
    pub(super) namespace: String,
    pub(super) name: String,
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

/// What is seen of objects of one kind.
#[derive(Debug)]
pub(super) enum News {
    /// A list of them begins.
    Listing(&'static str),
    /// One of the list.
    Listed(Object, Seen),
    /// The list is whole: what it lacks is gone.
    Whole(&'static str),
    /// One came, or changed; `by` wrote it last.
    Came { object: Object, seen: Seen, by: Option<String> },
    /// One went, or lost our label.
    Went(Object, String),
}

/// A kind: its name, its group, its version, and its name in paths.
type Kind = (&'static str, &'static str, &'static str, &'static str);

/// The kinds that seals consist of.
pub(super) const KINDS: [Kind; 5] = [
    ("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
    ("ResourceQuota", "", "v1", "resourcequotas"),
    ("LimitRange", "", "v1", "limitranges"),
    ("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
];

/// What the API server calls a kind.
pub(super) fn resource((kind, group, version, plural): Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// What becomes of all objects with our label. A watch that breaks is taken up again with growing
/// pauses.
pub(super) fn events(cluster: &Cluster) -> SelectAll<impl Stream<Item = News> + Unpin + use<>> {
    select_all(KINDS.iter().map(|kind| of_kind(cluster, *kind).boxed()))
}

fn of_kind(cluster: &Cluster, kind: Kind) -> impl Stream<Item = News> + use<> {
    let objects: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource(kind));
    let ours = watcher::Config::default().labels(&format!("{MANAGED_LABEL}=true"));
    let watch = watcher::watcher(objects, ours).default_backoff();
    watch.filter_map(move |event| {
        let (kind, ..) = kind;
        let event = event.inspect_err(|error| {
            tracing::warn!(%error, kind, "the watch of a kind broke and is taken up again");
        });
        std::future::ready(event.ok().map(|event| news(kind, event)))
    })
}

fn news(kind: &'static str, event: Event<DynamicObject>) -> News {
    match event {
        Event::Init => News::Listing(kind),
        Event::InitApply(object) => {
            let (object, live) = named(kind, object);
            News::Listed(object, Seen::of(kind, &live))
        }
        Event::InitDone => News::Whole(kind),
        Event::Apply(object) => {
            let by = last_writer(&object);
            let (object, live) = named(kind, object);
            News::Came { object, seen: Seen::of(kind, &live), by }
        }
        Event::Delete(object) => {
            let uid = object.metadata.uid.clone().unwrap_or_default();
            News::Went(named(kind, object).0, uid)
        }
    }
}

fn named(kind: &'static str, object: DynamicObject) -> (Object, Value) {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    // These types always serialize.
    (Object { kind, namespace, name }, serde_json::to_value(object).unwrap_or_default())
}

/// Whose field manager wrote last to what an object says.
fn last_writer(object: &DynamicObject) -> Option<String> {
    let entries = object.metadata.managed_fields.iter().flatten();
    let own = entries.filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty());
    own.max_by_key(|entry| entry.time.clone()).and_then(|entry| entry.manager.clone())
}
