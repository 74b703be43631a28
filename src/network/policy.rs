//! NetworkPolicies.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::selector::selector;
use crate::domain::{Cidr, InvalidCidr, sanitise};
use crate::objects::{
    IpBlock, LabelSelector, Malformed, NetworkPeer, NetworkPolicy, NetworkPort, NetworkRule,
    NumberOrName, from_json,
};
use crate::reach::{
    Action, AddressSet, Direction, Namespaces, Origin, Peer, Policy, PortSet, Ports, Protocol,
    Rule, Scope, Selector, Side, Tier, Unclear,
};

/// A policy, and what of it was not understood; then it counts as open.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// It.
    pub policy: Policy,
    /// What was not understood.
    pub unclear: Option<Unclear>,
}

impl Read {
    /// In place of a policy that is not understood, for this reason: it allows what it could have allowed.
    #[must_use]
    pub fn open(origin: Origin, tier: Tier, text: String) -> Self {
        Self { policy: Policy::open(origin.clone(), tier), unclear: Some(Unclear { origin, text }) }
    }
}

/// Every NetworkPolicy is asked at once: they only add.
const PRIORITY: i32 = 0;

/// A NetworkPolicy of a namespace. `place` tells where something in it stands, by its RFC 6901 pointer.
///
/// # Errors
/// [`Malformed`] where the text is no such object.
pub fn network_policy(
    text: &str,
    namespace: &str,
    place: &dyn Fn(&str) -> String,
) -> Result<Read, Malformed> {
    from_json(text).map(|policy| read_policy(&policy, namespace, place))
}

/// The same of one that is decoded.
#[must_use]
pub fn read_policy(
    policy: &NetworkPolicy<'_>,
    namespace: &str,
    place: &dyn Fn(&str) -> String,
) -> Read {
    let rules = (policy.spec.ingress.len(), policy.spec.egress.len());
    let origin = Origin {
        kind: "NetworkPolicy".into(),
        namespace: Some(namespace.into()),
        name: policy.meta.name.as_ref().into(),
        source: place("").into(),
        places: places(rules, place),
    };
    match (Reader { namespace }.policy(policy, &origin)) {
        Ok(policy) => Read { policy, unclear: None },
        Err(text) => Read::open(origin, Tier::Namespaced, text),
    }
}

/// Where each of so many rules for ingress and for egress stands.
pub(super) fn places(
    (ingress, egress): (usize, usize),
    place: &dyn Fn(&str) -> String,
) -> Vec<(Direction, SmolStr)> {
    let of = |direction, field: &'static str, count| {
        let at = move |index| (direction, place(&format!("/spec/{field}/{index}")).into());
        (0..count).map(at)
    };
    let ingress = of(Direction::Ingress, "ingress", ingress);
    ingress.chain(of(Direction::Egress, "egress", egress)).collect()
}

struct Reader<'a> {
    namespace: &'a str,
}

impl Reader<'_> {
    fn policy(&self, own: &NetworkPolicy<'_>, origin: &Origin) -> Result<Policy, String> {
        let spec = &own.spec;
        let mut types = spec.types.iter();
        if let Some(unknown) = types.find(|own| !matches!(own.as_ref(), "Ingress" | "Egress")) {
            return Err(format!("the policy type `{}` is not known", sanitise(unknown, 63)));
        }
        // What the API server fills in where the list is empty.
        let concerns = |name: &str, default: bool| {
            if spec.types.is_empty() { default } else { spec.types.iter().any(|own| own == name) }
        };
        let (takes, opens) =
            (concerns("Ingress", true), concerns("Egress", !spec.egress.is_empty()));
        // The rules of a direction that it does not concern are read too, for what is wrong in them.
        let ingress = self.side(&spec.ingress, Direction::Ingress)?;
        let egress = self.side(&spec.egress, Direction::Egress)?;
        Ok(Policy {
            origin: origin.clone(),
            tier: Tier::Namespaced,
            priority: PRIORITY,
            subject: Scope {
                namespaces: Namespaces::Named(self.namespace.into()),
                pods: optional(spec.pods.as_ref())?,
            },
            ingress: takes.then_some(ingress),
            egress: opens.then_some(egress),
        })
    }

    fn side(&self, rules: &[NetworkRule<'_>], direction: Direction) -> Result<Side, String> {
        let rule = |rule: &NetworkRule<'_>| {
            let peers = match direction {
                Direction::Ingress => &rule.from,
                Direction::Egress => &rule.to,
            };
            let everyone = || Ok(vec![Peer::Everyone]);
            let listed = || peers.iter().map(|own| self.peer(own)).collect();
            let peers = if peers.is_empty() { everyone() } else { listed() };
            Ok(Rule { action: Action::Accept, peers: peers?, ports: ports(&rule.ports)? })
        };
        let rules: Result<Vec<Rule>, String> = rules.iter().map(rule).collect();
        Ok(Side { isolates: true, rules: rules? })
    }

    fn peer(&self, own: &NetworkPeer<'_>) -> Result<Peer, String> {
        match (&own.pods, &own.namespaces, &own.block) {
            (None, None, Some(block)) => Ok(Peer::Addresses(addresses(block)?)),
            (Some(pods), None, None) => Ok(Peer::Pods(Scope {
                namespaces: Namespaces::Named(self.namespace.into()),
                pods: selector(pods)?,
            })),
            (pods, Some(namespaces), None) => Ok(Peer::Pods(Scope {
                namespaces: Namespaces::Chosen(selector(namespaces)?),
                pods: optional(pods.as_ref())?,
            })),
            (None, None, None) => Err("a peer says nothing that is known".to_owned()),
            (_, _, Some(_)) => Err("a peer has both an ipBlock and a selector".to_owned()),
        }
    }
}

/// An absent selector selects all.
fn optional(own: Option<&LabelSelector<'_>>) -> Result<Selector, String> {
    own.map_or_else(|| Ok(Selector::everything()), selector)
}

fn addresses(block: &IpBlock<'_>) -> Result<AddressSet, String> {
    let except = ranges(&block.except)?;
    Ok(AddressSet::of(&range(&block.cidr)?).without(&except))
}

/// The addresses of any of some ranges.
pub(super) fn ranges(texts: &[Cow<'_, str>]) -> Result<AddressSet, String> {
    let all: Result<Vec<Cidr>, String> = texts.iter().map(|own| range(own)).collect();
    Ok(all?.iter().collect())
}

fn range(text: &str) -> Result<Cidr, String> {
    match text.parse::<Cidr>() {
        Ok(cidr) => Ok(cidr),
        // The API server takes them, and they stand for the range.
        Err(InvalidCidr::HostBits { range, .. }) => Ok(range),
        Err(InvalidCidr::Shape(text)) => {
            Err(format!("`{}` is not a range of addresses", sanitise(&text, 63)))
        }
    }
}

/// No ports are all of them.
fn ports(list: &[NetworkPort<'_>]) -> Result<Ports, String> {
    if list.is_empty() {
        return Ok(Ports::all());
    }
    let each: Result<Vec<Ports>, String> = list.iter().map(port).collect();
    Ok(Ports::union(each?))
}

fn port(own: &NetworkPort<'_>) -> Result<Ports, String> {
    let named = own.protocol.as_deref().unwrap_or("TCP");
    let protocol = Protocol::parse(named)
        .ok_or_else(|| format!("the protocol `{}` is not known", sanitise(named, 63)))?;
    let numbers = |numbers| Ok(Ports { numbers, names: Vec::new() });
    match (&own.port, own.end) {
        (None, None) => numbers(PortSet::of(protocol)),
        (Some(NumberOrName::Number(first)), end) => {
            let (first, last) = (number(*first)?, number(end.unwrap_or(*first))?);
            if last < first {
                return Err(format!("the range of ports {first} to {last} is empty"));
            }
            numbers(PortSet::range(protocol, first, last))
        }
        (Some(NumberOrName::Name(name)), None) => {
            Ok(Ports { numbers: PortSet::default(), names: vec![(protocol, name.to_string())] })
        }
        (None | Some(NumberOrName::Name(_)), Some(_)) => {
            Err("an `endPort` needs a `port` that is a number".to_owned())
        }
    }
}

fn number(port: i32) -> Result<u16, String> {
    let port = u16::try_from(port).ok().filter(|port| *port != 0);
    port.ok_or_else(|| "a port is a number from 1 to 65535".to_owned())
}
