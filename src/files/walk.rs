//! Which files are policies, and what they hold.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::policy::{Problem, Source};

/// The largest file that is read. A ConfigMap holds 1 MiB.
const MAX_FILE: u64 = 4 << 20;
/// How many files are read.
const MAX_FILES: usize = 10_000;
/// How deep directories are walked.
const MAX_DEPTH: usize = 32;

/// The files below a path, and what could not be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    files: Vec<File>,
    problems: Vec<Problem>,
}

/// A file and what would be different if it were another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    path: PathBuf,
    /// Where symbolic links lead: device and inode.
    identity: (u64, u64),
    size: u64,
    /// Modification and change of the inode, in seconds and nanoseconds since 1970.
    times: [(i64, i64); 2],
}

impl Listing {
    /// Whether a file was changed so shortly before `moment` that a change right after it could bear
    /// the same time: clocks of file systems tick slowly.
    pub(super) fn changed_near(&self, moment: SystemTime) -> bool {
        let near = moment.checked_sub(Duration::from_secs(2)).unwrap_or(UNIX_EPOCH);
        let near = near.duration_since(UNIX_EPOCH).unwrap_or_default();
        let near = i64::try_from(near.as_secs()).unwrap_or(i64::MAX);
        self.files.iter().any(|file| file.times.iter().any(|(seconds, _)| *seconds >= near))
    }
}

/// Every policy file below a path: `*.yaml`, `*.yml` and `*.json`, symbolic links followed.
pub(super) fn list(path: &Path) -> Listing {
    let mut walker = Walker::default();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => walker.walk(path, &found, 0),
        Ok(found) => walker.file(path, &found),
        Err(error) => walker.failed(path, &error),
    }
    walker.listing.files.sort();
    walker.listing
}

#[derive(Default)]
struct Walker {
    listing: Listing,
    /// Directories that were walked, so that a link to one above is no endless way.
    walked: BTreeSet<(u64, u64)>,
}

impl Walker {
    fn walk(&mut self, path: &Path, found: &fs::Metadata, depth: usize) {
        if !self.walked.insert((found.dev(), found.ino())) {
            return;
        }
        if depth > MAX_DEPTH {
            return self.problem(path, "directories are nested too deeply");
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.failed(path, &error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry.path(), depth),
                Err(error) => self.failed(path, &error),
            }
        }
    }

    fn entry(&mut self, path: &Path, depth: usize) {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // A mounted ConfigMap keeps its files in `..2026_11_24…`, links `..data` there and each file
        // into `..data`: walking either would read everything twice. Emacs' lock of a file that is
        // being edited is a link to nowhere.
        if name.starts_with("..") || name.starts_with(".#") {
            return;
        }
        let found = match fs::metadata(path) {
            Ok(found) => found,
            // A link that leads nowhere is a mistake only where a policy should be.
            Err(error) if is_policy(path) => return self.failed(path, &error),
            Err(_) => return,
        };
        if found.is_dir() {
            self.walk(path, &found, depth + 1);
        } else if is_policy(path) {
            self.file(path, &found);
        }
    }

    fn file(&mut self, path: &Path, found: &fs::Metadata) {
        if !found.is_file() {
            // Opening a pipe would wait for who writes to it.
            return self.problem(path, "this is not a regular file");
        }
        if found.len() > MAX_FILE {
            return self.problem(path, "this file is larger than 4 MiB");
        }
        if self.listing.files.len() >= MAX_FILES {
            return self.problem(path, "there are more than 10,000 files");
        }
        self.listing.files.push(File {
            path: path.to_owned(),
            identity: (found.dev(), found.ino()),
            size: found.len(),
            times: [(found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec())],
        });
    }

    fn failed(&mut self, path: &Path, error: &std::io::Error) {
        self.problem(path, &unreadable(error));
    }

    fn problem(&mut self, path: &Path, message: &str) {
        // One is enough to refuse the set; a directory of pipes must not fill the memory.
        if self.listing.problems.len() < 100 {
            self.listing.problems.push(Problem::of_source(path.to_string_lossy(), message));
        }
    }
}

fn is_policy(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|own| ending == *own))
}

fn unreadable(error: &std::io::Error) -> String {
    format!("it cannot be read: {}", error.to_string().to_lowercase())
}

/// What the files hold, and what could not be listed or read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) sources: Vec<Source>,
    pub(super) unread: Vec<Problem>,
}

/// What the files hold.
pub(super) fn read(listing: &Listing) -> Texts {
    let mut texts = Texts { sources: Vec::new(), unread: listing.problems.clone() };
    for file in &listing.files {
        let name = file.path.to_string_lossy().into_owned();
        match text(&file.path) {
            Ok(text) => texts.sources.push(Source { name, text }),
            Err(message) => texts.unread.push(Problem::of_source(name, message)),
        }
    }
    texts.unread.sort_by(|a, b| a.source.cmp(&b.source));
    texts
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    // The file may have grown since it was listed.
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map_err(|_| "this file is not UTF-8 text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::policy::Report;

    fn names(root: &Path) -> Result<Vec<String>, String> {
        let strip = |text: &str| text.replace(&format!("{}/", root.display()), "");
        let Texts { sources, unread: problems } = read(&list(root));
        match problems.is_empty() {
            true => Ok(sources.iter().map(|source| strip(&source.name)).collect()),
            false => Err(strip(&Report { problems }.to_string())),
        }
    }

    #[test]
    fn policies_are_found_by_their_endings_and_sorted() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "sub/c.json", "sub/deep/d.yaml", "README.md", "sub/e.yaml~"]
        {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        symlink(root.path(), root.path().join("sub/up")).unwrap();
        symlink("b.yaml", root.path().join("link.yaml")).unwrap();
        symlink("jo@host.123:456", root.path().join(".#b.yaml")).unwrap();
        let expect = ["a.yml", "b.yaml", "link.yaml", "sub/c.json", "sub/deep/d.yaml"];
        assert_eq!(names(root.path()).unwrap(), expect);
    }

    #[test]
    fn a_mounted_config_map_is_read_once() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("..2026_11_24")).unwrap();
        fs::write(root.path().join("..2026_11_24/a.yaml"), "").unwrap();
        symlink("..2026_11_24", root.path().join("..data")).unwrap();
        symlink("..data/a.yaml", root.path().join("a.yaml")).unwrap();
        assert_eq!(names(root.path()).unwrap(), ["a.yaml"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_for_each_file() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("latin.yaml"), b"a: \xe4").unwrap();
        symlink("nowhere", root.path().join("lost.yaml")).unwrap();
        symlink("nowhere", root.path().join("lost.txt")).unwrap();
        fs::File::create(root.path().join("large.yaml")).unwrap().set_len(MAX_FILE + 1).unwrap();
        insta::assert_snapshot!(names(root.path()).unwrap_err(), @r"
        large.yaml: this file is larger than 4 MiB

        latin.yaml: this file is not UTF-8 text

        lost.yaml: it cannot be read: no such file or directory (os error 2)
        ");
        let missing = root.path().join("missing");
        assert!(names(&missing).unwrap_err().contains("it cannot be read"));
    }
}
