//! RF4: what a tenant's own network policies open and close, and what of its pods networks go by.
//!
//! - `one_sided`: a NetworkPolicy opens what is its tenant's alone;
//! - `idle`: one that does not do what it looks as if it did;
//! - `dns`: rules for DNS that DNS does not work by;
//! - `pods`: labels and annotations of pods by which others know them or attach them;
//! - policies of network plugins' own kinds, which no rule reads, are the platform's.

mod dns;
mod idle;
mod one_sided;
mod pods;
mod region;
mod table;

pub use pods::PodMetadataView;
pub use table::RULES;

use super::{Concern, Report};
use crate::domain::{Code, Finding, TenantName, sanitise};
use crate::objects::NetworkPolicySpec;
use crate::reach::{AddressSet, Direction, Policy, PortSet, Ports, Selector};

/// A tenant's policy, and what it may open.
pub struct NetworkView<'a> {
    /// It.
    pub policy: &'a Policy,
    /// As it is written.
    pub written: &'a NetworkPolicySpec<'a>,
    /// Whose namespace it is in.
    pub tenant: &'a TenantName,
    /// What every policy of the tenant may open of the platform's, as policies.
    pub shared: &'a [Policy],
    /// What a Grant lets pods of the namespace open, as a policy for each.
    pub grants: &'a [Policy],
    /// Addresses outside that may be opened, with their ports; none is the cluster's own.
    pub outside: &'a [(AddressSet, PortSet)],
    /// Whose the namespace of a name is; none where it is nobody's, or not there.
    pub owner: &'a dyn Fn(&str) -> Option<TenantName>,
}

/// Judges a policy, by the rules of which somebody wants to know.
#[must_use]
pub fn judge_network(view: &NetworkView<'_>, wanted: impl Fn(Code) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES.iter().filter(|rule| wanted(rule.code)) {
        if let Concern::NetworkPolicy(judge) = rule.concern {
            judge(view, &mut Report::new(rule, &mut findings));
        }
    }
    findings
}

/// Judges what a pod's metadata become.
#[must_use]
pub fn judge_pod_metadata(view: &PodMetadataView<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        if let Concern::PodMetadata(judge) = rule.concern {
            judge(view, &mut Report::new(rule, &mut findings));
        }
    }
    findings
}

/// The list of a direction's rules, and of a rule's peers.
fn fields(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Ingress => ("ingress", "from"),
        Direction::Egress => ("egress", "to"),
    }
}

/// Every number that the ports may come to.
fn numbers(Ports { numbers, names }: &Ports) -> PortSet {
    names.iter().fold(numbers.clone(), |all, (protocol, _)| all.or(&PortSet::of(*protocol)))
}

/// How much is shown of a selector or of labels.
const SHOWN: usize = 200;

fn shown(selector: &Selector) -> String {
    sanitise(&selector.to_string(), SHOWN).into_owned()
}
