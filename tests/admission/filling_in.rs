//! Laws of filling in.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::defaults::{FILLED_IN, plan_ephemeral, plan_pod};
use ringfence::objects::{ContainerList, Pod, from_json};
use ringfence::policy::{EffectiveProfile, PodDefaults, PullPolicy, Seccomp, embedded, load};
use serde_json::{Value, json};

use super::pods;

/// The object as the API server encodes it: an item of a list is never null.
fn encoded(object: Value) -> Value {
    fn items(key: &str, value: Value) -> Value {
        let empty = if matches!(key, "add" | "drop") { json!("") } else { json!({}) };
        match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| if item.is_null() { empty.clone() } else { encoded(item) })
                .collect(),
            other => encoded(other),
        }
    }
    match object {
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key.clone(), items(&key, value))).collect()
        }
        other => other,
    }
}

/// A profile that fills in everything, and forces this pull policy.
fn profile(force_pull_policy: Option<PullPolicy>) -> EffectiveProfile {
    static ALPHA: LazyLock<EffectiveProfile> = LazyLock::new(|| {
        let tenants = load(&embedded()).unwrap().resolve();
        EffectiveProfile::clone(&tenants.tenant("alpha").unwrap().profile)
    });
    let mut profile = ALPHA.clone();
    profile.pod_defaults = PodDefaults {
        run_as_non_root: true,
        run_as_user: Some(1000),
        run_as_group: Some(3000),
        fs_group: Some(2000),
        seccomp_profile: Some(Seccomp::RuntimeDefault),
        allow_privilege_escalation: false,
        drop_capabilities: vec!["ALL".to_owned()],
    };
    profile.images.force_pull_policy = force_pull_policy;
    profile
}

const FORCED: Option<PullPolicy> = Some(PullPolicy::Always);

fn force() -> impl Strategy<Value = Option<PullPolicy>> {
    select(vec![None, Some(PullPolicy::Always), Some(PullPolicy::Never)])
}

/// Where pull policies stand.
fn is_pull_policy(pointer: &str) -> bool {
    pointer.ends_with("/imagePullPolicy") || pointer.ends_with("/image/pullPolicy")
}

fn filled(object: &Value, profile: &EffectiveProfile) -> (Value, json_patch::Patch) {
    let text = object.to_string();
    let pod: Pod<'_> = from_json(&text).unwrap();
    let patch = plan_pod(&pod, profile).patch(&pod);
    let patch: json_patch::Patch = serde_json::from_str(&patch.to_json()).unwrap();
    let mut after = object.clone();
    json_patch::patch(&mut after, &patch).unwrap();
    (after, patch)
}

/// Every leaf of a value with its pointer; nulls, empty objects and empty lists are nothing.
fn leaves(value: &Value, at: &str, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{at}/{index}"), into);
            }
        }
        Value::Null => {}
        _ => into.push((at.to_owned(), value.clone())),
    }
}

fn leaves_of(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    leaves(value, "", &mut all);
    all
}

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn a_second_pass_adds_nothing(pod in pods::pod(), force in force()) {
        let profile = profile(force);
        let object = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        let (once, _) = filled(&object, &profile);
        let (twice, patch) = filled(&once, &profile);
        prop_assert_eq!(patch.0, vec![], "{}", once);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn explicit_choices_survive(pod in pods::pod(), force in force()) {
        let object = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        let (after, _) = filled(&object, &profile(force));
        for (pointer, value) in leaves_of(&object) {
            let survives = force.is_none() || !is_pull_policy(&pointer);
            if survives {
                prop_assert_eq!(after.pointer(&pointer), Some(&value), "{}", pointer);
            }
        }
    }

    #[test]
    fn a_forced_pull_policy_is_every_images(pod in pods::pod()) {
        let object = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        let text = filled(&object, &profile(FORCED)).0.to_string();
        let after: Pod<'_> = from_json(&text).unwrap();
        let spec = &after.spec;
        // A pod without containers is the API server's to refuse.
        if !spec.containers.is_empty() {
            for container in ContainerList::ALL.into_iter().flat_map(|list| list.of(spec)) {
                prop_assert_eq!(&container.image_pull_policy, "Always");
            }
            for image in spec.volumes.iter().filter_map(|volume| volume.image.as_ref()) {
                prop_assert_eq!(&image.pull_policy, "Always");
            }
        }
    }

    #[test]
    fn windows_pods_get_no_more_than_the_pull_policy(pod in pods::pod(), force in force()) {
        let mut object = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        pods::put(&mut object, "/spec/os", json!({ "name": "windows" }));
        let (after, patch) = filled(&object, &profile(force));
        match force {
            None => prop_assert_eq!(after, object),
            Some(_) => for operation in &patch.0 {
                let path = operation.path().to_string();
                prop_assert!(is_pull_policy(&path) || path.starts_with("/metadata/"), "{}", path);
            },
        }
    }

    #[test]
    fn memory_and_patch_agree(pod in pods::pod(), force in force()) {
        let object = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        let text = object.to_string();
        let profile = profile(force);
        let mut in_memory: Pod<'_> = from_json(&text).unwrap();
        plan_pod(&in_memory, &profile).apply(&mut in_memory);
        let after = filled(&object, &profile).0.to_string();
        let mut patched: Pod<'_> = from_json(&after).unwrap();
        in_memory.meta.annotations.remove(FILLED_IN);
        patched.meta.annotations.remove(FILLED_IN);
        prop_assert_eq!(in_memory, patched);
    }

    #[test]
    fn only_added_ephemeral_containers_are_touched(pod in pods::pod(), force in force()) {
        let old = encoded(pods::wrapped(&pod, pods::KINDS[0]));
        let mut new = old.clone();
        let list = &mut new["spec"]["ephemeralContainers"];
        if !list.is_array() {
            *list = json!([]);
        }
        let added = list.as_array().unwrap().len();
        list.as_array_mut().unwrap().push(json!({ "name": "added", "image": "x" }));
        let (text, old_text) = (new.to_string(), old.to_string());
        let (view, old_view): (Pod<'_>, Pod<'_>) =
            (from_json(&text).unwrap(), from_json(&old_text).unwrap());
        let profile = profile(force);
        let patch = plan_ephemeral(&view, &old_view, &profile).patch_ephemeral(&view);
        let at = format!("/spec/ephemeralContainers/{added}");
        let mut expect = Vec::new();
        if !view.spec.is_windows() {
            expect.push(add(&format!("{at}/securityContext"), hardened()));
        }
        if let Some(force) = force {
            expect.push(add(&format!("{at}/imagePullPolicy"), json!(force.as_str())));
        }
        let patch: Value = serde_json::from_str(&patch.to_json()).unwrap();
        prop_assert_eq!(patch, Value::Array(expect));
    }
}

#[track_caller]
fn check(spec: Value, expect: Value) {
    let object = json!({ "metadata": { "name": "x" }, "spec": spec });
    let (_, patch) = filled(&object, &profile(None));
    let mut patch = serde_json::to_value(patch).unwrap();
    let last = patch.as_array_mut().unwrap().pop();
    if let Some(last) = last {
        assert_eq!(last["path"], "/metadata/annotations", "the annotation comes last");
    }
    assert_eq!(patch, expect);
}

fn add(path: &str, value: Value) -> Value {
    json!({ "op": "add", "path": path, "value": value })
}

const CONTAINER: &str = "/spec/containers/0/securityContext";

fn hardened() -> Value {
    json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } })
}

#[test]
fn a_bare_pod_gets_everything() {
    check(
        json!({ "containers": [{ "name": "app" }] }),
        json!([
            add(
                "/spec/securityContext",
                json!({
                    "seccompProfile": { "type": "RuntimeDefault" },
                    "runAsUser": 1000, "runAsGroup": 3000, "runAsNonRoot": true,
                })
            ),
            add(CONTAINER, hardened()),
        ]),
    );
}

#[test]
fn a_group_only_where_a_volume_needs_it_and_the_user_is_ours() {
    let of = |source: &str, user: Value| {
        json!({
            "securityContext": { "runAsUser": user, "seccompProfile": { "type": "Localhost" } },
            "containers": [{ "name": "app", "securityContext": hardened() }],
            "volumes": [{ "name": "v", source: {} }],
        })
    };
    let user =
        |more: &[(&str, Value)]| {
            let mut all = vec![
                add("/spec/securityContext/runAsUser", json!(1000)),
                add("/spec/securityContext/runAsGroup", json!(3000)),
                add("/spec/securityContext/runAsNonRoot", json!(true)),
            ];
            all.extend(more.iter().map(|(field, value)| {
                add(&format!("/spec/securityContext/{field}"), value.clone())
            }));
            json!(all)
        };
    for source in ["persistentVolumeClaim", "ephemeral", "csi"] {
        let group = [("fsGroup", json!(2000)), ("fsGroupChangePolicy", json!("OnRootMismatch"))];
        check(of(source, Value::Null), user(&group));
    }
    check(of("emptyDir", Value::Null), user(&[]));
    let non_root = json!([add("/spec/securityContext/runAsNonRoot", json!(true))]);
    check(of("csi", json!(7)), non_root);
    check(of("csi", json!(0)), json!([]));
}

#[test]
fn a_user_only_where_nobody_chose_one() {
    let seccomp =
        || add("/spec/securityContext", json!({ "seccompProfile": { "type": "RuntimeDefault" } }));
    let of = |own: Value| {
        let mut security = hardened();
        security.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        json!({ "containers": [{ "name": "app", "securityContext": security }, { "name": "b", "securityContext": hardened() }] })
    };
    check(of(json!({ "runAsUser": 0 })), json!([seccomp()]));
    check(of(json!({ "runAsUser": 5 })), json!([seccomp()]));
    check(of(json!({ "runAsNonRoot": false })), json!([seccomp()]));
}

#[test]
fn non_root_where_every_container_has_another_user_than_0() {
    let of = |first: i64, second: i64| {
        let container = |user: i64| {
            let mut security = hardened();
            security["runAsUser"] = json!(user);
            json!({ "name": "c", "securityContext": security })
        };
        json!({
            "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
            "initContainers": [container(first)], "containers": [container(second)],
        })
    };
    check(of(1, 2), json!([add("/spec/securityContext/runAsNonRoot", json!(true))]));
    check(of(0, 2), json!([]));
    check(of(1, 0), json!([]));
}

#[test]
fn escalation_is_left_alone_where_kubernetes_would_refuse_the_pod() {
    let of = |security: Value| {
        json!({
            "securityContext": { "runAsUser": 0, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{ "name": "app", "securityContext": security }],
        })
    };
    let drop = || add(&format!("{CONTAINER}/capabilities"), json!({ "drop": ["ALL"] }));
    let append = || add(&format!("{CONTAINER}/capabilities/drop"), json!(["ALL"]));
    let escalation = || add(&format!("{CONTAINER}/allowPrivilegeEscalation"), json!(false));
    check(of(json!({ "privileged": true })), json!([drop()]));
    check(of(json!({ "privileged": false })), json!([escalation(), drop()]));
    check(of(json!({ "capabilities": { "add": ["CAP_SYS_ADMIN"] } })), json!([append()]));
    check(of(json!({ "capabilities": { "add": ["SYS_ADMIN"] } })), json!([append()]));
    check(of(json!({ "capabilities": { "add": ["CHOWN"] } })), json!([escalation(), append()]));
    check(of(json!({ "capabilities": { "add": ["ALL"] } })), json!([escalation()]));
    check(
        of(json!({ "allowPrivilegeEscalation": true, "capabilities": { "drop": ["KILL"] } })),
        json!([add(&format!("{CONTAINER}/capabilities/drop/-"), json!("ALL"))]),
    );
}

#[test]
fn mirror_pods_and_pods_without_containers_stay_as_they_are() {
    let mirror = json!({
        "metadata": { "annotations": { "kubernetes.io/config.mirror": "x" } },
        "spec": { "containers": [{ "name": "app" }] },
    });
    assert_eq!(filled(&mirror, &profile(FORCED)).0, mirror);
    let empty = json!({ "metadata": {}, "spec": { "containers": [] } });
    assert_eq!(filled(&empty, &profile(FORCED)).0, empty);
}

#[test]
fn the_annotation_says_what_was_filled_in() {
    let annotated = |annotations: Value| {
        let spec = json!({
            "securityContext": { "runAsUser": 0, "seccompProfile": { "type": "Localhost" } },
            "containers": [{ "name": "app" }, { "name": "not a name" }],
        });
        let object = json!({ "metadata": { "annotations": annotations }, "spec": spec });
        filled(&object, &profile(None)).0["metadata"]["annotations"].clone()
    };
    let ours = "spec.containers[app].securityContext.allowPrivilegeEscalation,\
                spec.containers[app].securityContext.capabilities.drop,\
                spec.containers[1].securityContext.allowPrivilegeEscalation,\
                spec.containers[1].securityContext.capabilities.drop";
    assert_eq!(annotated(Value::Null), json!({ FILLED_IN: ours }));
    assert_eq!(annotated(json!({ "a": "b" })), json!({ "a": "b", FILLED_IN: ours }));
    let before = "spec.securityContext.runAsUser";
    assert_eq!(
        annotated(json!({ FILLED_IN: before })),
        json!({ FILLED_IN: format!("{before},{ours}") })
    );
    assert_eq!(annotated(json!({ FILLED_IN: "nonsense" })), json!({ FILLED_IN: ours }));
    let full = "x".repeat(256 * 1024 - 10);
    assert_eq!(annotated(json!({ "a": full })), json!({ "a": full }));
}

/// Kubernetes refuses a seccomp field beside an annotation that says something else.
#[test]
fn a_seccomp_annotation_is_a_choice() {
    let check = |annotation: &str, expect: bool| {
        let object = json!({
            "metadata": {
                "name": "x",
                "annotations": { "seccomp.security.alpha.kubernetes.io/pod": annotation },
            },
            "spec": { "containers": [{ "name": "app" }] },
        });
        let (after, _) = filled(&object, &profile(None));
        let profile = &after["spec"]["securityContext"]["seccompProfile"];
        assert_eq!(!profile.is_null(), expect, "{annotation}: {after}");
    };
    check("runtime/default", true);
    check("docker/default", true);
    check("localhost/x", false);
    check("unconfined", false);
    check("", false);
}

#[test]
fn a_forced_pull_policy_overwrites_and_is_annotated() {
    let hardened_as = |policy: &str| json!({ "name": "app", "imagePullPolicy": policy, "securityContext": hardened() });
    let object = json!({ "metadata": {}, "spec": {
        "securityContext": { "runAsUser": 0, "seccompProfile": { "type": "Localhost" } },
        "initContainers": [hardened_as("Never")],
        "containers": [hardened_as("Always"), hardened_as("IfNotPresent")],
        "volumes": [
            { "name": "e", "emptyDir": {} },
            { "name": "v", "image": { "reference": "x:1" } },
            { "name": "w", "image": { "reference": "x:1", "pullPolicy": "Always" } },
        ],
    } });
    let (_, patch) = filled(&object, &profile(FORCED));
    let paths = "spec.initContainers[app].imagePullPolicy,spec.containers[app].imagePullPolicy,\
                 spec.volumes[v].image.pullPolicy";
    let expect = json!([
        add("/spec/initContainers/0/imagePullPolicy", json!("Always")),
        add("/spec/containers/1/imagePullPolicy", json!("Always")),
        add("/spec/volumes/1/image/pullPolicy", json!("Always")),
        add("/metadata/annotations", json!({ FILLED_IN: paths })),
    ]);
    assert_eq!(serde_json::to_value(patch).unwrap(), expect);
}
