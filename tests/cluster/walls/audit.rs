//! What the API server tells of requests, in its audit log.

use std::fs;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::ACCOUNT;
use crate::harness::Options;

/// Writes of the objects that seals consist of.
const WRITES: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch, delete]
  resources:
  - group: networking.k8s.io
    resources: [networkpolicies]
  - group: rbac.authorization.k8s.io
    resources: [rolebindings, clusterrolebindings]
  - group: ''
    resources: [resourcequotas, limitranges]
- level: None
";

/// The log of an API server that is started with its options.
pub struct Audit(TempDir);

/// A request that has been answered.
#[derive(Debug)]
pub struct Request {
    user: String,
    verb: String,
    /// `networkpolicies namespace/name`
    pub object: String,
    pub namespace: String,
    pub code: u64,
    at: Timestamp,
}

impl Audit {
    pub fn new() -> Self {
        Self::of(WRITES)
    }

    /// Of the requests that an audit policy says.
    pub fn of(policy: &str) -> Self {
        let audit = Self(TempDir::new().unwrap());
        fs::write(audit.0.path().join("policy.yaml"), policy).unwrap();
        audit
    }

    pub fn options(&self) -> Options {
        let at = |name: &str| self.0.path().join(name).display().to_string();
        Options {
            api_server_flags: vec![
                format!("--audit-policy-file={}", at("policy.yaml")),
                format!("--audit-log-path={}", at("audit.log")),
            ],
            ..Options::default()
        }
    }

    /// The writes of objects so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Request> {
        let mut requests: Vec<Request> = self.events().iter().filter_map(request).collect();
        requests.sort_by_key(|request| request.at);
        requests
    }

    /// What has been written so far.
    pub fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.0.path().join("audit.log")).unwrap_or_default();
        // The last line may not be whole yet.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn request(event: &Value) -> Option<Request> {
    let of = &event["objectRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = event["stage"] == "ResponseComplete" && of["subresource"].is_null();
    let namespace = text(&of["namespace"]);
    own.then(|| Request {
        user: text(&event["user"]["username"]),
        verb: text(&event["verb"]),
        object: format!("{} {namespace}/{}", text(&of["resource"]), text(&of["name"])),
        namespace,
        code: event["responseStatus"]["code"].as_u64().unwrap(),
        at: event["stageTimestamp"].as_str().unwrap().parse().unwrap(),
    })
}

impl Request {
    pub fn is_ours(&self) -> bool {
        self.user == ACCOUNT
    }

    /// Whether it was taken.
    pub fn is_good(&self) -> bool {
        self.code < 300
    }

    pub fn makes(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "patch")
    }

    /// Milliseconds since another.
    pub fn after(&self, other: &Self) -> f64 {
        self.at.duration_since(other.at).as_secs_f64() * 1000.0
    }
}
