//! What would be done to tenants' barriers, and to what they stand in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::api::DynamicObject;

use super::super::super::Cluster;
use super::super::super::ask::AskError;
use super::super::super::served::Kind;
use super::super::super::watch::News;
use super::super::objects::{TIER_PLACE, Told, each_of_plugins, tenant_of, told};
use super::{Deed, Doing, Seer};
use crate::policy::Tenants;
use crate::seal::{Dialect, Managed, TIER, barrier, tier};

/// Everything of them that there could be: whoever has the name of one finds how it must be.
pub(super) fn wanted(tenants: &Tenants, now: Timestamp) -> impl Iterator<Item = Managed> + '_ {
    let barriers = tenants.iter().flat_map(move |tenant| {
        Dialect::ALL.map(move |dialect| barrier(tenants, tenant, dialect, now).policy)
    });
    barriers.chain([tier()])
}

impl Seer {
    /// Reads what stands of these kinds.
    pub(super) async fn read_barriers(
        &mut self,
        cluster: &Cluster,
        kinds: &[Kind],
    ) -> Result<(), AskError> {
        let mut listed: BTreeMap<&'static str, Vec<Told>> =
            kinds.iter().map(|(kind, ..)| (*kind, Vec::new())).collect();
        let take = |kind, live| self.sort(&mut listed, kind, live);
        each_of_plugins(cluster, kinds, take).await?;
        for (kind, listed) in listed {
            self.book.take((kind, Some(News::All(listed))));
        }
        Ok(())
    }

    /// What would be done, for all tenants or for one.
    pub(super) fn barriers(&mut self, only: Option<&str>) -> Vec<Deed> {
        let mut deeds = self.done_at(TIER_PLACE);
        // What stands in it waits for it; here it counts as laid where it would be.
        let laid = |own: &Deed| matches!(own.doing, Doing::Create | Doing::Change(_));
        if deeds.iter().any(laid) {
            // These types always serialize, and are read back.
            let tier = serde_json::from_value::<DynamicObject>(tier().to_value());
            let came = tier.into_iter().map(|tier| News::Came(told(TIER.name, tier)));
            came.for_each(|came| self.book.take((TIER.name, Some(came))));
        }
        let is_meant = |place: &String| {
            only.is_none_or(|only| tenant_of(place).is_some_and(|tenant| tenant == only))
        };
        let places: BTreeSet<String> = self.book.barrier_places().filter(is_meant).collect();
        deeds.extend(places.iter().flat_map(|place| self.done_at(place)));
        deeds
    }
}
