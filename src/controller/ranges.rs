//! Watches what tells which addresses are the cluster's own: nodes, ServiceCIDRs, Services that have addresses
//! outside those, and where the API server is. Nothing is remembered of an object but its addresses, and of one
//! that has none nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::IpAddr;

use futures::stream::{BoxStream, select_all};
use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::ServiceCIDR;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;

use super::Cluster;
use super::ask::{AskError, each};
use super::watch::{Listing, News};
use crate::domain::{Cidr, InvalidCidr};
use crate::policy::ToldRanges;
use crate::state::Change;

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// What watches tell, kind by kind.
const KINDS: usize = 4;

/// Sends which ranges the cluster tells, once each kind has been listed or cannot be, and where they
/// change, until nobody listens. ServiceCIDRs are served from Kubernetes 1.33 on.
pub async fn watch_ranges(cluster: Cluster, changes: Sender<Change>) {
    let client = &cluster.client;
    let nodes: Api<Node> = Api::all(client.clone());
    let ranges: Api<ServiceCIDR> = Api::all(client.clone());
    let services: Api<Service> = Api::all(client.clone());
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), "default");
    let own = Config::default().fields("metadata.name=kubernetes");
    let streams: [BoxStream<'_, Heard>; KINDS] = [
        heard("nodes", nodes, Config::default(), of_node).boxed(),
        heard("servicecidrs", ranges, Config::default(), of_service_cidr).boxed(),
        heard("services", services, Config::default(), of_service).boxed(),
        heard("endpointslices", slices, own, of_slice).boxed(),
    ];
    let mut all = select_all(streams).ready_chunks(EVENTS);
    let mut known = Known::default();
    while let Some(chunk) = all.next().await {
        for heard in chunk {
            known.take(heard);
        }
        if let Some(ranges) = known.news()
            && changes.send(Change::Ranges(ranges)).await.is_err()
        {
            return;
        }
    }
}

impl Cluster {
    /// Which ranges the cluster tells now; and of each kind that cannot be asked, why.
    pub(super) async fn told_ranges(&self) -> (ToldRanges, Vec<AskError>) {
        let (nodes, services) = (Api::all(self.client.clone()), Api::all(self.client.clone()));
        let slices: Api<EndpointSlice> = Api::namespaced(self.client.clone(), "default");
        let (mut known, mut untold) = (Known::default(), Vec::new());
        let mut take = |kind, told: Result<Vec<(String, ToldRanges)>, AskError>| {
            known.take((kind, told.map_err(|error| untold.push(error)).ok().map(News::All)));
        };
        take("nodes", listed("nodes", nodes, of_node).await);
        take("servicecidrs", listed("servicecidrs", services, of_service_cidr).await);
        let is_own = |(name, _): &(String, ToldRanges)| name == "kubernetes";
        let slices = listed("endpointslices", slices, of_slice).await;
        take("endpointslices", slices.map(|all| all.into_iter().filter(is_own).collect()));
        (known.news().unwrap_or_default(), untold)
    }
}

async fn listed<K>(
    kind: &'static str,
    objects: Api<K>,
    of: fn(&K) -> ToldRanges,
) -> Result<Vec<(String, ToldRanges)>, AskError>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    let mut all = Vec::new();
    each(&objects, None, kind, |object: K| all.push((object.name_any(), of(&object)))).await?;
    Ok(all)
}

/// What a kind tells: news, or nothing because it cannot be watched.
type Heard = (&'static str, Option<News<(String, ToldRanges)>>);

fn heard<K>(
    kind: &'static str,
    objects: Api<K>,
    config: Config,
    of: fn(&K) -> ToldRanges,
) -> impl Stream<Item = Heard>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut listing = Listing::default();
    let named = move |object: K| {
        let namespace = object.namespace().unwrap_or_default();
        (format!("{namespace}/{}", object.name_any()), of(&object))
    };
    let mut is_absent = false;
    watcher::watcher(objects, config).default_backoff().filter_map(move |event| {
        let heard = match event {
            Ok(event) => {
                is_absent = false;
                listing.take(event, &named).map(|news| (kind, Some(news)))
            }
            Err(error) => {
                // It is said once that the cluster has no such kind, and asked again all the same.
                match (is_unknown(&error), std::mem::replace(&mut is_absent, is_unknown(&error))) {
                    (true, true) => tracing::debug!("the cluster still has no {kind}"),
                    (true, false) => {
                        tracing::info!("the cluster has no {kind} to tell ranges of it")
                    }
                    (false, _) => {
                        tracing::warn!(%error, "{kind} tell no ranges of the cluster: tried again");
                    }
                }
                Some((kind, None))
            }
        };
        std::future::ready(heard)
    })
}

/// Whether the cluster does not have the kind that is watched.
fn is_unknown(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error)) =
        error
    else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

#[derive(Debug, Default)]
struct Known {
    objects: BTreeMap<(&'static str, String), ToldRanges>,
    heard: BTreeSet<&'static str>,
    /// Whether anything has changed since it was told.
    is_news: bool,
    told: Option<ToldRanges>,
}

impl Known {
    fn take(&mut self, (kind, news): Heard) {
        match news {
            // What was known holds.
            None => {}
            Some(News::All(listed)) => {
                self.objects.retain(|(own, _), _| *own != kind);
                self.is_news = true;
                listed.into_iter().for_each(|object| self.came(kind, object));
            }
            Some(News::Came(object)) => self.came(kind, object),
            Some(News::Went((name, _))) => self.came(kind, (name, ToldRanges::default())),
        }
        self.is_news |= self.heard.insert(kind);
    }

    fn came(&mut self, kind: &'static str, (name, ranges): (String, ToldRanges)) {
        let key = (kind, name);
        let none = ToldRanges::default();
        if *self.objects.get(&key).unwrap_or(&none) == ranges {
            return;
        }
        self.is_news = true;
        match ranges == none {
            true => self.objects.remove(&key),
            false => self.objects.insert(key, ranges),
        };
    }

    /// The ranges, where they are others than before.
    fn news(&mut self) -> Option<ToldRanges> {
        if self.heard.len() < KINDS || !std::mem::take(&mut self.is_news) {
            return None;
        }
        let mut all = ToldRanges::default();
        for ToldRanges { pods, services, nodes } in self.objects.values() {
            all.pods.extend(pods);
            all.services.extend(services);
            all.nodes.extend(nodes);
        }
        if self.told.as_ref() == Some(&all) {
            return None;
        }
        self.told = Some(all.clone());
        Some(all)
    }
}

fn of_node(node: &Node) -> ToldRanges {
    let spec = node.spec.as_ref();
    let pods =
        spec.iter().flat_map(|spec| spec.pod_cidr.iter().chain(spec.pod_cidrs.iter().flatten()));
    let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
    ToldRanges {
        pods: pods.filter_map(|text| range(text)).collect(),
        // Names are among them.
        nodes: addresses.filter_map(|own| address(&own.address)).collect(),
        ..ToldRanges::default()
    }
}

fn of_service_cidr(own: &ServiceCIDR) -> ToldRanges {
    let ranges = own.spec.iter().flat_map(|spec| spec.cidrs.iter().flatten());
    ToldRanges {
        services: ranges.filter_map(|text| range(text)).collect(),
        ..ToldRanges::default()
    }
}

/// Where a Service is reached from outside: by addresses that it was given, asks for, or names itself. Those in
/// the cluster lie in a ServiceCIDR.
///
/// Who may name one takes its connections everywhere in the cluster (CVE-2020-8554): what a path to it would
/// open is pods.
fn of_service(own: &Service) -> ToldRanges {
    let spec = own.spec.as_ref();
    let external = spec.iter().flat_map(|spec| spec.external_ips.iter().flatten());
    let asked = spec.iter().flat_map(|spec| &spec.load_balancer_ip);
    let balancer = own.status.iter().flat_map(|status| &status.load_balancer);
    let given = balancer.flat_map(|it| it.ingress.iter().flatten()).flat_map(|it| &it.ip);
    ToldRanges {
        services: external.chain(asked).chain(given).filter_map(|text| address(text)).collect(),
        ..ToldRanges::default()
    }
}

fn of_slice(own: &EndpointSlice) -> ToldRanges {
    let addresses = own.endpoints.iter().flatten().flat_map(|endpoint| &endpoint.addresses);
    ToldRanges {
        nodes: addresses.filter_map(|text| address(text)).collect(),
        ..ToldRanges::default()
    }
}

/// A range, also where it is written by another address than its first.
fn range(text: &str) -> Option<Cidr> {
    match text.parse() {
        Ok(range) | Err(InvalidCidr::HostBits { range, .. }) => Some(range),
        Err(InvalidCidr::Shape(_)) => None,
    }
}

fn address(text: &str) -> Option<Cidr> {
    let address: IpAddr = text.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    range(&format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn told(kind: &'static str, news: News<(String, ToldRanges)>) -> Heard {
        (kind, Some(news))
    }

    fn texts(ranges: &BTreeSet<Cidr>) -> Vec<String> {
        ranges.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_kind_tells_its_own() {
        let node = json!({"metadata": {"name": "a"},
            "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00:1::/64", "no"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"},
                {"type": "InternalIP", "address": "2001:db8::7"},
                {"type": "Hostname", "address": "a"}]}});
        let ranges = of_node(&from_value(node).unwrap());
        assert_eq!(texts(&ranges.pods), ["10.244.1.0/24", "fd00:1::/64"]);
        assert_eq!(texts(&ranges.nodes), ["192.0.2.7/32", "2001:db8::7/128"]);
        assert_eq!(of_node(&Node::default()), ToldRanges::default());
        let services = json!({"metadata": {}, "spec": {"cidrs": ["10.96.0.1/12", "fd00::/108"]}});
        let ranges = of_service_cidr(&from_value(services).unwrap());
        assert_eq!(texts(&ranges.services), ["10.96.0.0/12", "fd00::/108"]);
        let service = json!({"metadata": {}, "spec": {"clusterIP": "10.96.0.7",
            "externalIPs": ["203.0.113.7", "no"], "loadBalancerIP": "203.0.113.8"},
            "status": {"loadBalancer": {"ingress": [{"ip": "2001:db8::9"}, {"hostname": "a.example"}]}}});
        let ranges = of_service(&from_value(service).unwrap());
        assert_eq!(
            texts(&ranges.services),
            ["203.0.113.7/32", "203.0.113.8/32", "2001:db8::9/128"]
        );
        assert_eq!(of_service(&Service::default()), ToldRanges::default());
        let slice = json!({"metadata": {}, "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.1", "192.0.2.2"]}]});
        let ranges = of_slice(&from_value(slice).unwrap());
        assert_eq!(texts(&ranges.nodes), ["192.0.2.1/32", "192.0.2.2/32"]);
    }

    #[test]
    fn nothing_is_told_before_each_was_heard_and_then_what_is_new() {
        let node = |octet: u8| {
            let pods = [range(&format!("10.244.{octet}.0/24")).unwrap()].into();
            (format!("node-{octet}"), ToldRanges { pods, ..ToldRanges::default() })
        };
        let mut known = Known::default();
        known.take(told("nodes", News::All(vec![node(1), node(2)])));
        known.take(told("endpointslices", News::All(Vec::new())));
        known.take(told("services", News::All(vec![("a/b".to_owned(), ToldRanges::default())])));
        assert_eq!(known.news(), None);
        // A kind that is not served holds nobody up.
        known.take(("servicecidrs", None));
        let first = known.news().unwrap();
        assert_eq!(texts(&first.pods), ["10.244.1.0/24", "10.244.2.0/24"]);
        known.take(told("nodes", News::Came(node(1))));
        known.take(("nodes", None));
        assert_eq!(known.news(), None);
        known.take(told("nodes", News::Went(node(2))));
        assert_eq!(texts(&known.news().unwrap().pods), ["10.244.1.0/24"]);
        known.take(told("nodes", News::All(vec![node(3)])));
        assert_eq!(texts(&known.news().unwrap().pods), ["10.244.3.0/24"]);
        // What has no addresses is not remembered.
        known.take(told("services", News::Came(("a/c".to_owned(), ToldRanges::default()))));
        assert_eq!((known.objects.len(), known.news()), (1, None));
    }
}
