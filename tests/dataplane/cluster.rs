//! Namespaces, pods and policies: what the engine is asked about, and what rules are made of.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ringfence::audit::{Drawing, Input, draw};
use ringfence::policy::Tenants;
use ringfence::reach::{self, Direction, Matrix, World};
use serde_json::{Value, json};

use super::prober::{Probe, Protocol};

pub type Labels = BTreeMap<String, String>;

/// A host of the network; its addresses do not change.
#[derive(Debug)]
pub struct End {
    /// Its addresses, divided by a space.
    addresses: &'static str,
    /// Whether it is no pod.
    pub is_outside: bool,
}

/// Pods, at the edges of the ranges that policies speak of, and two hosts outside.
pub const ENDS: [End; 8] = [
    End { addresses: "10.0.0.1 fd00::1", is_outside: false },
    End { addresses: "10.0.0.7 fd00::7", is_outside: false },
    End { addresses: "10.0.1.9 fd00::1:9", is_outside: false },
    End { addresses: "10.1.0.1 fd00:1::1", is_outside: false },
    End { addresses: "10.1.0.2", is_outside: false },
    End { addresses: "fd00:1::2", is_outside: false },
    End { addresses: "203.0.113.5 2001:db8::5", is_outside: true },
    End { addresses: "198.51.100.9 2001:db8:1::9", is_outside: true },
];

/// How many of them are pods: the first ones.
pub const PODS: usize = 6;

impl End {
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.split(' ').map(|own| own.parse().unwrap())
    }
}

/// What a pod is, beside its addresses.
#[derive(Debug, Clone)]
pub struct Pod {
    pub namespace: String,
    pub labels: Labels,
    /// Name, protocol and number.
    pub ports: Vec<(String, &'static str, u16)>,
}

#[derive(Debug, Clone)]
pub struct Cluster {
    /// By their names, without the label that holds the name.
    pub namespaces: BTreeMap<String, Labels>,
    /// One for each end that is a pod.
    pub pods: Vec<Pod>,
    /// NetworkPolicies, each with its namespace.
    pub policies: Vec<Value>,
}

impl Cluster {
    /// What the engine says of each probe.
    ///
    /// It is asked of one family at a time, because it tells what passes by any of two pods' addresses; and
    /// of both, which must then be what passes by either.
    pub fn engine(&self, probes: &[Probe]) -> Vec<bool> {
        let worlds = [true, false].map(|v4| self.world(|own| own.is_ipv4() == v4));
        let matrices = worlds.each_ref().map(Matrix::new);
        let of = |probe: &Probe| {
            let [v4, v6] = &matrices;
            if probe.address.is_ipv4() { says(v4, probe) } else { says(v6, probe) }
        };
        let found: Vec<bool> = probes.iter().map(of).collect();
        let both = self.world(|_| true);
        let both = Matrix::new(&both);
        for probe in
            probes.iter().filter(|own| !ENDS[own.from].is_outside && !ENDS[own.to].is_outside)
        {
            let same = |own: &Probe| Probe { address: probe.address, ..*own } == *probe;
            let either = probes.iter().zip(&found).any(|(own, passes)| same(own) && *passes);
            assert_eq!(
                says(&both, probe),
                either,
                "{self}\n{}, by either family",
                self.told(probe)
            );
        }
        found
    }

    fn world(&self, has: impl Fn(&IpAddr) -> bool) -> World {
        let mut documents: Vec<Value> = self.namespaces.iter().map(|(name, labels)| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        }).collect();
        for (number, pod) in self.pods.iter().enumerate() {
            let port = |(name, protocol, number): &(String, &str, u16)| json!({"name": name, "protocol": protocol, "containerPort": number});
            let ips =
                ENDS[number].addresses().filter(&has).map(|own| json!({"ip": own.to_string()}));
            documents.push(json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": format!("pod-{number}"), "namespace": pod.namespace, "labels": pod.labels},
                "spec": {"containers": [{"ports": pod.ports.iter().map(port).collect::<Vec<_>>()}]},
                "status": {"phase": "Running", "podIPs": ips.collect::<Vec<_>>()},
            }));
        }
        documents.extend(self.policies.iter().enumerate().map(|(number, own)| {
            let mut own = own.clone();
            own["apiVersion"] = json!("networking.k8s.io/v1");
            own["kind"] = json!("NetworkPolicy");
            own["metadata"]["name"] = json!(format!("own-{number}"));
            own
        }));
        let text = documents.iter().map(|own| format!("{own}\n")).collect();
        let input = Input { source: "-".to_owned(), text };
        let tenants = Tenants::default();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let drawing = Drawing { tenants: &tenants, namespace: "default", as_is: false, now };
        let map = draw(&[input], &drawing);
        assert!(
            map.problems.is_empty() && map.notes.is_empty() && map.world.unclear.is_empty(),
            "{self}\n{map:?}"
        );
        // The probes call pods by their numbers.
        let names = map.known.iter().map(|own| own.name.clone()).collect::<Vec<_>>();
        assert_eq!(names, (0..PODS).map(|own| format!("pod-{own}")).collect::<Vec<_>>());
        map.world
    }

    /// A probe in words.
    pub fn told(&self, probe: &Probe) -> String {
        let end = |number: usize| match self.pods.get(number) {
            Some(pod) => format!("{}/pod-{number}", pod.namespace),
            None => ENDS[number].addresses.to_owned(),
        };
        let Probe { from, to, address, protocol, port } = *probe;
        format!("{} to {}, {address}, {} {port}", end(from), end(to), protocol.as_str())
    }
}

fn says(matrix: &Matrix<'_>, probe: &Probe) -> bool {
    let ports = match (ENDS[probe.from].is_outside, ENDS[probe.to].is_outside) {
        (false, false) => matrix.between(probe.from, probe.to),
        (false, true) => {
            let class = matrix.class(probe.from).unwrap();
            matrix.with_outside(class, probe.address, Direction::Egress)
        }
        (true, _) => {
            let mut own = ENDS[probe.from].addresses();
            let address = own.find(|own| own.is_ipv4() == probe.address.is_ipv4()).unwrap();
            let class = matrix.class(probe.to).unwrap();
            matrix.with_outside(class, address, Direction::Ingress)
        }
    };
    let protocol = match probe.protocol {
        Protocol::Tcp => reach::Protocol::Tcp,
        Protocol::Udp => reach::Protocol::Udp,
    };
    ports.ports.contains(protocol, probe.port)
}

/// Everything that a disagreement is about.
impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, labels) in &self.namespaces {
            writeln!(f, "namespace {name} {labels:?}")?;
        }
        for (number, Pod { namespace, labels, ports }) in self.pods.iter().enumerate() {
            let addresses = ENDS[number].addresses;
            writeln!(f, "{namespace}/pod-{number} {labels:?} {addresses} {ports:?}")?;
        }
        self.policies.iter().try_for_each(|own| writeln!(f, "{own}"))
    }
}
