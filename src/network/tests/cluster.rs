//! A small cluster as Kubernetes writes it, for both engines.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::network::{AdminKind, Found, admin_policy, namespace, network_policy, pod};
use crate::reach::{self, Protocol, World};

pub(crate) type Labels = BTreeMap<String, String>;

/// Namespaces, pods and policies; each policy's text names its namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) namespaces: Vec<(String, Labels)>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) policies: Vec<Value>,
    /// Policies of the whole cluster; of one tier no two have the same priority.
    pub(crate) admin: Vec<Value>,
    /// Whether an ipBlock matches pods.
    pub(crate) blocks_match_pods: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) addresses: Vec<IpAddr>,
    /// Name, protocol and number.
    pub(crate) ports: Vec<(String, Protocol, u16)>,
}

/// Labels as the engine has them.
pub(crate) fn of_engine(own: &reach::Labels) -> Labels {
    own.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

pub(crate) fn labels(own: &[(&str, &str)]) -> Labels {
    own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Cluster {
    /// As the engines see it, by way of the objects' texts.
    pub(crate) fn world(&self) -> World {
        let mut world = World { blocks_match_pods: self.blocks_match_pods, ..World::default() };
        for (name, labels) in &self.namespaces {
            let text = json!({"metadata": {"name": name, "labels": labels}}).to_string();
            world.namespaces.push(namespace(&text).unwrap());
        }
        for own in &self.pods {
            let Found::Pod(pod) = pod(&own.text(), &own.namespace).unwrap() else { panic!("none") };
            world.pods.push(pod);
        }
        for own in &self.policies {
            let of = own["metadata"]["namespace"].as_str().unwrap();
            let read = network_policy(&own.to_string(), of, &|at| at.to_owned()).unwrap();
            world.policies.push(read.policy);
            world.unclear.extend(read.unclear);
        }
        for own in &self.admin {
            let word = |key: &str| own[key].as_str().unwrap();
            let kind = AdminKind::of(word("apiVersion"), word("kind")).unwrap();
            let read = admin_policy(&own.to_string(), kind, &|at| at.to_owned()).unwrap();
            world.policies.push(read.policy);
            world.unclear.extend(read.unclear);
        }
        world
    }

    /// The labels of a namespace, that of its name among them.
    pub(crate) fn labels_of(&self, namespace: &str) -> Labels {
        let (name, own) = self.namespaces.iter().find(|(name, _)| name == namespace).unwrap();
        let mut own = own.clone();
        own.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
        own
    }
}

impl Pod {
    pub(crate) fn text(&self) -> String {
        let port = |(name, protocol, number): &(String, Protocol, u16)| json!({"name": name, "protocol": protocol.as_str(), "containerPort": number});
        let ips: Vec<Value> =
            self.addresses.iter().map(|own| json!({"ip": own.to_string()})).collect();
        json!({
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels},
            "spec": {"containers": [{"ports": self.ports.iter().map(port).collect::<Vec<_>>()}]},
            "status": {"phase": "Running", "podIPs": ips},
        })
        .to_string()
    }
}
