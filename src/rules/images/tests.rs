//! A failing and a passing case for each branch, with what the developer reads.

use super::*;
use crate::domain::{Edit, EditValue, FieldPath, Level, Version};
use crate::objects::{Pod, from_json};
use crate::policy::PullPolicy;

/// Nothing is asked of images.
fn anything() -> ImagePolicy {
    ImagePolicy {
        registries: None,
        require_digest: false,
        forbid_latest: false,
        pull_policies: None,
        force_pull_policy: None,
    }
}

fn from(registries: &[&str]) -> ImagePolicy {
    let registries = registries.iter().map(|own| own.parse().unwrap()).collect();
    ImagePolicy { registries: Some(registries), ..anything() }
}

fn judged(policy: &ImagePolicy, mode: impl Fn(Code) -> Mode, pod: &str) -> Vec<Finding> {
    let pod: Pod<'_> = from_json(pod).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(0) };
    let tenant = "alpha".parse().unwrap();
    let mut findings = Vec::new();
    judge_images(&view, policy, Some(&tenant), &mode, &mut findings);
    findings
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|it| format!("{} {}: {}; {}; {}", it.code, it.path, it.found, it.must, it.fix.text))
        .collect()
}

#[track_caller]
fn check(policy: &ImagePolicy, pod: &str, expect: &[&str]) {
    assert_eq!(lines(&judged(policy, |_| Mode::Enforce, pod)), expect, "{pod}");
}

/// A pod with one container of this image.
fn image(image: &str) -> String {
    format!(r#"{{"spec":{{"containers":[{{"name":"app","image":"{image}"}}]}}}}"#)
}

fn pinned(image: &str) -> String {
    format!("{image}@sha256:{}", "0".repeat(64))
}

const PUSH: &str = "push the image to registry.alpha.example and name it by digest";

#[test]
fn registry() {
    let policy = from(&["registry.alpha.example/*"]);
    let must = "tenant alpha may pull from registry.alpha.example/*";
    let at = "RF3001 spec.containers[app].image";
    for (wrong, shown) in [
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("registry.alpha.example.evil.net/a:1", "registry.alpha.example.evil.net/a:1"),
        ("registry.alpha.example:444/a:1", "registry.alpha.example:444/a:1"),
        ("registry.alpha.example", "docker.io/library/registry.alpha.example"),
    ] {
        check(&policy, &image(wrong), &[&format!("{at}: {shown}; {must}; {PUSH}")]);
    }
    check(&policy, &image("registry.alpha.example/a"), &[]);
    check(&policy, &image(&pinned("registry.alpha.example/a/b:1")), &[]);
    check(&anything(), &image("nginx:1.27"), &[]);
}

#[test]
fn registries_are_told_as_many_as_there_are() {
    let check = |registries: &[&str], from: &str, fix: &str| {
        let found = format!("docker.io/library/nginx; tenant alpha may pull from {from}; {fix}");
        let line = format!("RF3001 spec.containers[app].image: {found}");
        check(&super::tests::from(registries), &image("nginx"), &[&line]);
    };
    let ask = "ask for a registry to be listed in images.registries";
    check(&[], "nowhere: no registry is listed", ask);
    check(&["r.io/a"], "r.io/a", "use r.io/a and name it by digest");
    let push = "push the image to r.io/b and name it by digest";
    check(&["r.io/a", "r.io/b/*"], "r.io/a or r.io/b/*", push);
    check(&["r.io/a", "r.io/b/*", "r.io/c"], "r.io/a, r.io/b/* or r.io/c", push);
    let seven = ["r.io/a", "r.io/b/*", "r.io/c", "r.io/d", "r.io/e", "r.io/f", "r.io/g"];
    let from = "r.io/a, r.io/b/*, r.io/c, r.io/d, r.io/e and 2 more";
    check(&seven, from, push);
}

#[test]
fn a_pod_without_tenant_is_told_without_one() {
    let text = image("nginx");
    let pod: Pod<'_> = from_json(&text).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(0) };
    let mut findings = Vec::new();
    judge_images(&view, &from(&["r.io/*"]), None, &|_| Mode::Enforce, &mut findings);
    assert_eq!(findings.remove(0).must, "images may come from r.io/*");
}

#[test]
fn every_list_and_image_volumes() {
    let pod = r#"{"spec":{
        "initContainers":[{"name":"i","image":"a:1"}],
        "containers":[{"name":"app","image":"r.io/a:1"},{"image":"b:1"}],
        "ephemeralContainers":[{"name":"debug","image":"busybox:1"}],
        "volumes":[{"name":"data","image":{"reference":"c:1"}},{"name":"e","emptyDir":{}},
                   {"name":"fine","image":{"reference":"r.io/c:1"}}]}}"#;
    let paths: Vec<String> = judged(&from(&["r.io/*"]), |_| Mode::Enforce, pod)
        .iter()
        .map(|finding| format!("{} {}", finding.path, finding.path.pointer()))
        .collect();
    let expect = [
        "spec.initContainers[i].image /spec/initContainers/0/image",
        "spec.containers[1].image /spec/containers/1/image",
        "spec.ephemeralContainers[debug].image /spec/ephemeralContainers/0/image",
        "spec.volumes[data].image.reference /spec/volumes/0/image/reference",
    ];
    assert_eq!(paths, expect);
}

#[test]
fn digests() {
    let policy = ImagePolicy { require_digest: true, ..anything() };
    let fix = "append @sha256:DIGEST, which `docker buildx imagetools inspect r.io/a:1` prints";
    let line = format!("RF3002 spec.containers[app].image: r.io/a:1; it must have a digest; {fix}");
    check(&policy, &image("r.io/a:1"), &[&line]);
    check(&policy, &image(&pinned("r.io/a:1")), &[]);
    check(&policy, &image(&pinned("r.io/a")), &[]);
    check(&anything(), &image("r.io/a:1"), &[]);
}

#[test]
fn latest() {
    let policy = ImagePolicy { forbid_latest: true, ..anything() };
    let must = "it must have another tag than latest, or a digest";
    let fix = "name the version that you tested, by another tag than latest or by its digest";
    let line = |found: &str| format!("RF3004 spec.containers[app].image: {found}; {must}; {fix}");
    check(&policy, &image("r.io/a"), &[&line("r.io/a without a tag")]);
    check(&policy, &image("nginx:latest"), &[&line("docker.io/library/nginx:latest")]);
    for right in ["r.io/a:1", "r.io/a:Latest", &pinned("r.io/a"), &pinned("r.io/a:latest")] {
        check(&policy, &image(right), &[]);
    }
    check(&anything(), &image("nginx:latest"), &[]);
}

#[test]
fn pull_policies() {
    let policy = |policies: &[PullPolicy]| ImagePolicy {
        pull_policies: Some(policies.to_vec()),
        ..anything()
    };
    let pod = |list: &str, image: &str, policy: &str| {
        let policy = format!(r#""imagePullPolicy":"{policy}""#);
        format!(r#"{{"spec":{{"{list}":[{{"name":"app","image":"{image}",{policy}}}]}}}}"#)
    };
    let at = "RF3003 spec.containers[app].imagePullPolicy";
    let always = policy(&[PullPolicy::Always]);
    let must = "it must be Always; set imagePullPolicy: Always";
    check(&always, &pod("containers", "a:1", "Never"), &[&format!("{at}: Never; {must}")]);
    check(&always, &pod("containers", "a:1", "always"), &[&format!("{at}: always; {must}")]);
    check(&always, &pod("containers", "a:1", "Always"), &[]);
    // Left out: what the API server would fill in, which goes by the tag.
    let absent = format!("{at}: nothing, which is IfNotPresent for this image; {must}");
    for image in ["a:1", &pinned("a"), &pinned("a:1")] {
        check(&always, &pod("containers", image, ""), &[&absent]);
    }
    for image in ["a", "a:latest", &pinned("a:latest")] {
        check(&always, &pod("containers", image, ""), &[]);
    }
    let two = policy(&[PullPolicy::IfNotPresent, PullPolicy::Never]);
    let must = "it may be IfNotPresent or Never; set imagePullPolicy: IfNotPresent";
    let absent = format!("{at}: nothing, which is Always for this image; {must}");
    check(&two, &pod("containers", "a", ""), &[&absent]);
    check(&two, &pod("containers", "a:1", ""), &[]);
    let debug = "RF3003 spec.ephemeralContainers[app].imagePullPolicy: Never; it must be Always; set imagePullPolicy: Always, or use kubectl debug --image-pull-policy=Always";
    check(&always, &pod("ephemeralContainers", "a:1", "Never"), &[debug]);
    let volume = r#"{"spec":{"volumes":[{"name":"v","image":{"reference":"a:1","pullPolicy":"Never"}},
        {"name":"w","image":{"reference":"a","pullPolicy":null}}]}}"#;
    let line =
        "RF3003 spec.volumes[v].image.pullPolicy: Never; it must be Always; set pullPolicy: Always";
    check(&always, volume, &[line]);
    check(&anything(), &pod("containers", "a:1", "Never"), &[]);
    let nothing = format!(
        "{at}: Never; there is no pull policy that it may be; ask for a pull policy to be listed in images.pullPolicies"
    );
    check(&policy(&[]), &pod("containers", "a:1", "Never"), &[&nothing]);
    let edits = judged(&always, |_| Mode::Enforce, volume).remove(0).fix.edits;
    let path = FieldPath::fields(&["spec", "volumes"]).item(0, "v").field("image");
    let text = EditValue::Text("Always".into());
    assert_eq!(edits, [Edit::Set(path.field("pullPolicy"), text)]);
}

/// Filling in can be missed; what it forces is held all the same.
#[test]
fn a_forced_pull_policy_is_the_only_one_where_none_is_listed() {
    let forced = Some(PullPolicy::Always);
    let policy = ImagePolicy { force_pull_policy: forced, ..anything() };
    let pod = image("a:1");
    let absent = "nothing, which is IfNotPresent for this image";
    let must = "it must be Always; set imagePullPolicy: Always";
    check(
        &policy,
        &pod,
        &[&format!("RF3003 spec.containers[app].imagePullPolicy: {absent}; {must}")],
    );
    let pull_policies = Some(vec![PullPolicy::Always, PullPolicy::IfNotPresent]);
    check(&ImagePolicy { pull_policies, ..policy }, &pod, &[]);
}

#[test]
fn references_that_cannot_be_read() {
    let line = |found: &str| {
        let fix = "write it as REGISTRY/PATH:TAG or as REGISTRY/PATH@sha256:DIGEST";
        format!(
            "RF3005 spec.containers[app].image: {found}; it must be a reference of an image; {fix}"
        )
    };
    let every = ImagePolicy {
        require_digest: true,
        forbid_latest: true,
        ..from(&["registry.alpha.example/*"])
    };
    for policy in [&anything(), &every] {
        check(policy, r#"{"spec":{"containers":[{"name":"app"}]}}"#, &[&line("nothing")]);
        let registry = "what stands before the first `/` is not a registry's name";
        let found = format!("`my_registry.example/a:1`: {registry}");
        check(policy, &image("my_registry.example/a:1"), &[&line(&found)]);
        let path = "a name has a-z and 0-9, with `.`, `_`, `__` or `-` between them";
        let found = format!("`r.io/A\u{fffd}[2J`: {path}");
        check(policy, &image(r"r.io/A\u001b[2J"), &[&line(&found)]);
    }
    check(&anything(), &image("r.io/a:1"), &[]);
}

/// One mistake is told once, but never passes where another rule is in force.
#[test]
fn what_cannot_be_read_breaks_the_rules_that_are_stricter() {
    let policy = ImagePolicy { require_digest: true, forbid_latest: true, ..from(&["r.io/*"]) };
    let check = |unreadable: Mode, registry: Mode, expect: &[&str]| {
        let mode = |code| match code {
            Code::ImageReference => unreadable,
            Code::ImageRegistry => registry,
            _ => Mode::Warn,
        };
        let found = judged(&policy, mode, &image("r.io/a:"));
        let codes: Vec<String> = found.iter().map(|finding| finding.code.to_string()).collect();
        assert_eq!(codes, expect, "{unreadable} {registry}");
    };
    check(Mode::Enforce, Mode::Enforce, &["RF3005"]);
    check(Mode::Warn, Mode::Enforce, &["RF3001", "RF3005"]);
    check(Mode::Warn, Mode::Warn, &["RF3005"]);
    check(Mode::Audit, Mode::Audit, &["RF3002", "RF3004", "RF3005"]);
    check(Mode::Ignore, Mode::Enforce, &["RF3001", "RF3002", "RF3004"]);
    check(Mode::Ignore, Mode::Ignore, &["RF3002", "RF3004"]);
    let ignored = |_| Mode::Ignore;
    assert_eq!(judged(&policy, ignored, &image("nginx")), []);
}

/// Family 2 asks nothing of images.
#[test]
fn the_standards_are_silent_on_images() {
    let pod: Pod<'_> = from_json(r#"{"spec":{"volumes":[{"image":{"reference":"A"}}]}}"#).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(37) };
    assert_eq!(crate::rules::standards(&view, Level::Baseline), []);
}
