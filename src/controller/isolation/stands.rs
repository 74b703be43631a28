//! What policies and namespaces stand, as watches tell it. Of what the controller keeps nothing is asked: it
//! stands in namespaces that are sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::select_all;
use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1 as core;
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Config;

use super::super::Cluster;
use super::super::served::{Kind, news_while_served};
use super::super::watch::{News, news};
use crate::domain::{MANAGED_LABEL, MANAGED_PREFIX};
use crate::network::{AdminKind, Read, admin_policy, network_policy};
use crate::reach::{Namespace, Origin, Tier};

/// How a kind of policy is read.
#[derive(Debug, Clone, Copy)]
enum Reading {
    Namespaced,
    Clusterwide(AdminKind),
    /// It is not: each of its policies counts as open.
    Not,
}

/// The kinds of policies that decide about pods' connections, of Kubernetes and of network plugins: Cilium,
/// Calico, Antrea.
const KINDS: [(Kind, Reading); 10] = [
    (("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"), Reading::Namespaced),
    (
        ("ClusterNetworkPolicy", NETWORK_POLICY_API, "v1alpha2", "clusternetworkpolicies"),
        Reading::Clusterwide(AdminKind::Cluster),
    ),
    (
        ("AdminNetworkPolicy", NETWORK_POLICY_API, "v1alpha1", "adminnetworkpolicies"),
        Reading::Clusterwide(AdminKind::Admin),
    ),
    (
        (
            "BaselineAdminNetworkPolicy",
            NETWORK_POLICY_API,
            "v1alpha1",
            "baselineadminnetworkpolicies",
        ),
        Reading::Clusterwide(AdminKind::Baseline),
    ),
    (("CiliumNetworkPolicy", "cilium.io", "v2", "ciliumnetworkpolicies"), Reading::Not),
    (
        ("CiliumClusterwideNetworkPolicy", "cilium.io", "v2", "ciliumclusterwidenetworkpolicies"),
        Reading::Not,
    ),
    (("NetworkPolicy", "crd.projectcalico.org", "v1", "networkpolicies"), Reading::Not),
    (("GlobalNetworkPolicy", "crd.projectcalico.org", "v1", "globalnetworkpolicies"), Reading::Not),
    (("NetworkPolicy", "crd.antrea.io", "v1beta1", "networkpolicies"), Reading::Not),
    (("ClusterNetworkPolicy", "crd.antrea.io", "v1beta1", "clusternetworkpolicies"), Reading::Not),
];

const NETWORK_POLICY_API: &str = "policy.networking.k8s.io";

/// A policy's kind, by its place in [`KINDS`], its namespace and its name.
type Key = (usize, String, String);

/// The policies that stand.
pub(super) type Policies = BTreeMap<Key, Arc<Read>>;

/// The namespaces that stand, by name.
pub(super) type Namespaces = BTreeMap<String, Arc<Namespace>>;

/// What a watch tells.
#[derive(Debug)]
pub(super) enum Heard {
    Namespaces(News<(String, Arc<Namespace>)>),
    /// Of the kind of this place; nothing where the cluster does not have it.
    Policies(usize, Option<News<(Key, Arc<Read>)>>),
}

/// What becomes of namespaces, and of all policies that are not ours.
pub(super) fn events(cluster: &Cluster) -> impl Stream<Item = Heard> + use<> {
    let all = Config::default();
    let namespaces = news(cluster.namespaces(), all, "namespaces to prove".to_owned(), namespace);
    let others = Config::default().labels(&format!("{MANAGED_LABEL}!=true"));
    let policies = KINDS.iter().enumerate().map(|(index, (kind, _))| {
        let read = move |object| read(index, object);
        let news = news_while_served(&cluster.client, *kind, others.clone(), read);
        news.map(move |news| Heard::Policies(index, news)).boxed()
    });
    select_all(policies.chain([namespaces.map(Heard::Namespaces).boxed()]))
}

fn namespace(object: PartialObjectMeta<core::Namespace>) -> (String, Arc<Namespace>) {
    let name = object.name_any();
    let labels = object.metadata.labels.unwrap_or_default();
    let labels = labels.iter().map(|(key, value)| (key.into(), value.into())).collect();
    let namespace = Namespace::new(&name, labels);
    (name, Arc::new(namespace))
}

/// A policy of the kind of this place.
fn read(index: usize, mut object: DynamicObject) -> (Key, Arc<Read>) {
    let (namespace, name) = (object.namespace(), object.name_any());
    let place = namespace.clone().unwrap_or_default();
    let ((kind, group, ..), reading) = KINDS.get(index).copied().unwrap_or(KINDS[0]);
    object.metadata.managed_fields = None;
    // These types always serialize.
    let text = serde_json::to_string(&object).unwrap_or_default();
    let nowhere = |_: &str| String::new();
    let found = match reading {
        Reading::Namespaced => network_policy(&text, &place, &nowhere),
        Reading::Clusterwide(kind) => admin_policy(&text, kind, &nowhere),
        Reading::Not => {
            let ours = is_barrier(namespace.as_deref(), &name);
            let origin = origin(kind, namespace, &name);
            let mut read =
                Read::open(origin, Tier::Admin, format!("kind {kind} of {group} is not read"));
            if ours {
                (read.policy.ingress, read.policy.egress, read.unclear) = (None, None, None);
            }
            return ((index, place, name), Arc::new(read));
        }
    };
    let read = found.unwrap_or_else(|error| {
        let tier =
            if matches!(reading, Reading::Namespaced) { Tier::Namespaced } else { Tier::Admin };
        Read::open(origin(kind, namespace, &name), tier, error.without_place().to_string())
    });
    ((index, place, name), Arc::new(read))
}

/// Whether a policy is a barrier of ours without our label: Calico keeps labels elsewhere. They only deny, so that
/// without them nothing is hidden that is open.
fn is_barrier(namespace: Option<&str>, name: &str) -> bool {
    namespace.is_none() && name.starts_with(MANAGED_PREFIX)
}

fn origin(kind: &str, namespace: Option<String>, name: &str) -> Origin {
    let namespace = namespace.map(Into::into);
    Origin { kind: kind.into(), namespace, name: name.into(), ..Origin::default() }
}

/// What stands.
#[derive(Debug, Default)]
pub(super) struct Stands {
    pub(super) namespaces: Arc<Namespaces>,
    pub(super) policies: Arc<Policies>,
    are_namespaces_listed: bool,
    /// The kinds of policies that have been listed, or are not there.
    heard: BTreeSet<usize>,
}

impl Stands {
    /// Whether all has been heard of.
    pub(super) fn are_known(&self) -> bool {
        self.are_namespaces_listed && self.heard.len() == KINDS.len()
    }

    /// Whether what was heard changes anything.
    pub(super) fn take(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Namespaces(news) => {
                let first = !std::mem::replace(&mut self.are_namespaces_listed, true);
                update(&mut self.namespaces, news, |_| true) || first
            }
            Heard::Policies(index, news) => {
                let news = news.unwrap_or(News::All(Vec::new()));
                let first = self.heard.insert(index);
                update(&mut self.policies, news, |key| key.0 == index) || first
            }
        }
    }
}

/// Takes news in; those that are listed are all for which `is_one` holds. Whether that changes anything.
fn update<K: Ord + Clone, V: PartialEq>(
    known: &mut Arc<BTreeMap<K, Arc<V>>>,
    news: News<(K, Arc<V>)>,
    is_one: impl Fn(&K) -> bool,
) -> bool {
    match news {
        News::All(listed) => {
            let listed: BTreeMap<K, Arc<V>> = listed.into_iter().collect();
            let before = known.iter().filter(|(key, _)| is_one(key));
            if before.eq(listed.iter()) {
                return false;
            }
            let known = Arc::make_mut(known);
            known.retain(|key, _| !is_one(key));
            known.extend(listed);
        }
        News::Came((key, own)) => {
            if known.get(&key) == Some(&own) {
                return false;
            }
            Arc::make_mut(known).insert(key, own);
        }
        News::Went((key, _)) => {
            if !known.contains_key(&key) {
                return false;
            }
            Arc::make_mut(known).remove(&key);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn policy(index: usize, object: Value) -> (Key, Arc<Read>) {
        read(index, from_value(object).unwrap())
    }

    fn own(name: &str, spec: Value) -> (Key, Arc<Read>) {
        policy(0, json!({"metadata": {"name": name, "namespace": "web"}, "spec": spec}))
    }

    fn names(stands: &Stands) -> Vec<String> {
        stands.policies.values().map(|read| read.policy.origin.to_string()).collect()
    }

    #[test]
    fn what_cannot_be_read_counts_as_open() {
        let check = |(key, read): (Key, Arc<Read>), expect: Option<&str>| {
            assert_eq!(read.unclear.as_ref().map(|own| own.text.as_str()), expect, "{key:?}");
            let open = read.policy.ingress.as_ref().is_some_and(|side| !side.isolates);
            assert_eq!(open, expect.is_some(), "{key:?}");
        };
        check(own("good", json!({"podSelector": {}})), None);
        check(
            own("odd", json!({"podSelector": {}, "policyTypes": ["Both"]})),
            Some("the policy type `Both` is not known"),
        );
        check(
            own("torn", json!({"podSelector": 7})),
            Some("spec.podSelector: found the number 7, expected an object"),
        );
        let cilium = json!({"metadata": {"name": "own", "namespace": "web"}, "spec": {}});
        let (key, read) = policy(4, cilium);
        assert_eq!(read.policy.origin.to_string(), "CiliumNetworkPolicy web/own");
        check((key, read), Some("kind CiliumNetworkPolicy of cilium.io is not read"));
        let ours = json!({"metadata": {"name": "ringfence-tenants.alpha"}});
        let (_, read) = policy(7, ours);
        let Read { policy, unclear } = read.as_ref();
        assert_eq!((&policy.ingress, &policy.egress, unclear), (&None, &None, &None));
    }

    #[test]
    fn all_is_known_once_each_kind_was_heard_of_and_news_are_told_from_repetitions() {
        let mut stands = Stands::default();
        let one = || own("one", json!({"podSelector": {}}));
        let two = || own("two", json!({"podSelector": {}}));
        assert!(stands.take(Heard::Policies(0, Some(News::All(vec![one(), two()])))));
        for index in 1..KINDS.len() {
            assert!(stands.take(Heard::Policies(index, None)), "it was not heard of");
            assert!(!stands.take(Heard::Policies(index, None)));
        }
        assert!(!stands.are_known());
        let web = || ("web".to_owned(), Arc::new(Namespace::default()));
        assert!(stands.take(Heard::Namespaces(News::All(vec![web()]))));
        assert!(stands.are_known());
        assert!(!stands.take(Heard::Namespaces(News::Came(web()))));
        assert!(!stands.take(Heard::Policies(0, Some(News::Came(one())))));
        let kept = Arc::clone(&stands.policies);
        assert!(stands.take(Heard::Policies(0, Some(News::Went(one())))));
        assert!(!stands.take(Heard::Policies(0, Some(News::Went(one())))));
        assert_eq!(names(&stands), ["NetworkPolicy web/two"]);
        assert_eq!(kept.len(), 2, "what is being proven stays as it is");
        assert!(!stands.take(Heard::Policies(0, Some(News::All(vec![two()])))));
        assert!(stands.take(Heard::Policies(0, Some(News::All(Vec::new())))));
        assert!(names(&stands).is_empty());
    }
}
