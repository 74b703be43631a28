//! Filling in, as a patch and in memory.

use std::borrow::Cow;
use std::sync::LazyLock;

use ringfence::defaults::{self, FILLED_IN, Patch, plan_ephemeral, plan_pod};
use ringfence::domain::FieldPath;
use ringfence::objects::{Labelled, Pod, from_json};
use ringfence::policy::{EffectiveProfile, PullPolicy, embedded, load};
use serde_json::{Value, json};

use super::dice::{self, Dice};
use super::schema::{KEYS, POD, encoded};

/// What is filled in, and a pod.
pub fn run(data: &[u8]) {
    let Some((wanted, data)) = data.split_first_chunk::<4>() else { return };
    let profile = profile(*wanted);
    labels(&mut Dice::new(data));
    let text = dice::input(data, |dice| POD.made(dice).to_string());
    let Some(object) = encoded(&POD, &text) else { return };
    let once = filled(&object, &profile);
    assert_eq!(filled(&once, &profile), once, "a second pass changes something of {text}");
    added(&object, &profile);
}

/// A profile with these bits.
fn profile([fields, user, drop, pull]: [u8; 4]) -> EffectiveProfile {
    static RESTRICTED: LazyLock<EffectiveProfile> = LazyLock::new(|| {
        let tenants = load(&embedded()).expect("they are right").resolve();
        EffectiveProfile::clone(&tenants.tenant("alpha").expect("it is there").profile)
    });
    let mut profile = RESTRICTED.clone();
    let omitted = |bit: u8| fields >> bit & 1 == 1;
    let own = &mut profile.pod_defaults;
    own.run_as_non_root = !omitted(0);
    own.run_as_user = own.run_as_user.filter(|_| !omitted(1)).map(|_| i64::from(user % 3) * 500);
    own.run_as_group = own.run_as_group.filter(|_| !omitted(2));
    own.fs_group = own.fs_group.filter(|_| !omitted(3));
    own.seccomp_profile = own.seccomp_profile.filter(|_| !omitted(4));
    own.allow_privilege_escalation = omitted(5);
    let drop: &[&str] = match drop % 4 {
        0 => &["ALL"],
        1 => &[],
        2 => &["NET_RAW", "KILL"],
        _ => &["KILL", "ALL"],
    };
    own.drop_capabilities = drop.iter().map(ToString::to_string).collect();
    profile.images.force_pull_policy = match pull % 3 {
        0 => None,
        1 => Some(PullPolicy::Always),
        _ => Some(PullPolicy::Never),
    };
    profile
}

/// As the API server applies it.
fn patched(object: &Value, patch: &Patch) -> Value {
    let patch: json_patch::Patch =
        serde_json::from_str(&patch.to_json()).expect("it is an RFC 6902 patch");
    let mut after = object.clone();
    json_patch::patch(&mut after, &patch).unwrap_or_else(|error| panic!("{error} of {object}"));
    after
}

/// What nobody compares: the annotation is not filled in in memory.
fn without_annotation(mut pod: Pod<'_>) -> Pod<'_> {
    pod.meta.annotations.remove(FILLED_IN);
    pod
}

fn filled(object: &Value, profile: &EffectiveProfile) -> Value {
    let text = object.to_string();
    let mut pod: Pod<'_> = from_json(&text).expect("it is as the API server encodes it");
    let plan = plan_pod(&pod, profile);
    let patch = plan.patch(&pod);
    assert_eq!(plan.is_empty(), patch.is_empty(), "{text}");
    let after = patched(object, &patch);
    plan.apply(&mut pod);
    let again = after.to_string();
    let read: Pod<'_> = from_json(&again).expect("a patch leaves a pod");
    assert_eq!(without_annotation(pod), without_annotation(read), "{text}");
    after
}

/// An update that adds the last ephemeral container.
fn added(new: &Value, profile: &EffectiveProfile) {
    let mut old = new.clone();
    let list = old.pointer_mut("/spec/ephemeralContainers").and_then(Value::as_array_mut);
    if list.and_then(Vec::pop).is_none() {
        return;
    }
    let (text, old) = (new.to_string(), old.to_string());
    let old: Pod<'_> = from_json(&old).expect("it is as the API server encodes it");
    let mut pod: Pod<'_> = from_json(&text).expect("it is as the API server encodes it");
    let plan = plan_ephemeral(&pod, &old, profile);
    let after = patched(new, &plan.patch_ephemeral(&pod)).to_string();
    plan.apply(&mut pod);
    let read: Pod<'_> = from_json(&after).expect("a patch leaves a pod");
    assert_eq!(pod, read, "{text}");
}

/// Labels whose keys a pointer must escape.
fn labels(dice: &mut Dice<'_>) {
    let mut present = serde_json::Map::new();
    let mut wanted = Vec::new();
    while dice.more() && wanted.len() < 20 {
        let key: String = (0..=dice.below(3)).map(|_| dice.word(&KEYS)).collect();
        match dice.byte() % 2 {
            0 => wanted.push((key, "ours".to_owned())),
            _ => drop(present.insert(key, json!("theirs"))),
        }
    }
    wanted.sort();
    wanted.dedup();
    let object = match present.is_empty() {
        true => json!({"metadata": {}}),
        false => json!({"metadata": {"labels": present}}),
    };
    let text = object.to_string();
    let read: Labelled<'_> = from_json(&text).expect("it is an object");
    let after = patched(&object, &defaults::namespace(&read, wanted.clone()));
    for (key, value) in &wanted {
        let expect = present.get(key).map_or(Cow::Owned(json!(value)), Cow::Borrowed);
        assert_eq!(after["metadata"]["labels"].get(key), Some(&*expect), "{key:?}");
        let pointer = FieldPath::fields(&["metadata", "labels"]).key(key).pointer();
        assert_eq!(after.pointer(&pointer), Some(&*expect), "{pointer:?}");
    }
    for (key, value) in &present {
        assert_eq!(after["metadata"]["labels"].get(key), Some(value), "{key:?}");
    }
}
