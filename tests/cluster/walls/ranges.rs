//! What the cluster tells of its own addresses closes what a grant would open there.

use serde_json::{Value, json};

use super::super::harness::wait_until;
use super::super::program::PATIENCE;
use super::Walls;

const SPACE: &str = "alpha-ranges";
/// Addresses that no Platform says are the cluster's.
const OUTSIDE: &str = "203.0.113.0/24";
const POLICY: &str = "networkpolicy/ringfence-grant-egress-alpha-calls-out";

fn grant() -> Value {
    json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": "Grant",
        "metadata": {"name": "alpha-calls-out"},
        "spec": {"from": {"tenant": "alpha", "namespaces": [SPACE]}, "to": {"cidrs": [OUTSIDE]},
            "ports": [{"port": 443}], "owner": "jo", "reason": "a supplier",
            "expiresAt": "2999-01-01T00:00:00Z"}})
}

fn wait_open(walls: &Walls, open: bool, why: &str) {
    wait_until(PATIENCE, why, || walls.get(SPACE, POLICY).is_some() == open);
}

/// While the object is there, the path is closed.
fn closes(walls: &Walls, object: &Value, name: &str) {
    walls.apply(&object.to_string());
    wait_open(walls, false, &format!("the path to be closed by {name}"));
    walls.admin().kubectl(&["delete", name]).success();
    wait_open(walls, true, &format!("the path to be open without {name}"));
}

#[test]
fn a_grant_opens_nothing_that_the_cluster_says_is_its_own() {
    let walls = Walls::shared();
    walls.namespace("alpha", SPACE);
    walls.apply(&grant().to_string());
    wait_open(walls, true, "the granted path");
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ranges"},
        "spec": {"podCIDR": "203.0.113.128/26", "podCIDRs": ["203.0.113.128/26"]}});
    closes(walls, &node, "node/ranges");
    let services = json!({"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR",
        "metadata": {"name": "ranges"}, "spec": {"cidrs": ["203.0.112.0/22"]}});
    closes(walls, &services, "servicecidr/ranges");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ranges", "namespace": "default"},
        "spec": {"ports": [{"port": 443}], "externalIPs": ["203.0.113.77"]}});
    closes(walls, &service, "service/ranges");
    let balanced = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "balanced", "namespace": "default"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 443}]}});
    walls.apply(&balanced.to_string());
    let status = json!({"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.78"}]}}});
    let path = "/api/v1/namespaces/default/services/balanced";
    wait_open(walls, true, "the path to be open beside a Service without addresses");
    walls.api.patch(&format!("{path}/status"), "application/merge-patch+json", &status);
    wait_open(walls, false, "the path to be closed by a load balancer's address");
    walls.api.delete(path);
    wait_open(walls, true, "the path to be open without the load balancer");
    walls.admin().kubectl(&["delete", "grant/alpha-calls-out"]).success();
    let log = walls.server.log();
    assert!(!log.contains("tell no ranges"), "{}", walls.server.log_tail());
}
