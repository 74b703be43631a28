//! Every fix works: whoever makes the edits that the findings ask for has none of them any more.

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::audit::standards;
use ringfence::domain::{Level, PolicyVersion, Version};
use ringfence::rules::find_kind;

use super::edits::fixed;
use super::pods::{self, KINDS};

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn made_edits_leave_no_finding(
        pod in pods::pod(),
        kind in select(&KINDS[..]),
        level in select(vec![Level::Baseline, Level::Restricted]),
        minor in 0u32..=37,
    ) {
        let object = pods::wrapped(&pod, kind);
        let resource = find_kind(kind.0, kind.1).unwrap();
        let version = PolicyVersion::Pinned(Version(minor));
        let found = standards(resource, &object.to_string(), level, version).unwrap();
        for finding in &found {
            prop_assert!(!finding.fix.edits.is_empty(), "{finding:?} has no edits");
        }
        let after = fixed(&object, &found.iter().collect::<Vec<_>>());
        let left = standards(resource, &after.to_string(), level, version).unwrap();
        prop_assert_eq!(left, vec![], "of {:?}\nafter {}", found, after);
    }
}
