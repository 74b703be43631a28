//! Namespaces and service accounts.

use std::collections::BTreeMap;

use super::patch::Patch;
use crate::domain::{FILLED_IN, FilledIn, Level, PolicyVersion, TENANT_LABEL, Version};
use crate::objects::Labelled;
use crate::policy::Tenant;

/// The label that clusterwide default-deny policies select.
pub const DEFAULT_DENY_LABEL: &str = "ringfence.dev/default-deny";

/// The label whose level the API server's own Pod Security admission enforces.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
/// What [`FilledIn`] says of the level that somebody else had set: it is never lowered below that. No
/// label of a tenant is called so.
const FLOOR: &str = "ringfence.dev/enforce-floor";

/// The labels that a tenant's namespace is given, by key.
///
/// `enforce` is the strictest level that the API server's own Pod Security admission may enforce
/// beside us (see `rules::backstop`); `latest` is what `latest` stands for in this cluster.
/// `warn` is always said: where it is unset it copies `enforce`, and would warn of every template
/// that our pod defaults complete.
#[must_use]
pub fn namespace_labels(tenant: &Tenant, enforce: Level, latest: Version) -> Vec<(String, String)> {
    let profile = &tenant.profile;
    let version = match profile.pod_security.version {
        PolicyVersion::Latest => latest.min(Version::NEWEST).to_string(),
        PolicyVersion::Pinned(version) => version.to_string(),
    };
    let ours = [
        (TENANT_LABEL, tenant.name.to_string()),
        (DEFAULT_DENY_LABEL, "enabled".to_owned()),
        (ENFORCE, enforce.to_string()),
        ("pod-security.kubernetes.io/enforce-version", version.clone()),
        ("pod-security.kubernetes.io/audit", profile.pod_security.level.to_string()),
        ("pod-security.kubernetes.io/audit-version", version),
        ("pod-security.kubernetes.io/warn", Level::Privileged.to_string()),
    ];
    let ours = ours.into_iter().map(|(key, value)| (key.to_owned(), value));
    let theirs = tenant.labels.iter().map(|(key, value)| (key.clone(), value.clone()));
    let mut labels: Vec<(String, String)> = ours.chain(theirs).collect();
    labels.sort();
    labels.dedup_by(|later, earlier| later.0 == earlier.0);
    labels
}

/// What a tenant's namespace is given on its creation: those of the labels that it leaves out, and an
/// annotation that says which.
#[must_use]
pub fn namespace(object: &Labelled<'_>, labels: Vec<(String, String)>) -> Patch {
    let present = &object.meta.labels;
    let absent = labels.into_iter().filter(|(key, _)| !present.contains_key(key.as_str()));
    let absent: Vec<_> = absent.collect();
    let mut patch = Patch::default();
    if absent.is_empty() {
        return patch;
    }
    let annotations = &object.meta.annotations;
    let mut filled = FilledIn::read(annotations.get(FILLED_IN).map_or("", AsRef::as_ref));
    filled.0.extend(absent.iter().cloned());
    patch.add_entries("/metadata/labels", !present.is_empty(), absent);
    let entry = vec![(FILLED_IN.to_owned(), filled.to_string())];
    patch.add_entries("/metadata/annotations", !annotations.is_empty(), entry);
    patch
}

/// How the labels of a namespace change that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Each label with its value, or without one where it goes.
    pub labels: BTreeMap<String, Option<String>>,
    /// What [`FILLED_IN`] says then.
    pub filled: FilledIn,
}

impl Completion {
    /// What is written: labels, each with its value or without one where it goes, and annotations.
    #[must_use]
    pub fn written(self) -> (BTreeMap<String, Option<String>>, BTreeMap<String, String>) {
        (self.labels, [(FILLED_IN.to_owned(), self.filled.to_string())].into())
    }
}

/// What gives a tenant's namespace the labels that are wanted; nothing where it has them.
///
/// A label that says what was filled in is ours and follows what is wanted; one that somebody set stays.
/// Only the level that is enforced is raised all the same, and never lowered below what somebody set,
/// and what chooses the namespace for clusterwide policies is nobody else's to set.
#[must_use]
pub fn complete(
    stands: &BTreeMap<String, String>,
    filled: &FilledIn,
    wanted: &[(String, String)],
) -> Option<Completion> {
    let mut labels = BTreeMap::new();
    let mut now = FilledIn::default();
    for (key, value) in wanted {
        let stands = stands.get(key).map(String::as_str);
        let is_ours = stands.is_none() || stands == filled.get(key);
        let mut value = value.as_str();
        if key == ENFORCE {
            let floor = if is_ours { filled.get(FLOOR) } else { stands };
            if let Some(floor) = floor.filter(|floor| floor.parse::<Level>().is_ok()) {
                now.0.insert(FLOOR.to_owned(), floor.to_owned());
                value = stricter(value, floor);
            }
        } else if !is_ours && key != DEFAULT_DENY_LABEL {
            continue;
        }
        now.0.insert(key.clone(), value.to_owned());
        if stands != Some(value) {
            labels.insert(key.clone(), Some(value.to_owned()));
        }
    }
    for (key, value) in &filled.0 {
        let is_wanted = wanted.iter().any(|(wanted, _)| wanted == key);
        if !is_wanted && stands.get(key) == Some(value) {
            labels.insert(key.clone(), None);
        }
    }
    (!labels.is_empty() || now != *filled).then_some(Completion { labels, filled: now })
}

fn stricter<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.parse::<Level>().ok() < other.parse::<Level>().ok() { other } else { one }
}

/// What a tenant's service account is given on its creation: no token in every pod. In a webhook on
/// pods it would be too late, the API server has mounted the token by then.
#[must_use]
pub fn service_account(object: &Labelled<'_>, tenant: &Tenant) -> Patch {
    let mut patch = Patch::default();
    if object.automount_token.is_none() && !tenant.profile.automount_token {
        patch.add("/automountServiceAccountToken", "false");
    }
    patch
}

#[cfg(test)]
mod tests;
