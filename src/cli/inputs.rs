//! What commands read objects from: files, folders and standard input.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::audit::Input;
use crate::objects::yaml;

/// What was read, and why the rest was not: one bad path hides no other.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) read: Vec<Input>,
    /// The file of each, and whether it was UTF-8; none of standard input.
    pub(super) files: Vec<Option<File>>,
    pub(super) failed: Vec<Failed>,
}

/// A path that could not be read, or not be written.
pub(super) struct Failed {
    pub(super) path: String,
    pub(super) message: String,
}

impl Failed {
    fn reading(path: &Path, error: &anyhow::Error) -> Self {
        let path = path.display().to_string();
        Self { message: format!("cannot read `{path}`: {error:#}"), path }
    }

    pub(super) fn writing(path: &str, error: &anyhow::Error) -> Self {
        Self { path: path.to_owned(), message: format!("cannot fix `{path}`: {error:#}") }
    }
}

/// Where an input comes from.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Go replaces what is no UTF-8, and so do we; what was replaced is not written back.
    pub(super) whole: bool,
}

impl Inputs {
    pub(super) fn read(&mut self, path: &Path) {
        if let Err(error) = self.try_read(path) {
            self.failed.push(Failed::reading(path, &error));
        }
    }

    fn try_read(&mut self, path: &Path) -> Result<()> {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            self.files.push(None);
            self.read.push(Input { source: "-".to_owned(), text: text(bytes) });
            return Ok(());
        }
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            let before = (self.read.len(), self.failed.len());
            self.read_folder(path)?;
            if before == (self.read.len(), self.failed.len()) {
                bail!("it holds no .yaml, .yml or .json file");
            }
            return Ok(());
        }
        if !about.is_file() {
            bail!("it is neither a file nor a folder");
        }
        let bytes = std::fs::read(path)?;
        let whole = std::str::from_utf8(&bytes).is_ok();
        self.files.push(Some(File { path: path.to_owned(), whole }));
        self.read.push(Input { source: path.display().to_string(), text: text(bytes) });
        Ok(())
    }

    fn read_folder(&mut self, folder: &Path) -> Result<()> {
        let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // A mounted ConfigMap keeps its files in `..2026_11_24…` and links to them.
            if entry.file_name().as_encoded_bytes().starts_with(b"..") {
                continue;
            }
            let named =
                |extension: &OsStr| ["yaml", "yml", "json"].iter().any(|it| extension == *it);
            let manifest =
                path.extension().is_some_and(named) || entry.file_name() == "Kustomization";
            // A link to a folder may lead back up; one to a manifest is read.
            if entry.file_type()?.is_dir() {
                if let Err(error) = self.read_folder(&path) {
                    self.failed.push(Failed::reading(&path, &error));
                }
            } else if manifest && !path.is_dir() {
                self.read(&path);
            }
        }
        Ok(())
    }

    /// Whether there is no document at all, not even an empty list.
    pub(super) fn are_empty(&self) -> bool {
        self.read.iter().all(|input| yaml::documents(&input.text).is_empty())
    }
}

/// Go replaces what is no UTF-8, and so does this.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
