//! `ringfence status`

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{by_admin, tenant};
use crate::harness::wait_until;
use crate::program::PATIENCE;
use crate::walls::Walls;

/// RFC 3339, so many hours from now.
fn in_hours(hours: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(3600 * hours);
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

/// The Lease of a replica that tells this, its certificate ending in so many days.
fn lease(home: &str, name: &str, revision: &str, days: u64) -> Value {
    let report = json!({"version": "0.1.0", "revision": revision, "mode": "enforce",
        "certificateNotAfter": in_hours(24 * days + 1), "sealed": 0, "namespaces": 0,
        "denials": 3, "drift": 2});
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": home, "labels": {"ringfence.dev/replica": "true"},
            "annotations": {"ringfence.dev/report": report.to_string()}},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 3600, "renewTime": micro(&in_hours(0))}})
}

fn leader(home: &str, name: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "ringfence-leader", "namespace": home},
        "spec": {"holderIdentity": format!("{name}_1"), "leaseDurationSeconds": 3600, "renewTime": micro(&in_hours(0))}})
}

/// As the API server wants a time of a Lease: in whole microseconds.
fn micro(at: &str) -> String {
    format!("{}.000000Z", at.split(['.', 'Z']).next().unwrap())
}

fn apply(walls: &Walls, home: &str, objects: &[Value]) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}});
    for object in [&[namespace], objects].concat() {
        walls.apply(&object.to_string());
    }
}

/// Says of a Tenant, as the controller does, whether it is Ready.
fn say(walls: &Walls, name: &str, holds: &str, reason: &str, message: &str) {
    let condition = json!({"type": "Ready", "status": holds, "reason": reason, "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let patch = json!({"status": {"conditions": [condition]}}).to_string();
    let patch = ["patch", "tenant", name, "--subresource=status", "--type=merge", "-p", &patch];
    walls.admin().kubectl(&patch).success();
}

#[test]
fn what_is_well_and_what_is_not() {
    let walls = Walls::start_with(&["--controller", "off"]);
    walls.admin().kubectl(&["delete", "tenants", "--all"]).success();
    tenant(&walls, "quiet", &["--profile", "planned"]);
    walls.namespace("quiet", "quiet-one");
    say(&walls, "quiet", "True", "Kept", "all is kept");
    let status = |home: &str, more: &[&str]| {
        by_admin(&walls, &[&["status", "--namespace", home], more].concat())
    };

    apply(
        &walls,
        "well",
        &[lease("well", "a", "1f", 100), lease("well", "b", "1f", 99), leader("well", "b")],
    );
    let well = status("well", &[]);
    assert_eq!((well.code, well.stderr.as_str()), (0, ""), "{well:?}");
    insta::assert_snapshot!("all_is_well", well.stdout);

    tenant(&walls, "loud", &[]);
    walls.namespace("loud", "loud-one");
    say(&walls, "loud", "False", "Unsealed", "1 of 1 namespaces is not sealed");
    let mut silent = lease("ill", "c", "1f", 100);
    silent["spec"]["renewTime"] = json!("2026-01-01T00:00:00.000000Z");
    let mut broken = lease("ill", "d", "1f", 100);
    broken["metadata"]["annotations"]["ringfence.dev/report"] = json!("{");
    let mut rehearses = lease("ill", "e", "1f", 100);
    let report = &mut rehearses["metadata"]["annotations"]["ringfence.dev/report"];
    *report = json!(report.as_str().unwrap().replace("enforce", "rehearsal"));
    let all = [lease("ill", "a", "2e", 3), lease("ill", "b", "1f", 100), silent, broken, rehearses];
    apply(&walls, "ill", &all);
    let ill = status("ill", &[]);
    assert_eq!((ill.code, ill.stderr.as_str()), (1, ""), "{ill:?}");
    insta::assert_snapshot!("what_is_wrong", ill.stdout);

    let nobody = status("nobody", &["-o", "json"]);
    assert_eq!(nobody.code, 1);
    let told: Value = serde_json::from_str(&nobody.stdout).unwrap();
    assert_eq!(told["wrong"][0], "no replica tells anything");
    assert_eq!(
        (&told["well"], &told["leader"], &told["replicas"]),
        (&json!(false), &Value::Null, &json!([]))
    );

    let stranger = walls.cluster.user("ada", &["alpha-devs"]);
    let refused = super::ringfence(&walls.cluster, &stranger, &["status"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("cannot list leases"), "{refused:?}");
}

#[test]
fn a_replica_that_runs_is_told_as_it_is() {
    let walls = Walls::shared();
    let mut told = Value::Null;
    wait_until(PATIENCE, "the replica to lead and to report", || {
        let status = by_admin(walls, &["status", "-o", "json"]);
        told = serde_json::from_str(&status.stdout).unwrap_or_default();
        let replica = &told["replicas"][0];
        // Its first word comes before it has the documents.
        replica["leads"] == true && replica["revision"].as_str().is_some_and(|it| !it.is_empty())
    });
    let replica = &told["replicas"][0];
    assert_eq!(
        (&replica["mode"], &replica["differs"], &replica["silent"]),
        (&json!("enforce"), &json!(false), &json!(false))
    );
    assert_eq!(replica["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(replica["revision"].as_str().unwrap().len(), 16);
    assert!(replica["certificateDays"].as_i64().unwrap() > 0, "{told}");
    assert_eq!((&told["mode"], &told["leader"]), (&json!("enforce"), &replica["name"]));
}
