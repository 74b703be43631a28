//! Namespaces: who takes one, renames one to the cluster's controllers, or slips out of a tenant.

use serde_json::{Value, json};

use super::{
    ALPHA, Ask, DOCUMENTS, NAMESPACE, PLATFORM, check, check_at, door_on, namespace, relabelled,
};

fn own() -> Value {
    json!({
        "ringfence.dev/tenant": "alpha", "cost-center": "42",
        "pod-security.kubernetes.io/enforce": "restricted",
    })
}

fn own_with(key: &str, value: Value) -> Value {
    let mut labels = own();
    match value {
        Value::Null => drop(labels.as_object_mut().unwrap().remove(key)),
        value => labels[key] = value,
    }
    labels
}

/// Capsule's webhook let a tenant's owner patch any namespace that had no owner reference, and so
/// make it a part of the tenant.
#[tokio::test]
async fn cve_2024_39690_capsule_taking_a_namespace_that_is_nobody_s() {
    let taken = json!({"ringfence.dev/tenant": "alpha"});
    for name in ["tools", "default", "kube-system"] {
        check(&relabelled(ALPHA, name, json!({}), taken.clone()), &["RF1001", "RF1006"]).await;
    }
    check(&relabelled(PLATFORM, "tools", json!({}), taken), &[]).await;
}

/// Capsule checked only whether a label named another tenant, so that a tenant's user wrote other
/// labels on kube-system and its like, which selectors then took for the tenant's.
#[tokio::test]
async fn cve_2025_55205_capsule_labels_on_system_namespaces() {
    for name in ["kube-system", "default", "ringfence-system"] {
        check(&relabelled(ALPHA, name, json!({}), json!({"team": "blue"})), &["RF1006"]).await;
    }
    check(&relabelled(ALPHA, "alpha-dev", own(), own_with("team", json!("blue"))), &[]).await;
}

/// A service account that could patch its own namespace removed what tied it to the Capsule tenant,
/// and with that the Pod Security labels and all else that was enforced.
#[tokio::test]
async fn cve_2022_46167_capsule_leaving_the_tenant() {
    let account = "system:serviceaccount:alpha-dev:deployer";
    let who = (account, &["system:serviceaccounts"][..]);
    let change = |key, value| relabelled(who, "alpha-dev", own(), own_with(key, value));
    check(&change("ringfence.dev/tenant", Value::Null), &["RF1001"]).await;
    check(&change("pod-security.kubernetes.io/enforce", Value::Null), &["RF1012"]).await;
    check(&change("cost-center", Value::Null), &["RF1010"]).await;
    check(&change("team", json!("blue")), &[]).await;
    // An account of the namespace that owns nothing changes nothing at all.
    let who = ("system:serviceaccount:alpha-dev:default", &["system:serviceaccounts"][..]);
    let change = relabelled(who, "alpha-dev", own(), own_with("team", json!("blue")));
    check(&change, &["RF1006"]).await;
}

/// Capsule sorted its lists of keys that are forbidden to a tenant's owners without regard to case, and
/// searched them with regard to it: where a list was of mixed case, some of its keys were not found.
#[tokio::test]
async fn cve_2026_61672_capsule_forbidden_keys() {
    let annotated = |key: &str| {
        let mut object = namespace("alpha-dev", own());
        object["metadata"]["annotations"] = json!({key: "x"});
        object
    };
    for key in
        ["istio-injection", "admission.gatekeeper.sh/ignore", "scheduler.alpha.kubernetes.io/x"]
    {
        let labels = own_with(key, json!("x"));
        check(&relabelled(ALPHA, "alpha-dev", own(), labels.clone()), &["RF1010"]).await;
        // With the namespace from the beginning, by an annotation, and by removal of what stands there.
        let old = Value::Null;
        let object = namespace("alpha-new", labels.clone());
        let made = Ask {
            who: ALPHA,
            kind: NAMESPACE,
            namespace: "alpha-new",
            name: "alpha-new",
            object,
            old,
        };
        check(&made, &["RF1010"]).await;
        let ask = relabelled(ALPHA, "alpha-dev", own(), own());
        check(&Ask { object: annotated(key), ..ask }, &["RF1010"]).await;
        check(&relabelled(ALPHA, "alpha-dev", labels, own()), &["RF1010"]).await;
    }
    let ask = relabelled(ALPHA, "alpha-dev", own(), own());
    check(&Ask { object: annotated("team"), ..ask }, &[]).await;
    // Of a list of mixed case each key is found, and none but these.
    let keys = ["a/b", "A/C", "b/A", "B/a", "example.com/Zone", "example.com/area", "Z", "zz"];
    let frozen = format!("  contact: '#platform'\n  frozenKeys: {keys:?}\n");
    let door = door_on(&DOCUMENTS.replace("  contact: '#platform'\n", &frozen), None);
    let labelled = |key| relabelled(ALPHA, "alpha-dev", own(), own_with(key, json!("x")));
    for key in keys {
        check_at(&door, &labelled(key), &["RF1010"]).await;
        check(&labelled(key), &[]).await;
    }
    for key in ["a/C", "example.com/zone", "y"] {
        check_at(&door, &labelled(key), &[]).await;
    }
}

/// Rancher let a project's owner change the Pod Security labels of the project's namespaces.
#[tokio::test]
async fn cve_2026_41052_rancher_pod_security_labels() {
    let key = "pod-security.kubernetes.io/enforce";
    for lower in [json!("privileged"), json!("baseline"), json!("nonsense"), Value::Null] {
        check(&relabelled(ALPHA, "alpha-dev", own(), own_with(key, lower)), &["RF1012"]).await;
    }
    let old = own_with(key, json!("baseline"));
    check(&relabelled(ALPHA, "alpha-dev", old, own()), &[]).await;
    check(&relabelled(PLATFORM, "alpha-dev", own(), own_with(key, json!("baseline"))), &[]).await;
}

/// In Rancher a project of the same name as one in another cluster gave its creator access to that
/// other one, because both kept what they own under that name.
#[tokio::test]
async fn cve_2024_22031_rancher_the_name_of_another_s_project() {
    let make = |name: &'static str, tenant: &str| Ask {
        who: ALPHA,
        kind: NAMESPACE,
        namespace: name,
        name,
        object: namespace(name, json!({"ringfence.dev/tenant": tenant})),
        old: Value::Null,
    };
    check(&make("shop", "alpha"), &["RF1005"]).await;
    check(&make("alpha-new", "beta"), &["RF1002"]).await;
    check(&make("alpha-new", "alpha"), &[]).await;
}

/// In Rancher every member of a project that held the namespace `default` could use the account that
/// managed the cluster, which ran there.
#[tokio::test]
async fn cve_2018_20321_rancher_a_system_namespace_in_a_tenant() {
    let make = |name: &'static str| Ask {
        who: ALPHA,
        kind: NAMESPACE,
        namespace: name,
        name,
        object: namespace(name, json!({"ringfence.dev/tenant": "alpha"})),
        old: Value::Null,
    };
    for name in ["default", "kube-public", "cattle-system", "svc"] {
        check(&make(name), &["RF1007"]).await;
    }
    let found = relabelled(ALPHA, "default", json!({}), json!({"ringfence.dev/tenant": "alpha"}));
    check(&found, &["RF1001", "RF1006"]).await;
    check(&make("alpha-new"), &[]).await;
}
