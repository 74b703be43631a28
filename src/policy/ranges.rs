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
    /// Of Services, and where they are reached from outside.
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

/// What is nobody's to open as an address outside, whatever a cluster's ranges are: link-local, the metadata
/// services of clouds, and IPv4 by way of IPv6 (RFC 4291 2.5.5.2, RFC 6052).
const NEVER: [&str; 8] = [
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
    "168.63.129.16/32",
    "100.100.100.200/32",
    "::ffff:0:0/96",
    "64:ff9b::/96",
];

/// The ranges of the cluster's pods and Services.
pub(super) struct ClusterRanges {
    given: Vec<Cidr>,
    told: Arc<ToldRanges>,
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
            told: Arc::default(),
            counted: counted.filter_map(|range| range.parse().ok()).collect(),
            absent,
        }
    }

    /// The same with those that the cluster tells.
    fn with(self, told: &Arc<ToldRanges>) -> Self {
        Self { told: Arc::clone(told), ..self }
    }

    /// What to say of addresses that meet one of them.
    pub(super) fn met_by(&self, cidr: &Cidr) -> Option<(String, Option<String>)> {
        let meets = |range: &&Cidr| range.contains(cidr) || cidr.contains(range);
        let told = || {
            [&self.told.pods, &self.told.services].into_iter().find_map(|all| first_met(all, cidr))
        };
        if let Some(met) = self.given.iter().find(meets).or_else(told) {
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

/// The first of many ranges that holds these addresses or lies among them: there may be one for each node and
/// each Service.
fn first_met<'a>(all: &'a BTreeSet<Cidr>, cidr: &Cidr) -> Option<&'a Cidr> {
    let around = (0..=cidr.prefix()).find_map(|prefix| all.get(&cidr.widened(prefix)));
    // Ranges are in the order of their first addresses.
    around.or_else(|| all.range(cidr..).next().filter(|next| cidr.contains(next)))
}

impl PlatformFacts {
    /// Whether addresses meet a range of the cluster's pods or Services, so that what opened them would
    /// open what seals close.
    #[must_use]
    pub fn meets_cluster(&self, cidr: &Cidr) -> bool {
        self.ranges().met_by(cidr).is_some()
    }

    /// The ranges that pods may have addresses of: those that are given or told, and where the Platform
    /// gives none, private addresses and all of IPv6 too.
    #[must_use]
    pub fn pod_ranges(&self) -> Vec<Cidr> {
        let given = self.spec.cluster.as_ref().and_then(|cluster| cluster.pod_cidrs.as_ref());
        let is_given = given.is_some_and(|given| !given.is_empty());
        let counted = PRIVATE.iter().filter(|_| !is_given).filter_map(|range| range.parse().ok());
        given
            .into_iter()
            .flatten()
            .copied()
            .chain(counted)
            .chain(self.told.pods.iter().copied())
            .collect()
    }

    /// The addresses that are not outside: those of pods, Services and nodes, as far as anybody says, the
    /// private ones and all of IPv6 for a kind of which nobody does, and what is never outside.
    #[must_use]
    pub fn not_outside(&self) -> Vec<Cidr> {
        let cluster = self.spec.cluster.as_ref();
        let given = [
            cluster.and_then(|own| own.pod_cidrs.as_ref()),
            cluster.and_then(|own| own.service_cidrs.as_ref()),
            cluster.and_then(|own| own.node_cidrs.as_ref()),
        ];
        let absent = given.iter().any(|own| own.is_none_or(Vec::is_empty));
        let counted = PRIVATE.iter().filter(|_| absent).chain(&NEVER);
        let told = [&self.told.pods, &self.told.services, &self.told.nodes];
        let all = given.iter().flat_map(|own| own.iter().copied().flatten());
        let all = all.chain(told.into_iter().flatten()).copied();
        all.chain(counted.filter_map(|range| range.parse().ok())).collect()
    }

    /// The ranges of the cluster's pods and Services, as far as anybody says.
    pub(super) fn ranges(&self) -> ClusterRanges {
        ClusterRanges::of(self.spec.cluster.as_ref()).with(&self.told)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range() -> impl Strategy<Value = Cidr> {
        let v4 =
            (any::<u8>(), 0..=32u8).prop_map(|(last, prefix)| (format!("10.0.0.{last}"), prefix));
        let v6 =
            (any::<u8>(), 0..=128u8).prop_map(|(last, prefix)| (format!("fd00::{last}"), prefix));
        prop_oneof![v4, v6].prop_map(|(address, prefix)| {
            let width = if address.contains(':') { 128 } else { 32 };
            let whole: Cidr = format!("{address}/{width}").parse().unwrap();
            whole.widened(prefix)
        })
    }

    proptest! {
        #[test]
        fn what_is_met_among_many_is_what_each_alone_says(
            all in prop::collection::btree_set(range(), 0..6), cidr in range()
        ) {
            let meets = |range: &Cidr| range.contains(&cidr) || cidr.contains(range);
            let found = first_met(&all, &cidr);
            prop_assert_eq!(found.is_some(), all.iter().any(meets), "{} {:?}", cidr, all);
            prop_assert!(found.is_none_or(meets));
        }
    }
}
