//! What replicas tell of themselves, read once.

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, ResourceExt as _};

use super::Cluster;
use super::ask::{AskError, each};
use super::lease::{LEADER, REPLICA_LABEL, REPORT_ANNOTATION, Report, replica_of};

/// The replicas of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// Who writes; nobody where nobody has the Lease.
    pub leader: Option<String>,
    /// All that have told something of late, by name.
    pub all: Vec<Replica>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its name.
    pub name: String,
    /// What it told last; none where that cannot be read.
    pub report: Option<Report>,
    /// Whether that is so long ago that it is gone, or hangs.
    pub is_silent: bool,
}

impl Cluster {
    /// What the replicas in a namespace tell.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn replicas(&self, namespace: &str, now: Timestamp) -> Result<Replicas, AskError> {
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), namespace);
        let mut all = Vec::new();
        let selector = format!("{REPLICA_LABEL}=true");
        each(&leases, Some(&selector), "leases", |lease: Lease| all.push(replica(&lease, now)))
            .await?;
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let failed = |source| AskError::List { what: format!("the lease {LEADER}"), source };
        let leads = leases.get_opt(LEADER).await.map_err(failed)?;
        let leads = leads.filter(|lease| !is_silent(lease, now)).and_then(|lease| lease.spec);
        let holder = leads.and_then(|spec| spec.holder_identity).filter(|own| !own.is_empty());
        Ok(Replicas { leader: holder.map(|own| replica_of(&own).to_owned()), all })
    }
}

fn replica(lease: &Lease, now: Timestamp) -> Replica {
    let told = lease.annotations().get(REPORT_ANNOTATION);
    Replica {
        name: lease.name_any(),
        report: told.and_then(|text| serde_json::from_str(text).ok()),
        is_silent: is_silent(lease, now),
    }
}

/// Whether a Lease was to be renewed before now. Clocks differ: it is given as long again.
fn is_silent(lease: &Lease, now: Timestamp) -> bool {
    let Some(spec) = &lease.spec else { return true };
    let lasts = i64::from(spec.lease_duration_seconds.unwrap_or_default());
    spec.renew_time
        .as_ref()
        .is_none_or(|renewed| now.duration_since(renewed.0).as_secs() > lasts.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

    use super::*;

    #[test]
    fn who_has_not_told_anything_for_twice_its_time_is_silent() {
        let now: Timestamp = "2027-01-01T00:01:00Z".parse().unwrap();
        let check = |renewed: Option<&str>, lasts, expect| {
            let spec = LeaseSpec {
                renew_time: renewed.map(|at| MicroTime(at.parse().unwrap())),
                lease_duration_seconds: lasts,
                ..LeaseSpec::default()
            };
            let lease = Lease { spec: Some(spec), ..Lease::default() };
            assert_eq!(is_silent(&lease, now), expect, "{renewed:?} {lasts:?}");
        };
        check(Some("2027-01-01T00:00:40Z"), Some(10), false);
        check(Some("2027-01-01T00:00:39Z"), Some(10), true);
        // A clock that is ahead of ours.
        check(Some("2027-01-01T00:02:00Z"), Some(10), false);
        check(Some("2027-01-01T00:00:59Z"), None, true);
        check(None, Some(10), true);
        assert!(is_silent(&Lease::default(), now));
    }
}
