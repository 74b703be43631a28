//! What is counted of the proof of isolation.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge as AnyGauge;
use prometheus_client::registry::{Registry, Unit};

use super::Gauge;
use super::labels::Isolation;
use super::series::{By, Label as _};

/// The numbers of the proof of isolation.
pub struct IsolationMetrics {
    tenants: By<Isolation, Gauge>,
    took: AnyGauge<f64, AtomicU64>,
}

impl IsolationMetrics {
    pub(super) fn new(to: &mut Registry) -> Self {
        let (tenants, tenants_family) = By::new(Gauge::default);
        let took = AnyGauge::default();
        let help = "Tenants, by whether they are proven to be isolated; none on a replica that does not lead";
        to.register("tenants", help, tenants_family);
        let help = "How long the last proof of isolation took";
        to.register_with_unit("isolation_proof_duration", help, Unit::Seconds, took.clone());
        Self { tenants, took }
    }

    /// A proof took so long, and says of each tenant whether it is isolated; nothing where that is not known.
    pub fn proven(&self, took: Duration, tenants: impl Iterator<Item = Option<bool>> + Clone) {
        self.took.set(took.as_secs_f64());
        for (isolation, is_isolated) in [
            (Isolation::True, Some(true)),
            (Isolation::False, Some(false)),
            (Isolation::Unknown, None),
        ] {
            let count = tenants.clone().filter(|own| *own == is_isolated).count();
            if let Some(gauge) = self.tenants.of(isolation) {
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }

    /// Another replica proves.
    pub fn stopped(&self) {
        for isolation in Isolation::ALL {
            self.tenants.of(*isolation).into_iter().for_each(|gauge| {
                gauge.set(0);
            });
        }
    }
}
