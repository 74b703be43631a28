//! The objects of seals in the cluster, as watches tell them.

use std::collections::BTreeSet;
use std::fmt;

use futures::future::try_join_all;
use futures::stream::select_all;
use futures::{Stream, StreamExt as _};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::Config;
use kube::{Api, Client};

use super::super::ask::{AskError, each};
use super::super::served::{Kind, is_served, news_while_served, resource};
use super::super::watch::{News, news};
use super::Cluster;
use super::drift::Author;
use crate::domain::MANAGED_LABEL;
use crate::seal::{Dialect, PluginKind, Seen, TIER};

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct Object {
    pub(in super::super) kind: &'static str,
    /// Empty where it stands for the whole cluster.
    pub(in super::super) namespace: String,
    pub(in super::super) name: String,
}

/// What begins the place of a tenant's barrier; the tenant's name follows. No namespace's name has it, and it
/// comes after all of them.
const BARRIER: char = '~';

/// Where the tier is looked at that barriers stand in. No namespace's name has it, and no barrier's place.
pub(super) const TIER_PLACE: &str = "^";

/// Where a tenant's barrier is looked at.
pub(super) fn barrier_place(tenant: &str) -> String {
    format!("{BARRIER}{tenant}")
}

/// The tenant of such a place.
pub(super) fn tenant_of(place: &str) -> Option<&str> {
    place.strip_prefix(BARRIER)
}

/// The tenants of such places among others, without a look at the others: no name of a namespace is after
/// [`BARRIER`].
pub(super) fn tenants_of(places: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    places.range(BARRIER.to_string()..).map_while(|place| tenant_of(place))
}

impl Object {
    /// The object of this kind and name that is looked at there.
    pub(super) fn at(kind: &'static str, place: &str, name: String) -> Self {
        let is_clusterwide = place == TIER_PLACE || tenant_of(place).is_some();
        let namespace = if is_clusterwide { "" } else { place };
        Self { kind, namespace: namespace.to_owned(), name }
    }

    /// Where it is looked at together with others: its namespace, the empty name for what stands for the
    /// whole cluster, and for a tenant's barrier and the tier a place of their own.
    pub(super) fn place(&self) -> String {
        match dialect(self.kind) {
            // With another name it is no tenant's.
            Some(dialect) => barrier_place(dialect.tenant_of(&self.name).unwrap_or_default()),
            None if self.kind == TIER.name => TIER_PLACE.to_owned(),
            None => self.namespace.clone(),
        }
    }
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

/// The kinds that seals consist of.
pub(in crate::controller) const KINDS: [Kind; 5] = [
    ("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
    ("ResourceQuota", "", "v1", "resourcequotas"),
    ("LimitRange", "", "v1", "limitranges"),
    ("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
];

/// The kinds of barriers and of what they stand in, each where the cluster has it, in the order in which they go.
pub(in crate::controller) const PLUGIN_KINDS: [Kind; Dialect::ALL.len() + 1] = [
    of_plugin(Dialect::Admin.kind()),
    of_plugin(Dialect::Cilium.kind()),
    of_plugin(Dialect::Calico.kind()),
    of_plugin(TIER),
];

const fn of_plugin(PluginKind { name, group, version, plural, .. }: PluginKind) -> Kind {
    (name, group, version, plural)
}

/// The dialect whose policies are of the kind of this name.
pub(in crate::controller) fn dialect(kind: &str) -> Option<Dialect> {
    Dialect::ALL.into_iter().find(|own| own.kind().name == kind)
}

/// What objects of ours of a kind are listed by.
pub(in crate::controller) fn ours(kind: &str) -> String {
    [Some(format!("{MANAGED_LABEL}=true")), beside(kind)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(",")
}

/// What all objects of a kind are listed by whose names may be ours, where not simply all are.
fn beside(kind: &str) -> Option<String> {
    let labels = dialect(kind).map(Dialect::labels).unwrap_or_default();
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!labels.is_empty()).then(|| labels.join(","))
}

/// The kind of this name.
pub(super) fn kind(name: &str) -> Option<Kind> {
    KINDS.iter().chain(&PLUGIN_KINDS).find(|(kind, ..)| *kind == name).copied()
}

/// The kinds of plugins that the cluster has.
pub(in crate::controller) async fn served(cluster: &Cluster) -> Result<Vec<Kind>, AskError> {
    let mut served = Vec::new();
    for kind in PLUGIN_KINDS {
        let failed = |source| AskError::List { what: kind.3.to_owned(), source };
        if is_served(&cluster.client, kind).await.map_err(failed)? {
            served.push(kind);
        }
    }
    Ok(served)
}

/// Takes each object of these kinds of plugins that has our label, or may have a name of ours.
pub(super) async fn each_of_plugins(
    cluster: &Cluster,
    kinds: &[Kind],
    mut take: impl FnMut(&'static str, DynamicObject),
) -> Result<(), AskError> {
    for own @ (kind, .., plural) in kinds {
        let all: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource(*own));
        each(&all, beside(kind).as_deref(), plural, |object| take(kind, object)).await?;
    }
    Ok(())
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

/// What is heard of a kind: news, or that the cluster has it no more.
pub(super) type Heard = (&'static str, Option<News<Told>>);

/// What becomes of all objects with our label, kind by kind; one that loses the label goes.
pub(super) fn events(cluster: &Cluster) -> impl Stream<Item = Heard> + use<> {
    let always = KINDS.iter().map(|kind| of_kind(&cluster.client, *kind).boxed());
    let served = PLUGIN_KINDS.iter().map(|kind| while_served(&cluster.client, *kind).boxed());
    select_all(always.chain(served))
}

fn of_kind(client: &Client, all: Kind) -> impl Stream<Item = Heard> + use<> {
    let (kind, .., plural) = all;
    let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource(all));
    let ours = Config::default().labels(&ours(kind));
    let news = news(objects, ours, plural.to_owned(), move |object| told(kind, object));
    news.map(move |news| (kind, Some(news)))
}

/// The same while the cluster has the kind.
fn while_served(client: &Client, all: Kind) -> impl Stream<Item = Heard> + use<> {
    let kind = all.0;
    let ours = Config::default().labels(&ours(kind));
    let news = news_while_served(client, all, ours, move |object| told(kind, object));
    news.map(move |news| (kind, news))
}

/// Takes each object of the kinds that seals consist of, or each of ours: in these namespaces, or in all and once
/// in the cluster.
pub(in crate::controller) async fn each_object(
    cluster: &Cluster,
    places: Option<&[&str]>,
    only_ours: bool,
    mut take: impl FnMut(&'static str, DynamicObject),
) -> Result<(), AskError> {
    for own @ (kind, .., plural) in KINDS {
        let (resource, selector) = (resource(own), only_ours.then(|| ours(kind)));
        let selector = selector.as_deref();
        let Some(places) = places else {
            let all = Api::all_with(cluster.client.clone(), &resource);
            each(&all, selector, plural, |object| take(kind, object)).await?;
            continue;
        };
        if kind == "ClusterRoleBinding" {
            continue;
        }
        let lists = places.iter().map(async |place| {
            let mut found: Vec<DynamicObject> = Vec::new();
            let there = api(&cluster.client, &resource, place);
            each(&there, selector, plural, |object| found.push(object)).await?;
            Ok::<_, AskError>(found)
        });
        try_join_all(lists).await?.into_iter().flatten().for_each(|object| take(kind, object));
    }
    Ok(())
}

pub(super) fn told(kind: &'static str, object: DynamicObject) -> Told {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    // These types always serialize.
    let live = serde_json::to_value(object).unwrap_or_default();
    let (seen, by) = (Seen::of(kind, &live), Author::of(&live));
    Told { object: Object { kind, namespace, name }, seen, by }
}
