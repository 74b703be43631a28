//! A directory of policies → documents, and again whenever it changes.
//!
//! `walk` lists and reads the files, [`policy::load`] makes documents of them,
//! [`Watch`] polls. What is wrong with a file is told in the same report as what is wrong in one.
//!
//! Deliberately absent: inotify, which sees neither every file system nor the whole of a mounted
//! ConfigMap's change.

mod walk;
mod watch;

use std::path::Path;

pub use watch::Watch;

use crate::policy::{self, Documents, Report, Source, Survey};

/// Reads every policy file below a directory, or the one file that is named.
///
/// # Errors
/// Everything that is wrong with the files and in them.
pub fn load(path: &Path) -> Result<Documents, Report> {
    let texts = walk::read(&walk::list(path));
    policy::load_beside(&texts.sources, &texts.unread)
}

/// The same, with a text beside the files.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, beside: Source) -> Result<Documents, Report> {
    let mut texts = walk::read(&walk::list(path));
    texts.sources.push(beside);
    policy::load_beside(&texts.sources, &texts.unread)
}

/// The same as [`load`], and where everything stands.
///
/// # Errors
/// As [`load`].
pub fn survey(path: &Path) -> Result<Survey, Report> {
    let texts = walk::read(&walk::list(path));
    policy::survey(&texts.sources, &texts.unread)
}

/// Reads a directory and gets ready to follow it.
///
/// # Errors
/// As [`load`].
pub fn open(path: &Path) -> Result<(Documents, Watch), Report> {
    let mut watch = Watch::of(path);
    let documents = watch.read()?;
    Ok((documents, watch))
}
