//! Whatever goes wrong between the bytes and the answer is a refusal: each kind of error by name, and
//! each fault that can be injected with each review.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use crate::domain::{Code, Family, Requester, Version};
use crate::policy;
use crate::server::refusal::Refusal;
use crate::server::{Admission, Door, Endpoint, Failure, Front, Limits, Pace};
use crate::state::{
    AuthorityLookup, Builder, Change, ClusterLookup, Found, Handle, LookupError, NamespaceLookup,
};
use crate::telemetry::Metrics;

const ENDPOINTS: [Endpoint; 2] = [Endpoint::Validate, Endpoint::Mutate];

/// One of each kind; a kind that is added must be added here, or the match does not compile.
const REFUSALS: [Refusal; 10] = [
    Refusal::NotFound,
    Refusal::Method("POST"),
    Refusal::ContentType,
    Refusal::ContentEncoding,
    Refusal::BodyTooLarge,
    Refusal::BodyLate,
    Refusal::BodyBroken,
    Refusal::Busy,
    Refusal::NoRoom,
    Refusal::Internal,
];

/// What a refusal before the rules is answered by. The API server takes every status but 200 for a
/// failed call, which `failurePolicy: Fail` refuses.
fn of_refusal(refusal: Refusal) -> (usize, u16, &'static str) {
    match refusal {
        Refusal::NotFound => (0, 404, "no such path"),
        Refusal::Method(_) => (1, 405, "this method is not answered"),
        Refusal::ContentType => (2, 415, "the content type must be"),
        Refusal::ContentEncoding => (3, 415, "compressed bodies are not read"),
        Refusal::BodyTooLarge => (4, 413, "the review is larger than"),
        Refusal::BodyLate => (5, 408, "the review did not arrive in time"),
        Refusal::BodyBroken => (6, 400, "the review did not arrive whole"),
        Refusal::Busy => (7, 429, "too many reviews at once"),
        Refusal::NoRoom => (8, 429, "too many bytes of reviews at once"),
        Refusal::Internal => (9, 500, "ringfence failed to answer"),
    }
}

#[tokio::test]
async fn every_refusal_before_the_rules_is_no_review() {
    for (index, refusal) in REFUSALS.into_iter().enumerate() {
        let (row, status, text) = of_refusal(refusal);
        assert_eq!(row, index, "{refusal:?} is not among all of them");
        let response = refusal.into_response();
        assert_eq!(response.status().as_u16(), status, "{refusal:?}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(text.as_bytes()), "{refusal:?} {body:?}");
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{refusal:?} {body:?}");
    }
}

/// What the cluster is to the door.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    /// It says that there is such a namespace, tenant alpha's, and that nobody is the platform.
    Answers,
    Fails,
    Hangs,
    Panics,
    PanicsLater,
}

impl Asked {
    async fn ask<T>(self, answer: T) -> Result<T, LookupError> {
        match self {
            Self::Answers => Ok(answer),
            Self::Fails => Err(LookupError("connection refused".to_owned())),
            Self::Hangs => pending().await,
            Self::Panics => panic!("as the test asked"),
            Self::PanicsLater => {
                tokio::task::yield_now().await;
                panic!("as the test asked")
            }
        }
    }
}

impl NamespaceLookup for Asked {
    fn tenant_label<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Found> + Send + 'a>> {
        assert_ne!(*self, Self::Panics, "as the test asked");
        Box::pin(self.ask(Some(Some("alpha".to_owned()))))
    }
}

impl AuthorityLookup for Asked {
    fn administers<'a>(
        &'a self,
        _: &'a Requester,
    ) -> Pin<Box<dyn Future<Output = Result<bool, LookupError>> + Send + 'a>> {
        assert_ne!(*self, Self::Panics, "as the test asked");
        Box::pin(self.ask(false))
    }
}

/// The example set, in a cluster.
fn published() -> Handle {
    let handle = Handle::default();
    let documents = policy::load(&policy::embedded()).expect("the example set");
    let names = [("alpha-dev", Some("alpha")), ("tools", None), ("old", Some("gone"))];
    let names = names.map(|(name, label)| (name.to_owned(), label.map(str::to_owned)));
    Builder::in_cluster(handle.clone(), Version::NEWEST)
        .apply_all([Change::Tenants(documents.resolve()), Change::Namespaces(names.into())]);
    handle
}

fn door(handle: Handle, asked: Asked) -> Door {
    let cluster: Arc<dyn ClusterLookup> = Arc::new(asked);
    Door::new(handle, Some(cluster), Arc::new(Metrics::new()), 100)
}

fn front_with(admission: Door, limits: Limits) -> Front<Door> {
    Front::new(admission, Arc::new(limits), Arc::new(Metrics::new()))
}

/// Status and body of the answer to a body.
async fn answered(front: &Front<Door>, endpoint: Endpoint, body: &str) -> (u16, Value) {
    answered_within(front, endpoint, body, "10s").await
}

async fn answered_within(
    front: &Front<Door>,
    endpoint: Endpoint,
    body: &str,
    timeout: &str,
) -> (u16, Value) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/{}?timeout={timeout}", endpoint.as_str()))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request");
    let (parts, body) = front.respond(request, &Pace::detached()).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn allowed((status, body): &(u16, Value)) -> bool {
    *status == 200 && body["response"]["allowed"] == true
}

/// A review, and whether the cluster is asked about its namespace, and about its requester.
struct Example {
    body: String,
    namespace: bool,
    requester: bool,
}

fn example(
    (resource, kind): (&str, &str),
    namespace: &str,
    operation: &str,
    object: &Value,
) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": operation, "name": "x", "namespace": namespace,
            "kind": {"group": "", "version": "v1", "kind": kind},
            "resource": {"group": "", "version": "v1", "resource": resource},
            "userInfo": {"username": "zoe", "groups": ["system:authenticated"]},
            "object": object, "oldObject": if operation == "CREATE" { &Value::Null } else { object },
        },
    })
}

/// Reviews that are allowed and reviews that are refused, of every shape that is judged.
fn examples() -> Vec<Example> {
    let security = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let pod = |privileged: bool| {
        let mut security = security.clone();
        if privileged {
            security["privileged"] = json!(true);
        }
        json!({"metadata": {"name": "x"}, "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "r.io/x:1", "securityContext": security}],
        }})
    };
    let pods = ("pods", "Pod");
    let named = json!({"metadata": {"name": "x"}});
    let taken = json!({"metadata": {"name": "x", "labels": {"ringfence.dev/tenant": "alpha"}}});
    let row = |review: Value, namespace, requester| Example {
        body: review.to_string(),
        namespace,
        requester,
    };
    vec![
        row(example(pods, "alpha-dev", "CREATE", &pod(false)), false, false),
        row(example(pods, "alpha-dev", "CREATE", &pod(true)), false, false),
        row(example(pods, "alpha-dev", "UPDATE", &pod(true)), false, false),
        row(example(pods, "tools", "CREATE", &pod(true)), false, false),
        row(example(pods, "old", "CREATE", &pod(false)), false, false),
        row(example(pods, "young", "CREATE", &pod(false)), true, false),
        row(example(pods, "young", "CREATE", &pod(true)), true, false),
        row(example(pods, "young", "DELETE", &pod(false)), false, false),
        row(example(("serviceaccounts", "ServiceAccount"), "young", "CREATE", &named), true, false),
        row(example(("configmaps", "ConfigMap"), "young", "CREATE", &named), true, false),
        row(example(("namespaces", "Namespace"), "x", "CREATE", &named), false, true),
        row(example(("namespaces", "Namespace"), "x", "CREATE", &taken), false, true),
        row(example(("namespaces", "Namespace"), "x", "DELETE", &taken), false, true),
        row(example(("pads", "Pad"), "alpha-dev", "CREATE", &named), false, false),
        row(example(pods, "alpha-dev", "PATCH", &named), false, false),
    ]
}

/// What is wrong when a review comes.
#[derive(Debug, Clone, Copy)]
enum Fault {
    NoSnapshot,
    FullRequests,
    FullBodies,
    BodyBound,
    Panic,
    Deadline,
    Lookup(Asked),
}

const FAULTS: [Fault; 10] = [
    Fault::NoSnapshot,
    Fault::FullRequests,
    Fault::FullBodies,
    Fault::BodyBound,
    Fault::Panic,
    Fault::Deadline,
    Fault::Lookup(Asked::Fails),
    Fault::Lookup(Asked::Hangs),
    Fault::Lookup(Asked::Panics),
    Fault::Lookup(Asked::PanicsLater),
];

/// Answers a review with the fault in force.
async fn with_fault(fault: Fault, endpoint: Endpoint, body: &str) -> (u16, Value) {
    let limits = Limits::default();
    let sound = || door(published(), Asked::Answers);
    let front = match fault {
        Fault::NoSnapshot => front_with(door(Handle::default(), Asked::Answers), limits),
        Fault::FullRequests => front_with(sound(), Limits { requests: 0, ..limits }),
        Fault::FullBodies => front_with(sound(), Limits { bodies_bytes: 10, ..limits }),
        Fault::BodyBound => front_with(sound(), Limits { body_bytes: 10, ..limits }),
        Fault::Lookup(asked) => front_with(door(published(), asked), limits),
        Fault::Panic | Fault::Deadline => {
            let why = match fault {
                Fault::Panic => Failure::Panic,
                _ => Failure::Deadline,
            };
            let (status, _, body) =
                sound().failed(endpoint, &Bytes::from(body.to_owned()), why).into_parts();
            return (status.as_u16(), serde_json::from_slice(&body).expect("json"));
        }
    };
    // What never comes is not waited for any longer than it must be.
    let hangs = matches!(fault, Fault::Lookup(Asked::Hangs));
    answered_within(&front, endpoint, body, if hangs { "20ms" } else { "10s" }).await
}

#[tokio::test]
async fn no_fault_makes_a_review_pass() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let (mut passed, mut refused) = (0, 0);
    for example in examples() {
        for endpoint in ENDPOINTS {
            let plain = answered(&sound, endpoint, &example.body).await;
            *if allowed(&plain) { &mut passed } else { &mut refused } += 1;
            for fault in FAULTS {
                let found = with_fault(fault, endpoint, &example.body).await;
                let told = format!("{fault:?} {endpoint:?} {}\n{found:?}", example.body);
                // A cluster that is not asked can do no harm: the answer is what it would be.
                let matters = match fault {
                    Fault::Lookup(_) => {
                        example.namespace
                            || (example.requester
                                && endpoint == Endpoint::Validate
                                && !allowed(&plain))
                    }
                    _ => true,
                };
                if matters {
                    assert!(!allowed(&found), "{told}");
                } else if !matches!(fault, Fault::Lookup(Asked::Hangs)) {
                    assert_eq!(found, plain, "{told}");
                }
            }
        }
    }
    assert!(passed > 5 && refused > 5, "{passed} {refused}");
}

/// The rules of the guard itself are what faults end in; each has a status of its own.
fn of_guard(code: Code) -> Option<(u16, &'static str)> {
    match code {
        Code::Malformed => Some((400, "malformed")),
        Code::UnknownKind => Some((403, "unknownKind")),
        Code::UnknownNamespace => Some((403, "unknownNamespace")),
        Code::Deadline => Some((500, "deadline")),
        Code::Internal => Some((500, "internal")),
        Code::NotReady => Some((503, "notReady")),
        _ => None,
    }
}

#[tokio::test]
async fn every_fault_of_the_guard_is_a_refusal_of_its_own() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let blind = front_with(door(published(), Asked::Fails), Limits::default());
    let empty = front_with(door(Handle::default(), Asked::Answers), Limits::default());
    let pod = json!({"spec": {"containers": 7}});
    let in_young = example(("pods", "Pod"), "young", "CREATE", &pod).to_string();
    let in_dev = example(("pods", "Pod"), "alpha-dev", "CREATE", &pod).to_string();
    let unknown = in_dev.replace("\"pods\"", "\"pads\"");
    for code in Code::ALL.iter().filter(|code| code.family() == Family::GUARD) {
        let (status, name) = of_guard(*code).expect("a row for each rule of the guard");
        for endpoint in ENDPOINTS {
            let failed = |why| {
                let door = door(published(), Asked::Answers);
                let (_, _, body) =
                    door.failed(endpoint, &Bytes::from(in_dev.clone()), why).into_parts();
                (200, serde_json::from_slice(&body).expect("json"))
            };
            let found = match code {
                Code::Malformed => answered(&sound, endpoint, &in_dev).await,
                Code::UnknownKind => answered(&sound, endpoint, &unknown).await,
                Code::UnknownNamespace => answered(&blind, endpoint, &in_young).await,
                Code::Deadline => failed(Failure::Deadline),
                Code::Internal => failed(Failure::Panic),
                _ => answered(&empty, endpoint, &in_dev).await,
            };
            assert!(!allowed(&found), "{code} {found:?}");
            let response = &found.1["response"];
            assert_eq!(response["status"]["code"], status, "{code} {response}");
            let message = response["status"]["message"].as_str().expect("a message");
            assert!(message.contains(&format!("{code} {name}")), "{message}");
        }
    }
}
