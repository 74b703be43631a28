//! The material in force.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use super::files::Watched;
use super::{Material, Validity};
use crate::server::Check;
use crate::telemetry::Metrics;

/// A certificate with less left than this should be replaced before clients see it end.
const LEAST_LEFT: Duration = Duration::from_secs(3600);

/// What the server shows to clients. Who holds it may change it at any time.
pub struct Identity {
    material: ArcSwap<Material>,
    pub(super) metrics: Arc<Metrics>,
    /// Where the material came from, if anybody looks there for more.
    pub(super) watched: Option<Watched>,
}

impl Identity {
    /// An identity that changes only by [`Identity::replace`].
    #[must_use]
    pub fn given(material: Material, metrics: Arc<Metrics>) -> Self {
        Self::new(material, metrics, None)
    }

    pub(super) fn new(material: Material, metrics: Arc<Metrics>, watched: Option<Watched>) -> Self {
        metrics.certificate(material.validity.not_after);
        Self { material: ArcSwap::from_pointee(material), metrics, watched }
    }

    /// Handshakes from now on are made with `material`; connections that are open stay.
    pub fn replace(&self, material: Material) {
        self.metrics.certificate(material.validity.not_after);
        self.material.store(Arc::new(material));
    }

    /// When the certificate in force is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.material.load().validity
    }

    pub(in crate::server) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.material.load().config)
    }

    /// Whether the API server would take the certificate at `now`, and for an hour more.
    #[must_use]
    pub fn check(&self, now: SystemTime) -> Check {
        const NAME: &str = "certificate";
        match self.validity().problem(now, LEAST_LEFT) {
            None => Check::passed(NAME),
            Some(problem) => Check::failed(NAME, problem),
        }
    }
}
