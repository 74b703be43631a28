//! `ringfence status`

use std::collections::HashMap;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;

use super::Outcome;
use super::cluster::ClusterArgs;
use super::output::{self, Format};
use crate::controller::lease::Bearing;
use crate::controller::{Census, Closing, Replica, Replicas, TenantNamespace};
use crate::domain::OUR_NAMESPACE;
use crate::policy::documents::Truth;
use crate::policy::values::Label1123;
use crate::report::status as report;

/// Shows on one screen how the installation is.
///
/// What replicas tell of themselves they tell every few seconds; whether namespaces are sealed is looked
/// at as the command runs.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence status
  ringfence status --kubeconfig ~/.kube/config --context prod
  ringfence status -o json | jq -r '.wrong[]'

With -o json, one object, in which fields may be added:
  {"well", "wrong": [], "mode", "leader", "sealed", "namespaces", "denials", "drift",
   "replicas": [{"name", "leads", "silent", "version", "revision", "differs", "mode",
                 "certificateDays"}],
   "notReady": [{"tenant", "why"}]}

Exit codes: 0 all is well, 1 something is not, 2 the cluster cannot be asked"#)]
pub(super) struct Args {
    /// The namespace of the installation.
    #[arg(long, value_name = "NAMESPACE", default_value = OUR_NAMESPACE)]
    namespace: Label1123,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

/// How near the end of a certificate must be to be wrong, in days.
const NEAR: i64 = 14;

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let now = Timestamp::now();
    let namespace = args.namespace.as_str();
    let (replicas, census) = args.cluster.ask(async |cluster| {
        Ok((cluster.replicas(namespace, now).await?, cluster.census(None, now).await?))
    })?;
    let status = status(&replicas, &census, now);
    output::result(&match args.output {
        Format::Human => report::human(&status),
        Format::Json => format!("{}\n", json!(status)),
    })?;
    Ok(if status.well { Outcome::Good } else { Outcome::Refused })
}

fn status(replicas: &Replicas, census: &Census, now: Timestamp) -> report::Status {
    let common = common(&replicas.all);
    let shown: Vec<report::Replica> = replicas
        .all
        .iter()
        .map(|own| replica(own, replicas.leader.as_deref(), common, now))
        .collect();
    let reports = || replicas.all.iter().filter_map(|own| own.report.as_ref());
    let mut modes: Vec<&str> = shown.iter().filter_map(|own| own.mode.as_deref()).collect();
    modes.dedup();
    let mode = match modes.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    };
    let is_kept = |own: &&TenantNamespace| own.closing != Closing::Planned;
    let kept = || census.namespaces.iter().filter(is_kept);
    let mut status = report::Status {
        well: true,
        wrong: Vec::new(),
        mode,
        leader: replicas.leader.clone(),
        sealed: kept().filter(|own| own.closing == Closing::Sealed).count(),
        namespaces: kept().count(),
        denials: reports().map(|own| own.denials).sum(),
        drift: reports().map(|own| own.drift).sum(),
        replicas: shown,
        not_ready: not_ready(census),
    };
    status.wrong = wrong(&status);
    status.well = status.wrong.is_empty();
    status
}

/// The revision that most replicas use.
fn common(all: &[Replica]) -> Option<&str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for report in all.iter().filter(|own| !own.is_silent).filter_map(|own| own.report.as_ref()) {
        *counts.entry(&report.revision).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(revision, count)| (*count, *revision)).map(|(own, _)| own)
}

fn replica(
    own: &Replica,
    leader: Option<&str>,
    common: Option<&str>,
    now: Timestamp,
) -> report::Replica {
    let Replica { name, report, is_silent } = own;
    let revision = report.as_ref().map(|report| report.revision.clone());
    let end = report.as_ref().and_then(|report| report.certificate_not_after);
    report::Replica {
        name: name.clone(),
        leads: leader == Some(name),
        silent: *is_silent,
        version: report.as_ref().map(|report| report.version.clone()),
        differs: revision.is_some() && revision.as_deref() != common,
        revision,
        mode: report.as_ref().map(|report| {
            let mode = match report.mode {
                Bearing::Enforce => "enforce",
                Bearing::Rehearsal => "rehearsal",
            };
            mode.to_owned()
        }),
        certificate_days: end.map(|end| end.duration_since(now).as_hours().div_euclid(24)),
    }
}

fn not_ready(census: &Census) -> Vec<report::NotReady> {
    let tenants = census.documents.resolve();
    let not_ready = tenants.iter().filter_map(|tenant| {
        let name = tenant.name.as_str();
        let status = census.statuses.get(name);
        let said = status.and_then(|own| own.conditions.iter().find(|own| own.kind == "Ready"));
        let why = match said {
            Some(said) if said.status == Truth::True => return None,
            Some(said) => format!("{}: {}", said.reason, said.message),
            None => "nothing is said of it yet".to_owned(),
        };
        Some(report::NotReady { tenant: name.to_owned(), why })
    });
    not_ready.collect()
}

/// What somebody should see to.
fn wrong(status: &report::Status) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut tell = |holds: bool, what: String| wrong.extend(holds.then_some(what));
    let heard = status.replicas.iter().any(|own| !own.silent);
    tell(!heard, "no replica tells anything".to_owned());
    tell(heard && status.leader.is_none(), "no replica leads: nothing is put right".to_owned());
    tell(heard && status.mode.is_none(), "replicas differ in whether they refuse".to_owned());
    let rehearses = status.mode.as_deref() == Some("rehearsal");
    tell(rehearses, "nothing is refused: every denial is a warning".to_owned());
    for own in &status.replicas {
        let name = &own.name;
        tell(own.silent, format!("replica {name} has told nothing for too long"));
        tell(own.version.is_none(), format!("what replica {name} tells cannot be read"));
        tell(own.differs && !own.silent, format!("replica {name} uses other documents than most"));
        let ends = own.certificate_days.filter(|days| *days < NEAR);
        if let Some(days) = ends {
            tell(true, format!("the certificate of replica {name} ends in {days} days"));
        }
    }
    let open = status.namespaces - status.sealed.min(status.namespaces);
    tell(open > 0, format!("{open} of {} namespaces are not sealed", status.namespaces));
    let unready = status.not_ready.len();
    tell(unready > 0, format!("{unready} tenants are not ready"));
    wrong
}
