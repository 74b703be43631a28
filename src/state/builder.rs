//! The single writer.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Handle, Namespace, Namespaces, SealState, Seals, Snapshot};
use crate::domain::Version;
use crate::policy::{Tenants, ToldRanges};

/// Something that a decision depends on has changed.
#[derive(Debug)]
pub enum Change {
    /// The documents are these now.
    Tenants(Arc<Tenants>),
    /// The cluster tells these ranges of itself now.
    Ranges(ToldRanges),
    /// The namespaces are these now, by their names.
    Namespaces(HashMap<String, Namespace>),
    /// A namespace came, or is another than it was.
    Namespace(String, Namespace),
    /// A namespace went.
    NamespaceGone(String),
    /// Every object of the seal of the namespace with this uid has been seen as it must be.
    Sealed(String, Arc<str>),
    /// Nothing is laid in the namespace with this uid: its tenant has more than it may.
    OverLimit(String, Arc<str>),
    /// An object of a namespace's seal is missing, or is not as it must be.
    Unsealed(String),
}

/// Makes a snapshot of changes and publishes it. Nothing is published before the documents are
/// there, and in a cluster not before the namespaces have been listed. Where seals are laid it is not
/// either before the cluster has told its ranges: what must stay closed is not opened for a moment.
#[derive(Debug)]
pub struct Builder {
    handle: Handle,
    tenants: Option<Arc<Tenants>>,
    told: Option<Arc<ToldRanges>>,
    namespaces: Option<Arc<Namespaces>>,
    seals: Seals,
    latest: Version,
}

impl Builder {
    /// A builder for a server without a cluster.
    #[must_use]
    pub fn without_cluster(handle: Handle) -> Self {
        let namespaces = Some(Arc::new(Namespaces::Unwatched));
        let seals = Seals::Unwatched;
        let told = Some(Arc::default());
        Self { handle, tenants: None, told, namespaces, seals, latest: Version::NEWEST }
    }

    /// A builder for a cluster of this version, in which pods do not wait for a seal.
    #[must_use]
    pub fn in_cluster(handle: Handle, latest: Version) -> Self {
        let (seals, told) = (Seals::Unwatched, Some(Arc::default()));
        Self { handle, tenants: None, told, namespaces: None, seals, latest }
    }

    /// The same, where a pod waits until its namespace is sealed: none is until a change says so.
    #[must_use]
    pub fn with_seals(self) -> Self {
        Self { seals: Seals::Watched(Arc::default()), told: None, ..self }
    }

    /// Takes a change in, and publishes what follows from it, if anything does.
    pub fn apply(&mut self, change: Change) {
        self.apply_all([change]);
    }

    /// The same, with what follows from several changes.
    ///
    /// A snapshot that is published is never written to: the first change of a namespace after it
    /// copies them all, which takes some milliseconds where there are ten thousand. So whoever has
    /// several changes gives them at once; and most changes of a namespace concern nothing that is
    /// known here.
    pub fn apply_all(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut changed = false;
        for change in changes {
            changed |= self.take(change);
        }
        if changed
            && let (Some(tenants), Some(_), Some(namespaces)) =
                (&self.tenants, &self.told, &self.namespaces)
        {
            self.handle.publish(Snapshot {
                tenants: Arc::clone(tenants),
                namespaces: Arc::clone(namespaces),
                seals: self.seals.clone(),
                latest: self.latest,
            });
        }
    }

    /// Whether a change changes anything.
    fn take(&mut self, change: Change) -> bool {
        match change {
            Change::Tenants(tenants) => {
                self.tenants = Some(match &self.told {
                    Some(told) => tenants.beside(told),
                    None => tenants,
                });
            }
            Change::Ranges(ranges) => {
                if self.told.as_deref() == Some(&ranges) {
                    return false;
                }
                let told = Arc::new(ranges);
                self.tenants = self.tenants.take().map(|tenants| tenants.beside(&told));
                self.told = Some(told);
            }
            Change::Namespaces(listed) => {
                if self.watched().is_some_and(|known| *known == listed) {
                    return false;
                }
                let before = self.namespaces.replace(Arc::new(Namespaces::Watched(listed)));
                self.forget_seals(before.as_deref());
            }
            Change::Namespace(name, now) => {
                let known = self.watched();
                if known.is_none_or(|known| known.get(&name) == Some(&now)) {
                    return false;
                }
                let same = |known: &HashMap<String, Namespace>| {
                    known.get(&name).is_some_and(|before| before.uid == now.uid)
                };
                if !known.is_some_and(same) {
                    self.mark(&name, None);
                }
                if let Some(known) = self.watched_mut() {
                    known.insert(name, now);
                }
            }
            Change::NamespaceGone(name) => {
                if self.watched().is_none_or(|known| !known.contains_key(&name)) {
                    return false;
                }
                if let Some(known) = self.watched_mut() {
                    known.remove(&name);
                }
                self.mark(&name, None);
            }
            Change::Sealed(name, uid) => return self.mark_of(&name, &uid, SealState::Sealed),
            Change::OverLimit(name, uid) => {
                return self.mark_of(&name, &uid, SealState::OverLimit);
            }
            Change::Unsealed(name) => return self.mark(&name, None),
        }
        true
    }

    /// What was believed of a namespace does not hold for one that was made anew under its name.
    fn forget_seals(&mut self, before: Option<&Namespaces>) {
        let (Some(Namespaces::Watched(now)), Seals::Watched(sealed)) =
            (self.namespaces.as_deref(), &mut self.seals)
        else {
            return;
        };
        let Some(Namespaces::Watched(before)) = before else { return };
        let uid = |of: &HashMap<String, Namespace>, name: &str| {
            of.get(name).map(|known| Arc::clone(&known.uid))
        };
        Arc::make_mut(sealed).retain(|name, _| {
            let now = uid(now, name);
            now.is_some() && now == uid(before, name)
        });
    }

    /// Whether it changes anything what is known of the namespace with this uid. What is told late of
    /// another of its name does not count.
    fn mark_of(&mut self, namespace: &str, uid: &str, state: SealState) -> bool {
        let known = self.watched().and_then(|known| known.get(namespace));
        known.is_some_and(|known| &*known.uid == uid) && self.mark(namespace, Some(state))
    }

    /// Whether it changes anything how far a namespace is closed.
    fn mark(&mut self, namespace: &str, state: Option<SealState>) -> bool {
        if self.seals.of(namespace) == state {
            return false;
        }
        let Seals::Watched(known) = &mut self.seals else { return false };
        let known = Arc::make_mut(known);
        match state {
            Some(state) => known.insert(namespace.to_owned(), state),
            None => known.remove(namespace),
        };
        true
    }

    fn watched(&self) -> Option<&HashMap<String, Namespace>> {
        match self.namespaces.as_deref()? {
            Namespaces::Watched(known) => Some(known),
            Namespaces::Unwatched => None,
        }
    }

    fn watched_mut(&mut self) -> Option<&mut HashMap<String, Namespace>> {
        match Arc::make_mut(self.namespaces.as_mut()?) {
            Namespaces::Watched(known) => Some(known),
            Namespaces::Unwatched => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str, label: Option<&str>) -> Change {
        Change::Namespace(name.to_owned(), Namespace::labelled(label))
    }

    fn listed(names: &[&str]) -> Change {
        Change::Namespaces(
            names.iter().map(|name| ((*name).to_owned(), Namespace::default())).collect(),
        )
    }

    fn known(handle: &Handle) -> Vec<(String, Option<String>)> {
        let snapshot = handle.snapshot().unwrap();
        let Namespaces::Watched(known) = &*snapshot.namespaces else { panic!("not watched") };
        let labels = known.iter().map(|(name, known)| (name.clone(), known.tenant.clone()));
        let mut known: Vec<_> = labels.collect();
        known.sort();
        known
    }

    #[test]
    fn nothing_is_published_before_all_is_there() {
        let handle = Handle::default();
        let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
        builder.apply_all([namespace("early", None), Change::NamespaceGone("early".to_owned())]);
        builder.apply(Change::Tenants(Arc::default()));
        assert!(handle.snapshot().is_none());
        builder.apply(listed(&["a"]));
        assert_eq!(known(&handle), [("a".to_owned(), None)]);

        let handle = Handle::default();
        let mut builder = Builder::without_cluster(handle.clone());
        builder.apply_all([]);
        assert!(handle.snapshot().is_none());
        builder.apply(Change::Tenants(Arc::default()));
        assert!(handle.snapshot().is_some());
    }

    #[test]
    fn what_the_cluster_tells_of_itself_is_beside_the_documents() {
        let handle = Handle::default();
        let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST).with_seals();
        builder.apply_all([Change::Tenants(Arc::default()), listed(&["a"])]);
        assert!(handle.snapshot().is_none(), "its ranges are not known yet");
        let range = "203.0.113.0/24".parse().unwrap();
        let told = |ranges: &[_]| {
            let services = ranges.iter().copied().collect();
            Change::Ranges(ToldRanges { services, ..ToldRanges::default() })
        };
        let meets = || handle.snapshot().unwrap().tenants.platform.meets_cluster(&range);
        builder.apply(told(&[]));
        assert!(!meets());
        builder.apply(told(&[range]));
        assert!(meets());
        let before = handle.snapshot().unwrap();
        builder.apply(told(&[range]));
        assert!(Arc::ptr_eq(&before, &handle.snapshot().unwrap()), "no news");
        // Other documents change nothing of it, in whatever order they come.
        builder.apply(Change::Tenants(Arc::default()));
        assert!(meets());
        builder.apply(told(&[]));
        assert!(!meets());
    }

    #[test]
    fn several_changes_are_one_and_what_was_published_stays() {
        let handle = Handle::default();
        let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
        builder.apply_all([Change::Tenants(Arc::default()), listed(&["a", "b"])]);
        let before = handle.snapshot().unwrap();
        let gone = Change::NamespaceGone("a".to_owned());
        builder.apply_all([namespace("b", Some("beta")), namespace("c", None), gone]);
        let beta = Some("beta".to_owned());
        assert_eq!(known(&handle), [("b".to_owned(), beta), ("c".to_owned(), None)]);
        let Namespaces::Watched(kept) = &*before.namespaces else { panic!("not watched") };
        assert_eq!(kept.len(), 2);
    }

    /// What was believed of a namespace does not hold for the next one of its name, however the watch
    /// tells of it, and what is told late of the old one does not count.
    #[test]
    fn a_namespace_that_is_made_anew_is_not_sealed() {
        let with = |uid: &str| Namespace { uid: uid.into(), ..Namespace::labelled(Some("alpha")) };
        let all = |uid| Change::Namespaces([("a".to_owned(), with(uid))].into());
        let sealed = |uid: &str| Change::Sealed("a".to_owned(), uid.into());
        let relisted = || vec![all("two")];
        let told = || vec![Change::Namespace("a".to_owned(), with("two"))];
        let gone = || {
            let gone = Change::NamespaceGone("a".to_owned());
            vec![gone, Change::Namespace("a".to_owned(), with("two"))]
        };
        for anew in [relisted(), told(), gone()] {
            let handle = Handle::default();
            let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST).with_seals();
            let is_sealed = || handle.snapshot().unwrap().seals.is_sealed("a");
            builder.apply(Change::Ranges(ToldRanges::default()));
            builder.apply_all([Change::Tenants(Arc::default()), all("one"), sealed("one")]);
            assert!(is_sealed());
            let ending = Namespace { ending: true, ..with("one") };
            builder.apply(Change::Namespace("a".to_owned(), ending));
            assert!(is_sealed(), "it is the same still");
            builder.apply_all(anew);
            assert!(!is_sealed());
            builder.apply(sealed("one"));
            assert!(!is_sealed(), "that was the old one");
            builder.apply(sealed("two"));
            assert!(is_sealed());
            let over = |uid: &str| Change::OverLimit("a".to_owned(), uid.into());
            builder.apply(over("one"));
            assert!(is_sealed(), "that was the old one");
            builder.apply(over("two"));
            let state = || handle.snapshot().unwrap().seals.of("a");
            assert_eq!(state(), Some(SealState::OverLimit));
            builder.apply(Change::Unsealed("a".to_owned()));
            assert_eq!(state(), None);
        }
    }

    #[test]
    fn what_changes_nothing_is_not_published() {
        let handle = Handle::default();
        let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
        builder.apply_all([Change::Tenants(Arc::default()), listed(&["a"])]);
        let before = handle.snapshot().unwrap();
        let mut check = |change: Change| {
            let what = format!("{change:?}");
            builder.apply(change);
            assert!(Arc::ptr_eq(&before, &handle.snapshot().unwrap()), "{what}");
        };
        check(namespace("a", None));
        check(Change::NamespaceGone("b".to_owned()));
        check(listed(&["a"]));
    }
}
