//! One change, and what it makes of a world.

use std::net::IpAddr;

use smol_str::SmolStr;

use crate::domain::{NAME_LABEL, TENANT_LABEL};
use crate::reach::addresses::AddressSet;
use crate::reach::labels::{Labels, Selector, Wanted};
use crate::reach::model::{
    Action, Direction, Namespaces, Origin, Peer, Policy, Rule, Scope, Side, Tier, World,
};
use crate::reach::ports::{PortSet, Ports, Protocol};

/// Something that somebody may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A label of a pod, and of what makes it.
    Label {
        /// Its number in the world.
        pod: usize,
        /// What made it: `shop/web[Deployment]`
        whose: String,
        /// The label's key.
        key: String,
        /// What it must be.
        value: String,
    },
    /// One more rule in a policy, before all others.
    Allow {
        /// The policy.
        policy: Origin,
        /// Of which direction.
        direction: Direction,
        /// For whom.
        other: Other,
        /// On which port.
        port: (Protocol, u16),
    },
    /// A NetworkPolicy more, with one rule.
    Open {
        /// Its namespace.
        namespace: SmolStr,
        /// The labels of the pods that it is about.
        pods: Labels,
        /// Of which direction its rule is.
        direction: Direction,
        /// For whom.
        other: Other,
        /// On which port.
        port: (Protocol, u16),
    },
    /// A Grant more.
    Grant {
        /// Who may open the connection.
        from: Grantee,
        /// To whom.
        to: Grantee,
        /// On which port.
        port: (Protocol, u16),
    },
    /// A rule less.
    Remove {
        /// The policy.
        policy: Origin,
        /// Of which direction.
        direction: Direction,
        /// Which one, from zero.
        rule: usize,
    },
    /// A NetworkPolicy more that lets nothing pass in one direction.
    Close {
        /// Its namespace.
        namespace: SmolStr,
        /// The labels of the pods that it is about.
        pods: Labels,
        /// The direction.
        direction: Direction,
    },
}

/// Whom a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// Pods of a namespace.
    Pods {
        /// It.
        namespace: SmolStr,
        /// Whether it is that of the policy.
        is_own: bool,
        /// Their labels.
        labels: Labels,
    },
    /// An address.
    Address(IpAddr),
}

/// A side of a Grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// Pods of a tenant in one of its namespaces.
    Pods {
        /// Whose they are.
        tenant: SmolStr,
        /// Their namespace.
        namespace: SmolStr,
        /// Their labels.
        labels: Labels,
    },
    /// An address outside.
    Address(IpAddr),
}

impl Change {
    /// A world with the change made.
    #[must_use]
    pub fn made(&self, mut world: World) -> World {
        match self {
            Self::Label { pod, key, value, .. } => label(&mut world, *pod, key, value),
            Self::Allow { policy, direction, other, port } => {
                if let Some(side) = side(&mut world, policy, *direction) {
                    side.rules.insert(0, accept(other.peer(), *port));
                }
            }
            Self::Open { namespace, pods, direction, other, port } => {
                let rules = vec![accept(other.peer(), *port)];
                world.policies.push(new_policy(namespace, pods, *direction, rules));
            }
            Self::Grant { from, to, port } => {
                let sides = [(from, to, Direction::Egress), (to, from, Direction::Ingress)];
                for (own, other, direction) in sides {
                    if let Grantee::Pods { namespace, labels, .. } = own {
                        let rules = vec![accept(other.peer(), *port)];
                        world.policies.push(new_policy(namespace, labels, direction, rules));
                    }
                }
            }
            Self::Remove { policy, direction, rule } => {
                if let Some(side) = side(&mut world, policy, *direction)
                    && *rule < side.rules.len()
                {
                    side.rules.remove(*rule);
                }
            }
            Self::Close { namespace, pods, direction } => {
                world.policies.push(new_policy(namespace, pods, *direction, Vec::new()));
            }
        }
        world
    }
}

impl Other {
    fn peer(&self) -> Peer {
        match self {
            Self::Address(address) => Peer::Addresses(AddressSet::one(*address)),
            Self::Pods { namespace, labels, .. } => Peer::Pods(Scope {
                namespaces: Namespaces::Named(namespace.clone()),
                pods: Selector::exactly(labels),
            }),
        }
    }
}

impl Grantee {
    fn peer(&self) -> Peer {
        match self {
            Self::Address(address) => Peer::Addresses(AddressSet::one(*address)),
            Self::Pods { tenant, namespace, labels } => {
                let one = |value: &SmolStr| Wanted::one_of([value.to_string()]);
                let namespaces = Selector::everything()
                    .with(TENANT_LABEL, one(tenant))
                    .with(NAME_LABEL, one(namespace));
                let pods = Selector::exactly(labels);
                Peer::Pods(Scope { namespaces: Namespaces::Chosen(namespaces), pods })
            }
        }
    }
}

/// The same label for all pods that one workload made.
fn label(world: &mut World, pod: usize, key: &str, value: &str) {
    let Some(own) = world.pods.get(pod) else { return };
    let workload = (own.namespace.clone(), own.kind.clone(), own.name.clone());
    for pod in &mut world.pods {
        if pod.namespace == workload.0 && pod.kind == workload.1 && pod.name == workload.2 {
            pod.labels.insert(key.into(), value.into());
        }
    }
}

fn side<'w>(world: &'w mut World, policy: &Origin, direction: Direction) -> Option<&'w mut Side> {
    let found = world.policies.iter_mut().find(|own| own.origin == *policy)?;
    match direction {
        Direction::Egress => found.egress.as_mut(),
        Direction::Ingress => found.ingress.as_mut(),
    }
}

fn accept(peer: Peer, (protocol, port): (Protocol, u16)) -> Rule {
    let numbers = PortSet::range(protocol, port, port);
    Rule { action: Action::Accept, peers: vec![peer], ports: Ports { numbers, names: Vec::new() } }
}

fn new_policy(namespace: &str, pods: &Labels, direction: Direction, rules: Vec<Rule>) -> Policy {
    let side = Some(Side { isolates: true, rules });
    let (ingress, egress) = match direction {
        Direction::Ingress => (side, None),
        Direction::Egress => (None, side),
    };
    Policy {
        origin: Origin::default(),
        tier: Tier::Namespaced,
        priority: 0,
        subject: Scope {
            namespaces: Namespaces::Named(namespace.into()),
            pods: Selector::exactly(pods),
        },
        ingress,
        egress,
    }
}
