//! Policies of the whole cluster. Field names and meanings are those of sigs.k8s.io/network-policy-api:
//! ClusterNetworkPolicy of `apis/v1alpha2` (`apis/v1beta1` has the same fields), AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy of `apis/v1alpha1`. One type holds the fields of all three.

use std::borrow::Cow;

use super::decode::object;
use super::meta::Meta;
use super::network::LabelSelector;

object! {
    /// Such a policy.
    pub struct AdminPolicy<'de> {
        meta: Meta<'de> = "metadata",
        spec: AdminPolicySpec<'de> = "spec",
    }
}

object! {
    /// Its spec.
    pub struct AdminPolicySpec<'de> {
        /// Of a ClusterNetworkPolicy alone.
        tier: Cow<'de, str> = "tier",
        /// Of a BaselineAdminNetworkPolicy none.
        priority: Option<i32> = "priority",
        subject: AdminSubject<'de> = "subject",
        ingress: Vec<AdminRule<'de>> = "ingress",
        egress: Vec<AdminRule<'de>> = "egress",
    }
}

object! {
    /// The pods that it is about, by one of these.
    pub struct AdminSubject<'de> {
        namespaces: Option<LabelSelector<'de>> = "namespaces",
        pods: Option<NamespacedPods<'de>> = "pods",
    }
}

object! {
    /// Pods by their namespace and their labels.
    pub struct NamespacedPods<'de> {
        namespaces: LabelSelector<'de> = "namespaceSelector",
        pods: LabelSelector<'de> = "podSelector",
    }
}

object! {
    /// A rule of either direction.
    pub struct AdminRule<'de> {
        action: Cow<'de, str> = "action",
        from: Vec<AdminPeer<'de>> = "from",
        to: Vec<AdminPeer<'de>> = "to",
        /// Of a ClusterNetworkPolicy.
        protocols: Option<Vec<AdminProtocol<'de>>> = "protocols",
        /// Of the other two.
        ports: Option<Vec<AdminPort<'de>>> = "ports",
    }
}

object! {
    /// Who is at the other end, by one of these.
    pub struct AdminPeer<'de> {
        namespaces: Option<LabelSelector<'de>> = "namespaces",
        pods: Option<NamespacedPods<'de>> = "pods",
        nodes: Option<LabelSelector<'de>> = "nodes",
        networks: Vec<Cow<'de, str>> = "networks",
        domain_names: Vec<Cow<'de, str>> = "domainNames",
    }
}

object! {
    /// Ports of a protocol, by one of these.
    pub struct AdminProtocol<'de> {
        tcp: Option<AdminDestination> = "tcp",
        udp: Option<AdminDestination> = "udp",
        sctp: Option<AdminDestination> = "sctp",
        named: Cow<'de, str> = "destinationNamedPort",
    }
}

object! {
    /// Ports.
    pub struct AdminDestination {
        port: Option<AdminPortMatch> = "destinationPort",
    }
}

object! {
    /// A number, or a range.
    pub struct AdminPortMatch {
        number: i32 = "number",
        range: Option<AdminRange> = "range",
    }
}

object! {
    /// A range of ports.
    pub struct AdminRange {
        start: i32 = "start",
        end: i32 = "end",
    }
}

object! {
    /// Ports, by one of these.
    pub struct AdminPort<'de> {
        number: Option<AdminPortNumber<'de>> = "portNumber",
        named: Option<Cow<'de, str>> = "namedPort",
        range: Option<AdminPortRange<'de>> = "portRange",
    }
}

object! {
    /// A port of a protocol.
    pub struct AdminPortNumber<'de> {
        /// Empty is TCP.
        protocol: Cow<'de, str> = "protocol",
        port: i32 = "port",
    }
}

object! {
    /// A range of ports of a protocol.
    pub struct AdminPortRange<'de> {
        /// Empty is TCP.
        protocol: Cow<'de, str> = "protocol",
        start: i32 = "start",
        end: i32 = "end",
    }
}
