//! Which addresses are the cluster's own: what opens one of them would open what seals close.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::documents::Cluster;
use super::tenants::{PlatformFacts, Tenants};
use crate::domain::Cidr;

/// The ranges that a cluster tells of itself. They add to those that the Platform gives, and stand in
/// place of none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldRanges {
    /// Of pods.
    pub pods: BTreeSet<Cidr>,
    /// Of Services.
    pub services: BTreeSet<Cidr>,
    /// Of nodes, and of the API server.
    pub nodes: BTreeSet<Cidr>,
}

impl Tenants {
    /// The same beside what the cluster tells of itself.
    #[must_use]
    pub fn beside(self: Arc<Self>, told: &Arc<ToldRanges>) -> Arc<Self> {
        if self.platform.told == *told {
            return self;
        }
        let mut tenants = Arc::unwrap_or_clone(self);
        tenants.platform.told = Arc::clone(told);
        Arc::new(tenants)
    }
}

/// What counts as pods or Services where the Platform does not say which ranges are theirs.
const PRIVATE: [&str; 5] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::/0"];

/// The ranges of the cluster's pods and Services.
pub(super) struct ClusterRanges {
    given: Vec<Cidr>,
    /// What counts beside those, because these fields are not given.
    counted: Vec<Cidr>,
    absent: Vec<&'static str>,
}

impl ClusterRanges {
    pub(super) fn of(cluster: Option<&Cluster>) -> Self {
        let pods = cluster.and_then(|cluster| cluster.pod_cidrs.as_ref());
        let services = cluster.and_then(|cluster| cluster.service_cidrs.as_ref());
        let fields = [("cluster.podCIDRs", pods), ("cluster.serviceCIDRs", services)];
        let absent = fields.iter().filter(|(_, given)| given.is_none_or(Vec::is_empty));
        let absent: Vec<_> = absent.map(|(field, _)| *field).collect();
        let counted = PRIVATE.iter().filter(|_| !absent.is_empty());
        Self {
            given: fields
                .iter()
                .flat_map(|(_, given)| given.iter().copied().flatten())
                .copied()
                .collect(),
            counted: counted.filter_map(|range| range.parse().ok()).collect(),
            absent,
        }
    }

    /// The same with those that the cluster tells.
    fn with(mut self, told: &ToldRanges) -> Self {
        self.given.extend(told.pods.iter().chain(&told.services));
        self
    }

    /// What to say of addresses that meet one of them.
    pub(super) fn met_by(&self, cidr: &Cidr) -> Option<(String, Option<String>)> {
        let meets = |range: &&Cidr| range.contains(cidr) || cidr.contains(range);
        if let Some(met) = self.given.iter().find(meets) {
            let what = "a range of the cluster's pods or Services";
            return Some((format!("`{cidr}` meets `{met}`, {what}"), None));
        }
        let met = self.counted.iter().find(meets)?;
        let absent: Vec<_> = self.absent.iter().map(|field| format!("`{field}`")).collect();
        let help = format!(
            "say in the Platform which ranges are the pods' and the Services': {} is missing, and \
             until then private addresses and all of IPv6 count",
            absent.join(" and "),
        );
        Some((format!("`{cidr}` meets `{met}`, which counts as the cluster's own"), Some(help)))
    }
}

impl PlatformFacts {
    /// Whether addresses meet a range of the cluster's pods or Services, so that what opened them would
    /// open what seals close.
    #[must_use]
    pub fn meets_cluster(&self, cidr: &Cidr) -> bool {
        self.ranges().met_by(cidr).is_some()
    }

    /// The ranges of the cluster's pods and Services, as far as anybody says.
    pub(super) fn ranges(&self) -> ClusterRanges {
        ClusterRanges::of(self.spec.cluster.as_ref()).with(&self.told)
    }
}
