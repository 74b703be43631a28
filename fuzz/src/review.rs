//! A review from its bytes to its answer, at both endpoints of the door.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ringfence::domain::Version;
use ringfence::policy::{Source, embedded, load};
use ringfence::review::envelope;
use ringfence::server::{Admission, Answer, Door};
use ringfence::state::{Builder, Change, Handle, Namespace};
use ringfence::telemetry::{Endpoint, Metrics};
use serde_json::{Value, json};

use super::dice::{self, Dice};
use super::schema::{POD, REVIEW, encoded};
use super::tree::Tree;

/// A review.
pub fn run(data: &[u8]) {
    let text = dice::input(data, made);
    for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
        answered(endpoint, &text);
    }
    if let Some(object) = pod_of(&text) {
        completed(&object);
    }
}

/// So deep may bodies be.
const DEEP: usize = 100;

/// Tenants of several profiles, an exemption, and namespaces of every standing.
static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let mut sources = embedded();
    let text = include_str!("policies.yaml").to_owned();
    sources.push(Source { name: "policies.yaml".to_owned(), text });
    let documents = load(&sources).unwrap_or_else(|report| panic!("{report}"));
    let owned = ["alpha", "beta", "gamma", "delta", "gone"]
        .map(|tenant| (format!("{tenant}-dev"), Namespace::labelled(Some(tenant))));
    let namespaces: HashMap<_, _> =
        owned.into_iter().chain([("default".to_owned(), Namespace::default())]).collect();
    let handle = Handle::default();
    Builder::in_cluster(handle.clone(), Version::NEWEST)
        .apply_all([Change::Tenants(documents.resolve()), Change::Namespaces(namespaces)]);
    Door::new(handle, None, Arc::new(Metrics::new()), DEEP)
});

/// A resource, and the kind of its objects with where they hold a pod.
const RESOURCES: [(&str, &str, &str, &str); 12] = [
    ("", "pods", "", "Pod"),
    ("", "pods", "ephemeralcontainers", "Pod"),
    ("", "pods", "resize", "Pod"),
    ("", "pods", "status", "Pod"),
    ("apps", "deployments", "", "Deployment"),
    ("batch", "cronjobs", "", "CronJob"),
    ("", "podtemplates", "", "PodTemplate"),
    ("", "serviceaccounts", "", "ServiceAccount"),
    ("", "namespaces", "", "Namespace"),
    ("", "configmaps", "", "ConfigMap"),
    ("ringfence.dev", "tenants", "", "Tenant"),
    ("example.com", "widgets", "", "Widget"),
];
const NAMESPACES: [&str; 7] =
    ["alpha-dev", "beta-dev", "gamma-dev", "delta-dev", "gone-dev", "default", "nowhere"];
const USERS: [&str; 4] = [
    "jo",
    "system:serviceaccount:kube-system:replicaset-controller",
    "system:serviceaccount:alpha-ci:deployer",
    "system:apiserver",
];

/// Half of the reviews have any fields; the others are such as the API server sends, with any objects.
fn made(dice: &mut Dice<'_>) -> String {
    if dice.byte() % 8 == 7 {
        return REVIEW.made(dice).to_string();
    }
    let (group, resource, subresource, kind) = *dice.one(&RESOURCES);
    let version = if group == "ringfence.dev" { "v1alpha1" } else { "v1" };
    let namespace = dice.word(&NAMESPACES);
    let operation = dice.word(&["CREATE", "UPDATE", "DELETE", "CONNECT", "PATCH"]);
    let user = dice.word(&USERS);
    let object = object(dice, kind);
    let old = match dice.byte() % 4 {
        0 => Tree::Null,
        1 => object.clone(),
        _ => self::object(dice, kind),
    };
    let head = json!({
        "uid": "u",
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": resource},
        "subResource": subresource,
        "name": "x",
        "namespace": namespace,
        "operation": operation,
        "userInfo": {"username": user, "groups": ["alpha-devs", "system:authenticated"]},
    })
    .to_string();
    let head = head.strip_suffix('}').unwrap_or_default();
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{head},"object":{object},"oldObject":{old}}}}}"#
    )
}

fn object(dice: &mut Dice<'_>, kind: &str) -> Tree {
    let under = |keys: &[&str], pod: Tree| {
        keys.iter().rev().fold(pod, |tree, key| Tree::Object(vec![((*key).to_owned(), tree)]))
    };
    let pod = POD.made(dice);
    match kind {
        "Deployment" => under(&["spec", "template"], pod),
        "CronJob" => under(&["spec", "jobTemplate", "spec", "template"], pod),
        "PodTemplate" => under(&["template"], pod),
        _ => pod,
    }
}

/// Without a cluster to ask, nothing is waited for.
fn answer(endpoint: Endpoint, text: &str) -> Answer {
    let body = Bytes::copy_from_slice(text.as_bytes());
    let answer = pin!(DOOR.answer(endpoint, &body, Instant::now()));
    match answer.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// The `response` of an answer; nothing where there is no uid to answer to.
fn answered(endpoint: Endpoint, text: &str) -> Option<Value> {
    let body = match answer(endpoint, text) {
        Answer::Unreadable { body } => {
            assert!(envelope::uid(text).is_err(), "a uid that can be read is answered: {text}");
            let error: Value = serde_json::from_slice(&body).expect("it is JSON");
            assert!(error["error"].is_string());
            return None;
        }
        Answer::Review { body, .. } => body,
    };
    let review: Value = serde_json::from_slice(&body).expect("an answer is JSON");
    assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(review["kind"], "AdmissionReview");
    let read = envelope::read(text, DEEP).expect("what is answered has a uid");
    let response = &review["response"];
    assert_eq!(response["uid"], &*read.uid, "{text}");
    let findings = response["auditAnnotations"]["findings"].as_str().unwrap_or_default();
    let enforced = findings.split(',').any(|finding| finding.ends_with("=enforce"));
    match response["allowed"].as_bool() {
        Some(true) => {
            assert!(!enforced, "allowed with {findings}: {text}");
            assert!(read.request.is_ok(), "allowed and not read: {text}");
            assert_eq!(response["status"], Value::Null);
        }
        Some(false) => {
            assert!(enforced, "refused with {findings}: {text}");
            let status = &response["status"];
            assert!(status["code"].as_u64().is_some_and(|code| (400..600).contains(&code)));
            let message = status["message"].as_str().unwrap_or_default();
            assert!(!message.is_empty() && message.len() <= 4096 + 1024, "{message}");
            let lines = |c: char| c.is_control() && c != '\n';
            assert!(!message.contains(lines), "{message:?}");
            assert_eq!(response["patch"], Value::Null);
        }
        None => panic!("an answer says yes or no: {response}"),
    }
    Some(response.clone())
}

/// The pod of a review that asks to create one, as the API server encodes it.
fn pod_of(text: &str) -> Option<Value> {
    let request = envelope::read(text, DEEP).ok()?.request.ok()?;
    let creates = request.resource.resource == "pods" && request.verb == "CREATE";
    encoded(&POD, request.object.text().filter(|_| creates)?)
}

/// A review of the creation of a pod in a tenant's namespace.
fn creation(object: &Value) -> String {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "alpha-dev",
            "operation": "CREATE",
            "object": object,
        },
    })
    .to_string()
}

/// What is filled in, once and for all, leaves nothing to be found that could have been filled in.
fn completed(object: &Value) {
    let text = creation(object);
    let response = answered(Endpoint::Mutate, &text).expect("it has a uid");
    let mut after = object.clone();
    if let Some(patch) = response["patch"].as_str() {
        let patch = STANDARD.decode(patch).expect("a patch is in base64");
        let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("it is a patch");
        json_patch::patch(&mut after, &patch).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    let again = creation(&after);
    let second = answered(Endpoint::Mutate, &again).expect("it has a uid");
    assert_eq!(second["patch"], Value::Null, "a second patch for {text}");
    let judged = answered(Endpoint::Validate, &again).expect("it has a uid");
    let findings = judged["auditAnnotations"]["findings"].as_str().unwrap_or_default();
    let left_alone = object["spec"]["os"]["name"] == "windows"
        || !object["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null()
        || object["spec"]["containers"].as_array().is_none_or(Vec::is_empty);
    for (code, chosen) in chosen(object) {
        let found = findings.split(',').any(|finding| finding.starts_with(code));
        assert!(!found || chosen || left_alone, "{code} could have been filled in: {text}");
    }
}

/// The rules that filling in serves, each with whether the pod's author chose to break it.
fn chosen(object: &Value) -> [(&'static str, bool); 4] {
    let spec = &object["spec"];
    let pod = &spec["securityContext"];
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let all: Vec<_> = lists.iter().filter_map(|key| spec[key].as_array()).flatten().collect();
    let any = |test: &dyn Fn(&Value) -> bool| all.iter().any(|own| test(&own["securityContext"]));
    let adds = |own: &Value, test: &dyn Fn(&str) -> bool| {
        own["capabilities"]["add"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|name| test(name.as_str().unwrap_or_default()))
    };
    let escalates = any(&|own| {
        own["allowPrivilegeEscalation"] == true
            || own["privileged"] == true
            || adds(own, &|name| ["SYS_ADMIN", "CAP_SYS_ADMIN"].contains(&name))
    });
    let capable = any(&|own| adds(own, &|name| name != "NET_BIND_SERVICE"));
    let profiled = |own: &Value| {
        let kind = own["seccompProfile"]["type"].as_str().unwrap_or_default();
        !own["seccompProfile"].is_null() && !["RuntimeDefault", "Localhost"].contains(&kind)
    };
    let annotated = &object["metadata"]["annotations"]["seccomp.security.alpha.kubernetes.io/pod"];
    let unconfined = !annotated.is_null() || profiled(pod) || any(&profiled);
    let users: Vec<_> =
        all.iter().map(|own| own["securityContext"]["runAsUser"].as_i64()).collect();
    let of_pod = pod["runAsUser"].as_i64();
    let nobody_says = of_pod.is_none() && users.iter().all(Option::is_none);
    let some_root = users.iter().any(|user| user.or(of_pod).is_none_or(|user| user == 0));
    let root = pod["runAsNonRoot"] == false
        || any(&|own| own["runAsNonRoot"] == false)
        || some_root && !nobody_says;
    [("RF2006", escalates), ("RF2007", capable), ("RF2013", unconfined), ("RF2018", root)]
}
