//! Keeps the webhook configurations, by which the API server asks us.
//!
//! An entry that refuses where we do not answer is a danger to the cluster, so that it comes last: only
//! where a probe has come back by way of the API server, which then reaches a replica and trusts its
//! certificate. And it goes by itself: the configurations are owned by the ClusterRole of the base, and
//! are made only while that is there. What must be done next is a function of what stands (`next`);
//! whatever fails is looked at again.

mod authorities;
mod next;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::select_all;
use http::Request;
use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use kube::client::Body;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Config;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout};

use super::Cluster;
use super::events::{Events, Occurrence, Severity, reference};
use super::keeper::{Author, Drift};
use super::lease::{Hand, Home};
use super::watch::{News, news};
use crate::report::webhooks::{PLACE_LABEL, Target, configurations, place};
use crate::rules::entries::{PROBE, Wanted, entries};
use crate::seal::FIELD_MANAGER;
use crate::state::Handle;
use crate::telemetry::Metrics;
use next::{KINDS, NAME, Place, Standing, Step, next};

pub use authorities::own as own_authorities;

/// The ClusterRole of the base, with which the configurations go.
const OWNER: &str = "ringfence";
/// Between two looks where nothing is told.
const PERIOD: Duration = Duration::from_secs(2);
/// Between two writes or probes.
const BETWEEN: Duration = Duration::from_millis(500);
/// At most, where they fail.
const LONGEST: Duration = Duration::from_secs(30);
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the API server finds us, and whom it must trust for it.
#[derive(Debug, Clone)]
pub struct Door {
    /// The Service.
    pub target: Target,
    /// The file of the CA that our certificate comes from; it may hold several.
    pub ca: PathBuf,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Kube(#[from] kube::Error),
    #[error("the ClusterRole `{OWNER}` of the base is not there")]
    Orphaned,
    #[error("the API server does not reach us: {0}")]
    Unreached(String),
    #[error("the API server does not ask us yet")]
    Unasked,
    #[error("no certificate of a CA is known: {0}")]
    NoAuthority(String),
}

/// Keeps both configurations while this replica's hand writes.
pub async fn keep_webhooks(
    cluster: Cluster,
    home: Home,
    (handle, mut hand): (Handle, Hand),
    door: Door,
    metrics: Arc<Metrics>,
) {
    let streams = KINDS.iter().enumerate().map(|(index, kind)| {
        let ours = Config::default().fields(&format!("metadata.name={NAME}"));
        let all: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource(kind));
        news(all, ours, (*kind).to_owned(), |object| object).map(move |news| (index, news)).boxed()
    });
    let mut events = select_all(streams);
    let mut ticks = interval(PERIOD);
    let mut keeper = Keeper {
        client: hand.client(),
        home,
        handle,
        door,
        events: Events::start(cluster, Arc::clone(&metrics)),
        metrics,
        standing: Standing::default(),
        kept: [None, None],
        proven: None,
        due: Instant::now(),
        failures: 0,
        complaint: None,
    };
    loop {
        tokio::select! {
            Some((index, news)) = events.next() => keeper.take(index, news),
            _ = ticks.tick() => {}
            () = hand.changed() => keeper.proven = None,
            () = tokio::time::sleep_until(keeper.due), if keeper.due > Instant::now() => {}
        }
        if hand.writes() && keeper.due <= Instant::now() {
            keeper.look().await;
        }
    }
}

struct Keeper {
    client: Client,
    home: Home,
    handle: Handle,
    door: Door,
    events: Events,
    metrics: Arc<Metrics>,
    standing: Standing,
    /// As what each was last seen or written as it must be.
    kept: [Option<Value>; 2],
    /// Where the API server reached us, as the probe's entry said it.
    proven: Option<Place>,
    /// When something may be done again.
    due: Instant,
    failures: u32,
    complaint: Option<String>,
}

impl Keeper {
    fn take(&mut self, index: usize, news: News<DynamicObject>) {
        let live = match news {
            News::All(mut all) => all.pop(),
            News::Came(object) => Some(object),
            News::Went(_) => None,
        };
        self.standing.set(index, live);
    }

    async fn look(&mut self) {
        let done = match timeout(PATIENCE, self.step()).await {
            Ok(done) => done,
            Err(_) => Err(Trouble::Unreached("no answer in time".to_owned())),
        };
        match done {
            Ok(did) => {
                self.failures = 0;
                self.complaint = None;
                if did {
                    self.due = Instant::now() + BETWEEN;
                }
            }
            Err(trouble) => {
                self.metrics.webhooks_failed();
                self.failures = self.failures.saturating_add(1);
                let pause = BETWEEN.saturating_mul(1 << self.failures.min(8));
                self.due = Instant::now() + pause.min(LONGEST);
                let said = trouble.to_string();
                if self.complaint.as_ref() != Some(&said) {
                    tracing::warn!(
                        error = said,
                        "the webhook configurations are not as they must be"
                    );
                }
                self.complaint = Some(said);
            }
        }
    }

    /// Does what is next; whether there was anything.
    async fn step(&mut self) -> Result<bool, Trouble> {
        let Some(snapshot) = self.handle.snapshot() else { return Ok(false) };
        let tenants = &snapshot.tenants;
        let until = tenants.platform.spec.suspended_until;
        let suspended = until.is_some_and(|until| Timestamp::now() < until.0);
        let bundle = authorities::bundle(&self.door.ca, &self.client, &self.home.namespace).await;
        let bundle = bundle.map_err(Trouble::NoAuthority)?;
        let wanted = configurations(&entries(Wanted::by(tenants)), &self.door.target, &bundle);
        let step = next(&self.standing, &wanted, self.proven.as_ref(), suspended);
        match step {
            None => {
                self.stand(wanted);
                return Ok(false);
            }
            Some(Step::Write(index, webhooks)) => {
                let drift = self.drift(index, &wanted);
                let whole = wanted.into_iter().nth(index);
                let whole = whole.filter(|it| it.get("webhooks") == Some(&webhooks));
                self.write(index, webhooks).await?;
                if let Some(kept) = self.kept.get_mut(index) {
                    *kept = whole;
                }
                if let Some(drift) = drift {
                    self.reverted(index, &drift);
                }
            }
            Some(Step::Probe(place)) => {
                self.probe(&place).await?;
                tracing::info!("the API server reaches us");
                self.proven = Some(place);
            }
        }
        Ok(true)
    }

    /// What is there stands as it must.
    fn stand(&mut self, wanted: [Value; 2]) {
        for (index, (kept, wanted)) in self.kept.iter_mut().zip(wanted).enumerate() {
            *kept = self.standing.get(index).map(|_| wanted);
        }
    }

    /// What others did to a configuration that stood as it must; `None` where we want another now.
    fn drift(&self, index: usize, wanted: &[Value; 2]) -> Option<Drift> {
        let kept = self.kept.get(index)?.as_ref()?;
        (wanted.get(index) == Some(kept)).then(|| match self.standing.get(index) {
            None => Drift::Deleted,
            Some(live) => {
                Drift::Changed(serde_json::to_value(live).ok().as_ref().and_then(Author::of))
            }
        })
    }

    fn reverted(&self, index: usize, drift: &Drift) {
        let Some(kind) = KINDS.get(index) else { return };
        self.metrics.webhooks_reverted();
        tracing::info!(kind, what = drift.what(), "a webhook configuration was put right");
        self.events.tell(occurrence(kind, drift));
    }

    async fn write(&mut self, index: usize, webhooks: Value) -> Result<(), Trouble> {
        let owner = self.owner().await?;
        let Some(kind) = KINDS.get(index) else { return Ok(()) };
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource(kind));
        let params =
            PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let live = self.standing.get(index).cloned();
        let made = live.is_none();
        let mut object = live.unwrap_or_else(|| DynamicObject::new(NAME, &resource(kind)));
        object.metadata.owner_references = Some(vec![owner]);
        object.metadata.managed_fields = None;
        if let Some(fields) = object.data.as_object_mut() {
            fields.insert("webhooks".to_owned(), webhooks);
        } else {
            object.data = json!({ "webhooks": webhooks });
        }
        let written = if made {
            api.create(&params, &object).await?
        } else {
            api.replace(NAME, &params, &object).await?
        };
        tracing::info!(kind, made, "a webhook configuration was written");
        self.standing.set(index, Some(written));
        Ok(())
    }

    async fn owner(&self) -> Result<OwnerReference, Trouble> {
        let roles: Api<PartialObjectMeta<ClusterRole>> = Api::all(self.client.clone());
        let role =
            roles.get_opt(OWNER).await?.filter(|it| it.metadata.deletion_timestamp.is_none());
        let uid = role.and_then(|role| role.metadata.uid).ok_or(Trouble::Orphaned)?;
        Ok(OwnerReference {
            api_version: "rbac.authorization.k8s.io/v1".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: OWNER.to_owned(),
            uid,
            ..OwnerReference::default()
        })
    }

    /// Asks the API server for what nobody makes: the answer bears the mark of one of us if it was asked.
    async fn probe(&self, to: &Place) -> Result<(), Trouble> {
        let namespace = &self.home.namespace;
        let probe = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": PROBE, "namespace": namespace, "labels": {PLACE_LABEL: place(to)}},
        });
        let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(Body::from(probe.to_string().into_bytes()));
        let request = request.map_err(kube::Error::HttpError)?;
        let response = self.client.send(request).await?;
        let status = response.status();
        let warnings = response.headers().get_all("warning").iter();
        let came_back = warnings
            .filter_map(|line| line.to_str().ok())
            .any(|line| line.contains(&format!("\"{PROBE}\"")));
        if came_back {
            return Ok(());
        }
        if status.is_success() {
            return Err(Trouble::Unasked);
        }
        let body = response.into_body().collect_bytes().await.unwrap_or_default();
        let text = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let message = text.get("message").and_then(Value::as_str).unwrap_or_default();
        Err(Trouble::Unreached(format!("{status}: {message}")))
    }
}

/// What is told of a configuration that others changed, on it.
fn occurrence(kind: &str, drift: &Drift) -> Occurrence {
    let itself = reference("admissionregistration.k8s.io/v1", kind, NAME);
    Occurrence {
        regarding: itself.clone(),
        related: itself,
        severity: Severity::Warning,
        reason: "DriftReverted",
        action: "Revert",
        same: drift.what(),
        note: drift.told(&format_args!("{kind} {NAME}")),
    }
}

fn resource(kind: &str) -> ApiResource {
    let group = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
    ApiResource::from_gvk(&group)
}
