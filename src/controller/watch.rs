//! Watches: what a list tells takes effect as a whole, and a watch that breaks is taken up again.

use std::fmt::Debug;

use futures::{Stream, StreamExt as _};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Event};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

/// What becomes of the objects that are watched.
#[derive(Debug)]
pub(super) enum News<T> {
    /// They are these: what is not among them is gone.
    All(Vec<T>),
    /// One came, or changed.
    Came(T),
    /// One went.
    Went(T),
}

/// What becomes of objects, as far as `of` tells of each. A watch that breaks, or whose kind is not there
/// yet, is taken up again with growing pauses; until then what was known holds.
pub(super) fn news<K, T>(
    objects: Api<K>,
    config: Config,
    what: String,
    of: impl Fn(K) -> T,
) -> impl Stream<Item = News<T>>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut listing = Listing::default();
    watcher::watcher(objects, config).default_backoff().filter_map(move |event| {
        let event = event.inspect_err(|error| {
            tracing::warn!(%error, "the watch of {what} broke and is taken up again");
        });
        std::future::ready(event.ok().and_then(|event| listing.take(event, &of)))
    })
}

/// What has come of a list that is not whole yet.
#[derive(Debug)]
pub(super) struct Listing<T>(Vec<T>);

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Listing<T> {
    /// What an event tells, where it is not a part of a list.
    pub(super) fn take<K>(&mut self, event: Event<K>, of: &impl Fn(K) -> T) -> Option<News<T>> {
        match event {
            Event::Init => {
                self.0.clear();
                None
            }
            Event::InitApply(object) => {
                self.0.push(of(object));
                None
            }
            Event::InitDone => Some(News::All(std::mem::take(&mut self.0))),
            Event::Apply(object) => Some(News::Came(of(object))),
            Event::Delete(object) => Some(News::Went(of(object))),
        }
    }
}
