//! This replica beside others: who changes the cluster, and what each tells of itself.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Args, Controller};
use crate::controller::Cluster;
use crate::controller::lease::{Elector, Hand, Home, Report, Reporter};
use crate::controller::webhooks::{Door, keep_webhooks};
use crate::server::Shutdown;
use crate::server::tls::Identity;
use crate::state::Handle;
use crate::telemetry::{BuildInfo, Metrics};

/// What a report is made of.
pub(super) struct Sources {
    pub(super) handle: Handle,
    pub(super) metrics: Arc<Metrics>,
    pub(super) identity: Arc<Identity>,
}

impl Sources {
    fn report(&self) -> Report {
        let not_after = Timestamp::from_second(self.identity.validity().not_after);
        Report {
            certificate_not_after: not_after.ok(),
            denials: self.metrics.denials(),
            drift: self.metrics.seals().drift(),
            ..Report::of(self.handle.snapshot().as_deref(), BuildInfo::CURRENT.version)
        }
    }
}

/// Joins the others until the drain begins. The tasks end once we have taken our leave of them.
pub(super) fn join(
    args: &Args,
    cluster: &Cluster,
    sources: Sources,
    (tasks, shutdown): (&mut JoinSet<()>, &Shutdown),
) -> Hand {
    let handle = sources.handle.clone();
    let home = Home::find(args.namespace.as_deref(), args.kubeconfig.is_none());
    let hand = match args.controller {
        Controller::On => {
            let (elector, hand) = Elector::new(cluster, &home);
            tasks.spawn(elector.run(shutdown.draining()));
            hand
        }
        Controller::Off => Hand::idle(cluster),
    };
    let metrics = Arc::clone(&sources.metrics);
    let report = move || sources.report();
    let reporter = Reporter::new(cluster, home.clone(), hand.clone(), args.tls_ca.clone(), report);
    tasks.spawn(reporter.run(shutdown.draining()));
    if let (Some(target), Some(ca)) = (args.webhooks.clone(), args.tls_ca.clone()) {
        let door = Door { target, ca };
        let hand = hand.clone();
        tokio::spawn(keep_webhooks(cluster.clone(), home, (handle, hand), door, metrics));
    }
    hand
}
