//! The Pod Security Standards alone, as the API server's own admission judges them.

use crate::domain::{FieldPath, Finding, Level, PolicyVersion, Version};
use crate::objects::{Malformed, Pod, as_stored, from_json};
use crate::rules::{self, PodView, Resource, Shape};

/// Judges a manifest as it stands: defaulted as the API server does, and nothing filled in. An object
/// without a pod has no findings.
///
/// # Errors
/// [`Malformed`] where the text is not an object of the resource.
pub fn standards(
    resource: &Resource,
    json: &str,
    level: Level,
    version: PolicyVersion,
) -> Result<Vec<Finding>, Malformed> {
    let (pod, at, in_template) = match resource.shape {
        Shape::Pod => (Some(from_json::<Pod<'_>>(json)?), FieldPath::root(), false),
        Shape::Template(kind) => (kind.decode(json)?.pod, kind.path(), true),
        Shape::Namespace
        | Shape::ServiceAccount
        | Shape::Document
        | Shape::Kept
        | Shape::KeptClusterwide
        | Shape::PodStatus
        | Shape::PluginPolicy
        | Shape::PluginPolicyClusterwide
        | Shape::KeptPolicyClusterwide
        | Shape::Stream
        | Shape::NodeStream
        | Shape::Cordoned
        | Shape::Passed => return Ok(Vec::new()),
    };
    let Some(mut pod) = pod else { return Ok(Vec::new()) };
    as_stored(&mut pod, in_template);
    let view = PodView { pod: &pod, at, version: version.resolve(Version::NEWEST) };
    Ok(rules::standards(&view, level))
}

/// The ids of upstream's checks that a manifest fails, sorted, each once.
///
/// # Errors
/// As [`standards`].
pub fn standards_of(
    resource: &Resource,
    json: &str,
    level: Level,
    version: PolicyVersion,
) -> Result<Vec<&'static str>, Malformed> {
    let mut ids: Vec<&'static str> =
        standards(resource, json, level, version)?.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
