//! Pods: what is looked at in one place and forgotten in another.

use serde_json::{Value, json};

use super::super::pods;
use super::{
    ALPHA, Ask, BETA, DEPLOYMENTS, DOCUMENTS, EPHEMERAL, check, check_at, door_on, good_container,
    good_pod, new_pod,
};

/// A pod with this container added to a list of its.
fn with(list: &str, container: Value) -> Value {
    let mut pod = good_pod();
    match &mut pod["spec"][list] {
        Value::Array(containers) => containers.push(container),
        absent => *absent = json!([container]),
    }
    pod
}

fn debugged(container: Value) -> Ask<'static> {
    let object = with("ephemeralContainers", container);
    let old = good_pod();
    Ask { who: BETA, kind: EPHEMERAL, namespace: "beta-dev", name: "x", object, old }
}

/// Kubernetes' ImagePolicyWebhook was not asked about the images of ephemeral containers, so that a
/// running pod was given one of a registry that was not allowed.
#[tokio::test]
async fn cve_2023_2727_kubernetes_images_of_ephemeral_containers() {
    let digest = "0".repeat(64);
    let mut container = good_container("debug");
    check(&debugged(container.clone()), &[]).await;
    container["image"] = json!(format!("evil.example.com/x@sha256:{digest}"));
    check(&debugged(container), &["RF3001"]).await;
}

/// Kubernetes' ServiceAccount plugin held containers and init containers to its list of secrets, and
/// forgot ephemeral ones: a rule that knows only some of the lists.
#[tokio::test]
async fn cve_2023_2728_kubernetes_a_list_of_containers_that_a_rule_forgot() {
    let bad = [
        ("/securityContext/privileged", json!(true), "RF2003"),
        ("/securityContext/allowPrivilegeEscalation", json!(true), "RF2006"),
        ("/securityContext/capabilities", json!({"drop": ["ALL"], "add": ["SYS_ADMIN"]}), "RF2007"),
        ("/securityContext/runAsUser", json!(0), "RF2019"),
        ("/securityContext/procMount", json!("Unmasked"), "RF2011"),
        ("/image", json!("evil.example.com/x"), "RF3001"),
    ];
    for (at, value, code) in bad {
        let mut container = good_container("other");
        pods::put(&mut container, at, value);
        let review = debugged(container.clone()).review().to_string();
        let door = super::door();
        let endpoint = ringfence::server::Endpoint::Validate;
        let found = super::codes(&super::response(&door, endpoint, review).await);
        assert!(found.iter().any(|it| it == code), "{code} is not among {found:?}");
        for list in ["containers", "initContainers"] {
            let ask = new_pod("beta-dev", with(list, container.clone()));
            let refused = super::response(&door, endpoint, ask.review().to_string()).await;
            assert_eq!(super::codes(&refused), found, "{list} {at}");
        }
    }
    for list in ["containers", "initContainers"] {
        check(&new_pod("beta-dev", with(list, good_container("other"))), &[]).await;
    }
}

/// Kyverno's Pod Security rule passed over seccomp at the level baseline where the version was `latest`,
/// and only there.
#[tokio::test]
async fn cve_2023_33191_kyverno_seccomp_at_baseline_and_latest() {
    let unconfined = json!({"type": "Unconfined"});
    let expect = &["RF2013"];
    let mut pod = good_pod();
    pod["spec"]["securityContext"]["seccompProfile"] = unconfined.clone();
    check(&new_pod("alpha-dev", pod), expect).await;
    for list in ["containers", "initContainers"] {
        let mut container = good_container("other");
        container["securityContext"]["seccompProfile"] = unconfined.clone();
        check(&new_pod("alpha-dev", with(list, container)), expect).await;
    }
    let mut container = good_container("debug");
    container["securityContext"]["seccompProfile"] = unconfined;
    check(&debugged(container), expect).await;
    check(&new_pod("alpha-dev", good_pod()), &[]).await;
    for version in ["latest", "v1.37", "v1.25", "v1.19"] {
        let security = format!("  podSecurity: {{level: baseline, version: {version}}}\n  images");
        let door = door_on(&DOCUMENTS.replace("  images", &security), None);
        for place in ["/spec/securityContext", "/spec/containers/0/securityContext"] {
            let mut pod = good_pod();
            pods::put(&mut pod, &format!("{place}/seccompProfile"), json!({"type": "Unconfined"}));
            check_at(&door, &new_pod("beta-dev", pod.clone()), &["RF2012"]).await;
            pods::put(&mut pod, &format!("{place}/seccompProfile"), Value::Null);
            check_at(&door, &new_pod("beta-dev", pod), &[]).await;
        }
    }
}

fn with_volume(volume: Value) -> Value {
    let mut pod = good_pod();
    pod["spec"]["volumes"] = json!([volume]);
    pod
}

/// A gitRepo volume ran the hooks of the repository on the node, outside of every container.
#[tokio::test]
async fn cve_2024_10220_kubernetes_git_repo_hooks() {
    let git = json!({"repository": "https://example.com/x", "directory": "a/.git/b"});
    check(&new_pod("alpha-dev", with_volume(json!({"name": "v", "gitRepo": git}))), &["RF2017"])
        .await;
    check(&new_pod("alpha-dev", with_volume(json!({"name": "v", "emptyDir": {}}))), &[]).await;
}

/// A gitRepo volume cloned repositories of other pods on the same node, named by their paths.
#[tokio::test]
async fn cve_2025_1767_kubernetes_git_repo_of_a_neighbour() {
    let volume =
        json!({"name": "v", "gitRepo": {"repository": "/var/lib/kubelet/pods/1/volumes/x"}});
    let spec = |volume: Value| json!({"spec": {"template": with_volume(volume)}});
    let ask = |object| Ask { kind: DEPLOYMENTS, ..new_pod("alpha-dev", object) };
    check(&ask(spec(volume)), &["RF2017"]).await;
    check(&ask(spec(json!({"name": "v", "emptyDir": {}}))), &[]).await;
}

/// Kyverno passed whatever had a deletionTimestamp. A finalizer keeps such an object for as long as one
/// likes.
#[tokio::test]
async fn cve_2023_34091_kyverno_objects_that_are_being_deleted() {
    let deployment = |pod: Value| {
        json!({
            "metadata": {
                "name": "x", "finalizers": ["example.com/never"],
                "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 0,
            },
            "spec": {"template": pod},
        })
    };
    let mut bad = good_pod();
    bad["spec"]["containers"][0]["securityContext"]["privileged"] = json!(true);
    let ask = |pod: Value| {
        let old = deployment(good_pod());
        Ask { kind: DEPLOYMENTS, old, ..new_pod("alpha-dev", deployment(pod)) }
    };
    check(&ask(bad), &["RF2003"]).await;
    let mut other = good_pod();
    other["spec"]["containers"][0]["args"] = json!(["x"]);
    check(&ask(other), &[]).await;
}

/// Kubernetes' API server showed validating webhooks fields of the old object that were the new one's,
/// so that a change was taken for none.
#[tokio::test]
async fn cve_2021_25735_kubernetes_what_the_old_object_was() {
    let template = |pod: &Value| json!({"metadata": {"name": "x"}, "spec": {"template": pod}});
    let mut bad = good_pod();
    bad["spec"]["containers"][0]["securityContext"]["privileged"] = json!(true);
    let ask = |new: &Value, old: Value| Ask {
        who: ALPHA,
        kind: DEPLOYMENTS,
        namespace: "alpha-dev",
        name: "x",
        object: template(new),
        old,
    };
    check(&ask(&bad, template(&good_pod())), &["RF2003"]).await;
    // Nothing is taken for unchanged on an old object that is not there, or says nothing.
    let mut review = ask(&bad, template(&bad)).review();
    review["request"]["oldObject"] = Value::Null;
    let door = super::door();
    let endpoint = ringfence::server::Endpoint::Validate;
    let refused = super::response(&door, endpoint, review.to_string()).await;
    assert_eq!(super::codes(&refused), ["RF9001"]);
    check(&ask(&bad, json!({})), &["RF2003"]).await;
    // What was there before the rules stays, and can be scaled.
    check(&ask(&bad, template(&bad)), &[]).await;
}
