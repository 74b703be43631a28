//! Names that must be what Kubernetes takes them for.

use std::fmt;
use std::str::FromStr;

/// The label that makes a namespace a tenant's; its value is the tenant's name.
pub const TENANT_LABEL: &str = "ringfence.dev/tenant";
/// The label by which the API server names each namespace; nobody else can write it.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// How the keys of the labels begin that Pod Security admission reads.
pub const POD_SECURITY_PREFIX: &str = "pod-security.kubernetes.io/";

/// The label of the objects that the controller keeps; its value is `true`.
pub const MANAGED_LABEL: &str = "ringfence.dev/managed";

/// How the names of these objects begin.
pub const MANAGED_PREFIX: &str = "ringfence-";

/// The namespace that we run in.
pub const OUR_NAMESPACE: &str = "ringfence-system";

/// Namespaces in which no tenant can be: the webhooks leave them out.
pub const SYSTEM_NAMESPACES: [&str; 5] =
    ["kube-system", "kube-public", "kube-node-lease", "default", OUR_NAMESPACE];

/// The name of a tenant: an RFC 1123 subdomain of at most 63 characters, because it is also a label
/// value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(String);

/// A name that Kubernetes or a label would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a tenant's name: use at most 63 of the characters a-z, 0-9, `-` and `.`, with a letter or digit at both ends"
)]
pub struct InvalidName(String);

impl TenantName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            part.bytes().next().is_some_and(plain)
                && part.bytes().next_back().is_some_and(plain)
                && part.bytes().all(|byte| plain(byte) || byte == b'-')
        };
        if text.len() <= 63 && text.split('.').all(part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.to_owned()))
        }
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label_value_and_a_subdomain() {
        for right in ["alpha", "a", "7", "team-a.eu", &"a".repeat(63)] {
            assert!(right.parse::<TenantName>().is_ok(), "{right}");
        }
        for wrong in ["", "-a", "a-", "A", "a_b", "a..b", ".a", "a b", "ä", &"a".repeat(64)] {
            assert!(wrong.parse::<TenantName>().is_err(), "{wrong}");
        }
    }
}
