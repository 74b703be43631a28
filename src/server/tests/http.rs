//! Requests and their answers.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::support::{Script, Wire, post, post_with, start};
use crate::server::{Front, Limits, Pace};
use crate::telemetry::Metrics;

#[tokio::test]
async fn a_connection_answers_one_request_after_another() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    let response = client.exchange(post("/validate?timeout=10s", "abc")).await;
    response.is(200, "validate 3");
    response.has("content-type: application/json");
    client.exchange(post("/mutate", "")).await.is(200, "mutate 0");
    client.send(post("/mutate", "1") + &post("/validate", "12")).await;
    client.response().await.is(200, "mutate 1");
    client.response().await.is(200, "validate 2");
    client.exchange(post("/validate", "unreadable")).await.is(400, "{}");
    let large = "x".repeat(3 * 1024 * 1024);
    client.exchange(post("/mutate", &large)).await.is(200, "mutate 3145728");
    rig.counted(r#"reviews_total{endpoint="mutate",decision="admit"} 3"#).await;
    rig.rejected("unreadable", 1).await;
    rig.counted("bodies_in_flight_bytes 0").await;
    rig.counted("requests_in_flight 0").await;
    rig.counted("connections 1").await;
    drop(client);
    rig.counted("connections 0").await;
}

#[tokio::test]
async fn a_chunked_body_is_read_and_is_the_last() {
    let rig = start(Limits::default()).await;
    let head = "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let body = "3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-trailer: y\r\n\r\n";
    let mut client = rig.connect().await;
    client.send(format!("{head}{body}{}", post("/validate", "a"))).await;
    let response = client.response().await;
    response.is(200, "validate 7");
    response.has("connection: close");
    client.ended().await;
}

#[tokio::test]
async fn a_head_that_could_be_read_in_two_ways_is_refused() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    client.exchange(post("/validate", "\n\n")).await.is(200, "validate 2");
    client.send("GET / HTTP/1.1\r\nhost: x\r\nx: y\n\nGET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.response().await.status, 400);
    client.ended().await;
    rig.rejected("bad_request", 1).await;
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    for path in ["/", "/validate/", "/livez", "/VALIDATE"] {
        assert_eq!(
            client.exchange(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await.status,
            404
        );
    }
    let response = client.exchange("GET /mutate HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(response.status, 405);
    response.has("allow: POST");
    client.exchange(post("/validate", "a")).await.is(200, "validate 1");
    rig.rejected("not_found", 5).await;
}

#[tokio::test]
async fn only_plain_json_is_read() {
    let rig = start(Limits::default()).await;
    let refused = async |request: String| {
        let mut client = rig.connect().await;
        let response = client.exchange(request).await;
        assert_eq!(response.status, 415);
        response
    };
    let gzip = post_with("/validate", "content-encoding: gzip\r\n", "abc");
    refused(gzip.clone()).await.has("accept-encoding: identity");
    refused(gzip.replace("gzip", "identity, gzip")).await;
    refused(gzip.replace("gzip", "")).await;
    let plain = post("/validate", "abc");
    refused(plain.replace("application/json", "text/plain")).await;
    refused(plain.replace("application/json", "application/json-patch+json")).await;
    refused(plain.replace("content-type: application/json\r\n", "")).await;
    rig.rejected("unsupported_encoding", 6).await;

    let mut client = rig.connect().await;
    client.exchange(gzip.replace("gzip", "Identity")).await.is(200, "validate 3");
    let charset = plain.replace("application/json", "Application/JSON ; charset=utf-8");
    client.exchange(charset).await.is(200, "validate 3");
}

#[tokio::test]
async fn a_panic_is_one_requests_failure() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    client.exchange(post("/validate", "panic")).await.is(200, "failed: Panic");
    client.exchange(post("/validate", "panic later")).await.is(200, "failed: Panic");
    assert_eq!(client.exchange(post("/validate", "panic twice")).await.status, 500);
    client.exchange(post("/validate", "a")).await.is(200, "validate 1");
    rig.counted("panics_total 3").await;
    rig.counted(r#"reviews_total{endpoint="validate",decision="deny"} 2"#).await;
    rig.counted("bodies_in_flight_bytes 0").await;
}

#[tokio::test]
async fn garbage_ends_its_connection_alone() {
    let rig = start(Limits::default()).await;
    let mut beside = rig.connect().await;
    let mut raw = Wire(TcpStream::connect(rig.address).await.expect("a connection"));
    raw.send_what_is_taken("GET / HTTP/1.1\r\n\r\n").await;
    rig.rejected("handshake_failed", 1).await;

    let mut client = rig.connect().await;
    client.send([0, 1, 2, b'\r', b'\n', b'\r', b'\n']).await;
    assert_eq!(client.response().await.status, 400);
    client.ended().await;
    rig.rejected("bad_request", 1).await;

    let mut raw = Wire(TcpStream::connect(rig.telemetry).await.expect("a connection"));
    raw.send_what_is_taken([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]).await;
    assert_eq!(raw.response().await.status, 400);
    rig.rejected("bad_request", 2).await;
    beside.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    client.send(post("/validate", "hang")).await;
    rig.counted("requests_in_flight 1").await;
    client.0.shutdown().await.expect("an end");
    drop(client);
    rig.counted("requests_in_flight 0").await;
    rig.counted("bodies_in_flight_bytes 0").await;
    rig.counted("connections 0").await;
}

#[tokio::test]
async fn the_front_needs_no_socket() {
    let script = Script { release: Arc::new(Semaphore::new(0)) };
    let front = Front::new(script, Arc::new(Limits::default()), Arc::new(Metrics::new()));
    let request = http::Request::post("/mutate?timeout=5s")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(b"abc")))
        .expect("a request");
    let response = front.respond(request, &Pace::detached()).await;
    assert_eq!(response.status(), 200);
}
