//! Policies of many tenants.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ringfence::policy;

use crate::reviews;

/// Writes the example set and so many more tenants to a directory; none without more.
pub fn write(directory: &Path, more: usize) -> Result<Option<PathBuf>> {
    if more == 0 {
        return Ok(None);
    }
    fs::create_dir(directory)?;
    for source in policy::embedded() {
        let name = source.name.rsplit(['/', ':']).next().context("a source has a name")?;
        fs::write(directory.join(name), source.text)?;
    }
    let documents: Vec<String> = (0..more).map(reviews::tenant).collect();
    // As few files as a person would write: a walk is not what is measured.
    for (number, some) in documents.chunks(500).enumerate() {
        fs::write(directory.join(format!("more-{number}.yaml")), some.join("---\n"))?;
    }
    Ok(Some(directory.to_owned()))
}
