//! What is built in: the profiles, which are always there, and the set that is served without a
//! cluster and without files.

use super::report::Source;

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        vec![$(Source {
            name: concat!("built-in:", $path).to_owned(),
            text: include_str!(concat!("../../policies/", $path)).to_owned(),
        },)*]
    };
}

/// The profiles that are always there; a document of the same name replaces one.
#[must_use]
pub fn builtin_profiles() -> Vec<Source> {
    embedded!["profiles/restricted.yaml", "profiles/baseline.yaml", "profiles/audit-only.yaml"]
}

/// The example set: a platform and two tenants. It is in force where there is neither a cluster nor
/// a directory of policies.
#[must_use]
pub fn embedded() -> Vec<Source> {
    embedded!["platform.yaml", "tenants/alpha.yaml", "tenants/beta.yaml"]
}
