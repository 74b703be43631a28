//! The two webhook configurations, as `ringfence webhooks` prints them and the leader keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::domain::{OUR_NAMESPACE, SYSTEM_NAMESPACES, TENANT_LABEL, fingerprint};
use crate::rules::entries::{Entry, EntryRule, PROBE_ENTRY, Selects};

/// Where the API server finds us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `https://127.0.0.1:8443`, without a path.
    Url(String),
    /// A Service.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its port.
        port: u16,
    },
}

/// The validating and the mutating configuration. `ca` is the PEM bundle that our certificate is
/// checked against.
#[must_use]
pub fn configurations(entries: &[Entry], target: &Target, ca: &str) -> [Value; 2] {
    let of = |kind: &str, mutating: bool| {
        let webhooks: Vec<Value> = entries
            .iter()
            .filter(|entry| entry.mutating == mutating)
            .map(|entry| webhook(entry, target, ca))
            .collect();
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": "ringfence" },
            "webhooks": webhooks,
        })
    };
    [of("ValidatingWebhookConfiguration", false), of("MutatingWebhookConfiguration", true)]
}

/// The label by which a probe says where it is to arrive: an API server that has not seen yet what became
/// of the entry must not answer by what it was.
pub const PLACE_LABEL: &str = "ringfence.dev/place";

/// The value of [`PLACE_LABEL`] for a `clientConfig`.
#[must_use]
pub fn place(client: &Value) -> String {
    fingerprint(&client.to_string())
}

fn webhook(entry: &Entry, target: &Target, ca: &str) -> Value {
    let path = if entry.mutating { "/mutate" } else { "/validate" };
    let mut client = match target {
        Target::Url(url) => json!({ "url": format!("{}{path}", url.trim_end_matches('/')) }),
        Target::Service { namespace, name, port } => json!({
            "service": { "namespace": namespace, "name": name, "port": port, "path": path },
        }),
    };
    let mut webhook = json!({
        "name": format!("{}.ringfence.dev", entry.name),
        "rules": entry.rules.iter().map(rule).collect::<Vec<_>>(),
        "matchPolicy": "Equivalent",
        "failurePolicy": if entry.ignore_failure { "Ignore" } else { "Fail" },
        "sideEffects": "None",
        "timeoutSeconds": entry.timeout_seconds,
        "admissionReviewVersions": ["v1"],
    });
    if let Some(client) = client.as_object_mut() {
        client.insert("caBundle".to_owned(), json!(STANDARD.encode(ca)));
    }
    let Some(fields) = webhook.as_object_mut() else { return webhook };
    fields.insert("clientConfig".to_owned(), client);
    if entry.selects != Selects::All {
        fields.insert("namespaceSelector".to_owned(), selector(entry.selects));
    }
    let condition =
        |(name, expression): &(&str, String)| json!({ "name": name, "expression": expression });
    let mut conditions: Vec<Value> = entry.conditions.iter().map(condition).collect();
    if entry.name == PROBE_ENTRY {
        let place = place(fields.get("clientConfig").unwrap_or(&Value::Null));
        let this = format!("object.metadata.?labels[?'{PLACE_LABEL}'].orValue('') == '{place}'");
        conditions.push(json!({ "name": "place", "expression": this }));
    }
    if !conditions.is_empty() {
        fields.insert("matchConditions".to_owned(), Value::Array(conditions));
    }
    if entry.mutating {
        fields.insert("reinvocationPolicy".to_owned(), json!("IfNeeded"));
    }
    webhook
}

pub(super) fn rule(rule: &EntryRule) -> Value {
    json!({
        "apiGroups": [rule.group],
        "apiVersions": [rule.version],
        "resources": rule.resources,
        "operations": rule.operations.iter().map(|operation| operation.as_str()).collect::<Vec<_>>(),
        "scope": "*",
    })
}

pub(super) fn selector(selects: Selects) -> Value {
    if selects == Selects::Ours {
        return json!({ "matchLabels": { "kubernetes.io/metadata.name": OUR_NAMESPACE } });
    }
    let operator = if selects == Selects::Unowned { "DoesNotExist" } else { "Exists" };
    json!({ "matchExpressions": [
        { "key": TENANT_LABEL, "operator": operator },
        { "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": SYSTEM_NAMESPACES },
    ]})
}
