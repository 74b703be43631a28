//! Reviews of every sort, and what a replica answers to them.

use http::Request;
use kube::{Client, Config};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::NAMESPACES;
use crate::harness::{ControlPlane, Server};
use crate::pods;

/// A resource: its group, its name in paths, and the kind of its objects.
type Resource = (&'static str, &'static str, &'static str);

const PODS: Resource = ("", "pods", "Pod");
const DEPLOYMENTS: Resource = ("apps", "deployments", "Deployment");
const ACCOUNTS: Resource = ("", "serviceaccounts", "ServiceAccount");
const WHOLE: Resource = ("", "namespaces", "Namespace");
const POLICIES: Resource = ("networking.k8s.io", "networkpolicies", "NetworkPolicy");

const USERS: [(&str, &str); 5] = [
    ("ada", "alpha-devs"),
    ("bob", "beta-devs"),
    ("eve", "nobody"),
    ("root", "system:masters"),
    ("system:serviceaccount:chaos-alpha:default", "system:serviceaccounts:chaos-alpha"),
];

/// So many reviews, always the same ones.
pub fn reviews(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let pods = pods::pod();
    let mut pod = || pods.new_tree(&mut runner).unwrap().current();
    (0..count).map(|number| review(number, pod())).collect()
}

fn review(number: usize, pod: Value) -> Value {
    // Each of the lists is gone through at a pace of its own, so that all pairs come.
    let namespace = NAMESPACES[number % NAMESPACES.len()];
    let user = USERS[(number / NAMESPACES.len()) % USERS.len()];
    let named = |name: &str, labels: Value| json!({"metadata": {"name": name, "namespace": namespace, "labels": labels}});
    let managed = named("ringfence-default-deny", json!({"ringfence.dev/managed": "true"}));
    let tenant = ["alpha", "beta", "gone"][number % 3];
    let labels = json!({"ringfence.dev/tenant": tenant});
    let whole = |name: &str| json!({"metadata": {"name": name, "labels": labels}});
    let compliant = || {
        let mut good = pods::compliant();
        good["metadata"] = json!({"name": "app", "namespace": namespace});
        good
    };
    match number % 9 {
        0 => asked(number, PODS, namespace, user, [&compliant(), &Value::Null]),
        1 | 2 => asked(number, PODS, namespace, user, [&pod, &Value::Null]),
        3 => asked(number, PODS, namespace, user, [&pod, &compliant()]),
        4 | 5 => {
            let template = json!({"metadata": {"name": "web"}, "spec": {"template": pod}});
            asked(number, DEPLOYMENTS, namespace, user, [&template, &Value::Null])
        }
        6 => asked(number, ACCOUNTS, namespace, user, [&named("app", json!({})), &Value::Null]),
        7 if number.is_multiple_of(2) => {
            let name = format!("{tenant}-new");
            asked(number, WHOLE, &name, user, [&whole(&name), &Value::Null])
        }
        7 => {
            asked(number, WHOLE, namespace, user, [&whole(namespace), &named(namespace, json!({}))])
        }
        _ => asked(number, POLICIES, namespace, user, [&Value::Null, &managed]),
    }
}

fn asked(
    number: usize,
    (group, resource, kind): Resource,
    namespace: &str,
    (user, of_group): (&str, &str),
    [object, old]: [&Value; 2],
) -> Value {
    let operation = match (object.is_null(), old.is_null()) {
        (true, _) => "DELETE",
        (false, true) => "CREATE",
        (false, false) => "UPDATE",
    };
    let version = "v1";
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": format!("review-{number}"), "operation": operation, "dryRun": true,
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": resource},
        "name": "app", "namespace": namespace,
        "userInfo": {"username": user, "groups": [of_group, "system:authenticated"]},
        "object": object, "oldObject": old,
    }})
}

/// A replica that is asked as the API server asks.
pub struct Replica {
    runtime: Runtime,
    client: Client,
}

impl Replica {
    pub fn of(cluster: &ControlPlane, server: &Server) -> Self {
        let log = server.log();
        let url = log.split("ready: ").nth(1).unwrap().split(' ').next().unwrap();
        let ca = std::fs::read(cluster.scratch().join("certs/ca.crt")).unwrap();
        let der = rustls::pki_types::CertificateDer::from_pem_slice(&ca).unwrap();
        let mut config = Config::new(url.parse().unwrap());
        config.root_cert = Some(vec![der.to_vec()]);
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(async { Client::try_from(config).unwrap() });
        Self { runtime, client }
    }

    /// What both paths answer to each review.
    pub fn answers(&self, reviews: &[Value]) -> Vec<[Value; 2]> {
        let answer = |review: &Value| {
            ["/validate", "/mutate"].map(|path| {
                let request = Request::post(path).header("Content-Type", "application/json");
                let request = request.body(review.to_string().into_bytes()).unwrap();
                self.runtime.block_on(self.client.request(request)).unwrap()
            })
        };
        reviews.iter().map(answer).collect()
    }
}
