//! Parts of network policies: who a rule is for, on which ports, and the policies around them.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::managed::{Managed, in_namespace};
use crate::domain::{Cidr, NAME_LABEL, TENANT_LABEL, TenantName};
use crate::policy::documents::{Operator, Protocol, Selector};
use crate::policy::values::{Label1123, Port};
use crate::reach;

/// One or both directions, seen from the pods that a policy selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// What a policy lets through in one direction: whom, and on which ports. No ports are all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Allow {
    pub(super) way: Way,
    pub(super) peers: Vec<NetworkPolicyPeer>,
    pub(super) ports: Vec<NetworkPolicyPort>,
}

/// A policy for some pods of a namespace. It concerns the directions of its rules, and both where it has
/// none. A list is written where it is empty too: server-side apply takes away only from what it owns.
pub(super) fn policy(
    namespace: &str,
    name: impl Into<String>,
    pods: LabelSelector,
    rules: Vec<Allow>,
) -> Managed {
    let both = rules.is_empty();
    let (mut ingress, mut egress) = (Vec::new(), Vec::new());
    for Allow { way, peers, ports } in rules {
        let ports = (!ports.is_empty()).then_some(ports);
        match way {
            Way::In => ingress.push(NetworkPolicyIngressRule { from: Some(peers), ports }),
            Way::Out => egress.push(NetworkPolicyEgressRule { to: Some(peers), ports }),
        }
    }
    let types = [("Ingress", both || !ingress.is_empty()), ("Egress", both || !egress.is_empty())];
    let types = types.iter().filter(|(_, concerned)| *concerned);
    let spec = NetworkPolicySpec {
        pod_selector: Some(pods),
        policy_types: Some(types.map(|(name, _)| (*name).to_owned()).collect()),
        ingress: Some(ingress),
        egress: Some(egress),
    };
    let metadata = in_namespace(namespace, name);
    Managed::NetworkPolicy(Box::new(NetworkPolicy { metadata, spec: Some(spec) }))
}

/// All pods of a policy's own namespace.
pub(super) fn own_namespace() -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        pod_selector: Some(LabelSelector::default()),
        ..NetworkPolicyPeer::default()
    }
}

/// Pods of a tenant, in some of its namespaces or in all: a name counts while that namespace is the
/// tenant's.
pub(super) fn of_tenant(
    tenant: &TenantName,
    namespaces: Option<&Vec<Label1123>>,
    pods: Option<&Selector>,
) -> NetworkPolicyPeer {
    let named = namespaces.map(|names| {
        let mut values: Vec<String> = names.iter().map(ToString::to_string).collect();
        values.sort_unstable();
        values.dedup();
        vec![requirement(NAME_LABEL, "In", Some(values))]
    });
    let namespaces = LabelSelector {
        match_labels: Some(label(TENANT_LABEL, tenant.as_str())),
        match_expressions: named,
    };
    NetworkPolicyPeer {
        namespace_selector: Some(namespaces),
        pod_selector: pods.map(selector),
        ip_block: None,
    }
}

/// Pods of the platform's in a namespace, while that has no tenant.
pub(super) fn of_platform(namespace: &Label1123, pods: Option<&Selector>) -> NetworkPolicyPeer {
    let namespaces = LabelSelector {
        match_labels: Some(label(NAME_LABEL, namespace.as_str())),
        match_expressions: Some(vec![requirement(TENANT_LABEL, "DoesNotExist", None)]),
    };
    NetworkPolicyPeer {
        namespace_selector: Some(namespaces),
        pod_selector: pods.map(selector),
        ip_block: None,
    }
}

/// Addresses.
pub(super) fn at_addresses(cidrs: &[Cidr]) -> Vec<NetworkPolicyPeer> {
    let block = |cidr: &Cidr| NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr: cidr.to_string(), except: None }),
        ..NetworkPolicyPeer::default()
    };
    cidrs.iter().map(block).collect()
}

/// Ports of a protocol; no `port` is all of them.
pub(super) fn ports(
    protocol: Protocol,
    port: Option<Port>,
    end: Option<Port>,
) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(reach::Protocol::from(protocol).as_str().to_owned()),
        port: port.map(|port| IntOrString::Int(port.0.into())),
        end_port: end.map(|port| port.0.into()),
    }
}

/// A selector of ours as Kubernetes'.
pub(super) fn selector(own: &Selector) -> LabelSelector {
    let labels = own.match_labels.as_ref();
    let expressions = own.match_expressions.as_ref();
    let text = |values: &Vec<_>| values.iter().map(ToString::to_string).collect();
    LabelSelector {
        match_labels: labels.map(|own| {
            own.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
        }),
        match_expressions: expressions.map(|own| {
            let one = own.iter().map(|own| {
                let values = own.values.as_ref().map(text);
                requirement(own.key.as_str(), operator(own.operator), values)
            });
            one.collect()
        }),
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
    }
}

pub(super) fn requirement(
    key: &str,
    operator: &str,
    values: Option<Vec<String>>,
) -> LabelSelectorRequirement {
    LabelSelectorRequirement { key: key.to_owned(), operator: operator.to_owned(), values }
}

pub(super) fn label(key: &str, value: &str) -> BTreeMap<String, String> {
    [(key.to_owned(), value.to_owned())].into()
}
