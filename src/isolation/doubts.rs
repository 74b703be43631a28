//! Why that nothing was found is no proof.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::Asked;
use crate::domain::{Code, Level, Mode, sanitise};
use crate::policy::Tenant;
use crate::reach::{AddressSet, Direction, Inquiry, Namespaces, Peer, Policy};

/// Something that a proof rests on and that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The Platform rehearses, so that nothing is refused.
    Rehearsal,
    /// Pods of this tenant may have their node's network, for which no policy holds.
    HostNetwork {
        /// The tenant's name.
        tenant: String,
        /// Why it is not refused.
        because: String,
    },
    /// A pod has an address outside the ranges that pods are said to have, and a policy of the pair speaks
    /// of addresses.
    Address {
        /// The pod, `namespace/name`.
        pod: String,
        /// The address.
        address: String,
    },
    /// The search was given up.
    Puzzle,
    /// A namespace of the pair, which it needs for a path, is not closed.
    Unsealed {
        /// Its name.
        namespace: String,
    },
    /// A policy that it needs for a path was not understood.
    NotUnderstood {
        /// Which one: `NetworkPolicy web/own`
        policy: String,
        /// Why, for people.
        because: String,
    },
}

impl Doubt {
    /// The kind of it, in a word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rehearsal => "Rehearsal",
            Self::HostNetwork { .. } => "HostNetwork",
            Self::Address { .. } => "Address",
            Self::Puzzle => "GivenUp",
            Self::Unsealed { .. } => "Unsealed",
            Self::NotUnderstood { .. } => "NotUnderstood",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rehearsal => f.write_str("the Platform rehearses: nothing is refused"),
            Self::HostNetwork { tenant, because } => write!(
                f,
                "pods of tenant {tenant} may have their node's network, for which no policy holds: {because}"
            ),
            Self::Address { pod, address } => write!(
                f,
                "pod {pod} has the address {address}, which is in no range of pods that the Platform gives, \
                 and a policy of the two speaks of addresses"
            ),
            Self::Puzzle => f.write_str(
                "the requirements of the policies are too many to try, so it was given up",
            ),
            Self::Unsealed { namespace } => {
                write!(f, "namespace {namespace} is not closed, and so something could pass")
            }
            Self::NotUnderstood { policy, because } => {
                write!(f, "{policy} is not understood and may let something pass: {because}")
            }
        }
    }
}

/// What is doubtful, by tenant.
pub(super) struct Doubts {
    everywhere: Vec<Doubt>,
    of_tenant: Vec<Option<Doubt>>,
    /// A pod outside the ranges.
    address: Option<Doubt>,
    /// Whether policies of a tenant's namespaces speak of addresses, by direction.
    blocks: Vec<[bool; 2]>,
}

impl Doubts {
    pub(super) fn of(asked: &Asked<'_>, all: &[&Tenant], question: &Inquiry<'_>) -> Self {
        let rehearses = asked.tenants.platform.rehearsal;
        let exempt = asked.tenants.exemptions.naming(Code::HostNamespaces, asked.now);
        let mut on_node: BTreeMap<&str, String> = BTreeMap::new();
        for pod in asked.pods.iter().filter(|pod| pod.host_network) {
            on_node
                .entry(&pod.namespace)
                .or_insert_with(|| format!("{}/{}", pod.namespace, pod.name));
        }
        let has_pod = |number: usize| {
            let own =
                question.sites.iter().filter(move |site| site.exists && site.tenant == number);
            own.filter_map(|site| on_node.get(site.name.as_str())).next()
        };
        let of_tenant = |(number, tenant): (usize, &&Tenant)| {
            let because = permitted(tenant, exempt.get(tenant.name.as_str()).copied());
            let because = because.or_else(|| Some(format!("pod {} has", has_pod(number)?)));
            because.map(|because| Doubt::HostNetwork { tenant: tenant.name.to_string(), because })
        };
        Self {
            everywhere: Vec::from_iter(rehearses.then_some(Doubt::Rehearsal)),
            of_tenant: all.iter().enumerate().map(of_tenant).collect(),
            address: stray(asked, &question.addresses),
            blocks: blocks(question, all.len()),
        }
    }

    /// Whether there is none about a pair.
    pub(super) fn is_free(&self, from: usize, to: usize) -> bool {
        let of = |tenant| self.of_tenant.get(tenant).is_none_or(Option::is_none);
        self.everywhere.is_empty() && of(from) && of(to) && self.stray(from, to).is_none()
    }

    /// All about a pair.
    pub(super) fn about(&self, from: usize, to: usize) -> Vec<Doubt> {
        let of = |tenant| self.of_tenant.get(tenant).and_then(Option::as_ref);
        let own = [of(from), of(to), self.stray(from, to)].into_iter().flatten();
        self.everywhere.iter().chain(own).cloned().collect()
    }

    fn stray(&self, from: usize, to: usize) -> Option<&Doubt> {
        let speaks = |tenant: usize, direction: usize| {
            self.blocks
                .get(tenant)
                .and_then(|own: &[bool; 2]| own.get(direction))
                .is_some_and(|own| *own)
        };
        self.address.as_ref().filter(|_| speaks(from, 0) || speaks(to, 1))
    }
}

/// Why a tenant's pods are not refused their node's network.
fn permitted(tenant: &Tenant, exemption: Option<&str>) -> Option<String> {
    let profile = &tenant.profile;
    if profile.pod_security.level == Level::Privileged {
        return Some("its level is privileged".to_owned());
    }
    let mode = profile.modes.of(Code::HostNamespaces);
    if mode != Mode::Enforce {
        return Some(format!("its profile's mode of {} is {mode}", Code::HostNamespaces));
    }
    let exemption = exemption?;
    Some(format!("the Exemption {} permits it", sanitise(exemption, 253)))
}

/// A pod that has an address outside the ranges.
fn stray(asked: &Asked<'_>, ranges: &AddressSet) -> Option<Doubt> {
    let pods = asked.pods.iter().filter(|pod| !pod.host_network);
    let mut strays = pods.filter_map(|pod| {
        let address = pod.addresses.iter().find(|own| !ranges.contains(**own))?;
        let pod = format!("{}/{}", pod.namespace, pod.name);
        Some(Doubt::Address { pod, address: address.to_string() })
    });
    strays.next()
}

fn blocks(question: &Inquiry<'_>, tenants: usize) -> Vec<[bool; 2]> {
    let mut found = vec![[false; 2]; tenants];
    let mut owners: HashMap<&str, Vec<usize>> = HashMap::new();
    for site in &question.sites {
        owners.entry(site.name.as_str()).or_default().push(site.tenant);
    }
    for policy in &question.policies {
        let directions = [Direction::Egress, Direction::Ingress];
        let speaks = directions.map(|direction| speaks_of_addresses(policy, direction));
        let mut mark = |own: &mut [bool; 2]| {
            own.iter_mut().zip(speaks).for_each(|(own, speaks)| *own |= speaks);
        };
        match &policy.subject.namespaces {
            Namespaces::Named(name) => {
                for owner in owners.get(name.as_str()).into_iter().flatten() {
                    found.get_mut(*owner).into_iter().for_each(&mut mark);
                }
            }
            Namespaces::Chosen(_) => found.iter_mut().for_each(&mut mark),
        }
    }
    found
}

fn speaks_of_addresses(policy: &Policy, direction: Direction) -> bool {
    let rules = policy.side(direction).into_iter().flat_map(|side| &side.rules);
    rules.flat_map(|rule| &rule.peers).any(|peer| matches!(peer, Peer::Addresses(_)))
}
