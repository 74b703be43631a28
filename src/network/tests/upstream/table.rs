//! A case: pods as `x/a`, policies, and what is closed.

use serde_json::{Value, json};

use super::super::cluster::{Cluster, Pod, labels};
use super::super::oracle::{End, allowed};
use crate::reach::{Matrix, Protocol};

/// A cluster as upstream's cases make it: the namespaces x, y and z; a pod `x/a` has the label `pod: a`, an
/// address, and for each port and protocol a name such as `serve-80-tcp`.
pub(super) struct Table {
    pub(super) cluster: Cluster,
}

impl Table {
    pub(super) fn new(pods: &[&str]) -> Self {
        let namespaces = ["x", "y", "z"].map(|own| (own.to_owned(), labels(&[])));
        let pod = |(number, text): (usize, &&str)| {
            let (namespace, name) = text.split_once('/').unwrap();
            let ports = Protocol::ALL.iter().flat_map(|protocol| {
                [80, 81].map(|port| {
                    let name = format!("serve-{port}-{}", protocol.as_str().to_lowercase());
                    (name, *protocol, port)
                })
            });
            Pod {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                labels: labels(&[("pod", name)]),
                addresses: vec![format!("10.0.0.{}", number + 1).parse().unwrap()],
                ports: ports.collect(),
            }
        };
        let cluster = Cluster {
            namespaces: namespaces.into(),
            pods: pods.iter().enumerate().map(pod).collect(),
            policies: Vec::new(),
            blocks_match_pods: true,
            ..Cluster::default()
        };
        Self { cluster }
    }

    /// A policy of a namespace for the pods that a selector selects.
    pub(super) fn policy(&mut self, namespace: &str, name: &str, pods: Value, spec: Value) {
        let mut spec = spec;
        spec["podSelector"] = pods;
        let metadata = json!({"name": name, "namespace": namespace});
        self.cluster.policies.retain(|own| own["metadata"] != metadata);
        self.cluster.policies.push(json!({"metadata": metadata, "spec": spec}));
    }

    pub(super) fn address(&self, pod: &str) -> String {
        self.pod(pod).addresses[0].to_string()
    }

    pub(super) fn label_pod(&mut self, pod: &str, key: &str, value: &str) {
        let found = self.cluster.pods.iter_mut().find(|own| is(own, pod)).unwrap();
        found.labels.insert(key.to_owned(), value.to_owned());
    }

    pub(super) fn label_namespace(&mut self, namespace: &str, key: &str, value: &str) {
        let found = self.cluster.namespaces.iter_mut().find(|(own, _)| own == namespace).unwrap();
        found.1.insert(key.to_owned(), value.to_owned());
    }

    fn pod(&self, pod: &str) -> &Pod {
        self.cluster.pods.iter().find(|own| is(own, pod)).unwrap()
    }

    /// Holds both engines to a table: everything is open but what `closed` says, the last word counting.
    /// `*` is every pod, `x/*` every pod of a namespace. As upstream, a pod's own calls are left out.
    #[track_caller]
    pub(super) fn check(&self, (protocol, port): (Protocol, u16), words: &[(&str, &str, bool)]) {
        let world = self.cluster.world();
        assert_eq!(world.unclear, []);
        let matrix = Matrix::new(&world);
        for (from, src) in self.cluster.pods.iter().enumerate() {
            for (to, dst) in self.cluster.pods.iter().enumerate().filter(|(to, _)| *to != from) {
                let word =
                    |(src_is, dst_is, _): &&(&str, &str, bool)| is(src, src_is) && is(dst, dst_is);
                let expect = words.iter().rev().find(word).is_none_or(|(_, _, open)| *open);
                let shown =
                    format!("{}/{} -> {}/{}", src.namespace, src.name, dst.namespace, dst.name);
                let found = matrix.between(from, to).ports.contains(protocol, port);
                assert_eq!(found, expect, "engine: {shown}");
                let naive = allowed(&self.cluster, End::Pod(src), End::Pod(dst), (protocol, port));
                assert_eq!(naive, expect, "naive engine: {shown}");
            }
        }
    }
}

fn is(pod: &Pod, text: &str) -> bool {
    match text.split_once('/') {
        None => text == "*",
        Some((namespace, "*")) => pod.namespace == namespace,
        Some((namespace, name)) => pod.namespace == namespace && pod.name == name,
    }
}

/// Ingress rules alone.
pub(super) fn ingress(rules: Value) -> Value {
    json!({"policyTypes": ["Ingress"], "ingress": rules})
}

/// Egress rules alone.
pub(super) fn egress(rules: Value) -> Value {
    json!({"policyTypes": ["Egress"], "egress": rules})
}

/// The pods with `pod: NAME`.
pub(super) fn pod(name: &str) -> Value {
    json!({"matchLabels": {"pod": name}})
}

/// The namespaces that are, or are not, called so.
pub(super) fn named(operator: &str, name: &str) -> Value {
    let key = "kubernetes.io/metadata.name";
    json!({"matchExpressions": [{"key": key, "operator": operator, "values": [name]}]})
}

/// The namespace of this name, by its label.
pub(super) fn labelled(name: &str) -> Value {
    json!({"matchLabels": {"kubernetes.io/metadata.name": name}})
}

/// A case of upstream's, called as there.
macro_rules! case {
    ($name:ident, $title:literal, |$table:ident: [$($pod:literal),*]| $body:block) => {
        #[test]
        #[doc = $title]
        fn $name() {
            let mut $table = Table::new(&[$($pod),*]);
            $body
        }
    };
}
pub(super) use case;
