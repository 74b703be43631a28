//! Images at the door: what is said of pods and of each kind of template, and that the fixes work.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::domain::{Code, Finding};
use ringfence::policy::Source;
use ringfence::state::Snapshot;
use serde_json::{Value, json};

use super::edits::fixed;
use super::pods::{self, KINDS, put};
use super::reviews;

/// A tenant `alpha` whose profile has this `images` section.
fn snapshot(images: &str) -> Snapshot {
    let head = |kind: &str, name: &str| {
        format!("apiVersion: ringfence.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n")
    };
    let profile = format!("{}spec: {{images: {images}}}\n---\n", head("Profile", "own"));
    let tenant = "spec: {profile: own, namespaces: {names: [alpha-dev]}}\n";
    let text = profile + &head("Tenant", "alpha") + tenant;
    reviews::snapshot(&[Source { name: "own.yaml".to_owned(), text }])
}

/// What is found of family 3 in a manifest of the tenant.
fn found(snapshot: &Snapshot, object: &Value) -> Vec<Finding> {
    let now = jiff::Timestamp::now();
    let record = reviews::created(snapshot, &object.to_string(), Some("alpha-dev"), now);
    let findings = record.verdict.findings().iter().map(|judged| judged.finding.clone());
    findings.filter(|finding| finding.code.to_string().starts_with("RF3")).collect()
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|it| format!("{} {}: {}", it.code, it.path, it.found)).collect()
}

#[test]
fn pods_and_every_kind_of_template() {
    let snapshot = snapshot("{registries: [registry.example.com/*], pullPolicies: [Always]}");
    for kind in KINDS {
        let pod = json!({ "spec": {
            "containers": [{ "name": "app", "image": "nginx" }],
            "volumes": [{ "name": "v", "image": { "reference": "registry.example.com/x:1" } }],
        } });
        let at = format!("{}/spec", kind.2).trim_start_matches('/').replace('/', ".");
        let absent = "nothing, which is IfNotPresent for this image";
        let expect = [
            format!("RF3001 {at}.containers[app].image: docker.io/library/nginx"),
            format!("RF3003 {at}.volumes[v].image.pullPolicy: {absent}"),
            format!("RF3004 {at}.containers[app].image: docker.io/library/nginx without a tag"),
        ];
        assert_eq!(lines(&found(&snapshot, &pods::wrapped(&pod, kind))), expect);
    }
}

#[test]
fn what_is_forced_is_forced_before_it_is_judged() {
    let snapshot = snapshot("{forcePullPolicy: Always}");
    for kind in KINDS {
        let container = json!({ "name": "app", "image": "r.io/x:1", "imagePullPolicy": "Never" });
        let pod = json!({ "spec": { "containers": [container] } });
        assert_eq!(found(&snapshot, &pods::wrapped(&pod, kind)), [], "{kind:?}");
    }
}

static PULL_POLICIES: LazyLock<[Snapshot; 3]> = LazyLock::new(|| {
    ["[Always]", "[IfNotPresent, Never]", "[Never]"]
        .map(|policies| snapshot(&format!("{{pullPolicies: {policies}}}")))
});

proptest! {
    #![proptest_config(super::cases(500))]

    #[test]
    fn made_edits_leave_no_finding(
        pod in pods::pod(),
        kind in select(&KINDS[..]),
        snapshot in select(&PULL_POLICIES[..]),
    ) {
        let object = pods::wrapped(&pod, kind);
        let of_pulls = |object: &Value| {
            let mut findings = found(&snapshot, object);
            findings.retain(|finding| finding.code == Code::ImagePullPolicy);
            findings
        };
        let before = of_pulls(&object);
        for finding in &before {
            prop_assert!(!finding.fix.edits.is_empty(), "{finding:?} has no edits");
        }
        let after = fixed(&object, &before.iter().collect::<Vec<_>>());
        prop_assert_eq!(of_pulls(&after), vec![], "of {:?}\nafter {}", before, after);
    }
}

/// The other fixes are advice: an image that follows it is admitted.
#[test]
fn advice_that_is_followed_leaves_no_finding() {
    let check = |images: &str, image: &str, code: &str, followed: &str| {
        let snapshot = snapshot(images);
        let mut pod = pods::compliant();
        put(&mut pod, "/spec/containers/0/image", json!(image));
        let before = found(&snapshot, &pods::wrapped(&pod, KINDS[0]));
        assert_eq!(before.iter().map(|it| it.code.to_string()).collect::<Vec<_>>(), [code]);
        put(&mut pod, "/spec/containers/0/image", json!(followed));
        assert_eq!(found(&snapshot, &pods::wrapped(&pod, KINDS[0])), []);
    };
    let digest = format!("sha256:{}", "0".repeat(64));
    let pushed = format!("registry.example.com/alpha/nginx@{digest}");
    check("{registries: [registry.example.com/alpha/*]}", "nginx:1", "RF3001", &pushed);
    check("{requireDigest: true}", "r.io/x:1", "RF3002", &format!("r.io/x:1@{digest}"));
    check("{}", "r.io/x", "RF3004", "r.io/x:1");
    check("{}", "r.io/x:latest", "RF3004", &format!("r.io/x:latest@{digest}"));
    check("{}", "R.io/X", "RF3005", "R.io/x:1");
}
