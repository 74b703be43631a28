//! What this build is.

/// What `--version`, the log's first line and the metric `ringfence_build_info` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildInfo {
    /// The package's version.
    pub version: &'static str,
    /// The commit that was built, where the build said (`RINGFENCE_COMMIT`), else `unknown`.
    pub commit: &'static str,
}

impl BuildInfo {
    /// This build.
    pub const CURRENT: Self = Self {
        version: env!("CARGO_PKG_VERSION"),
        commit: match option_env!("RINGFENCE_COMMIT") {
            Some(commit) => commit,
            None => "unknown",
        },
    };
}
