//! What closes a namespace's network, and what is open in every one: DNS, the tenant's own pods, the
//! platform's services.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::managed::Managed;
use super::name::name;
use super::peers::{
    Allow, Way, at_addresses, of_platform, of_tenant, own_namespace, policy, ports,
};
use crate::domain::Cidr;
use crate::policy::documents::{
    Direction, Dns, PortRange, Protocol, Selector, SharedService, Within,
};
use crate::policy::values::{Label1123, Port};
use crate::policy::{Tenant, Tenants};

/// The name of the policy that closes a namespace; every other one only adds to it.
pub const DEFAULT_DENY: &str = "ringfence-default-deny";

/// DNS where the Platform does not say: the pods that kubeadm and the cloud providers label so.
const DNS_NAMESPACE: &str = "kube-system";
const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
const DNS_PORT: Port = Port(53);

/// The policies of a namespace, the one that closes it first.
pub(super) fn policies(tenants: &Tenants, tenant: &Tenant, namespace: &str) -> Vec<Managed> {
    let closed = policy(namespace, DEFAULT_DENY, LabelSelector::default(), Vec::new());
    let own = open(namespace, "ringfence-intra-tenant", intra_tenant(tenant));
    let dns = open_dns(tenants, namespace);
    let shared = open_shared(tenants, tenant, namespace);
    [Some(closed), dns, own].into_iter().flatten().chain(shared).collect()
}

/// The policy that opens DNS.
pub(super) fn open_dns(tenants: &Tenants, namespace: &str) -> Option<Managed> {
    open(namespace, "ringfence-dns", dns(tenants))
}

/// The policies that open what the profile shares.
pub(super) fn open_shared<'a>(
    tenants: &'a Tenants,
    tenant: &'a Tenant,
    namespace: &'a str,
) -> impl Iterator<Item = Managed> + 'a {
    let shared = tenant.profile.network.shared.iter().collect::<BTreeSet<_>>();
    shared.into_iter().filter_map(move |service| {
        let rule = shared_service(tenants, service)?;
        open(namespace, name("ringfence-shared", service), vec![rule])
    })
}

/// A policy for all pods, where it opens anything.
fn open(namespace: &str, name: impl Into<String>, rules: Vec<Allow>) -> Option<Managed> {
    (!rules.is_empty()).then(|| policy(namespace, name, LabelSelector::default(), rules))
}

fn intra_tenant(tenant: &Tenant) -> Vec<Allow> {
    let peer = match tenant.profile.network.intra_tenant {
        Within::Tenant => of_tenant(&tenant.name, None, None),
        Within::Namespace => own_namespace(),
        Within::None => return Vec::new(),
    };
    let rule = |way| Allow { way, peers: vec![peer.clone()], ports: Vec::new() };
    vec![rule(Way::In), rule(Way::Out)]
}

fn dns(tenants: &Tenants) -> Vec<Allow> {
    let cluster = tenants.platform.spec.cluster.as_ref();
    let Some(given) = cluster.and_then(|cluster| cluster.dns.as_ref()) else {
        let labels = [DNS_LABEL]
            .iter()
            .filter_map(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)));
        let pods = Selector { match_labels: Some(labels.collect()), match_expressions: None };
        let namespace = DNS_NAMESPACE.parse().ok();
        let built_in = Dns { namespace, pod_selector: Some(pods), cidrs: None, ports: None };
        return dns_rule(tenants, &built_in).into_iter().collect();
    };
    given.iter().filter_map(|dns| dns_rule(tenants, dns)).collect()
}

fn dns_rule(tenants: &Tenants, dns: &Dns) -> Option<Allow> {
    let place = Place {
        namespace: dns.namespace.as_ref(),
        pods: dns.pod_selector.as_ref(),
        cidrs: dns.cidrs.as_ref(),
    };
    let own = [DNS_PORT];
    let given = dns.ports.as_deref().unwrap_or(&own);
    let both = |port: &Port| {
        [Protocol::Udp, Protocol::Tcp].map(|protocol| ports(protocol, Some(*port), None))
    };
    let ports: Vec<_> = given.iter().flat_map(both).collect();
    let peers = place.peers(tenants)?;
    // No ports would be all of them.
    (!ports.is_empty()).then_some(Allow { way: Way::Out, peers, ports })
}

/// What a shared service opens; nothing where it is not there, or has an address of the cluster's own.
fn shared_service(tenants: &Tenants, name: &str) -> Option<Allow> {
    let all = tenants.platform.spec.shared.iter().flatten();
    let mut of_name = all.filter(|service| service.name.as_str() == name);
    let SharedService { direction, namespace, pod_selector, cidrs, ports: given, .. } =
        of_name.next()?;
    // Of two with one name nobody can say which is meant.
    if of_name.next().is_some()
        || cidrs.iter().flatten().any(|cidr| tenants.platform.meets_cluster(cidr))
    {
        return None;
    }
    let place =
        Place { namespace: namespace.as_ref(), pods: pod_selector.as_ref(), cidrs: cidrs.as_ref() };
    let ports = match given {
        None => Vec::new(),
        Some(given) => port_ranges(given)?,
    };
    let way = match direction {
        Direction::Ingress => Way::In,
        Direction::Egress => Way::Out,
    };
    Some(Allow { way, peers: place.peers(tenants)?, ports })
}

fn port_ranges(
    given: &[PortRange],
) -> Option<Vec<k8s_openapi::api::networking::v1::NetworkPolicyPort>> {
    let range = |range: &PortRange| {
        let PortRange { protocol, port, end_port } = *range;
        let sound = end_port.is_none_or(|end| port.is_some_and(|port| port <= end));
        sound.then(|| ports(protocol.unwrap_or(Protocol::Tcp), port, end_port))
    };
    (!given.is_empty()).then(|| given.iter().map(range).collect())?
}

/// Where something of the platform's runs: in a namespace, or at addresses.
struct Place<'a> {
    namespace: Option<&'a Label1123>,
    pods: Option<&'a Selector>,
    cidrs: Option<&'a Vec<Cidr>>,
}

impl Place<'_> {
    /// As peers; none where it is neither or both, or the namespace is a tenant's.
    fn peers(&self, tenants: &Tenants) -> Option<Vec<NetworkPolicyPeer>> {
        match (self.namespace, self.cidrs) {
            (Some(namespace), None) => {
                let sound = self.pods.is_none_or(Selector::is_sound);
                let ours = tenants.claim(namespace.as_str()).is_none();
                (sound && ours).then(|| vec![of_platform(namespace, self.pods)])
            }
            (None, Some(cidrs)) if self.pods.is_none() && !cidrs.is_empty() => {
                Some(at_addresses(cidrs))
            }
            (None | Some(_), None | Some(_)) => None,
        }
    }
}
