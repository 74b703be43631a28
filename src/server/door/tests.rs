//! What the door says before it knows anything, and when it fails.

use serde_json::Value;

use super::*;
use crate::domain::Version;
use crate::policy;
use crate::state::{Builder, Change};

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
    builder.apply(Change::Namespaces([("alpha-dev".to_owned(), None)].into()));
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
