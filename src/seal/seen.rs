//! What is remembered of an object that was seen in a cluster: enough to know one that is as it must be.

use serde_json::Value;

use super::differ::{enforced, has_marks};
use super::managed::{HASH_ANNOTATION, Managed};
use super::name::hash;
use super::normal::normal;

/// An object that was seen, in a few words: whole ones of ten thousand namespaces would fill memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its uid.
    pub uid: String,
    /// Its resourceVersion, which grows with each change; 0 where it cannot be read.
    pub version: u64,
    /// Of what it says.
    hash: String,
    /// Whether it has our marks alone, and the hash that it is marked with.
    marked: Option<String>,
    /// Of a ResourceQuota, whether it counts.
    enforced: bool,
}

impl Seen {
    /// What was seen of an object of a kind, as the API server tells it.
    #[must_use]
    pub fn of(kind: &str, live: &Value) -> Self {
        let metadata = |field: &str| live.get("metadata")?.get(field);
        let text = |field: &str| metadata(field).and_then(Value::as_str).unwrap_or_default();
        let mark = metadata("annotations").and_then(|all| all.get(HASH_ANNOTATION)?.as_str());
        Self {
            uid: text("uid").to_owned(),
            version: text("resourceVersion").parse().unwrap_or_default(),
            hash: hash(&normal(kind, live).to_string()),
            marked: mark.filter(|_| has_marks(kind, live)).map(str::to_owned),
            enforced: kind != "ResourceQuota" || enforced(live),
        }
    }

    /// Whether an object of this kind and name is as wanted: [`differs()`](super::differs) would tell no
    /// difference.
    #[must_use]
    pub fn is(&self, wanted: &Managed) -> bool {
        let hash = wanted.hash();
        self.hash == hash && self.marked.as_deref() == Some(hash)
    }

    /// Whether it says the same as another, and has the same marks.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.hash == other.hash && self.marked == other.marked
    }

    /// Whether it says something else than it is marked with: not documents have changed but the object.
    #[must_use]
    pub fn has_strayed(&self) -> bool {
        self.marked.as_ref().is_none_or(|mark| *mark != self.hash)
    }

    /// Whether it does already what it says: the API server heeds a ResourceQuota only once its figures
    /// have been taken up.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.enforced
    }
}
