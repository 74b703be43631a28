//! A cluster of any size, the same for each seed.

use anyhow::{Context as _, Result};
use ringfence::policy::Source;
use serde_json::{Value, json};

use crate::reviews;

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub tenants: usize,
}

/// What a tenant has: namespaces, in each of them pods, and policies of its own.
pub const NAMESPACES: usize = 10;
pub const PODS: usize = 10;
pub const POLICIES: usize = 2;

/// One tenant of so many calls the next by a Grant.
const GRANTED: usize = 5;

impl Size {
    /// So many hundredths of 1,000 tenants with 100,000 pods.
    pub fn percent(percent: usize) -> Self {
        Self { tenants: 10 * percent }
    }

    pub fn namespaces(self) -> usize {
        self.tenants * NAMESPACES
    }

    pub fn pods(self) -> usize {
        self.namespaces() * PODS
    }

    pub fn policies(self) -> usize {
        self.namespaces() * POLICIES
    }
}

/// xorshift64
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }
}

const APPS: [&str; 6] = ["web", "api", "db", "queue", "cache", "worker"];

pub fn tenant(number: usize) -> String {
    format!("team-{number:04}")
}

pub fn namespace(number: usize) -> String {
    format!("{}-{}", tenant(number / NAMESPACES), number % NAMESPACES)
}

/// The documents: what the platform shares, a profile, the tenants and the Grants between them.
pub fn documents(size: Size) -> Source {
    let mut text = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec:
  shared:
  - name: ingress
    direction: ingress
    namespace: ingress-nginx
    podSelector: {matchLabels: {app.kubernetes.io/name: ingress-nginx}}
  - {name: metrics, direction: ingress, namespace: monitoring, ports: [{protocol: TCP, port: 9100}]}
  cluster:
    podCIDRs: [10.0.0.0/9]
    serviceCIDRs: [172.20.0.0/16]
    nodeCIDRs: [192.168.0.0/16]
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: networked}
spec: {network: {shared: [ingress, metrics], outside: [{cidr: 203.0.113.0/24, ports: [{protocol: TCP, port: 443}]}]}}
"
    .to_owned();
    for number in 0..size.tenants {
        let name = tenant(number);
        text += &format!(
            "---\napiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: {name}}}\n\
             spec: {{profile: networked, namespaces: {{prefix: {name}-}}, owners: [{{kind: Group, name: {name}-devs}}]}}\n"
        );
        if number % GRANTED == 0 && number + 1 < size.tenants {
            text += &format!(
                "---\napiVersion: ringfence.dev/v1alpha1\nkind: Grant\nmetadata: {{name: call-{number}}}\n\
                 spec:\n  from: {{tenant: {name}}}\n  to: {{tenant: {}, podSelector: {{matchLabels: {{app: api}}}}}}\n  \
                 ports: [{{protocol: TCP, port: 8443}}]\n  owner: jo@example.com\n  reason: orders\n  \
                 expiresAt: 2099-01-01T00:00:00Z\n",
                tenant(number + 1)
            );
        }
    }
    Source { name: "documents.yaml".to_owned(), text }
}

pub fn namespace_object(number: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(number), "labels": {
        "ringfence.dev/tenant": tenant(number / NAMESPACES),
        "environment": if number.is_multiple_of(2) { "production" } else { "test" },
    }}})
}

/// The pod of three containers that reviews are of, as the API server tells of it.
pub fn pod_template() -> Result<Value> {
    let review: Value = serde_json::from_str(&reviews::pod().0)?;
    let mut pod = review.pointer("/request/object").context("a review without an object")?.clone();
    if let Some(meta) = pod.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    Ok(pod)
}

/// A pod by its number of all: those of a namespace belong to a few workloads.
pub fn pod_object(template: &Value, number: usize) -> Value {
    let (within, own) = (number / PODS, number % PODS);
    let app = APPS.get((own + within) % 4).copied().unwrap_or_default();
    let hash = format!("{:x}", 0x7d4b_9c6f_usize ^ (within * 7 + own % 4));
    let mut pod = template.clone();
    if let Some(fields) = pod.as_object_mut() {
        fields.insert("metadata".to_owned(), json!({
            "name": format!("{app}-{hash}-{own:05}"), "namespace": namespace(within),
            "uid": format!("00000000-0000-0000-0000-{number:012}"), "resourceVersion": number.to_string(),
            "creationTimestamp": "2026-11-02T09:14:27Z",
            "labels": {"app": app, "version": if own < 5 { "1" } else { "2" }, "team": "checkout", "pod-template-hash": hash},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-{hash}"),
                "uid": "00000000-0000-0000-0000-000000000001", "controller": true, "blockOwnerDeletion": true}],
        }));
        let ip = format!("10.{}.{}.{}", number >> 16 & 127, number >> 8 & 255, number & 255);
        fields.insert("status".to_owned(), json!({
            "phase": "Running", "hostIP": "192.168.1.7", "podIP": ip, "podIPs": [{"ip": ip}], "qosClass": "Burstable",
        }));
    }
    pod
}

/// A policy of a tenant, by its number of all, that lies within what its side may open alone.
pub fn policy(number: usize) -> Value {
    let within = number / POLICIES;
    let mut random = Random::new(number as u64);
    let own = json!({"matchLabels": {"ringfence.dev/tenant": tenant(within / NAMESPACES)}});
    let app = json!({"matchLabels": {"app": random.of(&APPS)}});
    let port = json!({"protocol": "TCP", "port": 8000 + random.below(5)});
    let ingress =
        |rule: Value| json!({"podSelector": app, "policyTypes": ["Ingress"], "ingress": [rule]});
    let egress =
        |rule: Value| json!({"podSelector": app, "policyTypes": ["Egress"], "egress": [rule]});
    let other = json!({"matchLabels": {"app": random.of(&APPS)}});
    let two = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": [random.of(&APPS), random.of(&APPS)]}]});
    let spec = match random.below(7) {
        0 => ingress(json!({"from": [{"podSelector": other}], "ports": [port]})),
        1 => {
            egress(json!({"to": [{"namespaceSelector": own, "podSelector": two}], "ports": [port]}))
        }
        2 => egress(
            json!({"to": [{"ipBlock": {"cidr": "203.0.113.0/25", "except": ["203.0.113.7/32"]}}], "ports": [{"protocol": "TCP", "port": 443}]}),
        ),
        3 => ingress(
            json!({"from": [{"namespaceSelector": own, "podSelector": {"matchExpressions": [{"key": "version", "operator": "NotIn", "values": ["0"]}]}}]}),
        ),
        4 => egress(json!({
            "to": [{
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": "kube-system"},
                    "matchExpressions": [{"key": "ringfence.dev/tenant", "operator": "DoesNotExist"}],
                },
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        })),
        5 => ingress(
            json!({"from": [{"podSelector": two}, {"podSelector": other}], "ports": [{"protocol": "TCP", "port": 9000, "endPort": 9100}, {"port": "http"}]}),
        ),
        _ => json!({"podSelector": app, "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"namespaceSelector": own}], "ports": [port]}],
            "egress": [{"to": [{"podSelector": other}], "ports": [port]}, {"to": [{"namespaceSelector": own, "podSelector": other}]}]}),
    };
    in_namespace(within, &format!("own-{}", number % POLICIES), &spec)
}

/// A policy in the namespace of a number.
pub fn in_namespace(within: usize, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace(within)}, "spec": spec})
}
