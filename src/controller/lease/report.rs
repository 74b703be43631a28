//! What each replica tells of itself.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, Preconditions};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, interval, timeout};

use super::{ATTEMPT, Hand, Home};
use crate::controller::Cluster;
use crate::controller::webhooks::own_authorities;
use crate::seal::FIELD_MANAGER;
use crate::state::{Namespaces, Snapshot};

/// The label, of value `true`, of the Leases that replicas tell by.
pub const REPLICA_LABEL: &str = "ringfence.dev/replica";
/// Their annotation with the report, as JSON.
pub const REPORT_ANNOTATION: &str = "ringfence.dev/report";

/// Their annotation with the CAs that the replica's certificate may come from, as PEM.
pub const AUTHORITIES_ANNOTATION: &str = "ringfence.dev/authorities";

/// Between two reports.
const PERIOD: Duration = Duration::from_secs(5);
/// After so long without one a replica is gone.
const LASTS: Duration = Duration::from_secs(40);

/// How a replica is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its build.
    pub version: String,
    /// The documents in use: the same on replicas that decide alike. Empty before there are any.
    pub revision: String,
    /// What its denials are.
    pub mode: Bearing,
    /// When its certificate ends.
    pub certificate_not_after: Option<Timestamp>,
    /// How many of the tenants' namespaces it knows to be sealed.
    pub sealed: usize,
    /// How many namespaces the tenants have.
    pub namespaces: usize,
    /// How many requests it denied since it started.
    pub denials: u64,
    /// How many changes by others it put right since it started.
    pub drift: u64,
}

/// Whether denials deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bearing {
    /// They do.
    Enforce,
    /// They only warn.
    Rehearsal,
}

impl Report {
    /// What follows from a snapshot; the rest is the caller's to fill in.
    #[must_use]
    pub fn of(snapshot: Option<&Snapshot>, version: &str) -> Self {
        let rehearses = snapshot.is_some_and(|it| it.tenants.platform.rehearsal);
        let (sealed, namespaces) = snapshot.map(counts).unwrap_or_default();
        Self {
            version: version.to_owned(),
            revision: snapshot.map(|it| it.tenants.revision.clone()).unwrap_or_default(),
            mode: if rehearses { Bearing::Rehearsal } else { Bearing::Enforce },
            certificate_not_after: None,
            sealed,
            namespaces,
            denials: 0,
            drift: 0,
        }
    }
}

/// How many namespaces are sealed, of how many that are a tenant's.
fn counts(snapshot: &Snapshot) -> (usize, usize) {
    let Namespaces::Watched(all) = &*snapshot.namespaces else { return (0, 0) };
    let owned = all
        .iter()
        .filter(|(name, it)| snapshot.labelled(name, it.tenant.as_deref()).tenant().is_some());
    owned.fold((0, 0), |(sealed, all), (name, _)| {
        (sealed + usize::from(snapshot.seals.is_sealed(name)), all + 1)
    })
}

/// Tells how this replica is, and where it leads takes away what replicas told that are gone.
pub struct Reporter<F> {
    leases: Api<Lease>,
    /// The same, for what is others'.
    others: Api<Lease>,
    home: Home,
    hand: Hand,
    report: F,
    /// The file of our CA.
    authorities: Option<PathBuf>,
    /// Since when each other Lease has been as it is.
    known: HashMap<String, (Option<String>, Instant)>,
    complaint: Option<String>,
}

impl<F: Fn() -> Report> Reporter<F> {
    /// Who reports what `report` finds.
    pub fn new(
        cluster: &Cluster,
        home: Home,
        hand: Hand,
        authorities: Option<PathBuf>,
        report: F,
    ) -> Self {
        let leases = Api::namespaced(cluster.client.clone(), &home.namespace);
        let others = Api::namespaced(hand.client(), &home.namespace);
        Self {
            leases,
            others,
            home,
            hand,
            report,
            authorities,
            known: HashMap::new(),
            complaint: None,
        }
    }

    /// Reports until `end`, and takes its report away then.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        let mut ticks = interval(PERIOD);
        loop {
            tokio::select! {
                () = &mut end => break,
                _ = ticks.tick() => {}
            }
            let told = match timeout(ATTEMPT, self.turn()).await {
                Ok(told) => told.map_err(|error| error.to_string()).err(),
                Err(_) => Some(format!("no answer within {ATTEMPT:?}")),
            };
            if let Some(error) = told.as_ref().filter(|_| told != self.complaint) {
                tracing::warn!(error, "cannot report how this replica is");
            }
            self.complaint = told;
        }
        let params = DeleteParams::default();
        // Where it fails the leader takes it away later.
        let _ = timeout(ATTEMPT, self.leases.delete(&self.home.replica, &params)).await;
    }

    async fn turn(&mut self) -> Result<(), kube::Error> {
        match self.tell().await {
            // There is no such namespace, and nobody to tell.
            Err(kube::Error::Api(status)) if status.code == 404 && self.home.supposed => {
                return Ok(());
            }
            told => told?,
        }
        if self.hand.writes() {
            self.sweep().await?;
        }
        Ok(())
    }

    async fn tell(&self) -> Result<(), kube::Error> {
        let report = serde_json::to_string(&(self.report)()).map_err(kube::Error::SerdeError)?;
        let mut annotations = BTreeMap::from([(REPORT_ANNOTATION.to_owned(), report)]);
        let file = self.authorities.as_deref().map(own_authorities);
        let file = file.transpose().unwrap_or_default();
        annotations.extend(file.map(|text| (AUTHORITIES_ANNOTATION.to_owned(), text)));
        let replica = &self.home.replica;
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(replica.clone()),
                labels: Some([(REPLICA_LABEL.to_owned(), "true".to_owned())].into()),
                annotations: Some(annotations),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(replica.clone()),
                lease_duration_seconds: i32::try_from(LASTS.as_secs()).ok(),
                renew_time: Some(MicroTime(Timestamp::now())),
                ..LeaseSpec::default()
            }),
        };
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.leases.patch(replica, &params, &Patch::Apply(&lease)).await.map(|_| ())
    }

    /// Takes away what has not been renewed for too long, as far as this process has seen.
    async fn sweep(&mut self) -> Result<(), kube::Error> {
        let of_replicas = ListParams::default().labels(&format!("{REPLICA_LABEL}=true"));
        let all = self.others.list(&of_replicas).await?;
        let now = Instant::now();
        let mut known = HashMap::new();
        for lease in all {
            let ObjectMeta { name, uid, resource_version: version, .. } = lease.metadata;
            let Some(name) = name else { continue };
            let before = self.known.remove(&name).filter(|(known, _)| *known == version);
            let (_, since) = before.unwrap_or((None, now));
            if now.saturating_duration_since(since) < LASTS {
                known.insert(name, (version, since));
                continue;
            }
            let preconditions = Preconditions { uid, resource_version: version };
            let params =
                DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
            match self.others.delete(&name, &params).await {
                // It is gone already, or tells again.
                Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {}
                deleted => {
                    deleted?;
                }
            }
        }
        self.known = known;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let report = Report {
            certificate_not_after: Some("2027-01-02T03:04:05Z".parse().unwrap()),
            denials: 7,
            ..Report::of(None, "0.1.0")
        };
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(
            text,
            "{\"version\":\"0.1.0\",\"revision\":\"\",\"mode\":\"enforce\",\
             \"certificateNotAfter\":\"2027-01-02T03:04:05Z\",\"sealed\":0,\"namespaces\":0,\
             \"denials\":7,\"drift\":0}"
        );
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
