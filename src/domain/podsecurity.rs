//! Levels and versions of the Pod Security Standards
//! (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).

use std::fmt;
use std::str::FromStr;

/// How much a pod may do, from all to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is checked.
    Privileged,
    /// Known privilege escalations are refused.
    Baseline,
    /// Hardening is required.
    Restricted,
}

impl Level {
    /// As in namespace labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A level or version that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPodSecurity {
    /// Not a level.
    #[error("`{0}` is not a level: use `privileged`, `baseline` or `restricted`")]
    Level(String),
    /// Not a version.
    #[error("`{0}` is not a version: use `latest` or `v1.N`")]
    Version(String),
}

impl FromStr for Level {
    type Err = InvalidPodSecurity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| InvalidPodSecurity::Level(text.to_owned()))
    }
}

/// A Kubernetes minor version: `Version(24)` is 1.24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The newest version whose standards this build knows (k8s.io/pod-security-admission v0.37).
    pub const NEWEST: Self = Self(37);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}", self.0)
    }
}

/// The version that a profile asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyVersion {
    /// The smaller of ours and the API server's.
    Latest,
    /// This one.
    Pinned(Version),
}

impl PolicyVersion {
    /// The version whose checks apply where `latest` is what `latest` stands for. One that is newer
    /// than any that we know is read as the newest, as upstream does.
    #[must_use]
    pub fn resolve(self, latest: Version) -> Version {
        match self {
            Self::Latest => latest.min(Version::NEWEST),
            Self::Pinned(version) => version.min(Version::NEWEST),
        }
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Pinned(version) => version.fmt(f),
        }
    }
}

impl FromStr for PolicyVersion {
    type Err = InvalidPodSecurity;

    /// As k8s.io/pod-security-admission `api.ParseVersion`: `latest` or `v1.N` without leading zeros.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        text.strip_prefix("v1.")
            .filter(|minor| *minor == "0" || !minor.starts_with(['0', '+']))
            .and_then(|minor| minor.parse().ok())
            .map(|minor| Self::Pinned(Version(minor)))
            .ok_or_else(|| InvalidPodSecurity::Version(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_latest_or_a_minor_of_one() {
        let check = |text: &str, expect: Option<PolicyVersion>| {
            assert_eq!(text.parse().ok(), expect, "{text}")
        };
        check("latest", Some(PolicyVersion::Latest));
        check("v1.0", Some(PolicyVersion::Pinned(Version(0))));
        check("v1.24", Some(PolicyVersion::Pinned(Version(24))));
        for wrong in
            ["", "1.24", "v1", "v1.", "v1.024", "v1.00", "v2.0", "v1.+1", "v1.24.1", "Latest"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn latest_is_the_smaller_and_the_future_is_the_newest() {
        assert_eq!(PolicyVersion::Latest.resolve(Version(31)), Version(31));
        assert_eq!(PolicyVersion::Latest.resolve(Version(99)), Version::NEWEST);
        assert_eq!(PolicyVersion::Pinned(Version(99)).resolve(Version(31)), Version::NEWEST);
        assert_eq!(PolicyVersion::Pinned(Version(3)).resolve(Version(31)), Version(3));
    }
}
