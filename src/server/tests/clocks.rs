//! What takes too long is ended; what may take long is not.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::support::{Wire, post, start};
use crate::server::Limits;

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_slow_head_is_ended_while_an_idle_connection_stays() {
    let rig = start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut fresh = rig.connect().await;
    let mut used = rig.connect().await;
    used.exchange(post("/validate", "a")).await.is(200, "validate 1");

    let mut slow = rig.connect().await;
    slow.send("POST /validate HTTP/1.1\r\n").await;
    slow.ended().await;
    rig.rejected("header_timeout", 1).await;

    let mut again = rig.connect().await;
    again.exchange(post("/validate", "a")).await.is(200, "validate 1");
    again.send("P").await;
    again.ended().await;
    rig.rejected("header_timeout", 2).await;

    fresh.exchange(post("/validate", "a")).await.is(200, "validate 1");
    used.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn a_head_that_trickles_is_slow_too() {
    let rig = start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let (mut slow, mut write) = tokio::io::split(rig.connect().await.0);
    let trickle = async {
        let mut pace = tokio::time::interval(SHORT / 5);
        loop {
            pace.tick().await;
            if write.write_all(b"P").await.is_err() || write.flush().await.is_err() {
                return std::future::pending().await;
            }
        }
    };
    let ended = async {
        let mut one = [0];
        let _ = tokio::io::AsyncReadExt::read(&mut slow, &mut one).await;
    };
    tokio::select! {
        () = trickle => {}
        () = ended => {}
    }
    rig.rejected("header_timeout", 1).await;
}

#[tokio::test]
async fn the_telemetry_port_keeps_the_same_clocks() {
    let rig = start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut slow = Wire(TcpStream::connect(rig.telemetry).await.expect("a connection"));
    slow.send("GET /livez").await;
    slow.ended().await;
    rig.rejected("header_timeout", 1).await;
}

#[tokio::test]
async fn an_idle_connection_ends_in_the_end() {
    let rig = start(Limits { idle_time: SHORT, ..Limits::default() }).await;
    let mut fresh = rig.connect().await;
    let mut used = rig.connect().await;
    used.exchange(post("/validate", "a")).await.is(200, "validate 1");
    used.ended().await;
    fresh.ended().await;
    rig.counted("connections 0").await;
}

#[tokio::test]
async fn a_slow_body_is_answered_and_ended() {
    let rig = start(Limits { body_time: SHORT, ..Limits::default() }).await;
    let whole = post("/validate", "abcdef");
    let (most, rest) = whole.split_at(whole.len() - 3);
    let mut client = rig.connect().await;
    client.send(most).await;
    client.send(rest).await;
    client.response().await.is(200, "validate 6");
    client.send(most).await;
    let response = client.response().await;
    assert_eq!(response.status, 408);
    response.has("connection: close");
    client.ended().await;
    rig.rejected("body_timeout", 1).await;
    rig.counted("bodies_in_flight_bytes 0").await;
}

#[tokio::test]
async fn a_body_has_no_longer_than_its_deadline() {
    let rig = start(Limits { min_margin: Duration::ZERO, ..Limits::default() }).await;
    let whole = post("/validate?timeout=100ms", "abcdef");
    let mut client = rig.connect().await;
    client.send(whole.trim_end_matches('f')).await;
    assert_eq!(client.response().await.status, 408);
}

#[tokio::test]
async fn an_answer_past_the_deadline_is_a_failure() {
    let rig = start(Limits::default()).await;
    let mut client = rig.connect().await;
    client.exchange(post("/mutate?timeout=200ms", "hang")).await.is(200, "failed: Deadline");
    client.exchange(post("/mutate?timeout=200ms", "a")).await.is(200, "mutate 1");
    rig.rejected("deadline", 1).await;
    rig.counted(r#"reviews_total{endpoint="mutate",decision="deny"} 1"#).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let rig = start(Limits { write_time: SHORT, ..Limits::default() }).await;
    let mut deaf = rig.connect().await;
    deaf.send(post("/validate", "big")).await;
    rig.rejected("write_timeout", 1).await;
    rig.counted("connections 0").await;
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
}

#[tokio::test]
async fn a_handshake_has_an_end() {
    let rig = start(Limits { handshake_time: SHORT, ..Limits::default() }).await;
    let mut silent = Wire(TcpStream::connect(rig.address).await.expect("a connection"));
    silent.ended().await;
    rig.rejected("handshake_timeout", 1).await;
    let mut half = Wire(TcpStream::connect(rig.address).await.expect("a connection"));
    half.send([0x16, 3, 1]).await;
    half.ended().await;
    rig.rejected("handshake_timeout", 2).await;
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
}
