//! How a server ends.

use std::time::Duration;

use super::support::{PATIENCE, Rig, development_in, post, start, start_with};
use crate::server::shutdown::on_signals;
use crate::server::{Ended, Limits, Settings};

async fn ended(rig: Rig) -> Ended {
    tokio::time::timeout(PATIENCE, rig.ended).await.expect("an end in time").expect("no panic")
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let rig = start(Limits::default()).await;
    let mut idle = rig.connect().await;
    idle.exchange(post("/validate", "a")).await.is(200, "validate 1");
    let mut fresh = rig.connect().await;
    let mut busy = rig.connect().await;
    busy.send(post("/validate", "hold")).await;
    rig.counted("requests_in_flight 1").await;

    rig.trigger.signal();
    idle.ended().await;
    fresh.ended().await;
    assert!(tokio::net::TcpStream::connect(rig.address).await.is_err());
    assert!(!rig.ended.is_finished());
    rig.release.add_permits(1);
    let response = busy.response().await;
    response.is(200, "held");
    response.has("connection: close");
    assert_eq!(ended(rig).await, Ended::Drained);
}

#[tokio::test]
async fn who_has_said_nothing_holds_up_no_end() {
    let long = PATIENCE * 10;
    let limits = Limits { handshake_time: long, ..Limits::default() };
    let settings = Settings { limits, grace: Duration::ZERO, drain: long, ..Settings::default() };
    let rig = start_with(settings, development_in).await;
    let _silent = tokio::net::TcpStream::connect(rig.address).await.expect("a connection");
    rig.counted("connections 1").await;
    rig.trigger.signal();
    assert_eq!(ended(rig).await, Ended::Drained);
}

#[tokio::test]
async fn during_the_grace_it_is_not_ready_and_still_serves() {
    let settings = Settings { grace: PATIENCE, ..Settings::default() };
    let rig = start_with(settings, development_in).await;
    let mut kept = rig.connect().await;
    kept.exchange(post("/validate", "a")).await.is(200, "validate 1");
    rig.trigger.signal();
    while rig.ask("/readyz").await.status == 200 {}
    let text = "[-]shutdown failed: this replica is shutting down\n[+]certificate ok\n\
                [+]policies ok (3 tenants)\nreadyz check failed\n";
    rig.ask("/readyz").await.is(503, text);
    rig.ask("/livez").await.is(200, "ok");
    let response = kept.exchange(post("/validate", "a")).await;
    response.is(200, "validate 1");
    response.has("connection: close");
    rig.connect().await.exchange(post("/validate", "a")).await.is(200, "validate 1");
    rig.trigger.signal();
    assert_eq!(ended(rig).await, Ended::Aborted);
}

#[tokio::test]
async fn draining_has_a_limit() {
    let drain = Duration::from_millis(100);
    let settings = Settings { grace: Duration::ZERO, drain, ..Settings::default() };
    let rig = start_with(settings, development_in).await;
    let mut busy = rig.connect().await;
    busy.send(post("/validate", "hang")).await;
    rig.counted("requests_in_flight 1").await;
    rig.trigger.signal();
    busy.ended().await;
    assert_eq!(ended(rig).await, Ended::CutOff);
}

#[tokio::test]
async fn the_first_signal_drains_and_the_second_aborts() {
    let shutdown = on_signals().expect("handlers");
    let send = |signal: &str| {
        let mut shell = std::process::Command::new("sh");
        let status = shell.arg("-c").arg(format!("kill -{signal} $PPID")).status();
        assert!(status.expect("a shell").success());
    };
    let asked = async {
        send("TERM");
        shutdown.draining().await;
        send("INT");
        shutdown.aborting().await;
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("both are heard");
}
