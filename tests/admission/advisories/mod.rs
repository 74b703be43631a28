//! What went wrong in systems like this one, tried here.
//!
//! Each test is named after a published advisory and begins with what went wrong there. It makes the
//! like of that attempt, which must be refused, beside a neighbour that is allowed: so that what is
//! refused is the attempt, and not everything.
//!
//! | advisory       | system            | what went wrong |
//! | -------------- | ----------------- | --------------- |
//! | CVE-2018-20321 | Rancher           | members of a project with `default` in it could use the cluster's account |
//! | CVE-2019-11253 | Kubernetes        | YAML aliases of aliases became a thousand million values |
//! | CVE-2019-11254 | Kubernetes        | YAML that was made for it took far more time than its length was worth |
//! | CVE-2020-8552  | Kubernetes        | each name that a client gave itself became a series of metrics |
//! | CVE-2020-8561  | Kubernetes        | a webhook could send the API server elsewhere by a redirect |
//! | CVE-2020-8564  | Kubernetes        | a pull secret that could not be read went to the log |
//! | CVE-2021-25735 | Kubernetes        | webhooks saw the new node's fields in the old one |
//! | CVE-2021-43979 | Gatekeeper        | it judged by a copy of the cluster that was not whole yet (disputed) |
//! | CVE-2022-23652 | capsule-proxy     | `Connection` named headers that were then dropped, who asks among them |
//! | CVE-2022-28946 | OPA               | some policies made the parser read beyond their end |
//! | CVE-2022-33082 | OPA               | some inputs brought the compiler down |
//! | CVE-2022-35929 | Cosign            | an attestation of another type passed for the one asked for |
//! | CVE-2022-35930 | policy-controller | the same where images are admitted |
//! | CVE-2022-46167 | Capsule           | an account took its namespace out of the tenant |
//! | CVE-2022-47633 | Kyverno           | a registry answered the check and the pull differently |
//! | CVE-2023-22651 | Rancher           | an upgrade left the webhook misconfigured |
//! | CVE-2023-2727  | Kubernetes        | ImagePolicyWebhook was not asked about ephemeral containers |
//! | CVE-2023-2728  | Kubernetes        | the ServiceAccount plugin forgot the secrets of ephemeral containers |
//! | CVE-2023-33191 | Kyverno           | its Pod Security rule left seccomp out at baseline and `latest` |
//! | CVE-2023-34091 | Kyverno           | objects with a deletionTimestamp were not judged |
//! | CVE-2023-47630 | Kyverno           | whoever held the registry chose the digest |
//! | CVE-2023-48312 | capsule-proxy     | it did not look whether a token had been found good |
//! | CVE-2024-10220 | Kubernetes        | gitRepo volumes ran hooks on the node |
//! | CVE-2024-22031 | Rancher           | projects of one name shared what they gave (GHSA-8h6m-wv39-239m) |
//! | CVE-2024-3177  | Kubernetes        | the list of mountable secrets was not held against `envFrom` |
//! | CVE-2024-39690 | Capsule           | owners took namespaces that had no owner |
//! | CVE-2024-48921 | Kyverno           | exceptions counted from every namespace |
//! | CVE-2025-1767  | Kubernetes        | gitRepo volumes cloned repositories of other pods on the node |
//! | CVE-2025-24376 | Kubewarden        | policies of a namespace changed reports of what was found |
//! | CVE-2025-24784 | Kubewarden        | groups of policies of a namespace read what they were not given |
//! | CVE-2025-46342 | Kyverno           | an error was dropped, and with it policies that select by labels |
//! | CVE-2025-46569 | OPA               | the path of a request became part of a query |
//! | CVE-2025-55205 | Capsule           | owners labelled system namespaces |
//! | CVE-2026-22039 | Kyverno           | `apiCall` of a namespace's policy went wherever it said |
//! | CVE-2026-22872 | Capsule           | its controller made whatever a tenant wrote, cluster roles too |
//! | CVE-2026-29773 | Kubewarden        | old callbacks told of all namespaces (GHSA-6r7f-3fwq-hq74) |
//! | CVE-2026-41052 | Rancher           | project owners changed Pod Security labels |
//! | CVE-2026-41068 | Kyverno           | a policy's ConfigMap came from any namespace |
//! | CVE-2026-42541 | Kubewarden        | policies asked what anybody may do |
//! | CVE-2026-4789  | Kyverno           | policies of a namespace sent HTTP requests from the controller |
//! | CVE-2026-61672 | Capsule           | some forbidden keys were not found (GHSA-gjw4-3v3v-rqxg) |
//! | CVE-2026-65835 | Capsule           | the mending of CVE-2026-22872 left a second way |

mod documents;
mod images;
mod input;
mod namespaces;
mod pods;
mod trust;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use ringfence::domain::{Requester, Version};
use ringfence::policy::{Source, load};
use ringfence::server::{Admission, Answer, Door, Endpoint};
use ringfence::state::{
    AuthorityLookup, Builder, Change, ClusterLookup, Found, Handle, LookupError, Namespace,
    NamespaceLookup,
};
use ringfence::telemetry::Metrics;
use serde_json::{Value, json};

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec:
  administrators: [{kind: Group, name: platform-admins}]
  contact: '#platform'
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: strict}
spec:
  images: {registries: [registry.example.com/*], requireDigest: true}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec:
  owners:
  - {kind: Group, name: alpha-devs}
  - {kind: ServiceAccount, name: deployer, namespace: alpha-dev}
  namespaces: {names: [alpha-dev], labels: {cost-center: '42'}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec:
  profile: strict
  owners: [{kind: Group, name: beta-devs}]
  namespaces: {names: [beta-dev, shop]}
---
apiVersion: ringfence.dev/v1alpha1
kind: Exemption
metadata: {name: driver}
spec:
  tenant: alpha
  rules: [RF2001]
  namespaces: [alpha-dev, beta-dev]
  owner: jo@example.com
  reason: it is a driver
  expiresAt: 2999-01-01T00:00:00Z
";

/// A cluster with two tenants' namespaces, and some that are nobody's.
const NAMESPACES: [(&str, Option<&str>); 6] = [
    ("alpha-dev", Some("alpha")),
    ("beta-dev", Some("beta")),
    ("default", None),
    ("kube-system", None),
    ("ringfence-system", None),
    ("tools", None),
];

const ALPHA: (&str, &[&str]) = ("jo", &["alpha-devs", "system:authenticated"]);
const BETA: (&str, &[&str]) = ("bo", &["beta-devs", "system:authenticated"]);
const PLATFORM: (&str, &[&str]) = ("pat", &["platform-admins", "system:authenticated"]);

const PODS: Kind = Kind("", "v1", "pods", "", "Pod");
const EPHEMERAL: Kind = Kind("", "v1", "pods", "ephemeralcontainers", "Pod");
const NAMESPACE: Kind = Kind("", "v1", "namespaces", "", "Namespace");
const DEPLOYMENTS: Kind = Kind("apps", "v1", "deployments", "", "Deployment");

/// Group, version, resource, subresource and kind.
#[derive(Clone, Copy)]
struct Kind(&'static str, &'static str, &'static str, &'static str, &'static str);

/// A request; an operation follows from the objects that it has.
#[derive(Clone)]
struct Ask<'a> {
    who: (&'a str, &'a [&'a str]),
    kind: Kind,
    namespace: &'a str,
    name: &'a str,
    object: Value,
    old: Value,
}

impl Ask<'_> {
    fn review(&self) -> Value {
        let Kind(group, version, resource, subresource, kind) = self.kind;
        let operation = match (&self.object, &self.old) {
            (_, Value::Null) => "CREATE",
            (Value::Null, _) => "DELETE",
            _ => "UPDATE",
        };
        json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "operation": operation, "name": self.name, "namespace": self.namespace,
                "kind": {"group": group, "version": version, "kind": kind},
                "resource": {"group": group, "version": version, "resource": resource},
                "subResource": subresource,
                "userInfo": {"username": self.who.0, "groups": self.who.1},
                "object": self.object, "oldObject": self.old,
            },
        })
    }
}

/// The text of a review as the API server writes it: the uid comes first.
fn uid_first(ask: &Ask<'_>) -> String {
    let mut review = ask.review();
    drop(review["request"].as_object_mut().unwrap().remove("uid"));
    review.to_string().replacen("\"request\":{", "\"request\":{\"uid\":\"u\",", 1)
}

/// A cluster that answers as it is told, and notes whom it was asked about.
#[derive(Default)]
struct Cluster {
    /// The label of a namespace that no snapshot knows; `None` where the cluster cannot be asked.
    label: Option<Option<&'static str>>,
    /// Whom RBAC makes the platform; `None` where it cannot be asked.
    administrator: Option<&'static str>,
    asked: Mutex<Vec<String>>,
}

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn away() -> LookupError {
    LookupError("connection refused".to_owned())
}

impl NamespaceLookup for Cluster {
    fn tenant_label<'a>(&'a self, _: &'a str) -> Later<'a, Found> {
        let label = self.label.map(|label| Some(label.map(str::to_owned)));
        Box::pin(async move { label.ok_or_else(away) })
    }
}

impl AuthorityLookup for Cluster {
    fn administers<'a>(&'a self, who: &'a Requester) -> Later<'a, Result<bool, LookupError>> {
        self.asked.lock().unwrap().push(who.name.clone());
        Box::pin(async { self.administrator.map(|name| name == who.name).ok_or_else(away) })
    }
}

/// A door on these documents.
fn door_on(documents: &str, cluster: Option<Arc<dyn ClusterLookup>>) -> Door {
    let source = Source { name: "documents.yaml".to_owned(), text: documents.to_owned() };
    let tenants = load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve();
    let handle = Handle::default();
    let named = NAMESPACES.map(|(name, label)| (name.to_owned(), Namespace::labelled(label)));
    Builder::in_cluster(handle.clone(), Version::NEWEST)
        .apply_all([Change::Tenants(tenants), Change::Namespaces(named.into())]);
    Door::new(handle, cluster, Arc::new(Metrics::new()), 500)
}

fn door() -> Door {
    door_on(DOCUMENTS, None)
}

/// The response to a body that has a uid.
async fn response(door: &Door, endpoint: Endpoint, body: impl Into<Bytes>) -> Value {
    let answer = door.answer(endpoint, &body.into(), Instant::now()).await;
    let Answer::Review { body, .. } = answer else { panic!("{answer:?}") };
    serde_json::from_slice::<Value>(&body).unwrap()["response"].clone()
}

/// The rules that refuse a review; none where it is allowed.
fn codes(response: &Value) -> Vec<String> {
    let found = response["auditAnnotations"]["findings"].as_str().unwrap_or_default();
    let mut codes: Vec<_> = found.split(',').filter_map(|it| it.strip_suffix("=enforce")).collect();
    codes.dedup();
    assert_eq!(response["allowed"], codes.is_empty(), "{response}");
    codes.into_iter().map(str::to_owned).collect()
}

/// Checks by which rules a request is refused; by none where it is allowed.
async fn check_at(door: &Door, ask: &Ask<'_>, expect: &[&str]) {
    let review = ask.review().to_string();
    let response = response(door, Endpoint::Validate, review.clone()).await;
    assert_eq!(codes(&response), expect, "{review}\n{response}");
}

async fn check(ask: &Ask<'_>, expect: &[&str]) {
    check_at(&door(), ask, expect).await;
}

fn namespace(name: &str, labels: Value) -> Value {
    json!({"metadata": {"name": name, "labels": labels}})
}

/// A change of a namespace's labels.
fn relabelled<'a>(who: (&'a str, &'a [&'a str]), name: &'a str, old: Value, new: Value) -> Ask<'a> {
    let (object, old) = (namespace(name, new), namespace(name, old));
    Ask { who, kind: NAMESPACE, namespace: name, name, object, old }
}

/// An image that tenant beta may run.
fn pinned() -> String {
    format!("registry.example.com/app@sha256:{}", "0".repeat(64))
}

/// A pod that every profile here admits.
fn good_pod() -> Value {
    json!({
        "metadata": {"name": "x"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [good_container("app")],
        },
    })
}

fn good_container(name: &str) -> Value {
    json!({
        "name": name, "image": pinned(),
        "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        },
    })
}

/// A new pod of a tenant's.
fn new_pod(namespace: &str, object: Value) -> Ask<'_> {
    let who = if namespace.starts_with("beta") { BETA } else { ALPHA };
    Ask { who, kind: PODS, namespace, name: "x", object, old: Value::Null }
}
