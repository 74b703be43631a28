//! Images: one that is vouched for, another that runs.

use serde_json::{Value, json};

use super::{check, good_container, good_pod, new_pod, pinned};

fn with_image(image: &str) -> Value {
    let mut pod = good_pod();
    pod["spec"]["containers"][0]["image"] = json!(image);
    pod
}

/// Kyverno asked the registry twice, once to verify a signature and once for the digest to run, and a
/// registry that meant ill gave two answers. A tag is such a question; a digest is none.
#[tokio::test]
async fn cve_2022_47633_kyverno_a_registry_with_two_answers() {
    for image in ["registry.example.com/app:1", "registry.example.com/app:1.2.3-signed"] {
        check(&new_pod("beta-dev", with_image(image)), &["RF3002"]).await;
    }
    check(&new_pod("beta-dev", with_image(&pinned())), &[]).await;
    // A tag beside the digest is only a name for people.
    let digest = "0".repeat(64);
    let both = format!("registry.example.com/app:1@sha256:{digest}");
    check(&new_pod("beta-dev", with_image(&both)), &[]).await;
}

/// In Kyverno whoever held the registry could choose the digest that a reference was replaced by. What
/// only looks like a digest must not count as one.
#[tokio::test]
async fn cve_2023_47630_kyverno_what_passes_for_a_digest() {
    let zeros = "0".repeat(64);
    let of = |rest: &str| with_image(&format!("registry.example.com/app{rest}"));
    for rest in [
        "@sha256:00".to_owned(),
        format!("@sha256:{zeros}0"),
        format!("@sha256:{}", "Z".repeat(64)),
        format!("@sha256={zeros}"),
        format!("@md5:{}", "0".repeat(32)),
        format!("@sha256:{zeros}@sha256:{zeros}"),
        format!("@sha256:{zeros}:1"),
    ] {
        let review = new_pod("beta-dev", of(&rest)).review().to_string();
        let endpoint = ringfence::server::Endpoint::Validate;
        let refused = super::codes(&super::response(&super::door(), endpoint, review).await);
        assert!(!refused.is_empty(), "{rest}");
        assert!(
            refused.iter().all(|code| code == "RF3002" || code == "RF3005"),
            "{rest} {refused:?}"
        );
    }
    check(&new_pod("beta-dev", of(&format!("@sha256:{zeros}"))), &[]).await;
}

/// Sigstore's policy-controller admitted an image where any attestation was valid, though none was of
/// the type that was asked for. One that is good says nothing of the others.
#[tokio::test]
async fn cve_2022_35930_policy_controller_one_that_is_good_for_all() {
    let evil = format!("evil.example.com/app@sha256:{}", "0".repeat(64));
    for index in 0..3 {
        let mut pod = good_pod();
        pod["spec"]["containers"] = ["a", "b", "c"].map(good_container).into();
        check(&new_pod("beta-dev", pod.clone()), &[]).await;
        pod["spec"]["containers"][index]["image"] = json!(evil);
        check(&new_pod("beta-dev", pod), &["RF3001"]).await;
    }
}

/// Kubernetes' list of mountable secrets was checked for `env` and for volumes, and not for `envFrom`:
/// one thing that can be said by several fields. An image is named by a container and by a volume.
#[tokio::test]
async fn cve_2024_3177_kubernetes_another_field_for_the_same_thing() {
    let mounting = |image: &str| {
        let mut pod = good_pod();
        pod["spec"]["volumes"] = json!([{"name": "v", "image": {"reference": image}}]);
        pod
    };
    let evil = pinned().replace("registry.", "evil.");
    // Restricted pods mount no images from Pod Security v1.37 on or before: the rule is ours.
    let endpoint = ringfence::server::Endpoint::Validate;
    let codes = async |image: &str| {
        let review = new_pod("beta-dev", mounting(image)).review().to_string();
        super::codes(&super::response(&super::door(), endpoint, review).await)
    };
    let (good, bad) = (codes(&pinned()).await, codes(&evil).await);
    assert!(!good.iter().any(|code| code == "RF3001"), "{good:?}");
    assert!(bad.iter().any(|code| code == "RF3001"), "{bad:?}");
}
