//! What an Exemption permits, and what it does not.

use jiff::{SignedDuration, Timestamp};
use ringfence::audit::Record;
use ringfence::domain::Decision;
use ringfence::policy::{Source, load};
use ringfence::review::warnings;
use ringfence::rules::MOST_FINDINGS;
use serde_json::{Value, json};

use super::reviews::{created, snapshot};

const DOCUMENTS: &str = r#"
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: some-warn}
spec: {rules: {RF2002: warn}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec:
  profile: some-warn
  namespaces: {names: [gpu, other]}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec: {namespaces: {names: [beta]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Exemption
metadata: {name: driver}
spec:
  tenant: alpha
  rules: RULES
  namespaces: [gpu, beta]
  WORKLOADS
  owner: jo@example.com
  reason: the driver loads a kernel module
  expiresAt: 2027-03-01T00:00:00Z
"#;

const LONG_BEFORE: &str = "2027-01-01T00:00:00Z";

fn reviewed(rules: &str, more: &str, object: &Value, now: &str) -> Record {
    let text = DOCUMENTS.replace("RULES", rules).replace("WORKLOADS", more);
    reviewed_by(&text.replace("\n  \n", "\n"), object, now)
}

fn reviewed_by(documents: &str, object: &Value, now: &str) -> Record {
    let source = Source { name: "documents.yaml".into(), text: documents.to_owned() };
    created(&snapshot(&[source]), &object.to_string(), None, now.parse().unwrap())
}

/// A DaemonSet whose container `driver` has this security context, with another beside it.
fn daemon_set(namespace: &str, security: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "driver", "namespace": namespace},
        "spec": {"template": {"spec": {"containers": [
            {"name": "driver", "image": "registry.example.com/x:1", "securityContext": security},
            {"name": "side", "image": "registry.example.com/x:1"},
        ]}}},
    })
}

fn refused(record: &Record) -> Vec<String> {
    let counts = |mode| record.verdict.in_mode(mode).map(|it| it.code.to_string()).collect();
    counts(ringfence::domain::Mode::Enforce)
}

#[test]
fn an_exemption_permits_what_it_names_and_nothing_else() {
    let privileged = json!({"privileged": true, "allowPrivilegeEscalation": true});
    let check = |rules: &str, more: &str, namespace: &str, expect: &[&str]| {
        let record = reviewed(rules, more, &daemon_set(namespace, privileged.clone()), LONG_BEFORE);
        assert_eq!(refused(&record), expect, "{rules} {more} {namespace}");
        // Permitted or not, what is found stays found.
        assert_eq!(record.verdict.findings().len(), 2, "{rules} {more}");
    };
    check("[RF2003, RF2006]", "", "gpu", &[]);
    check("[RF2]", "", "gpu", &[]);
    check("['*']", "", "gpu", &[]);
    check("[RF2003]", "", "gpu", &["RF2006"]);
    check("[RF2003, RF2006]", "", "other", &["RF2003", "RF2006"]);
    check("[RF2003, RF2006]", "", "beta", &["RF2003", "RF2006"]);
    let workload = |it: &str| format!("workloads: [{it}]");
    check("[RF2]", &workload("{kind: DaemonSet, name: driver}"), "gpu", &[]);
    check("[RF2]", &workload("{kind: DaemonSet, name: x}"), "gpu", &["RF2003", "RF2006"]);
    check("[RF2]", &workload("{kind: Deployment, name: driver}"), "gpu", &["RF2003", "RF2006"]);
    check("[RF2]", "containers: [driver]", "gpu", &[]);
    check("[RF2]", "containers: [side]", "gpu", &["RF2003", "RF2006"]);
}

#[test]
fn a_pod_is_exempt_as_what_made_it() {
    let pod = |owner: Value| {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "driver-x", "namespace": "gpu", "ownerReferences": [owner],
                         "labels": {"pod-template-hash": "5d4f"}},
            "spec": {"containers": [{"name": "driver", "image": "registry.example.com/x:1"}]},
        });
        pod["spec"]["hostPID"] = json!(true);
        pod
    };
    let check = |kind: &str, owner: Value, expect: Decision| {
        let workloads = format!("workloads: [{{kind: {kind}, name: driver}}]");
        let record = reviewed("[RF2001]", &workloads, &pod(owner.clone()), LONG_BEFORE);
        assert_eq!(record.verdict.decision(), expect, "{kind} {owner}");
    };
    let made_by = |kind: &str, name: &str| json!({"kind": kind, "name": name, "controller": true});
    check("DaemonSet", made_by("DaemonSet", "driver"), Decision::Admit);
    check("DaemonSet", made_by("DaemonSet", "driver2"), Decision::Deny);
    check("DaemonSet", json!({"kind": "DaemonSet", "name": "driver"}), Decision::Deny);
    check("Deployment", made_by("ReplicaSet", "driver-5d4f"), Decision::Admit);
    check("Deployment", made_by("ReplicaSet", "driver-0000"), Decision::Deny);
    check("CronJob", made_by("Job", "driver-29012345"), Decision::Admit);
}

/// Where the stricter check is exempted from, the milder one that it stands in for is judged.
#[test]
fn what_baseline_refuses_needs_an_exemption_of_its_own() {
    let adds = |name: &str| json!({"capabilities": {"add": [name], "drop": ["ALL"]}});
    let check = |rules: &str, capability: &str, expect: &[&str]| {
        let object = daemon_set("gpu", adds(capability));
        assert_eq!(refused(&reviewed(rules, "", &object, LONG_BEFORE)), expect, "{rules}");
    };
    check("[RF2007]", "CHOWN", &[]);
    check("[RF2007]", "NET_ADMIN", &["RF2004"]);
    check("[RF2004]", "NET_ADMIN", &["RF2007"]);
    check("[RF2004, RF2007]", "NET_ADMIN", &[]);
}

/// Nor does an exemption of another workload from the milder check stand for it.
#[test]
fn what_one_workload_may_no_other_may() {
    let adds = json!({"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}});
    let check = |profile: &str, first: &str, second: &str, expect: &[&str]| {
        let own = "workloads: [{kind: DaemonSet, name: driver}]";
        let others = "workloads: [{kind: DaemonSet, name: other}]";
        let documents = DOCUMENTS.replace("RF2002: warn", profile);
        let (tenants, exemption) = documents.split_at(documents.rfind("---").unwrap());
        let exemption = |name: &str, rules: &str, workloads: &str| {
            exemption
                .replace("{name: driver}", name)
                .replace("RULES", rules)
                .replace("WORKLOADS", workloads)
        };
        let documents = [
            tenants.to_owned(),
            exemption("{name: one}", first, own),
            exemption("{name: two}", second, others),
        ]
        .concat();
        let record = reviewed_by(&documents, &daemon_set("gpu", adds.clone()), LONG_BEFORE);
        assert_eq!(refused(&record), expect, "{profile} {first} {second}");
    };
    check("RF2002: warn", "[RF2007]", "[RF2004]", &["RF2004"]);
    check("RF2002: warn", "[RF2007, RF2004]", "[RF2004]", &[]);
    check("RF2007: warn", "[RF2003]", "[RF2004]", &["RF2004"]);
    check("RF2002: warn", "[RF2003]", "[RF2004]", &["RF2007"]);
}

/// As many findings as are told, all permitted, and one more that is not.
#[test]
fn what_is_permitted_hides_nothing() {
    let ports = |from: usize, count: usize| -> Value {
        (from..from + count).map(|port| json!({"containerPort": port, "hostPort": port})).collect()
    };
    let check = |driver: usize, side: usize, expect: usize| {
        let mut object = daemon_set("gpu", json!({}));
        let containers = &mut object["spec"]["template"]["spec"]["containers"];
        containers[0]["ports"] = ports(1_000, driver);
        containers[1]["ports"] = ports(80, side);
        let documents = DOCUMENTS.replace("RF2002: warn", "RF2001: warn");
        let documents =
            documents.replace("RULES", "[RF2002]").replace("WORKLOADS", "containers: [driver]");
        let record = reviewed_by(&documents, &object, LONG_BEFORE);
        assert_eq!(refused(&record).len(), expect, "{driver} {side}");
        assert!(record.verdict.findings().len() <= 2 * MOST_FINDINGS);
    };
    check(MOST_FINDINGS, 0, 0);
    check(MOST_FINDINGS - 1, 1, 1);
    check(MOST_FINDINGS, 1, 1);
    check(2 * MOST_FINDINGS, 2 * MOST_FINDINGS, MOST_FINDINGS);
}

/// An image whose registry cannot be told is not let in by an exemption from being readable.
#[test]
fn an_unreadable_image_stays_refused() {
    let mut object = daemon_set("gpu", json!({}));
    object["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!("registry.example.com/UPPER:1");
    let check = |rules: &str, expect: &[&str]| {
        assert_eq!(refused(&reviewed(rules, "", &object, LONG_BEFORE)), expect, "{rules}");
    };
    check("[RF2003]", &["RF3005"]);
    check("[RF3005]", &["RF3004"]);
    check("[RF3]", &[]);
}

#[test]
fn an_exemption_ends_and_says_so_before() {
    let object = daemon_set("gpu", json!({"privileged": true, "allowPrivilegeEscalation": true}));
    let check = |now: &str, decision: Decision, said: &[&str]| {
        let record = reviewed("[RF2]", "", &object, now);
        assert_eq!(record.verdict.decision(), decision, "{now}");
        assert_eq!(warnings(&record.verdict), said, "{now}");
    };
    let at = "spec.template.spec.containers[driver].securityContext";
    let line = |days: &str| {
        [
            format!(
                "RF2003 privileged: {at}.privileged: permitted by exemption driver, which ends {days}"
            ),
            format!(
                "RF2006 allowPrivilegeEscalation: {at}.allowPrivilegeEscalation: permitted by exemption driver, which ends {days}"
            ),
        ]
    };
    check("2027-02-14T00:00:00Z", Decision::Admit, &[]);
    let [first, second] = line("in 14 days");
    check("2027-02-15T00:00:00Z", Decision::Admit, &[&first, &second]);
    let [first, second] = line("within a day");
    check("2027-02-28T23:59:59Z", Decision::Admit, &[&first, &second]);
    check("2027-03-01T00:00:00Z", Decision::Deny, &[]);
}

/// An end is the first moment in which nothing is permitted any more, wherever on the clock it stands. An
/// Exemption names no beginning: a clock that is behind permits what has not ended by it, and one that
/// is ahead nothing that has.
#[test]
fn an_end_is_a_moment_and_not_a_day() {
    let object = daemon_set("gpu", json!({"privileged": true, "allowPrivilegeEscalation": true}));
    let check = |end: &str, now: Timestamp, decision: Decision| {
        let documents = DOCUMENTS.replace("2027-03-01T00:00:00Z", end);
        let documents = documents.replace("RULES", "[RF2]").replace("\n  WORKLOADS", "");
        let record = reviewed_by(&documents, &object, &now.to_string());
        assert_eq!(record.verdict.decision(), decision, "{end} {now}");
        assert_eq!(record.verdict.findings().len(), 2, "{end} {now}");
    };
    let tick = SignedDuration::from_nanos(1);
    for end in [
        "2027-03-01T00:00:00Z",
        "2027-03-01T01:00:00+01:00",
        "2027-03-01T00:00:00.999999999Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.5Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ] {
        let moment: Timestamp = end.parse().unwrap();
        check(end, Timestamp::MIN, Decision::Admit);
        check(end, moment - tick, Decision::Admit);
        check(end, moment, Decision::Deny);
        check(end, moment + tick, Decision::Deny);
        check(end, Timestamp::MAX, Decision::Deny);
    }
    // The last moment that there is permits nothing, and what lies behind it is no end.
    let last = Timestamp::MAX.to_string();
    check(&last, Timestamp::MAX - tick, Decision::Admit);
    check(&last, Timestamp::MAX, Decision::Deny);
    for end in ["9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "never", "1e9"] {
        let text = DOCUMENTS.replace("2027-03-01T00:00:00Z", end);
        let text = text.replace("RULES", "[RF2]").replace("\n  WORKLOADS", "");
        assert!(load(&[Source { name: "documents.yaml".into(), text }]).is_err(), "{end}");
    }
}

#[test]
fn what_would_be_a_warning_is_still_said() {
    let mut object = daemon_set("gpu", json!({}));
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    let record = reviewed("[RF2002]", "", &object, LONG_BEFORE);
    assert_eq!(record.verdict.decision(), Decision::Admit);
    assert_eq!(
        warnings(&record.verdict),
        [
            "RF2002 hostPorts: spec.template.spec.containers[driver].ports[0].hostPort: permitted by exemption driver"
        ]
    );
    assert_eq!(warnings(&reviewed("[RF2003]", "", &object, LONG_BEFORE).verdict).len(), 1);
}
