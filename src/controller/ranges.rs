//! Watches what tells which addresses are the cluster's own: nodes, ServiceCIDRs, and where the API server
//! is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::IpAddr;

use futures::stream::{BoxStream, select_all};
use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::ServiceCIDR;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;

use super::Cluster;
use super::watch::{Listing, News};
use crate::domain::{Cidr, InvalidCidr};
use crate::policy::ToldRanges;
use crate::state::Change;

/// How many events are taken in before it is looked at what follows.
const EVENTS: usize = 1024;
/// What watches tell, kind by kind.
const KINDS: usize = 3;

/// Sends which ranges the cluster tells, once each kind has been listed or cannot be, and where they
/// change, until nobody listens. ServiceCIDRs are served from Kubernetes 1.33 on.
pub async fn watch_ranges(cluster: Cluster, changes: Sender<Change>) {
    let client = &cluster.client;
    let nodes: Api<Node> = Api::all(client.clone());
    let services: Api<ServiceCIDR> = Api::all(client.clone());
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), "default");
    let own = Config::default().fields("metadata.name=kubernetes");
    let streams: [BoxStream<'_, Heard>; KINDS] = [
        heard("nodes", nodes, Config::default(), of_node).boxed(),
        heard("servicecidrs", services, Config::default(), of_service_cidr).boxed(),
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
    let named = move |object: K| (object.name_any(), of(&object));
    watcher::watcher(objects, config).default_backoff().filter_map(move |event| {
        let heard = match event {
            Ok(event) => listing.take(event, &named).map(|news| (kind, Some(news))),
            Err(error) => {
                tracing::warn!(%error, "{kind} tell no ranges of the cluster: tried again");
                Some((kind, None))
            }
        };
        std::future::ready(heard)
    })
}

#[derive(Debug, Default)]
struct Known {
    objects: BTreeMap<(&'static str, String), ToldRanges>,
    heard: BTreeSet<&'static str>,
    told: Option<ToldRanges>,
}

impl Known {
    fn take(&mut self, (kind, news): Heard) {
        match news {
            // What was known holds.
            None => {}
            Some(News::All(listed)) => {
                self.objects.retain(|(own, _), _| *own != kind);
                let listed = listed.into_iter().map(|(name, ranges)| ((kind, name), ranges));
                self.objects.extend(listed);
            }
            Some(News::Came((name, ranges))) => {
                self.objects.insert((kind, name), ranges);
            }
            Some(News::Went((name, _))) => {
                self.objects.remove(&(kind, name));
            }
        }
        self.heard.insert(kind);
    }

    /// The ranges, where they are others than before.
    fn news(&mut self) -> Option<ToldRanges> {
        if self.heard.len() < KINDS {
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
    }
}
