//! Follows a directory by looking at it twice a second.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::walk::{self, Listing, Texts};
use crate::policy::{self, Documents, Problem, Report};

/// How long after one look at the directory the next one begins.
const PERIOD: Duration = Duration::from_millis(500);
/// The same, where the next one has to confirm what the last one found. Of the two seconds in which
/// a change takes effect, the looks themselves and reading the documents have what these two leave.
const SETTLE: Duration = Duration::from_millis(250);

/// A directory that is followed.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// When the files were last read.
    read_at: SystemTime,
    /// What is in force, or would be if it were right.
    held: Look,
    /// What the last look found, where it is something else. It counts when the next look finds the
    /// same texts: an editor may have emptied a file that it is about to write.
    seen: Option<Look>,
}

/// What a look at the directory found.
#[derive(Debug)]
struct Look {
    listing: Listing,
    texts: Texts,
}

impl Watch {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            read_at: SystemTime::UNIX_EPOCH,
            held: Look { listing: Listing::default(), texts: Texts::default() },
            seen: None,
        }
    }

    /// The documents as they are.
    pub(super) fn read(&mut self) -> Result<Documents, Report> {
        self.read_at = SystemTime::now();
        self.held = Look::at(walk::list(&self.path));
        self.held.load()
    }

    /// Calls `changed` with the documents after each change, or with what is wrong with them. It
    /// never ends; a set with mistakes is no reason to drop the one before.
    pub async fn run(mut self, mut changed: impl FnMut(Result<Documents, Report>)) {
        loop {
            tokio::time::sleep(if self.seen.is_some() { SETTLE } else { PERIOD }).await;
            let path = self.path.clone();
            // File systems block, those of a network for long.
            let polled = tokio::task::spawn_blocking(move || {
                let found = self.poll();
                (self, found)
            });
            match polled.await {
                Ok((watch, found)) => {
                    self = watch;
                    found.into_iter().for_each(&mut changed);
                }
                Err(_) => {
                    let message = "these files made the reader fail";
                    let problem = Problem::of_source(path.to_string_lossy(), message);
                    changed(Err(Report { problems: vec![problem] }));
                    self = Self::of(&path);
                }
            }
        }
    }

    /// The documents, if they are others than those that are held and have come to rest.
    fn poll(&mut self) -> Option<Result<Documents, Report>> {
        let listing = walk::list(&self.path);
        let quiet = self.seen.is_none() && listing == self.held.listing;
        if quiet && !listing.changed_near(self.read_at) {
            return None;
        }
        self.read_at = SystemTime::now();
        let look = Look::at(listing);
        if look.texts == self.held.texts {
            self.held.listing = look.listing;
            self.seen = None;
            return None;
        }
        if self.seen.as_ref().is_none_or(|seen| seen.texts != look.texts) {
            self.seen = Some(look);
            return None;
        }
        self.held = look;
        self.seen = None;
        Some(self.held.load())
    }
}

impl Look {
    fn at(listing: Listing) -> Self {
        let texts = walk::read(&listing);
        Self { listing, texts }
    }

    fn load(&self) -> Result<Documents, Report> {
        policy::load_beside(&self.texts.sources, &self.texts.unread)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tokio::sync::mpsc;

    use super::*;

    fn tenant(name: &str) -> String {
        format!(
            "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: {name}}}\nspec: {{}}\n"
        )
    }

    fn names(documents: Result<Documents, Report>) -> Result<Vec<String>, String> {
        let names = |set: Documents| set.tenants.into_iter().map(|tenant| tenant.name).collect();
        documents.map(names).map_err(|report| report.to_string())
    }

    /// What a directory holds, then each change of it.
    struct Followed {
        changes: mpsc::UnboundedReceiver<Result<Vec<String>, String>>,
        task: tokio::task::JoinHandle<()>,
    }

    impl Followed {
        fn of(path: &Path, expect: &[&str]) -> Self {
            let (documents, watch) = super::super::open(path).unwrap();
            assert_eq!(names(Ok(documents)).unwrap(), expect);
            let (send, changes) = mpsc::unbounded_channel();
            let task = tokio::spawn(watch.run(move |documents| {
                // The test may be over already.
                let _ = send.send(names(documents));
            }));
            Self { changes, task }
        }

        async fn next(&mut self) -> Result<Vec<String>, String> {
            // Far more than a change takes: the machine may be busy.
            let next = tokio::time::timeout(Duration::from_secs(20), self.changes.recv());
            next.await.unwrap().unwrap()
        }
    }

    impl Drop for Followed {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    #[tokio::test]
    async fn an_edit_is_seen_and_a_bad_one_is_told_and_replaces_nothing() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.yaml");
        fs::write(&file, tenant("alpha")).unwrap();
        let mut followed = Followed::of(root.path(), &["alpha"]);
        // As long as before, in the same file, and maybe in the same tick of its clock.
        fs::write(&file, tenant("aleph")).unwrap();
        assert_eq!(followed.next().await.unwrap(), ["aleph"]);
        fs::write(&file, "kind: [").unwrap();
        assert!(
            followed
                .next()
                .await
                .unwrap_err()
                .contains("a.yaml:1:7: the bracket that opens here has no end")
        );
        fs::write(&file, tenant("aleph")).unwrap();
        assert_eq!(followed.next().await.unwrap(), ["aleph"]);
        fs::write(root.path().join("b.yaml"), tenant("beta")).unwrap();
        assert_eq!(followed.next().await.unwrap(), ["aleph", "beta"]);
        fs::remove_file(&file).unwrap();
        assert_eq!(followed.next().await.unwrap(), ["beta"]);
        fs::remove_dir_all(root.path()).unwrap();
        assert!(followed.next().await.unwrap_err().contains("it cannot be read"));
    }

    #[tokio::test]
    async fn a_config_maps_swap_is_seen_as_one_change() {
        let root = tempfile::tempdir().unwrap();
        let version = |name: &str, tenants: [&str; 2]| {
            let path = root.path().join(name);
            fs::create_dir(&path).unwrap();
            for (file, name) in ["a.yaml", "b.yaml"].iter().zip(tenants) {
                fs::write(path.join(file), tenant(name)).unwrap();
            }
            symlink(name, root.path().join("..data_tmp")).unwrap();
            fs::rename(root.path().join("..data_tmp"), root.path().join("..data")).unwrap();
        };
        version("..1", ["one", "two"]);
        for file in ["a.yaml", "b.yaml"] {
            symlink(format!("..data/{file}"), root.path().join(file)).unwrap();
        }
        let mut followed = Followed::of(root.path(), &["one", "two"]);
        version("..2", ["three", "four"]);
        fs::remove_dir_all(root.path().join("..1")).unwrap();
        assert_eq!(followed.next().await.unwrap(), ["four", "three"]);
    }

    #[test]
    fn a_file_that_is_touched_again_and_again_holds_up_no_change() {
        let root = tempfile::tempdir().unwrap();
        let touched = root.path().join("a.yaml");
        fs::write(&touched, tenant("alpha")).unwrap();
        let (_, mut watch) = super::super::open(root.path()).unwrap();
        fs::write(root.path().join("b.yaml"), tenant("beta")).unwrap();
        assert!(watch.poll().is_none());
        fs::File::open(&touched).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(watch.poll().map(names).unwrap().unwrap(), ["alpha", "beta"]);
    }

    #[test]
    fn what_does_not_change_is_not_told() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.yaml");
        fs::write(&file, tenant("alpha")).unwrap();
        let (_, mut watch) = super::super::open(root.path()).unwrap();
        assert!(watch.poll().is_none());
        fs::write(&file, tenant("alpha")).unwrap();
        assert!(watch.poll().is_none());
        fs::write(&file, "").unwrap();
        assert!(watch.poll().is_none());
        fs::write(&file, tenant("omega")).unwrap();
        assert!(watch.poll().is_none());
        assert_eq!(watch.poll().map(names).unwrap().unwrap(), ["omega"]);
        assert!(watch.poll().is_none());
    }
}
