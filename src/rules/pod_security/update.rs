//! Which updates of a pod are judged.

use std::collections::BTreeMap;

use crate::objects::{Container, PodSpec};

/// Whether an update of a pod is one that upstream's admission judges again: another number of
/// containers, another image, or an ephemeral container that is new (`isSignificantPodUpdate` in
/// k8s.io/pod-security-admission `admission/admission.go`). What else may change in a pod that runs
/// bears on no check.
#[must_use]
pub fn is_significant(new: &PodSpec<'_>, old: &PodSpec<'_>) -> bool {
    differ(&new.containers, &old.containers)
        || differ(&new.init_containers, &old.init_containers)
        || ephemeral_differ(&new.ephemeral_containers, &old.ephemeral_containers)
}

fn differ(new: &[Container<'_>], old: &[Container<'_>]) -> bool {
    new.len() != old.len() || new.iter().zip(old).any(|(new, old)| new.image != old.image)
}

fn ephemeral_differ(new: &[Container<'_>], old: &[Container<'_>]) -> bool {
    let mut images = BTreeMap::new();
    for container in old {
        images.entry(container.name.as_ref()).or_insert(&container.image);
    }
    new.iter().any(|container| {
        images.get(container.name.as_ref()).is_none_or(|image| **image != container.image)
    })
}
