//! What the door says before it knows anything, and when it fails.

mod seals;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::{Value, json};

use super::*;
use crate::domain::{Requester, Version};
use crate::policy;
use crate::state::{
    AuthorityLookup, Builder, Change, Found, LookupError, Namespace, NamespaceLookup,
};

const POD: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
    "uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},
    "resource":{"group":"","version":"v1","resource":"pods"},
    "namespace":"alpha-dev","name":"shop","operation":"CREATE",
    "object":{"spec":{"containers":[{"name":"app"}]}}}}"#;

fn door(handle: &Handle) -> Door {
    Door::new(handle.clone(), None, Arc::new(Metrics::new()), 100)
}

async fn answer(door: &Door, endpoint: Endpoint, body: &str) -> Value {
    let body = Bytes::from(body.to_owned());
    response(door.answer(endpoint, &body, Instant::now()).await)
}

fn response(answer: Answer) -> Value {
    let Answer::Review { decision, body } = answer else { panic!("{answer:?}") };
    let review: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(decision == Decision::Deny, review["response"]["allowed"] == false);
    review["response"].clone()
}

#[track_caller]
fn is_refused(response: &Value, code: u16, first_line: &str) {
    assert_eq!(response["allowed"], false, "{response}");
    assert_eq!(response["uid"], "u");
    assert_eq!(response["status"]["code"], code, "{response}");
    assert_eq!(response["status"]["message"].as_str().unwrap().lines().next(), Some(first_line));
    assert_eq!(response["patch"], Value::Null, "{response}");
}

#[tokio::test]
async fn nothing_passes_before_the_first_snapshot() {
    let handle = Handle::default();
    let door = door(&handle);
    for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
        let refused = answer(&door, endpoint, POD).await;
        is_refused(&refused, 503, "1 problem in Pod shop: RF9006 notReady");
        let namespace =
            POD.replace("\"pods\"", "\"namespaces\"").replace("\"Pod\"", "\"Namespace\"");
        let refused = answer(&door, endpoint, &namespace).await;
        is_refused(&refused, 503, "1 problem in Namespace shop: RF9006 notReady");
        // What no rule looks at is no exception.
        let refused = answer(&door, endpoint, &POD.replace("CREATE", "DELETE")).await;
        is_refused(&refused, 503, "1 problem in Pod shop: RF9006 notReady");
    }
    // A cluster whose namespaces are not listed yet is not ready either.
    let documents = policy::load(&policy::embedded()).unwrap();
    let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
    builder.apply(Change::Tenants(documents.resolve()));
    let refused = answer(&door, Endpoint::Validate, POD).await;
    is_refused(&refused, 503, "1 problem in Pod shop: RF9006 notReady");
    builder.apply(Change::Namespaces([("alpha-dev".to_owned(), Namespace::default())].into()));
    let filled = answer(&door, Endpoint::Mutate, POD).await;
    assert_eq!((&filled["allowed"], &filled["patchType"]), (&true.into(), &"JSONPatch".into()));
}

#[tokio::test]
async fn what_goes_wrong_is_refused_with_a_code_of_its_own() {
    let handle = Handle::default();
    let documents = policy::load(&policy::embedded()).unwrap();
    Builder::without_cluster(handle.clone()).apply(Change::Tenants(documents.resolve()));
    let door = door(&handle);
    for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
        let check = async |from: &str, to: &str, code: u16, first_line: &str| {
            let body = POD.replace(from, to);
            assert_ne!(body, POD);
            is_refused(&answer(&door, endpoint, &body).await, code, first_line);
        };
        check(
            "v1\",\"kind\":\"Adm",
            "v2\",\"kind\":\"Adm",
            400,
            "1 problem in request: RF9001 malformed",
        )
        .await;
        let of_alpha = "tenant alpha: 1 problem in Pod shop: RF9001 malformed";
        check("[{\"name\":\"app\"}]", "7", 400, of_alpha).await;
        let kind = "tenant alpha: 1 problem in Pod shop: RF9002 unknownKind";
        check("CREATE", "PATCH", 403, kind).await;
        check("\"pods\"", "\"pads\"", 403, kind).await;
        let namespace = "1 problem in Pod shop: RF9003 unknownNamespace";
        check("alpha-dev", "nowhere", 403, namespace).await;
    }
    let body = Bytes::from(POD);
    for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
        let late = response(door.failed(endpoint, &body, Failure::Deadline));
        is_refused(&late, 500, "1 problem in request: RF9004 deadline");
        let panicked = response(door.failed(endpoint, &body, Failure::Panic));
        is_refused(&panicked, 500, "1 problem in request: RF9005 internal");
    }
}

#[test]
fn what_is_no_utf8_is_replaced() {
    let check = |body: &[u8], expect: &str| assert_eq!(text_of(body), expect);
    check("größe".as_bytes(), "größe");
    check(b"a\xffb\xc3", "a\u{fffd}b\u{fffd}");
}

/// A snapshot of the example set, with this in its Platform's spec.
fn with_platform(spec: &str) -> Handle {
    let mut sources = policy::embedded();
    for source in &mut sources {
        if source.text.contains("kind: Platform") {
            source.text += spec;
        }
    }
    let handle = Handle::default();
    let documents = policy::load(&sources).unwrap();
    Builder::without_cluster(handle.clone()).apply(Change::Tenants(documents.resolve()));
    handle
}

#[tokio::test]
async fn a_rehearsal_refuses_nothing_and_says_what_it_would() {
    let bad =
        POD.replace(r#"{"name":"app"}"#, r#"{"name":"app","securityContext":{"privileged":true}}"#);
    let wrong = [
        bad.as_str(),
        &POD.replace("alpha-dev", "nowhere"),
        &POD.replace("CREATE", "PATCH"),
        &POD.replace("v1\",\"kind\":\"Adm", "v2\",\"kind\":\"Adm"),
    ];
    let (enforced, rehearsed) =
        (door(&with_platform("")), door(&with_platform("  rehearsal: true\n")));
    for body in wrong {
        let refused = answer(&enforced, Endpoint::Validate, body).await;
        assert_eq!(refused["allowed"], false, "{body}");
        let passed = answer(&rehearsed, Endpoint::Validate, body).await;
        assert_eq!(passed["allowed"], true, "{body}");
        assert_ne!(passed["warnings"], Value::Null, "{body}");
    }
    let late = response(rehearsed.failed(Endpoint::Mutate, &Bytes::from(POD), Failure::Deadline));
    assert_eq!((&late["allowed"], &late["patch"]), (&true.into(), &Value::Null));
}

/// A cluster in which RBAC makes these users the platform, and that counts how often it is asked.
struct Rbac {
    administrators: &'static [&'static str],
    fails: bool,
    asked: AtomicUsize,
}

impl NamespaceLookup for Rbac {
    fn tenant_label<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Found> + Send + 'a>> {
        Box::pin(async { Ok(Some(None)) })
    }
}

impl AuthorityLookup for Rbac {
    fn administers<'a>(
        &'a self,
        requester: &'a Requester,
    ) -> Pin<Box<dyn Future<Output = Result<bool, LookupError>> + Send + 'a>> {
        self.asked.fetch_add(1, Relaxed);
        Box::pin(async {
            if self.fails {
                return Err(LookupError("no answer".to_owned()));
            }
            Ok(self.administrators.contains(&requester.name.as_str()))
        })
    }
}

/// Whether the creation of a namespace passes for a user, and how often RBAC is asked for it.
async fn creates(rbac: Rbac, user: &str, groups: &[&str], label: &str) -> (bool, usize) {
    let documents = policy::load(&policy::embedded()).unwrap();
    let handle = Handle::default();
    let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
    builder.apply(Change::Tenants(documents.resolve()));
    let namespaces = [("alpha-ci", Some("alpha")), ("tools", None)];
    let namespaces = namespaces.map(|(name, label)| (name.to_owned(), Namespace::labelled(label)));
    builder.apply(Change::Namespaces(namespaces.into()));
    let rbac = Arc::new(rbac);
    let door = Door::new(handle, Some(rbac.clone()), Arc::new(Metrics::new()), 100);
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "CREATE", "name": "alpha-new", "namespace": "alpha-new",
            "kind": {"group": "", "version": "v1", "kind": "Namespace"},
            "resource": {"group": "", "version": "v1", "resource": "namespaces"},
            "userInfo": {"username": user, "groups": groups},
            "object": {"metadata": {"name": "alpha-new", "labels": {"ringfence.dev/tenant": label}}},
        },
    });
    let answered = answer(&door, Endpoint::Validate, &review.to_string()).await;
    let asked = rbac.asked.load(Relaxed);
    (answered["allowed"] == true, asked)
}

#[tokio::test]
async fn rbac_is_asked_only_where_it_matters() {
    let rbac = || Rbac {
        administrators: &[
            "roy",
            "system:serviceaccount:tools:gitops",
            "system:serviceaccount:alpha-ci:a",
        ],
        fails: false,
        asked: 0.into(),
    };
    let check = async |rbac: Rbac, user: &str, groups: &[&str], expect: (bool, usize)| {
        assert_eq!(creates(rbac, user, groups, "alpha").await, expect, "{user} {groups:?}");
    };
    check(rbac(), "jo", &["alpha-devs"], (true, 0)).await;
    check(rbac(), "pat", &["platform-admins"], (true, 0)).await;
    check(rbac(), "system:apiserver", &[], (true, 0)).await;
    check(rbac(), "roy", &[], (true, 1)).await;
    check(rbac(), "zoe", &[], (false, 1)).await;
    check(rbac(), "system:serviceaccount:tools:gitops", &[], (true, 1)).await;
    // An account of a tenant's namespace is never the platform, nor is one of a namespace that nobody
    // knows; whoever cannot be asked about is not either.
    check(rbac(), "system:serviceaccount:alpha-ci:a", &[], (false, 0)).await;
    check(rbac(), "system:serviceaccount:unheard:a", &[], (false, 0)).await;
    check(Rbac { fails: true, ..rbac() }, "roy", &[], (false, 1)).await;
}
