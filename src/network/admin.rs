//! Policies of the whole cluster: ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy.
//!
//! Peers by nodes and by domain names are not followed: a policy that has one is not understood. Pods that
//! have their node's network are no subject and no peer (network-policy-api, `ClusterNetworkPolicySubject`),
//! and of them everything is undefined in any case.

use super::policy::{Read, places, ranges};
use super::selector::selector;
use crate::domain::sanitise;
use crate::objects::{
    AdminDestination, AdminPeer, AdminPolicy, AdminPolicySpec, AdminPort, AdminProtocol, AdminRule,
    LabelSelector, Malformed, NamespacedPods, from_json,
};
use crate::reach::{
    Action, Direction, Namespaces, Origin, Peer, Policy, PortSet, Ports, Protocol, Rule, Scope,
    Selector, Side, Tier,
};

/// The kinds of policies of the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminKind {
    /// ClusterNetworkPolicy
    Cluster,
    /// AdminNetworkPolicy
    Admin,
    /// BaselineAdminNetworkPolicy
    Baseline,
}

impl AdminKind {
    /// The kind of a manifest; none where we do not read it, or not of this version.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        let version = api_version.strip_prefix("policy.networking.k8s.io/")?;
        match (kind, version) {
            ("ClusterNetworkPolicy", "v1alpha2" | "v1beta1") => Some(Self::Cluster),
            ("AdminNetworkPolicy", "v1alpha1") => Some(Self::Admin),
            ("BaselineAdminNetworkPolicy", "v1alpha1") => Some(Self::Baseline),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cluster => "ClusterNetworkPolicy",
            Self::Admin => "AdminNetworkPolicy",
            Self::Baseline => "BaselineAdminNetworkPolicy",
        }
    }
}

/// The largest priority, which is asked last.
const LAST: i32 = 1000;

/// A policy of the whole cluster. `place` tells where something in it stands, by its RFC 6901 pointer.
///
/// # Errors
/// [`Malformed`] where the text is no such object.
pub fn admin_policy(
    text: &str,
    kind: AdminKind,
    place: &dyn Fn(&str) -> String,
) -> Result<Read, Malformed> {
    let policy: AdminPolicy<'_> = from_json(text)?;
    let rules = (policy.spec.ingress.len(), policy.spec.egress.len());
    let origin = Origin {
        kind: kind.name().into(),
        namespace: None,
        name: policy.meta.name.as_ref().into(),
        source: place("").into(),
        places: places(rules, place),
    };
    Ok(match read(&policy, kind, &origin) {
        Ok(policy) => Read { policy, unclear: None },
        Err(text) => Read::open(origin, Tier::Admin, text),
    })
}

fn read(policy: &AdminPolicy<'_>, kind: AdminKind, origin: &Origin) -> Result<Policy, String> {
    let spec = &policy.spec;
    if kind == AdminKind::Baseline && policy.meta.name != "default" {
        return Err("a BaselineAdminNetworkPolicy is named `default`".to_owned());
    }
    let subject = subject(spec)?;
    let ingress = side(&spec.ingress, kind, Direction::Ingress)?;
    let egress = side(&spec.egress, kind, Direction::Egress)?;
    Ok(Policy {
        origin: origin.clone(),
        tier: tier(spec, kind)?,
        priority: priority(spec, kind)?,
        subject,
        ingress,
        egress,
    })
}

fn tier(spec: &AdminPolicySpec<'_>, kind: AdminKind) -> Result<Tier, String> {
    match (kind, spec.tier.as_ref()) {
        (AdminKind::Admin, _) | (AdminKind::Cluster, "Admin") => Ok(Tier::Admin),
        (AdminKind::Baseline, _) | (AdminKind::Cluster, "Baseline") => Ok(Tier::Baseline),
        (AdminKind::Cluster, other) => {
            Err(format!("the tier `{}` is not known", sanitise(other, 63)))
        }
    }
}

fn priority(spec: &AdminPolicySpec<'_>, kind: AdminKind) -> Result<i32, String> {
    match (kind, spec.priority) {
        // There is one, and nothing says how it stands to policies of the other kind.
        (AdminKind::Baseline, _) => Ok(LAST),
        (AdminKind::Cluster | AdminKind::Admin, Some(own)) if (0..=LAST).contains(&own) => Ok(own),
        (AdminKind::Cluster | AdminKind::Admin, _) => {
            Err(format!("a priority is a number from 0 to {LAST}"))
        }
    }
}

fn subject(spec: &AdminPolicySpec<'_>) -> Result<Scope, String> {
    match (&spec.subject.namespaces, &spec.subject.pods) {
        (Some(namespaces), None) => all_of(namespaces),
        (None, Some(pods)) => some_of(pods),
        (None, None) => Err("the subject says nothing that is known".to_owned()),
        (Some(_), Some(_)) => Err("the subject has both namespaces and pods".to_owned()),
    }
}

fn all_of(namespaces: &LabelSelector<'_>) -> Result<Scope, String> {
    let namespaces = Namespaces::Chosen(selector(namespaces)?);
    Ok(Scope { namespaces, pods: Selector::everything() })
}

fn some_of(own: &NamespacedPods<'_>) -> Result<Scope, String> {
    let namespaces = Namespaces::Chosen(selector(&own.namespaces)?);
    Ok(Scope { namespaces, pods: selector(&own.pods)? })
}

/// Without rules it says nothing of a direction, and isolates nobody in any case.
fn side(
    rules: &[AdminRule<'_>],
    kind: AdminKind,
    direction: Direction,
) -> Result<Option<Side>, String> {
    let rules: Result<Vec<Rule>, String> =
        rules.iter().map(|own| rule(own, kind, direction)).collect();
    Ok(Some(rules?).filter(|rules| !rules.is_empty()).map(|rules| Side { isolates: false, rules }))
}

fn rule(own: &AdminRule<'_>, kind: AdminKind, direction: Direction) -> Result<Rule, String> {
    let action = match (own.action.as_ref(), kind) {
        ("Accept", AdminKind::Cluster) | ("Allow", AdminKind::Admin | AdminKind::Baseline) => {
            Action::Accept
        }
        ("Deny", _) => Action::Deny,
        ("Pass", AdminKind::Cluster | AdminKind::Admin) => Action::Pass,
        (other, _) => return Err(format!("the action `{}` is not known", sanitise(other, 63))),
    };
    let peers = match direction {
        Direction::Ingress => &own.from,
        Direction::Egress => &own.to,
    };
    if peers.is_empty() {
        return Err("a rule names no peer".to_owned());
    }
    let peers: Result<Vec<Peer>, String> = peers.iter().map(|own| peer(own, direction)).collect();
    let ports = match kind {
        AdminKind::Cluster => listed(own.protocols.as_deref(), protocol)?,
        AdminKind::Admin | AdminKind::Baseline => listed(own.ports.as_deref(), port)?,
    };
    Ok(Rule { action, peers: peers?, ports })
}

fn peer(own: &AdminPeer<'_>, direction: Direction) -> Result<Peer, String> {
    let AdminPeer { namespaces, pods, nodes, networks, domain_names } = own;
    if nodes.is_some() || !domain_names.is_empty() {
        let what = if nodes.is_some() { "nodes" } else { "domainNames" };
        return Err(format!("a peer by `{what}` is not followed"));
    }
    match (namespaces, pods, networks.as_slice()) {
        (Some(namespaces), None, []) => Ok(Peer::Pods(all_of(namespaces)?)),
        (None, Some(pods), []) => Ok(Peer::Pods(some_of(pods)?)),
        (None, None, []) => Err("a peer says nothing that is known".to_owned()),
        (None, None, networks) if direction == Direction::Egress => {
            ranges(networks).map(Peer::Addresses)
        }
        (None, None, _) => Err("a peer of an ingress rule has networks".to_owned()),
        _ => Err("a peer has more than one of its fields".to_owned()),
    }
}

/// No list is every port; an empty one is refused.
fn listed<T>(
    list: Option<&[T]>,
    read: impl Fn(&T) -> Result<Ports, String>,
) -> Result<Ports, String> {
    match list {
        None => Ok(Ports::all()),
        Some([]) => Err("a list of ports is empty".to_owned()),
        Some(list) => {
            let each: Result<Vec<Ports>, String> = list.iter().map(read).collect();
            Ok(Ports::union(each?))
        }
    }
}

fn protocol(own: &AdminProtocol<'_>) -> Result<Ports, String> {
    let AdminProtocol { tcp, udp, sctp, named } = own;
    let given = [(Protocol::Tcp, tcp), (Protocol::Udp, udp), (Protocol::Sctp, sctp)];
    let mut given = given.iter().filter_map(|(protocol, own)| Some((*protocol, own.as_ref()?)));
    match (given.next(), given.next(), named.as_ref()) {
        (Some((protocol, own)), None, "") => destination(protocol, own),
        (None, None, "") => Err("a protocol says nothing that is known".to_owned()),
        (None, None, named) => Ok(by_name(named)),
        _ => Err("a protocol has more than one of its fields".to_owned()),
    }
}

fn destination(protocol: Protocol, own: &AdminDestination) -> Result<Ports, String> {
    let Some(port) = &own.port else {
        return Err("a protocol names no destinationPort".to_owned());
    };
    match (port.number, &port.range) {
        (0, Some(range)) => numbers(protocol, range.start, range.end, true),
        (number, None) => numbers(protocol, number, number, false),
        (_, Some(_)) => Err("a port has both a number and a range".to_owned()),
    }
}

fn port(own: &AdminPort<'_>) -> Result<Ports, String> {
    let named = |text: &str| {
        let text = if text.is_empty() { "TCP" } else { text };
        Protocol::parse(text)
            .ok_or_else(|| format!("the protocol `{}` is not known", sanitise(text, 63)))
    };
    match (&own.number, &own.named, &own.range) {
        (Some(own), None, None) => numbers(named(&own.protocol)?, own.port, own.port, false),
        (None, Some(name), None) => Ok(by_name(name)),
        (None, None, Some(own)) => numbers(named(&own.protocol)?, own.start, own.end, true),
        (None, None, None) => Err("a port says nothing that is known".to_owned()),
        _ => Err("a port has more than one of its fields".to_owned()),
    }
}

/// A port that pods call so, of whichever protocol.
fn by_name(name: &str) -> Ports {
    let names = Protocol::ALL.map(|protocol| (protocol, name.to_owned()));
    Ports { numbers: PortSet::default(), names: names.into() }
}

fn numbers(protocol: Protocol, first: i32, last: i32, is_range: bool) -> Result<Ports, String> {
    let number = |port: i32| u16::try_from(port).ok().filter(|port| *port != 0);
    let (Some(first), Some(last)) = (number(first), number(last)) else {
        return Err("a port is a number from 1 to 65535".to_owned());
    };
    if is_range && last <= first {
        return Err(format!("the range of ports {first} to {last} must end behind its start"));
    }
    Ok(Ports { numbers: PortSet::range(protocol, first, last), names: Vec::new() })
}
