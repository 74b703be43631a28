//! The table of RF4.

use super::{dns, idle, one_sided, pods};
use crate::domain::{Code, Severity};
use crate::rules::{Concern, Rule};

const POLICIES: &str = "https://kubernetes.io/docs/concepts/services-networking/network-policies/";
const SEPARATION: &str =
    "NSA/CISA Kubernetes Hardening Guide 1.2: network separation and hardening";

/// The rules of RF4, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        code: Code::OneSided,
        name: "oneSided",
        title: "a tenant's network policies open what is the tenant's alone",
        reason: "policies only add up: what one side opens to everybody, another tenant's policy completes to a path",
        remedy: "name as peers the tenant's own pods, or ask the platform team for a Grant",
        severity: Severity::High,
        references: &[POLICIES, SEPARATION, "MITRE ATT&CK T1210: Exploitation of Remote Services"],
        concern: Concern::NetworkPolicy(one_sided::one_sided),
    },
    Rule {
        code: Code::IdlePolicy,
        name: "idlePolicy",
        title: "a network policy does what it looks as if it did",
        reason: "rules of a direction that policyTypes leaves out, and selectors that nothing can meet, close and open nothing",
        remedy: "list the direction in policyTypes, or take out what has no effect",
        severity: Severity::Low,
        references: &[POLICIES],
        concern: Concern::NetworkPolicy(idle::idle),
    },
    Rule {
        code: Code::DnsRule,
        name: "dnsRule",
        title: "a rule for DNS opens what DNS needs",
        reason: "long answers come by TCP, and a namespace has no label but kubernetes.io/metadata.name unless somebody sets one",
        remedy: "open UDP and TCP 53, and select the namespace by kubernetes.io/metadata.name",
        severity: Severity::Low,
        references: &[
            "RFC 7766: DNS Transport over TCP",
            "https://kubernetes.io/docs/concepts/services-networking/network-policies/#targeting-a-namespace-by-its-name",
        ],
        concern: Concern::NetworkPolicy(dns::dns),
    },
    Rule {
        code: Code::ReservedPodLabel,
        name: "reservedPodLabel",
        title: "labels of pods that network policies trust are the platform's to write",
        reason: "a pod that gives itself the label of another namespace or of the platform's pods is taken for one",
        remedy: "leave the label out",
        severity: Severity::High,
        references: &[
            "CVE-2023-39347: Cilium takes a pod for one of the namespace that its label io.kubernetes.pod.namespace names",
            SEPARATION,
        ],
        concern: Concern::PodMetadata(pods::reserved_label),
    },
    Rule {
        code: Code::PodNetworkAnnotation,
        name: "podNetworkAnnotation",
        title: "a pod is attached to the cluster's network as all others are",
        reason: "a second network, or an address that a pod chose, is one that no policy of the namespace is about",
        remedy: "leave the annotation out, or ask the platform team for an Exemption",
        severity: Severity::High,
        references: &[
            "https://docs.tigera.io/calico/latest/reference/configure-cni-plugins",
            "https://kubeovn.github.io/docs/stable/en/guide/static-ip-mac/",
            "https://ovn-kubernetes.io/okeps/okep-5233-preconfigured-udn-addresses",
            "https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/how-to-use.md",
        ],
        concern: Concern::PodMetadata(pods::network_annotation),
    },
    Rule {
        code: Code::PolicyKind,
        name: "policyKind",
        title: "network policies of plugins' own kinds are the platform's to write",
        reason: "they can open, deny and redirect what no NetworkPolicy can, and no rule reads them",
        remedy: "write a NetworkPolicy, or ask the platform team",
        severity: Severity::High,
        references: &[
            "https://docs.cilium.io/en/stable/security/policy/",
            "https://docs.tigera.io/calico/latest/reference/resources/networkpolicy",
            "https://antrea.io/docs/main/docs/antrea-network-policy/",
            "https://network-policy-api.sigs.k8s.io/api-overview/",
        ],
        concern: Concern::PolicyKind,
    },
];
