//! What tenants' own NetworkPolicies try to open: documents, policies that are refused, and their neighbours
//! that pass.

use ringfence::objects::yaml;
use serde_json::{Value, json};

/// Tenants alpha and beta, what they share, and Grants between them. Of the Grants that end, one has by 2026-06-01.
pub const DOCUMENTS: &str = include_str!("../admission/network/documents.yaml");
/// What opens more than its side may.
pub const REFUSED: &str = include_str!("../admission/network/refused.yaml");
/// What does not.
pub const ADMITTED: &str = include_str!("../admission/network/admitted.yaml");
/// The namespaces that they speak of, and whose they are.
pub const NAMESPACES: [(&str, Option<&str>); 9] = [
    ("alpha-web", Some("alpha")),
    ("alpha-db", Some("alpha")),
    ("beta-api", Some("beta")),
    ("warned", Some("warned")),
    ("free", Some("free")),
    ("ingress-nginx", None),
    ("kube-system", None),
    ("monitoring", None),
    ("plain", None),
];

/// The policies of a file: a name, and the rest of the spec of a policy for pods labelled app=web.
pub fn policies(text: &str) -> Vec<(String, Value)> {
    let each = yaml::documents(text).into_iter().map(|document| {
        let mut spec = document.unwrap().to_value();
        let fields = spec.as_object_mut().unwrap();
        let name = fields.remove("name").unwrap();
        fields.entry("podSelector").or_insert(json!({"matchLabels": {"app": "web"}}));
        // As the API server fills it in.
        let types = [("Ingress", true), ("Egress", fields.contains_key("egress"))];
        let types = types.iter().filter(|(_, concerned)| *concerned).map(|(name, _)| *name);
        let types: Vec<&str> = types.collect();
        fields.entry("policyTypes").or_insert(json!(types));
        (name.as_str().unwrap().to_owned(), spec)
    });
    each.collect()
}

/// A policy with this spec.
pub fn policy(namespace: &str, spec: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "own", "namespace": namespace}, "spec": spec})
}
