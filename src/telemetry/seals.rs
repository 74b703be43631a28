//! What is counted of the seals.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::labels::Sealing;
use super::series::{By, ByTwo, Label as _};
use super::{Gauge, SealFailure, SealKind};

/// The numbers of the keeper of seals.
pub struct SealMetrics {
    namespaces: By<Sealing, Gauge>,
    writes: By<SealKind, Counter>,
    failures: ByTwo<SealKind, SealFailure, Counter>,
    reverts: By<SealKind, Counter>,
    fights: By<SealKind, Counter>,
    open_barriers: Gauge,
}

impl SealMetrics {
    pub(super) fn new(to: &mut Registry) -> Self {
        let (namespaces, namespaces_family) = By::new(Gauge::default);
        let (writes, writes_family) = By::new(Counter::default);
        let (failures, failures_family) = ByTwo::new();
        let (reverts, reverts_family) = By::new(Counter::default);
        let (fights, fights_family) = By::new(Counter::default);
        let help = "Namespaces of tenants, by whether they are sealed";
        to.register("tenant_namespaces", help, namespaces_family);
        let help = "Writes asked for to keep seals";
        to.register("seal_writes", help, writes_family);
        let help = "Objects of seals that could not be kept, each time";
        to.register("seal_failures", help, failures_family);
        let help = "Objects of seals that others changed or deleted and that were put right";
        to.register("seal_reverts", help, reverts_family);
        let help = "Those of the reverts that somebody undoes again and again";
        to.register("seal_fights", help, fights_family);
        let open_barriers = Gauge::default();
        let help = "Tenants whose barriers do not all stand as they must";
        to.register("tenant_barriers_open", help, open_barriers.clone());
        Self { namespaces, writes, failures, reverts, fights, open_barriers }
    }

    /// How many changes by others were put right.
    #[must_use]
    pub fn drift(&self) -> u64 {
        SealKind::ALL.iter().filter_map(|kind| self.reverts.of(*kind)).map(Counter::get).sum()
    }

    /// So many namespaces are sealed, and so many are not.
    pub fn namespaces(&self, sealed: usize, unsealed: usize) {
        for (sealing, count) in [(Sealing::Sealed, sealed), (Sealing::Unsealed, unsealed)] {
            if let Some(gauge) = self.namespaces.of(sealing) {
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }

    /// Of so many tenants not every barrier stands as it must.
    pub fn barriers(&self, open: usize) {
        self.open_barriers.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// So many writes were asked for.
    pub fn wrote(&self, kind: SealKind, writes: u32) {
        if let Some(counter) = self.writes.of(kind) {
            counter.inc_by(writes.into());
        }
    }

    /// An object could not be kept.
    pub fn failed(&self, kind: SealKind, why: SealFailure) {
        if let Some(counter) = self.failures.of(kind, why) {
            counter.inc();
        }
    }

    /// An object was put right; it may be fought over.
    pub fn reverted(&self, kind: SealKind, fought: bool) {
        let counters = [self.reverts.of(kind), self.fights.of(kind).filter(|_| fought)];
        for counter in counters.into_iter().flatten() {
            counter.inc();
        }
    }
}
