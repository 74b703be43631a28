//! Writes that are under way: at most one of an object and so many at once, and of each object none
//! sooner than its pace allows.

use std::collections::HashMap;
use std::future::Future;

use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::keeper::{Object, Paces};

/// How many are under way at once.
const MOST: usize = 8;

/// Whether a write has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It has.
    Now,
    /// It may begin then.
    At(Instant),
    /// It may begin when another ends.
    Later,
}

/// Writes, each of which ends with a `T`.
#[derive(Debug)]
pub(super) struct Writes<T> {
    running: JoinSet<Result<T, kube::Error>>,
    of: HashMap<Id, Object>,
    paces: Paces,
}

impl<T> Default for Writes<T> {
    fn default() -> Self {
        Self { running: JoinSet::new(), of: HashMap::new(), paces: Paces::default() }
    }
}

impl<T: Send + 'static> Writes<T> {
    /// Whether none may begin before another ends.
    pub(super) fn are_full(&self) -> bool {
        self.of.len() >= MOST
    }

    /// Begins a write, where it may begin now.
    pub(super) fn begin(
        &mut self,
        object: Object,
        write: impl Future<Output = Result<T, kube::Error>> + Send + 'static,
    ) -> Begun {
        let now = Instant::now();
        if self.are_full() || self.of.values().any(|it| *it == object) {
            return Begun::Later;
        }
        if let Some(due) = self.paces.due(&object, now) {
            return Begun::At(due);
        }
        self.paces.begins(&object, now);
        let id = self.running.spawn(write).id();
        self.of.insert(id, object);
        Begun::Now
    }

    /// The next one that ends, and what it wrote; none while none is under way.
    pub(super) async fn next(&mut self) -> Option<(Object, Option<T>)> {
        let (id, written) = match self.running.join_next_with_id().await? {
            Ok((id, written)) => (id, written.map_err(|error| error.to_string())),
            // It panicked, which nobody but a mistake of ours makes it do.
            Err(error) => (error.id(), Err(error.to_string())),
        };
        let object = self.of.remove(&id)?;
        match written {
            Ok(written) => {
                self.paces.succeeds(&object, 1);
                Some((object, Some(written)))
            }
            Err(error) => {
                self.in_vain(&object);
                tracing::warn!(%object, error, "cannot write");
                Some((object, None))
            }
        }
    }

    /// What was written does not stay: the next write of the object waits longer.
    pub(super) fn in_vain(&mut self, object: &Object) {
        self.paces.fails(object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: usize) -> Object {
        Object { kind: "Tenant", namespace: String::new(), name: number.to_string() }
    }

    #[tokio::test]
    async fn one_of_an_object_and_so_many_at_once() {
        let mut writes = Writes::default();
        for number in 0..MOST {
            assert!(!writes.are_full());
            assert_eq!(writes.begin(object(number), async { Ok(1) }), Begun::Now);
        }
        assert!(writes.are_full());
        assert_eq!(writes.begin(object(0), async { Ok(2) }), Begun::Later);
        assert_eq!(writes.begin(object(MOST), async { Ok(2) }), Begun::Later);
        for _ in 0..MOST {
            assert!(matches!(writes.next().await, Some((_, Some(1)))));
        }
        assert!(writes.next().await.is_none());
        let again = writes.begin(object(0), async { Ok(2) });
        assert!(matches!(again, Begun::At(_)), "it was written just now: {again:?}");
        assert_eq!(writes.begin(object(MOST), async { Ok(2) }), Begun::Now);
        assert!(matches!(writes.next().await, Some((_, Some(2)))));
    }

    #[tokio::test]
    async fn what_fails_is_done_too() {
        let mut writes = Writes::<()>::default();
        let wrong = || kube::Error::Service("no".into());
        writes.begin(object(0), async move { Err(wrong()) });
        writes.begin(object(1), async { panic!("a mistake of ours") });
        let mut ended = Vec::new();
        while let Some((object, written)) = writes.next().await {
            assert_eq!(written, None);
            ended.push(object.name);
        }
        ended.sort();
        assert_eq!(ended, ["0", "1"]);
    }
}
