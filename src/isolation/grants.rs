//! Grants as the engine's permits.

use std::collections::HashMap;

use super::Asked;
use crate::policy::Tenant;
use crate::policy::documents::{self, GrantPort, Operator, Party};
use crate::reach::{Permit, Permitted, PortSet, Protocol, Selector, Wanted};

/// The Grants between two of these tenants that are in force, by name.
pub(super) fn permits(asked: &Asked<'_>, all: &[&Tenant]) -> Vec<Permit> {
    let numbers: HashMap<&str, usize> =
        all.iter().enumerate().map(|(number, tenant)| (tenant.name.as_str(), number)).collect();
    let party = |party: &Party| {
        let names = party.namespaces.as_ref();
        Some(Permitted {
            tenant: *numbers.get(party.tenant.as_ref()?.as_str())?,
            namespaces: names.map(|names| names.iter().map(ToString::to_string).collect()),
            pods: party.pod_selector.as_ref().map_or_else(Selector::everything, selector),
        })
    };
    let in_force = crate::seal::in_force(asked.tenants, asked.now);
    let permits = in_force.filter_map(|grant| {
        let ports = grant.spec.ports.iter().map(ports);
        Some(Permit {
            name: grant.name.clone(),
            from: party(&grant.spec.from)?,
            to: party(&grant.spec.to)?,
            ports: ports.fold(PortSet::default(), |all, own| all.or(&own)),
        })
    });
    let mut permits: Vec<Permit> = permits.collect();
    permits.sort_by(|one, other| one.name.cmp(&other.name));
    permits
}

fn ports(own: &GrantPort) -> PortSet {
    let protocol = own.protocol.map_or(Protocol::Tcp, Protocol::from);
    PortSet::range(protocol, own.port.0, own.end_port.unwrap_or(own.port).0)
}

fn selector(own: &documents::Selector) -> Selector {
    let labels = own.match_labels.iter().flatten();
    let labels = labels.fold(Selector::everything(), |all, (key, value)| {
        all.with(key.as_str(), Wanted::one_of([value.to_string()]))
    });
    own.match_expressions.iter().flatten().fold(labels, |all, one| {
        let values = || one.values.iter().flatten().map(ToString::to_string);
        let wanted = match one.operator {
            Operator::In => Wanted::one_of(values()),
            Operator::NotIn => Wanted::none_of(values()),
            Operator::Exists => Wanted::present(),
            Operator::DoesNotExist => Wanted::absent(),
        };
        all.with(one.key.as_str(), wanted)
    })
}
