//! The telemetry port.

use tokio::net::TcpStream;

use super::support::{Wire, start};
use crate::server::readiness::report;
use crate::server::{Check, Limits};

#[tokio::test]
async fn probes_answer_as_kubernetes_own_do() {
    let rig = start(Limits::default()).await;
    rig.ask("/livez").await.is(200, "ok");
    rig.ask("/livez?verbose").await.is(200, "[+]ping ok\nlivez check passed\n");
    rig.ask("/readyz").await.is(200, "ok");
    let verbose = "[+]shutdown ok\n[+]certificate ok\n[+]policies ok (3 tenants)\n\
                   readyz check passed\n";
    rig.ask("/readyz?verbose").await.is(200, verbose);
    assert_eq!(rig.ask("/validate").await.status, 404);
    let metrics = rig.ask("/metrics").await;
    assert_eq!(metrics.status, 200);
    metrics.has("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(metrics.body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn probes_only_answer_questions() {
    let rig = start(Limits::default()).await;
    let mut wire = Wire(TcpStream::connect(rig.telemetry).await.expect("a connection"));
    let response = wire.exchange("DELETE /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(response.status, 405);
    response.has("allow: GET, HEAD");
    // What a body hides is not answered.
    let chunked = "GET /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    wire.send(format!("{chunked}GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    let response = wire.response().await;
    assert_eq!(response.status, 200);
    response.has("connection: close");
    wire.ended().await;
}

#[test]
fn a_failed_check_says_why() {
    let checks = [
        Check::passed("certificate"),
        Check::failed("policies", "none are loaded").noting("since the start"),
    ];
    let text = "[+]certificate ok\n[-]policies failed: none are loaded (since the start)\n\
                readyz check failed\n";
    assert_eq!(report("readyz", &checks, false), (false, text.to_owned()));
}
