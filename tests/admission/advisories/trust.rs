//! Whom and what is believed: other servers, headers, paths, and whoever does not answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use ringfence::domain::Version;
use ringfence::policy::{Source, load};
use ringfence::rules::entries::{Wanted, entries};
use ringfence::server::{Door, Endpoint, Front, Limits, Pace};
use ringfence::state::{Builder, Change, Handle, Namespace};
use ringfence::telemetry::Metrics;
use serde_json::{Value, json};

use super::{
    Ask, Cluster, DOCUMENTS, NAMESPACE, check_at, codes, door, door_on, good_pod, namespace,
    new_pod, response,
};

/// Kyverno dropped the error of reading a namespace's labels, and so the policies that select by them
/// were not applied.
#[tokio::test]
async fn cve_2025_46342_kyverno_an_error_that_was_dropped() {
    let mut bad = good_pod();
    bad["spec"]["containers"][0]["securityContext"]["privileged"] = json!(true);
    let ask = |pod: Value| Ask { namespace: "alpha-young", ..new_pod("alpha-dev", pod) };
    let failing = door_on(DOCUMENTS, Some(Arc::new(Cluster::default())));
    check_at(&failing, &ask(good_pod()), &["RF9003"]).await;
    check_at(&failing, &ask(bad.clone()), &["RF9003"]).await;
    let cluster = Cluster { label: Some(Some("alpha")), ..Cluster::default() };
    let answering = door_on(DOCUMENTS, Some(Arc::new(cluster)));
    check_at(&answering, &ask(good_pod()), &[]).await;
    check_at(&answering, &ask(bad), &["RF2003"]).await;
}

/// Gatekeeper answered while it was still copying what the cluster holds, and policies judged by the half
/// that had come. (Its authors hold that this is no vulnerability.)
#[tokio::test]
async fn cve_2021_43979_gatekeeper_judging_by_what_has_come_so_far() {
    let source = Source { name: "documents.yaml".to_owned(), text: DOCUMENTS.to_owned() };
    let tenants = load(&[source]).expect("the documents").resolve();
    let handle = Handle::default();
    let door = Door::new(handle.clone(), None, Arc::new(Metrics::new()), 500);
    let asks = [new_pod("alpha-dev", good_pod()), making(("pat", &["platform-admins"]))];
    let refused = async |expect: &[&str]| {
        for ask in &asks {
            check_at(&door, ask, expect).await;
        }
    };
    refused(&["RF9006"]).await;
    let mut builder = Builder::in_cluster(handle, Version::NEWEST);
    builder.apply(Change::Tenants(tenants));
    refused(&["RF9006"]).await;
    let namespaces = [("alpha-dev".to_owned(), Namespace::labelled(Some("alpha")))];
    builder.apply(Change::Namespaces(namespaces.into()));
    refused(&[]).await;
}

fn making(who: (&'static str, &'static [&'static str])) -> Ask<'static> {
    let name = "new";
    let object = namespace(name, json!({}));
    Ask { who, kind: NAMESPACE, namespace: name, name, object, old: Value::Null }
}

/// capsule-proxy did not look whether a token had been found good, so that somebody who was nobody was
/// served by the proxy's own account.
#[tokio::test]
async fn cve_2023_48312_capsule_proxy_who_cannot_be_asked_about() {
    let roy = ("roy", &["system:authenticated"][..]);
    let failing = door_on(DOCUMENTS, Some(Arc::new(Cluster::default())));
    check_at(&failing, &making(roy), &["RF1003"]).await;
    let cluster = || Cluster { administrator: Some("roy"), ..Cluster::default() };
    let answering = door_on(DOCUMENTS, Some(Arc::new(cluster())));
    check_at(&answering, &making(roy), &[]).await;
    for nobody in [("", &[][..]), ("system:anonymous", &["system:unauthenticated"][..])] {
        check_at(&answering, &making(nobody), &["RF1003"]).await;
    }
}

/// A callback of Kubewarden's let a policy ask what anybody may do. Here RBAC is asked only about whoever
/// makes the request, whatever the object says.
#[tokio::test]
async fn cve_2026_42541_kubewarden_asking_about_others() {
    let cluster = Arc::new(Cluster { administrator: Some("roy"), ..Cluster::default() });
    let door = door_on(DOCUMENTS, Some(cluster.clone()));
    let mut ask = making(("zoe", &["system:authenticated"]));
    ask.object["metadata"]["annotations"] = json!({"requester": "roy", "user": "roy"});
    ask.object["userInfo"] = json!({"username": "roy"});
    let mut review = ask.review();
    review["userInfo"] = json!({"username": "roy"});
    review["request"]["options"] = json!({"userInfo": {"username": "roy"}, "impersonate": "roy"});
    let refused = response(&door, Endpoint::Validate, review.to_string()).await;
    assert_eq!(codes(&refused), ["RF1003"]);
    assert_eq!(*cluster.asked.lock().unwrap(), ["zoe"]);
    check_at(&door, &making(("roy", &[])), &[]).await;
}

/// An upgrade of Rancher left its webhook's configuration as it should not be, and what it guarded went
/// unguarded.
#[test]
fn cve_2023_22651_rancher_a_webhook_that_is_not_asked() {
    let passing = |wanted: Wanted| -> Vec<_> {
        let all = entries(wanted).into_iter();
        all.filter(|it| !it.mutating && it.ignore_failure).map(|it| it.name).collect()
    };
    // Whoever made the configuration, it is made of the same table: what guards tenants fails closed.
    assert_eq!(passing(Wanted::default()), [""; 0]);
    assert_eq!(passing(Wanted { unowned: true, rehearsal: false }), ["unowned"]);
    let judging = entries(Wanted::default()).into_iter().filter(|it| !it.mutating);
    let all = ["namespaces", "tenants", "cluster", "documents", "probe"];
    assert_eq!(judging.map(|it| it.name).collect::<Vec<_>>(), all);
    // In a rehearsal, which is asked for, nothing is refused.
    assert_eq!(passing(Wanted { unowned: false, rehearsal: true }), all);
}

fn front() -> Front<Door> {
    Front::new(door(), Arc::new(Limits::default()), Arc::new(Metrics::new()))
}

/// What is answered to a request: status, headers and body.
async fn answered(
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: String,
) -> (u16, http::HeaderMap, Bytes) {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let (parts, body) = front().respond(request, &Pace::detached()).await.into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.unwrap().to_bytes())
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// capsule-proxy passed headers on to the API server that a client had named in `Connection`, and so took
/// away those that said who the client was. Whoever asks is told by the review alone.
#[tokio::test]
async fn cve_2022_23652_capsule_proxy_headers_that_say_who_one_is() {
    let check = async |who, headers: &[(&str, &str)], expect: bool| {
        let body = making(who).review().to_string();
        let headers = [&[JSON], headers].concat();
        let (status, _, body) = answered(Method::POST, "/validate", &headers, body).await;
        let review: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &review["response"]["allowed"]), (200, &json!(expect)), "{headers:?}");
    };
    let zoe = ("zoe", &["system:authenticated"][..]);
    for headers in [
        &[][..],
        &[("connection", "impersonate-user"), ("impersonate-user", "pat")],
        &[("x-remote-user", "pat"), ("x-remote-group", "platform-admins")],
        &[("impersonate-group", "system:masters"), ("authorization", "Bearer x")],
        &[("x-forwarded-user", "system:apiserver")],
    ] {
        check(zoe, headers, false).await;
    }
    check(("pat", &["platform-admins"]), &[], true).await;
}

/// OPA built a query of the path that was asked for, and what stood in the path was run. Two paths are
/// known here, by the letter.
#[tokio::test]
async fn cve_2025_46569_opa_paths_that_say_more() {
    let body = || new_pod("alpha-dev", good_pod()).review().to_string();
    for path in [
        "/v1/data/x",
        "/validate/",
        "//validate",
        "/validate/x",
        "/validate/../mutate",
        "/validate%2f",
        "/validate;x",
        "/%76alidate",
        "/validate%5B%22x%22%5D",
    ] {
        let (status, _, _) = answered(Method::POST, path, &[JSON], body()).await;
        assert_eq!(status, 404, "{path}");
    }
    for path in ["/validate", "/validate?timeout=10s", "/validate?x=%22%5D;allow"] {
        let (status, _, _) = answered(Method::POST, path, &[JSON], body()).await;
        assert_eq!(status, 200, "{path}");
    }
}

/// A webhook could send the API server elsewhere by a redirect. No answer here leads anywhere.
#[tokio::test]
async fn cve_2020_8561_kubernetes_a_webhook_that_redirects() {
    let large = "x".repeat(Limits::default().body_bytes + 1);
    let evil = || r#"{"request":{"uid":"https://evil.example.com/\r\nlocation: x"}}"#.to_owned();
    let mut seen = std::collections::BTreeSet::new();
    for (method, uri, headers, body) in [
        (
            Method::POST,
            "/validate",
            &[JSON][..],
            new_pod("alpha-dev", good_pod()).review().to_string(),
        ),
        (Method::POST, "/validate", &[JSON], evil()),
        (Method::POST, "/mutate", &[JSON], "{}".to_owned()),
        (Method::POST, "/https://evil.example.com/", &[JSON], String::new()),
        (Method::GET, "//evil.example.com", &[], String::new()),
        (Method::GET, "/validate", &[], String::new()),
        (Method::POST, "/validate", &[], String::new()),
        (Method::POST, "/validate", &[JSON, ("content-encoding", "gzip")], String::new()),
        (Method::POST, "/validate", &[JSON], large),
    ] {
        let (status, headers, _) = answered(method, uri, headers, body).await;
        assert!(!(300..400).contains(&status), "{uri} {status}");
        for name in ["location", "refresh", "content-location", "alt-svc"] {
            assert!(!headers.contains_key(name), "{uri} {headers:?}");
        }
        seen.insert(status);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [200, 400, 404, 405, 413, 415]);
}
