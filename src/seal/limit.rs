//! Which of a tenant's namespaces get a seal where there are more than its limit.
//!
//! The door refuses what is over the limit; this is for what came around it, or at once with another. It
//! follows from what the API server tells alone, so that whoever decides decides the same: what stands is
//! kept, whatever the limit is now, and of the others the oldest come first.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::policy::Tenant;
use crate::policy::documents::Seal;

/// A tenant's namespace that is there.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Whose it is.
    pub tenant: &'a Tenant,
    /// Its name.
    pub name: &'a str,
    /// When it was made, as the API server says.
    pub created: Timestamp,
    /// Whether something of its seal stands.
    pub stands: bool,
    /// Whether it is being deleted.
    pub ending: bool,
}

/// The names of those that get no seal. What has something of its seal is never among them, and what ends
/// without takes nothing from others.
pub fn over_limit<'a>(namespaces: impl Iterator<Item = Candidate<'a>>) -> HashSet<String> {
    let mut limited: BTreeMap<&str, (usize, Vec<Rank<'_>>)> = BTreeMap::new();
    for Candidate { tenant, name, created, stands, ending } in namespaces {
        let profile = &tenant.profile;
        let limit = profile.namespaces.limit.filter(|_| profile.seal == Seal::Keep);
        let Some(limit) = limit.filter(|_| stands || !ending) else { continue };
        let (_, own) = limited.entry(tenant.name.as_str()).or_insert((limit, Vec::new()));
        own.push((!stands, created, name));
    }
    let over = limited.into_values().flat_map(|(limit, own)| beyond(limit, own));
    over.map(str::to_owned).collect()
}

/// The place of one tenant's namespace: first those in which something stands, then by age, and of one
/// second by name.
type Rank<'a> = (bool, Timestamp, &'a str);

fn beyond(limit: usize, mut namespaces: Vec<Rank<'_>>) -> impl Iterator<Item = &str> {
    namespaces.sort_unstable();
    namespaces.into_iter().skip(limit).filter(|(open, ..)| *open).map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    type Namespace = (String, i64, bool);

    /// Namespaces with names of their own, many of one age.
    fn namespaces() -> impl Strategy<Value = Vec<Namespace>> {
        let one = ("[a-d]{1,3}", 0..3_i64, any::<bool>());
        prop::collection::btree_map(one.0, (one.1, one.2), 0..12).prop_map(|all| {
            all.into_iter().map(|(name, (age, stands))| (name, age, stands)).collect()
        })
    }

    fn over(limit: usize, all: &[Namespace]) -> BTreeSet<String> {
        let at = |second: &i64| Timestamp::from_second(*second).unwrap();
        let all = all.iter().map(|(name, age, stands)| (!stands, at(age), name.as_str()));
        beyond(limit, all.collect()).map(str::to_owned).collect()
    }

    #[test]
    fn of_two_that_race_the_later_is_left_and_what_stands_is_kept() {
        let check = |limit, all: &[(&str, i64, bool)], expect: &[&str]| {
            let all: Vec<_> =
                all.iter().map(|(name, age, stands)| ((*name).to_owned(), *age, *stands)).collect();
            assert!(over(limit, &all).iter().eq(expect), "{limit} {all:?}");
        };
        check(1, &[("a", 2, false), ("b", 1, false)], &["a"]);
        check(1, &[("b", 1, false), ("a", 1, false)], &["b"]);
        // The younger one stood before the older was known.
        check(1, &[("a", 1, false), ("b", 1, true)], &["a"]);
        check(1, &[("a", 1, true), ("b", 2, true), ("c", 0, false)], &["c"]);
        check(0, &[("a", 1, true), ("b", 2, false)], &["b"]);
        check(2, &[("a", 1, false), ("b", 2, false)], &[]);
    }

    proptest! {
        #[test]
        fn it_follows_from_the_namespaces_and_not_from_their_order(
            all in namespaces(), shuffled in any::<prop::sample::Index>(), limit in 0..8_usize,
        ) {
            let mut other = all.clone();
            other.reverse();
            if !other.is_empty() {
                let middle = shuffled.index(other.len());
                other.rotate_left(middle);
            }
            prop_assert_eq!(over(limit, &all), over(limit, &other));
        }

        #[test]
        fn as_many_get_a_seal_as_may_and_none_loses_it(all in namespaces(), limit in 0..8_usize) {
            let over = over(limit, &all);
            let standing = all.iter().filter(|(.., stands)| *stands).count();
            prop_assert_eq!(all.len() - over.len(), limit.max(standing).min(all.len()));
            for (name, _, stands) in &all {
                prop_assert!(!(*stands && over.contains(name)));
            }
        }

        /// So that laying a seal, a higher limit and a namespace's end take nothing from others.
        #[test]
        fn nothing_that_helps_one_harms_another(
            all in namespaces(), which in any::<prop::sample::Index>(), limit in 0..8_usize,
        ) {
            let before = over(limit, &all);
            prop_assert!(over(limit + 1, &all).is_subset(&before));
            if all.is_empty() {
                return Ok(());
            }
            let index = which.index(all.len());
            let mut fewer = all.clone();
            let (gone, ..) = fewer.remove(index);
            prop_assert!(over(limit, &fewer).is_subset(&before), "without {gone}");
            if !before.contains(&gone) {
                let mut laid = all.clone();
                laid[index].2 = true;
                prop_assert_eq!(over(limit, &laid), before, "{} has been laid", gone);
            }
        }
    }
}
