//! What is too much is refused; what is next to it passes.

use std::time::Duration;

use tokio::net::TcpStream;

use super::support::{PATIENCE, Wire, post, start};
use crate::server::Limits;

const CHUNKED: &str = "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                       transfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let rig = start(Limits { body_bytes: 1000, ..Limits::default() }).await;
    let mut client = rig.connect().await;
    client.exchange(post("/validate", &"x".repeat(1000))).await.is(200, "validate 1000");
    let over = post("/validate", &"x".repeat(1001));
    client.send(over.trim_end_matches('x')).await;
    assert_eq!(client.response().await.status, 413);
    rig.rejected("body_too_large", 1).await;

    // The answer arrives even where the whole body is sent first.
    let mut client = rig.connect().await;
    client.send_what_is_taken(post("/validate", &"x".repeat(8 * 1024 * 1024))).await;
    assert_eq!(client.response().await.status, 413);
}

#[tokio::test]
async fn a_body_that_grows_over_the_limit_is_refused() {
    let rig = start(Limits { body_bytes: 1000, ..Limits::default() }).await;
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let mut client = rig.connect().await;
    client.exchange(format!("{CHUNKED}{chunk}{chunk}0\r\n\r\n")).await.is(200, "validate 1000");
    let mut client = rig.connect().await;
    client.send(format!("{CHUNKED}{chunk}{chunk}1\r\nx\r\n")).await;
    let response = client.response().await;
    assert_eq!(response.status, 413);
    response.has("connection: close");
    rig.rejected("body_too_large", 1).await;
    rig.counted("bodies_in_flight_bytes 0").await;
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let rig = start(Limits { header_bytes: 2048, ..Limits::default() }).await;
    let with = |length: usize| {
        let filler = format!("x-filler: {}\r\n", "x".repeat(length));
        super::support::post_with("/validate", &filler, "a")
    };
    rig.connect().await.exchange(with(1500)).await.is(200, "validate 1");
    let mut client = rig.connect().await;
    client.send(with(3000)).await;
    assert_eq!(client.response().await.status, 431);
    rig.rejected("header_too_large", 1).await;
}

#[tokio::test]
async fn too_many_requests_are_told_to_come_again() {
    let rig = start(Limits { requests: 1, ..Limits::default() }).await;
    let mut first = rig.connect().await;
    first.send(post("/validate", "hold")).await;
    rig.counted("requests_in_flight 1").await;

    let mut second = rig.connect().await;
    let response = second.exchange(post("/validate", &"x".repeat(100_000))).await;
    assert_eq!(response.status, 429);
    response.has("retry-after: 1");
    rig.rejected("busy", 1).await;

    rig.release.add_permits(1);
    first.response().await.is(200, "held");
    second.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn bodies_share_a_budget() {
    let rig = start(Limits { bodies_bytes: 1000, ..Limits::default() }).await;
    let mut first = rig.connect().await;
    first.send(post("/validate", "hold")).await;
    rig.counted("bodies_in_flight_bytes 4").await;

    let mut second = rig.connect().await;
    let response = second.exchange(post("/validate", &"x".repeat(997))).await;
    assert_eq!(response.status, 429);
    response.has("retry-after: 1");
    second.exchange(post("/validate", &"x".repeat(996))).await.is(200, "validate 996");
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let mut third = rig.connect().await;
    let response = third.exchange(format!("{CHUNKED}{chunk}{chunk}0\r\n\r\n")).await;
    assert_eq!(response.status, 429);
    rig.rejected("budget_exhausted", 2).await;

    rig.release.add_permits(1);
    first.response().await.is(200, "held");
    second.exchange(post("/validate", &"x".repeat(1000))).await.is(200, "validate 1000");
    rig.counted("bodies_in_flight_bytes 0").await;
}

#[tokio::test]
async fn a_length_that_is_only_stated_takes_little_of_the_budget() {
    let rig = start(Limits { bodies_bytes: 300_000, ..Limits::default() }).await;
    let large = post("/validate", &"x".repeat(300_000));
    let (head, body) = large.split_at(large.len() - 300_000);
    let mut first = rig.connect().await;
    first.send(head).await;
    rig.counted("bodies_in_flight_bytes 65536").await;
    let mut second = rig.connect().await;
    second.exchange(post("/validate", &"x".repeat(200_000))).await.is(200, "validate 200000");
    first.exchange(body).await.is(200, "validate 300000");

    // What has come does take it.
    first.send(head).await;
    first.send("x".repeat(299_999)).await;
    let full = async { while second.exchange(post("/validate", "xx")).await.status == 200 {} };
    tokio::time::timeout(PATIENCE, full).await.expect("no room");
    rig.rejected("budget_exhausted", 1).await;
    first.exchange("x").await.is(200, "validate 300000");
    rig.counted("bodies_in_flight_bytes 0").await;
}

#[tokio::test]
async fn a_crowd_takes_the_place_of_the_idle() {
    let crowded_idle_time = Duration::ZERO;
    let rig = start(Limits { connections: 2, crowded_idle_time, ..Limits::default() }).await;
    let mut idle = rig.connect().await;
    idle.exchange(post("/validate", "a")).await.is(200, "validate 1");
    let mut busy = rig.connect().await;
    busy.send(post("/validate", "hold")).await;
    rig.counted("requests_in_flight 1").await;

    let mut third = rig.connect().await;
    third.exchange(post("/validate", "a")).await.is(200, "validate 1");
    idle.ended().await;
    rig.release.add_permits(1);
    busy.response().await.is(200, "held");
}

#[tokio::test]
async fn handshakes_wait_for_one_another() {
    let handshake_turn = PATIENCE;
    let rig = start(Limits { handshakes: 1, handshake_turn, ..Limits::default() }).await;
    // It says nothing, so it takes nobody's place.
    let _silent = TcpStream::connect(rig.address).await.expect("a connection");
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");

    let mut half = Wire(TcpStream::connect(rig.address).await.expect("a connection"));
    half.send([0x16, 3, 1]).await;
    rig.counted("connections 2").await;
    let waits = rig.connect();
    tokio::pin!(waits);
    let early = tokio::time::timeout(Duration::from_millis(100), &mut waits).await;
    assert!(early.is_err(), "the place is taken");
    drop(half);
    waits.await.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_holds_up_no_other() {
    let limits = Limits {
        handshakes: 1,
        handshake_turn: Duration::from_millis(10),
        handshake_time: PATIENCE * 10,
        ..Limits::default()
    };
    let rig = start(limits).await;
    let mut half = Wire(TcpStream::connect(rig.address).await.expect("a connection"));
    half.send([0x16, 3, 1]).await;
    rig.counted("connections 1").await;
    let next = tokio::time::timeout(PATIENCE, rig.connect()).await;
    next.expect("a place").exchange(post("/validate", "a")).await.is(200, "validate 1");
    rig.counted("connections 2").await;
}

#[tokio::test]
async fn nobody_takes_the_probes_places() {
    let long = PATIENCE * 10;
    let limits = Limits { crowded_idle_time: long, header_time: long, ..Limits::default() };
    let rig = start(limits).await;
    let mut crowd = Vec::new();
    for nth in 0..150 {
        let mut wire = Wire(TcpStream::connect(rig.telemetry).await.expect("a connection"));
        if nth % 2 == 0 {
            wire.send("GET /livez").await;
        }
        crowd.push(wire);
    }
    rig.ask("/livez").await.is(200, "ok");
}
