//! Kinds that a cluster may have or not: they come with a network plugin, and may go again.

use std::future::ready;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::{BoxStream, once, repeat_with};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher::Config;
use kube::{Api, Client};
use tokio::time::sleep;

use super::watch::{News, news};

/// A kind: its name, its group, its version, and its name in paths.
pub(super) type Kind = (&'static str, &'static str, &'static str, &'static str);

/// How often it is looked whether the cluster has a kind.
const PROBE: Duration = Duration::from_secs(10);
/// Between two questions where the cluster does not say.
const AGAIN: Duration = Duration::from_secs(1);

/// What the API server calls a kind.
pub(super) fn resource((kind, group, version, plural): Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// Whether the cluster has a kind.
///
/// # Errors
/// It does not say: what serves the kind may be away for a while.
pub(super) async fn is_served(
    client: &Client,
    (_, group, version, plural): Kind,
) -> Result<bool, kube::Error> {
    match client.list_api_group_resources(&format!("{group}/{version}")).await {
        Ok(found) => Ok(found.resources.iter().any(|own| own.name == plural)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the cluster has it, as soon as it says.
async fn is_served_now(client: Client, kind: Kind) -> bool {
    loop {
        match is_served(&client, kind).await {
            Ok(served) => return served,
            Err(_) => sleep(AGAIN).await,
        }
    }
}

/// Waits until the cluster has a kind, or has it no more.
async fn until_served(client: Client, kind: Kind, served: bool) {
    while is_served(&client, kind).await.ok() != Some(served) {
        sleep(PROBE).await;
    }
}

/// What becomes of the objects of a kind, as far as `of` tells of each; none where the cluster does not have
/// it, or has it no more.
pub(super) fn news_while_served<T: Send + 'static>(
    client: &Client,
    kind: Kind,
    config: Config,
    of: impl Fn(DynamicObject) -> T + Clone + Send + 'static,
) -> BoxStream<'static, Option<News<T>>> {
    let client = client.clone();
    let round = move || {
        let (client, config, of) = (client.clone(), config.clone(), of.clone());
        once(is_served_now(client.clone(), kind)).flat_map(move |served| {
            let changes = until_served(client.clone(), kind, !served);
            if !served {
                let later = once(changes).filter_map(|()| ready(None));
                return once(ready(None)).chain(later).boxed();
            }
            let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource(kind));
            let news = news(objects, config.clone(), kind.3.to_owned(), of.clone());
            news.map(Some).take_until(changes).boxed()
        })
    };
    repeat_with(round).flatten().boxed()
}
