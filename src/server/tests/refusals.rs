//! Whatever goes wrong between the bytes and the answer is a refusal: each kind of error by name, and
//! each fault that can be injected with each review.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

use crate::domain::{Code, Family, Requester, Version};
use crate::policy;
use crate::server::refusal::Refusal;
use crate::server::{Admission, Answer, Door, Endpoint, Failure, Front, Limits, Pace};
use crate::state::{
    AuthorityLookup, Builder, Change, ClusterLookup, Found, Handle, LookupError, Namespace,
    NamespaceLookup,
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
    let names = names.map(|(name, label)| (name.to_owned(), Namespace::labelled(label)));
    Builder::in_cluster(handle.clone(), Version::NEWEST)
        .apply_all([Change::Tenants(documents.resolve()), Change::Namespaces(names.into())]);
    handle
}

fn door(handle: Handle, asked: Asked) -> Door {
    let cluster: Arc<dyn ClusterLookup> = Arc::new(asked);
    Door::new(handle, Some(cluster), Arc::new(Metrics::new()), 100)
}

fn front_with<A: Admission>(admission: A, limits: Limits) -> Front<A> {
    Front::new(admission, Arc::new(limits), Arc::new(Metrics::new()))
}

/// Status and body of the answer to a body.
async fn answered(front: &Front<Door>, endpoint: Endpoint, body: &str) -> (u16, Value) {
    respond(front, post(endpoint, "10s", body)).await
}

fn post(endpoint: Endpoint, timeout: &str, body: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("/{}?timeout={timeout}", endpoint.as_str()))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request")
}

async fn respond<A, B>(front: &Front<A>, request: Request<B>) -> (u16, Value)
where
    A: Admission,
    B: Body<Data = Bytes> + Unpin,
{
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

/// A review as the API server writes it.
fn uid_first(review: &Value) -> String {
    let review = review.to_string().replace(r#","uid":"u""#, "");
    review.replace(r#""request":{"#, r#""request":{"uid":"u","#)
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
    let row = |review: Value, namespace, requester| {
        let body = uid_first(&review);
        Example { body, namespace, requester }
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
    NotFound,
    Method,
    ContentType,
    ContentEncoding,
    NoSnapshot,
    FullRequests,
    FullBodies,
    BodyBound,
    BodyBroken,
    Failed(Failure),
    PanicTwice,
    Lookup(Asked),
}

const FAULTS: [Fault; 16] = [
    Fault::NotFound,
    Fault::Method,
    Fault::ContentType,
    Fault::ContentEncoding,
    Fault::NoSnapshot,
    Fault::FullRequests,
    Fault::FullBodies,
    Fault::BodyBound,
    Fault::BodyBroken,
    Fault::Failed(Failure::Panic),
    Fault::Failed(Failure::Deadline),
    Fault::PanicTwice,
    Fault::Lookup(Asked::Fails),
    Fault::Lookup(Asked::Hangs),
    Fault::Lookup(Asked::Panics),
    Fault::Lookup(Asked::PanicsLater),
];

/// It fails, and then fails to say so.
struct Broken;

impl Admission for Broken {
    async fn answer(&self, _: Endpoint, _: &Bytes, _: Instant) -> Answer {
        panic!("as the test asked")
    }

    fn failed(&self, _: Endpoint, _: &Bytes, _: Failure) -> Answer {
        panic!("as the test asked")
    }
}

/// The first half of a review, and then an error.
struct Half(Option<Bytes>);

impl Body for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(first) => Ok(Frame::data(first)),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

/// Answers a review with the fault in force.
async fn with_fault(fault: Fault, endpoint: Endpoint, body: &str) -> (u16, Value) {
    let limits = Limits::default();
    let mut request = post(endpoint, "10s", body);
    let sound = || door(published(), Asked::Answers);
    let front = match fault {
        Fault::NotFound => {
            *request.uri_mut() = format!("/{}/", endpoint.as_str()).parse().expect("a path");
            front_with(sound(), limits)
        }
        Fault::Method => {
            *request.method_mut() = Method::PUT;
            front_with(sound(), limits)
        }
        Fault::ContentType => {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/json"));
            front_with(sound(), limits)
        }
        Fault::ContentEncoding => {
            request.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            front_with(sound(), limits)
        }
        Fault::NoSnapshot => front_with(door(Handle::default(), Asked::Answers), limits),
        Fault::FullRequests => front_with(sound(), Limits { requests: 0, ..limits }),
        Fault::FullBodies => front_with(sound(), Limits { bodies_bytes: 10, ..limits }),
        Fault::BodyBound => front_with(sound(), Limits { body_bytes: 10, ..limits }),
        Fault::BodyBroken => {
            let mut half = Bytes::from(body.to_owned());
            half.truncate(body.len() / 2);
            let request = request.map(|_| Half(Some(half)));
            return respond(&front_with(sound(), limits), request).await;
        }
        Fault::PanicTwice => return respond(&front_with(Broken, limits), request).await,
        Fault::Lookup(asked) => {
            // What never comes is not waited for any longer than it must be.
            if asked == Asked::Hangs {
                request = post(endpoint, "20ms", body);
            }
            front_with(door(published(), asked), limits)
        }
        Fault::Failed(why) => {
            let body = Bytes::from(body.to_owned());
            let (status, _, body) = sound().failed(endpoint, &body, why).into_parts();
            return (status.as_u16(), serde_json::from_slice(&body).expect("json"));
        }
    };
    respond(&front, request).await
}

/// The status of the answer, and the rule by which a review is refused; nothing where the cluster is
/// asked and cannot harm: who cannot be told to be the platform is not, and stays refused for what
/// they were.
fn end_of(fault: Fault, about_namespace: bool) -> Option<(u16, Option<Code>)> {
    Some(match fault {
        Fault::NotFound => (404, None),
        Fault::Method => (405, None),
        Fault::ContentType | Fault::ContentEncoding => (415, None),
        Fault::BodyBound => (413, None),
        Fault::BodyBroken => (400, None),
        Fault::FullRequests | Fault::FullBodies => (429, None),
        Fault::PanicTwice => (500, None),
        Fault::NoSnapshot => (200, Some(Code::NotReady)),
        Fault::Failed(Failure::Deadline) | Fault::Lookup(Asked::Hangs) => {
            (200, Some(Code::Deadline))
        }
        Fault::Failed(Failure::Panic) | Fault::Lookup(Asked::Panics | Asked::PanicsLater) => {
            (200, Some(Code::Internal))
        }
        Fault::Lookup(Asked::Fails) if about_namespace => (200, Some(Code::UnknownNamespace)),
        Fault::Lookup(Asked::Answers | Asked::Fails) => return None,
    })
}

#[tokio::test]
async fn no_fault_makes_a_review_pass() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let (mut passed, mut refused) = (0, 0);
    for example in examples() {
        for endpoint in ENDPOINTS {
            let plain = answered(&sound, endpoint, &example.body).await;
            *if allowed(&plain) { &mut passed } else { &mut refused } += 1;
            // RBAC is asked where something is refused, and only judging refuses so.
            let about_requester =
                example.requester && endpoint == Endpoint::Validate && !allowed(&plain);
            for fault in FAULTS {
                let found = with_fault(fault, endpoint, &example.body).await;
                let told = format!("{fault:?} {endpoint:?} {}\n{found:?}", example.body);
                let asked = example.namespace || about_requester;
                match (fault, end_of(fault, example.namespace)) {
                    // A cluster that is not asked can do no harm: the answer is what it would be, or
                    // late where so little time was given.
                    (Fault::Lookup(_), _) if !asked => {
                        let late = matches!(fault, Fault::Lookup(Asked::Hangs));
                        assert!(found == plain || late && !allowed(&found), "{told}");
                    }
                    (_, None) => {
                        assert!(!allowed(&found), "{told}");
                        assert_eq!(found, plain, "{told}");
                    }
                    (_, Some((status, code))) => {
                        assert!(!allowed(&found), "{told}");
                        assert_eq!(found.0, status, "{told}");
                        let message = found.1["response"]["status"]["message"].as_str();
                        let told_code = message.map(|it| {
                            code.is_some_and(|code| {
                                it.lines()
                                    .next()
                                    .is_some_and(|line| line.contains(&code.to_string()))
                            })
                        });
                        assert_eq!(told_code, code.map(|_| true), "{told}");
                    }
                }
            }
        }
    }
    assert!(passed > 5 && refused > 5, "{passed} {refused}");
}

/// A refusal that repeats the uid, and says what it is for.
fn is_malformed((status, body): &(u16, Value)) -> bool {
    let response = &body["response"];
    let line = response["status"]["message"].as_str().and_then(|it| it.lines().next());
    *status == 200
        && response["uid"] == "u"
        && response["allowed"] == false
        && response["status"]["code"] == 400
        && line.is_some_and(|line| line.ends_with("RF9001 malformed"))
}

/// What is answered where there is no uid to repeat.
fn is_unreadable((status, body): &(u16, Value)) -> bool {
    let why = "the body is not an AdmissionReview with a uid: ";
    *status == 400 && body["error"].as_str().is_some_and(|error| error.starts_with(why))
}

/// A body that does not arrive whole, or not as it was sent: the uid, where it had come, is answered.
#[tokio::test]
async fn no_part_of_a_review_passes() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let examples = examples();
    let of_both = |endpoint| examples.iter().map(move |example| (endpoint, &example.body));
    for (number, (endpoint, body)) in ENDPOINTS.into_iter().flat_map(of_both).enumerate() {
        let plain = answered(&sound, endpoint, body).await;
        let uid = body.find(r#""uid":"u""#).expect("a uid") + r#""uid":"u""#.len();
        let objects =
            body.find(r#""object":"#).expect("one")..body.find(r#","operation""#).expect("one");
        for end in (number % 3..body.len()).step_by(3) {
            let part = body.get(..end).expect("a review of ASCII");
            let found = answered(&sound, endpoint, part).await;
            let known = if end < uid { is_unreadable(&found) } else { is_malformed(&found) };
            assert!(known, "{endpoint:?} {part:?}\n{found:?}");
            let mut broken = body.clone();
            broken.replace_range(end..=end, "\u{0}");
            let found = answered(&sound, endpoint, &broken).await;
            let known = if end < uid { is_unreadable(&found) } else { is_malformed(&found) };
            // What no rule reads of an object is passed over by its brackets: it changes nothing.
            let unread = objects.contains(&end) && found == plain;
            assert!(known || unread, "{endpoint:?} {broken:?}\n{found:?}");
        }
    }
}

/// Reviews without a uid, each as one would come to be without it.
#[tokio::test]
async fn without_a_uid_nothing_is_answered_but_why() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let review = &examples()[0].body;
    let check = async |uid: &str, why: &str| {
        let body = review.replace(r#""uid":"u","#, uid);
        for endpoint in ENDPOINTS {
            let found = answered(&sound, endpoint, &body).await;
            assert!(!allowed(&found), "{uid} {found:?}");
            assert_eq!(found.0, 400, "{uid} {found:?}");
            let error = found.1["error"].as_str().expect("an error");
            assert!(error.contains(why), "{uid} {error}");
        }
    };
    assert!(allowed(&answered(&sound, Endpoint::Validate, review).await));
    check("", "request.uid is missing").await;
    check(r#""uid":"","#, "request.uid is missing").await;
    check(r#""uid":null,"#, "request.uid is missing").await;
    check(r#""uid":7,"#, "request.uid: found the number 7, expected a string").await;
    check(r#""uid":["u"],"#, "request.uid: found a list, expected a string").await;
    check("\"uid\":\"u\u{0}\",", "request.uid: a control character in a string").await;
}

/// The rules of the guard itself are what faults end in; each has a status and a first line of its own.
fn of_guard(code: Code) -> Option<(u16, &'static str)> {
    Some(match code {
        Code::Malformed => (400, "tenant alpha: 1 problem in Pod x: RF9001 malformed"),
        Code::UnknownKind => (403, "tenant alpha: 1 problem in Pod x: RF9002 unknownKind"),
        Code::UnknownNamespace => (403, "1 problem in Pod x: RF9003 unknownNamespace"),
        Code::Deadline => (500, "1 problem in request: RF9004 deadline"),
        Code::Internal => (500, "1 problem in request: RF9005 internal"),
        Code::NotReady => (503, "1 problem in Pod x: RF9006 notReady"),
        _ => return None,
    })
}

#[tokio::test]
async fn every_fault_of_the_guard_is_a_refusal_of_its_own() {
    let sound = front_with(door(published(), Asked::Answers), Limits::default());
    let pod = json!({"spec": {"containers": 7}});
    let in_young = example(("pods", "Pod"), "young", "CREATE", &pod).to_string();
    let in_dev = example(("pods", "Pod"), "alpha-dev", "CREATE", &pod).to_string();
    let unknown = in_dev.replace("\"pods\"", "\"pads\"");
    for code in Code::ALL.iter().filter(|code| code.family() == Family::GUARD) {
        let (status, first_line) = of_guard(*code).expect("a row for each rule of the guard");
        for endpoint in ENDPOINTS {
            let failing = |fault| with_fault(fault, endpoint, &in_dev);
            let found = match code {
                Code::Malformed => answered(&sound, endpoint, &in_dev).await,
                Code::UnknownKind => answered(&sound, endpoint, &unknown).await,
                Code::UnknownNamespace => {
                    with_fault(Fault::Lookup(Asked::Fails), endpoint, &in_young).await
                }
                Code::Deadline => failing(Fault::Failed(Failure::Deadline)).await,
                Code::Internal => failing(Fault::Failed(Failure::Panic)).await,
                _ => failing(Fault::NoSnapshot).await,
            };
            assert_eq!(found.0, 200, "{code} {found:?}");
            let response = &found.1["response"];
            assert_eq!(response["allowed"], false, "{code} {response}");
            assert_eq!(response["status"]["code"], status, "{code} {response}");
            let message = response["status"]["message"].as_str().expect("a message");
            assert_eq!(message.lines().next(), Some(first_line), "{message}");
        }
    }
}
