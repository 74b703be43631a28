//! Namespaces and service accounts.

use super::patch::Patch;
use crate::domain::{Level, PolicyVersion, TENANT_LABEL, Version};
use crate::objects::Labelled;
use crate::policy::Tenant;

/// The label that clusterwide default-deny policies select.
pub const DEFAULT_DENY_LABEL: &str = "ringfence.dev/default-deny";

/// The labels that a tenant's namespace is given on its creation, by key.
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
        ("pod-security.kubernetes.io/enforce", enforce.to_string()),
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

/// What a tenant's namespace is given on its creation: those of the labels that it leaves out.
#[must_use]
pub fn namespace(object: &Labelled<'_>, labels: Vec<(String, String)>) -> Patch {
    let present = &object.meta.labels;
    let absent = labels.into_iter().filter(|(key, _)| !present.contains_key(key.as_str()));
    let mut patch = Patch::default();
    patch.add_entries("/metadata/labels", !present.is_empty(), absent.collect());
    patch
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
