//! Our own documents before a real API server, as the webhook judges them there: who may write them, what
//! their definitions cannot see, and what comes in any order.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::harness::{Kubeconfig, Output, wait_until};
use super::program::{PATIENCE, ask_by_url};
use super::walls::Walls;

/// Rights that only the platform should have, given by a mistake that must not matter.
const MISTAKES: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything-ours}
rules: [{apiGroups: [ringfence.dev], resources: ['*'], verbs: [get, list, create, update, patch, delete, deletecollection]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everything-ours}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything-ours}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: alpha-devs}
- {kind: ServiceAccount, name: helm, namespace: kube-system}
";

fn document(kind: &str, name: &str, spec: Value) -> Value {
    let spec = if spec.is_null() { json!({}) } else { spec };
    json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn exemption(name: &str, days: i64) -> Value {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let end = jiff::Timestamp::from_second(end.as_second()).unwrap();
    document(
        "Exemption",
        name,
        json!({"tenant": "alpha", "rules": ["RF2003"], "namespaces": ["alpha-dev"], "owner": "jo",
            "reason": "a driver", "expiresAt": end.to_string()}),
    )
}

fn apply(user: &Kubeconfig, object: &Value, extra: &[&str]) -> Output {
    user.kubectl_with(&object.to_string(), &[&["apply", "-f", "-"], extra].concat())
}

#[test]
fn documents_are_judged_as_they_are_written() {
    let walls = Walls::start_with(&[]);
    let admin = walls.admin();
    walls.apply(MISTAKES);
    // Written before anybody looked: too long, and held.
    let mut old = exemption("old", 1000);
    old["metadata"]["finalizers"] = json!(["example.com/held"]);
    walls.apply(&old.to_string());
    ask_by_url(&walls.cluster, &walls.server);
    wait_until(PATIENCE, "documents to be judged", || {
        apply(admin, &exemption("probe", 200), &["--dry-run=server"]).stderr.contains("RF1015")
    });
    nobody_else_writes_them(&walls);
    what_is_wrong_is_told_at_its_field(&walls);
    others_come_in_any_order(&walls);
    what_is_useless_goes(&walls);
    what_follows_is_told(&walls);
    the_platform_mends(walls);
}

/// Nobody but the platform writes any of them, by no way of writing, nor says how they are.
fn nobody_else_writes_them(walls: &Walls) {
    let owner = walls.cluster.user("ada", &["alpha-devs"]);
    let admin = walls.admin();
    let helm = "--as=system:serviceaccount:kube-system:helm";
    let grant = json!({"from": {"tenant": "alpha"}, "to": {"tenant": "alpha"}, "ports": [{"port": 443}],
        "owner": "jo", "reason": "a path", "expiresAt": "2020-01-01T00:00:00Z"});
    let mine = [
        document("Profile", "mine", Value::Null),
        document("Tenant", "mine", Value::Null),
        exemption("mine", 1),
        document("Grant", "mine", grant),
    ];
    let mut tried = 0;
    let mut refused = |output: Output, what: &str| {
        tried += 1;
        let told = output.stderr.contains("denied the request") && output.stderr.contains("RF1014");
        assert!(told && output.code != 0, "{what}: {output:?}");
    };
    for object in &mine {
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        refused(apply(&owner, object, &[]), &kind);
        refused(apply(&owner, object, &["--server-side"]), &kind);
        refused(apply(admin, object, &[helm]), &kind);
        apply(admin, object, &[]).success();
        let named = format!("{kind}/mine");
        refused(owner.kubectl(&["label", &named, "a=b"]), &kind);
        refused(owner.kubectl(&["delete", &named, "--wait=false"]), &kind);
        refused(admin.kubectl(&["delete", &named, "--wait=false", helm]), &kind);
        let path = format!("/apis/ringfence.dev/v1alpha1/{kind}s");
        refused(owner.kubectl(&["delete", "--raw", &path]), &kind);
    }
    for kind in ["tenant", "exemption", "grant"] {
        let patch = [r#"--patch={"status":{"observedGeneration":7}}"#, "--type=merge"];
        let named = format!("{kind}/mine");
        let patch = [&["patch", &named, "--subresource=status"], &patch[..]].concat();
        refused(owner.kubectl(&patch), kind);
    }
    let platform = document("Platform", "default", json!({"rehearsal": true}));
    refused(apply(&owner, &platform, &["--server-side", "--force-conflicts"]), "platform");
    assert_eq!(tried, 32);
    for object in &mine {
        let named = format!("{}/mine", object["kind"].as_str().unwrap());
        admin.kubectl(&["delete", &named]).success();
    }
}

/// What a definition cannot see: the clock. A dry run is told the same.
fn what_is_wrong_is_told_at_its_field(walls: &Walls) {
    let admin = walls.admin();
    let told = |output: Output| {
        assert_ne!(output.code, 0, "{output:?}");
        let digits = |text: &str| text.replace(|char: char| char.is_ascii_digit(), "0");
        digits(&output.stderr)
    };
    let refused = told(apply(admin, &exemption("long", 181), &[]));
    assert_eq!(told(apply(admin, &exemption("long", 181), &["--dry-run=server"])), refused);
    assert_snapshot!("a_long_exemption", refused);
    assert!(admin.kubectl(&["get", "exemption/long"]).stderr.contains("NotFound"));
    apply(admin, &exemption("long", 179), &[]).success();
    // What is in force stays as it was.
    let raise = told(apply(admin, &exemption("long", 400), &[]));
    assert!(raise.contains("spec.expiresAt"), "{raise}");
    admin.kubectl(&["delete", "exemption/long"]).success();
}

/// Tools apply in any order: what is named and not there is a warning, and so is what does not fit yet.
fn others_come_in_any_order(walls: &Walls) {
    let admin = walls.admin();
    let early = document("Tenant", "early", json!({"profile": "late", "rules": {"RF2": "warn"}}));
    let dry = apply(admin, &early, &["--dry-run=server"]);
    let output = apply(admin, &early, &[]);
    assert_eq!(dry.stderr, output.stderr);
    assert_snapshot!("a_tenant_before_its_profile", output.stderr);
    output.success();
    apply(admin, &document("Profile", "late", Value::Null), &[]).success();
    let mut warned = String::new();
    wait_until(PATIENCE, "the profile to be known", || {
        let mut changed = early.clone();
        changed["spec"]["contact"] = json!("#early");
        warned = apply(admin, &changed, &["--dry-run=server"]).stderr;
        !warned.contains("there is no Profile")
    });
    assert_snapshot!("a_tenant_beside_its_profile", warned);
    admin.kubectl(&["delete", "tenant/early", "profile/late"]).success();
}

/// What nobody would take any more can be let go.
fn what_is_useless_goes(walls: &Walls) {
    let admin = walls.admin();
    admin.kubectl(&["delete", "exemption/old", "--wait=false"]).success();
    let release = r#"--patch={"metadata":{"finalizers":null}}"#;
    admin.kubectl(&["patch", "exemption/old", "--type=merge", release]).success();
    wait_until(PATIENCE, "it to go", || {
        admin.kubectl(&["get", "exemption/old"]).stderr.contains("NotFound")
    });
}

/// Where a document goes that others need, it is told what follows, and it goes all the same.
fn what_follows_is_told(walls: &Walls) {
    let admin = walls.admin();
    let documents = [
        document("Profile", "needed", Value::Null),
        document("Profile", "unneeded", Value::Null),
        document("Tenant", "needs-a", json!({"profile": "needed"})),
        document("Tenant", "needs-b", json!({"profile": "needed"})),
    ];
    documents.iter().for_each(|own| drop(apply(admin, own, &[]).success()));
    for name in ["needs-one", "needs-two"] {
        walls.namespace("needs-a", name);
    }
    // An administrator whom the Platform lists: of those by RBAC its writes do not come to us.
    let listed = r#"--patch={"spec":{"administrators":[{"kind":"Group","name":"listed"}]}}"#;
    admin.kubectl(&["patch", "platform/default", "--type=merge", listed]).success();
    let pat = walls.cluster.user("pat", &["alpha-devs", "listed"]);
    let delete = |of: &str, more: &[&str]| {
        let output = pat.kubectl(&[&["delete", of, "--wait=false"], more].concat());
        (output.code, output.stderr)
    };
    let mut told = Vec::new();
    for (of, wanted) in [
        ("profile/needed", "needs-a, needs-b"),
        ("tenant/needs-a", "needs-one, needs-two"),
        ("platform/default", "listed as administrator"),
    ] {
        let mut tried = (0, String::new());
        wait_until(PATIENCE, of, || {
            tried = delete(of, &["--dry-run=server"]);
            tried.1.contains(wanted)
        });
        assert_eq!(tried.0, 0, "{tried:?}");
        told.push(format!("{of}\n{}", tried.1));
    }
    assert_snapshot!("what_follows", told.join("\n"));
    for of in ["profile/unneeded", "tenant/needs-b"] {
        assert_eq!(delete(of, &[]), (0, String::new()), "{of}");
    }
    for of in ["profile/needed", "tenant/needs-a"] {
        assert_eq!(delete(of, &[]).0, 0, "{of}");
        assert!(admin.kubectl(&["get", of]).stderr.contains("NotFound"), "{of}");
    }
    apply(admin, &exemption("short", 1), &[]).success();
    assert_eq!(delete("exemption/short", &[]), (0, String::new()), "it closes behind itself");
}

/// While we do not answer nothing of ours is written, but for the Platform by an administrator.
fn the_platform_mends(walls: Walls) {
    let Walls { cluster, server, .. } = walls;
    drop(server);
    let admin = cluster.admin();
    let output = apply(admin, &document("Profile", "later", Value::Null), &[]);
    assert!(
        output.stderr.contains("failed calling webhook \"documents.ringfence.dev\""),
        "{output:?}"
    );
    let patch =
        ["patch", "platform/default", "--type=merge", r##"--patch={"spec":{"contact":"#b"}}"##];
    admin.kubectl(&patch).success();
    let owner = cluster.user("ada", &["alpha-devs"]);
    let output = owner.kubectl(&patch);
    assert!(output.stderr.contains("failed calling webhook"), "{output:?}");
}
