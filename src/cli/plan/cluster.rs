//! What the controller would do in a cluster.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;

use super::Args;
use crate::audit::{Breaches, Inhabitants, Running};
use crate::cli::output::{self, Format};
use crate::cli::progress::Progress;
use crate::cli::{Outcome, policies};
use crate::controller::{Ahead, Deed, Doing, Estranged, Forecast, Sealing, Stray};
use crate::domain::sanitise;
use crate::report::plan as report;

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let now = Timestamp::now();
    let documents = match &args.policies {
        None => None,
        Some(folder) => {
            let Some(snapshot) = policies::snapshot(Some(folder)) else {
                return Ok(Outcome::Failed);
            };
            Some(snapshot.tenants)
        }
    };
    let only = args.tenant.as_deref();
    let (forecast, pods) = args.cluster.ask(async |cluster| {
        let forecast = cluster.forecast(documents, only, now).await?;
        let mut running = Running::new(&forecast.snapshot, now);
        let mut progress = Progress::begun();
        let mut read = 0;
        let places: Vec<&str> = forecast.namespaces.iter().map(|own| own.name.as_str()).collect();
        let judge = |namespace: &str, pod: &str| {
            read += 1;
            progress.tell(|| format!("{read} pods"));
            running.judge(namespace, pod);
        };
        cluster.each_pod(only.map(|_| &*places), judge).await?;
        let pods = running.told();
        Ok((forecast, pods))
    })?;
    for line in doubts(&forecast, only) {
        output::warning(&line);
    }
    if let Some(name) = only.filter(|name| forecast.snapshot.tenants.tenant(name).is_none()) {
        output::error(&format!("there is no Tenant `{name}`"));
        return Ok(Outcome::Failed);
    }
    let plan = plan(forecast, pods);
    output::result(&match args.output {
        Format::Human => report::human(&plan),
        Format::Json => format!("{}\n", json!(plan)),
    })?;
    Ok(if plan.changes || plan.breaks { Outcome::Refused } else { Outcome::Good })
}

/// What of the documents does not count, but for those of tenants that it was not asked for, and what the
/// cluster did not tell.
fn doubts(forecast: &Forecast, only: Option<&str>) -> Vec<String> {
    let concerns = |of: &str| {
        let tenant = of.strip_prefix("Tenant ");
        only.is_none_or(|only| tenant.is_none_or(|tenant| tenant == only))
    };
    let flaws = forecast.flaws.iter().filter(|(of, _)| concerns(of));
    let flaws = flaws.flat_map(|(of, flaws)| {
        flaws.iter().map(move |flaw| {
            format!("{of}: {}: {}: it does not count", flaw.path, sanitise(&flaw.message, 512))
        })
    });
    let untold = forecast.untold.iter();
    let untold = untold.map(|error| format!("{error}: which addresses they tell is not known"));
    flaws.chain(untold).collect()
}

fn plan(forecast: Forecast, mut pods: BTreeMap<String, Inhabitants>) -> report::Plan {
    let Forecast { snapshot, clusterwide, namespaces, strays, .. } = forecast;
    let mut plan = report::Plan {
        changes: false,
        breaks: false,
        rehearsal: snapshot.tenants.platform.rehearsal,
        clusterwide: clusterwide.into_iter().map(object).collect(),
        namespaces: namespaces
            .into_iter()
            .map(|own| {
                let pods = pods.remove(&own.name).unwrap_or_default();
                namespace(own, pods)
            })
            .collect(),
        strays: strays.into_iter().map(stray).collect(),
    };
    let all = || plan.namespaces.iter();
    let strays = plan.strays.iter().any(|own| own.state != report::State::Absent);
    let is_taken = |own: &report::Object| own.action == report::Action::Taken;
    let taken = plan.clusterwide.iter().any(is_taken);
    let changes = report::write(&plan.clusterwide) || all().any(report::Namespace::changes);
    let breaks = strays || taken || all().any(report::Namespace::breaks);
    (plan.changes, plan.breaks) = (changes, breaks);
    plan
}

fn namespace(ahead: Ahead, pods: Inhabitants) -> report::Namespace {
    let Ahead { tenant, name, sealing, deeds, kept, labels, annotations } = ahead;
    report::Namespace {
        tenant,
        namespace: name,
        seal: match sealing {
            Sealing::Kept => report::Seal::Keep,
            Sealing::Planned => report::Seal::Plan,
            Sealing::OverLimit => report::Seal::OverLimit,
            Sealing::Ending => report::Seal::Ending,
        },
        objects: deeds.into_iter().map(object).collect(),
        unchanged: kept,
        labels,
        annotations,
        pods: report::Pods {
            judged: pods.judged,
            refused: pods.refused,
            unlisted: pods.unlisted,
            workloads: pods.workloads.into_iter().map(workload).collect(),
        },
    }
}

fn object(Deed { kind, name, doing }: Deed) -> report::Object {
    let (action, differences) = match doing {
        Doing::Create => (report::Action::Create, Vec::new()),
        Doing::Change(lines) => (report::Action::Change, lines),
        Doing::Delete => (report::Action::Delete, Vec::new()),
        Doing::Taken => (report::Action::Taken, Vec::new()),
        Doing::Planned => (report::Action::Planned, Vec::new()),
    };
    report::Object { action, kind, name, differences }
}

fn workload(((kind, name), breaches): ((String, String), Breaches)) -> report::Workload {
    let findings = breaches.found.into_iter().map(|((_, _, mode, exemption), own)| {
        report::Found::of(&own.example, mode, exemption, own.pods)
    });
    report::Workload { kind, name, pods: breaches.pods, findings: findings.collect() }
}

fn stray(Stray { namespace, how }: Stray) -> report::Stray {
    let (tenant, state, label) = match how {
        Estranged::Absent(tenant) => (tenant, report::State::Absent, None),
        Estranged::Labelled(tenant, label) => (tenant, report::State::Labelled, Some(label)),
        Estranged::Orphaned(tenant) => (tenant, report::State::Orphaned, None),
    };
    report::Stray { tenant, namespace, state, label }
}
