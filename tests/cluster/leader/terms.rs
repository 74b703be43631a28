//! Who writes when.

use std::time::{Duration, Instant};

use ringfence::controller::lease::{REPORT_ANNOTATION, Report};
use serde_json::Value;

use super::super::harness::wait_until;
use super::super::program::PATIENCE;
use super::super::walls::{ACCOUNT, telemetry};
use super::Cluster;

/// Longer than a replica that is gone is reported.
const LONG: Duration = Duration::from_secs(120);

/// What each replica tells of itself.
fn reports(cluster: &Cluster) -> Vec<(String, Report)> {
    let list = ["get", "leases", "--namespace=ringfence-system", "--output=json"];
    let replicas = [&list[..], &["--selector=ringfence.dev/replica=true"]].concat();
    let listed: Value =
        serde_json::from_str(&cluster.admin().kubectl(&replicas).success()).unwrap();
    let read = |lease: &Value| {
        let text = lease["metadata"]["annotations"][REPORT_ANNOTATION].as_str().unwrap();
        assert_eq!(lease["spec"]["holderIdentity"], lease["metadata"]["name"]);
        let name = lease["metadata"]["name"].as_str().unwrap();
        (name.to_owned(), serde_json::from_str(text).unwrap())
    };
    listed["items"].as_array().unwrap().iter().map(read).collect()
}

fn names(cluster: &Cluster) -> Vec<String> {
    reports(cluster).into_iter().map(|(name, _)| name).collect()
}

/// How long another takes to put right what is changed when the leader ends by a signal.
fn takes_over(cluster: &Cluster, next: &str, end: impl FnOnce()) -> Duration {
    let start = Instant::now();
    end();
    cluster.open("taken-over");
    cluster.wait_leader(next);
    cluster.wait_sealed("taken-over");
    start.elapsed()
}

#[test]
fn one_writes_and_another_does_when_it_ends() {
    let cluster = Cluster::start();
    let one = cluster.replica("one");
    cluster.wait_leader("one");
    let two = cluster.replica("two");
    cluster.sealed_namespace("taken-over");
    wait_until(PATIENCE, "both to report alike", || {
        let reports = reports(&cluster);
        let [(_, one), (_, two)] = &reports[..] else { return false };
        let same = |of: fn(&Report) -> String| of(one) == of(two);
        (one.sealed, one.namespaces, two.sealed) == (1, 1, 1)
            && same(|it| it.revision.clone())
            && !one.revision.is_empty()
            && one.certificate_not_after.is_some()
    });

    let killed = takes_over(&cluster, "two", || one.end("KILL"));
    let three = cluster.replica("three");
    wait_until(PATIENCE, "the third to report", || names(&cluster).contains(&"three".to_owned()));
    let ended = takes_over(&cluster, "three", || two.end("TERM"));
    assert_eq!(cluster.turns(), ["one", "two", "three"], "one at a time");
    println!("taken over: {killed:.1?} after SIGKILL, {ended:.1?} after SIGTERM");
    assert!(!names(&cluster).contains(&"two".to_owned()), "who ends takes its report away");
    wait_until(LONG, "the report of who was killed to go", || names(&cluster) == ["three"]);
    drop(three);
}

#[test]
fn who_stood_still_while_another_took_over_does_not_write() {
    let cluster = Cluster::start();
    let one = cluster.replica("one");
    cluster.wait_leader("one");
    let two = cluster.replica("two");
    cluster.sealed_namespace("stands-still");
    one.signal("STOP");
    cluster.open("stands-still");
    cluster.wait_leader("two");
    cluster.wait_sealed("stands-still");
    assert_eq!(cluster.turns(), ["one", "two"]);
    // It wakes with work before it, which it saw in the time that it missed, and gets more.
    one.signal("CONT");
    for _ in 0..20 {
        cluster.open("stands-still");
        cluster.wait_sealed("stands-still");
    }
    wait_until(PATIENCE, "it to know that another leads", || {
        one.server.log().matches("another term of the leader").count() >= 2
    });
    assert_eq!(cluster.turns(), ["one", "two"], "it does not write any more");
    drop(two);
}

/// It has work before it when it wakes, and cannot learn that another has led since: the clock alone tells it that
/// its term is over.
#[test]
fn who_stood_still_writes_nothing_though_it_knows_of_no_other_leader() {
    let cluster = Cluster::start();
    let one = cluster.replica("one");
    cluster.wait_leader("one");
    let two = cluster.replica("two");
    cluster.sealed_namespace("overslept");
    one.signal("STOP");
    cluster.open("overslept");
    cluster.wait_leader("two");
    cluster.wait_sealed("overslept");
    two.signal("STOP");
    let binding = ["delete", "rolebinding", "ringfence", "--namespace=ringfence-system"];
    cluster.admin().kubectl(&binding).success();
    let may = ["auth", "can-i", "get", "leases", "--namespace=ringfence-system", "--as", ACCOUNT];
    wait_until(PATIENCE, "nobody to read the Lease", || cluster.admin().kubectl(&may).code != 0);
    cluster.open("overslept");
    one.signal("CONT");
    wait_until(PATIENCE, "it to see the open namespace, and its term to end", || {
        assert_eq!(cluster.turns(), ["one", "two"], "it writes though its term is over");
        let log = one.server.log();
        log.contains("cannot learn or say who the leader is")
            && log.matches("another term of the leader").count() >= 2
            && telemetry(&one.server).contains("ringfence_tenant_namespaces{seal=\"unsealed\"} 1")
    });
    assert_eq!(cluster.turns(), ["one", "two"]);
    two.signal("CONT");
}
