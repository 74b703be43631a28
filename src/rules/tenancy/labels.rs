//! The labels by which the API server's own Pod Security admission backs us up: raised, never
//! lowered.

use super::NamespaceView;
use crate::domain::{
    Edit, EditValue, FieldPath, Fix, Level, POD_SECURITY_PREFIX, PolicyVersion, sanitise,
};
use crate::rules::Report;

const MODES: [&str; 3] = ["enforce", "audit", "warn"];

/// How a label's value compares: its rank, or nothing where it cannot be read. An absent level is the
/// cluster's default, which may be none at all; an absent version is the latest
/// (pod-security-admission `api/helpers.go`).
type Rank = fn(Option<&str>) -> Option<u64>;

pub(super) fn pod_security(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(new) = view.new.filter(|_| view.is_subject()) else { return };
    for mode in MODES {
        let level = format!("{POD_SECURITY_PREFIX}{mode}");
        let version = format!("{level}-version");
        let has_level = view.old.is_none_or(|old| old.label(&level).is_some());
        let labels: [(&str, Rank, Option<&str>); 2] = [
            (&level, by_level, None),
            // The version of a level that was not set bound nobody.
            (&version, by_version, Some("latest").filter(|_| has_level && view.old.is_some())),
        ];
        for (key, rank, absent) in labels {
            let lowest = match view.old {
                Some(old) => old.label(key).or(absent),
                // What a new namespace leaves out is put there.
                None => put(view, key).filter(|_| new.label(key).is_some()),
            };
            if let Some(lowest) = lowest
                && is_lower(new.label(key), lowest, rank)
            {
                refuse(view, key, new.label(key), lowest, report);
            }
        }
    }
}

/// What the door puts on a new namespace.
fn put<'v>(view: &NamespaceView<'v>, key: &str) -> Option<&'v str> {
    view.put.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
}

fn by_level(text: Option<&str>) -> Option<u64> {
    match text.map_or(Ok(Level::Privileged), str::parse::<Level>) {
        Ok(Level::Privileged) => Some(0),
        Ok(Level::Baseline) => Some(1),
        Ok(Level::Restricted) => Some(2),
        Err(_) => None,
    }
}

fn by_version(text: Option<&str>) -> Option<u64> {
    match text.map_or(Ok(PolicyVersion::Latest), str::parse::<PolicyVersion>) {
        Ok(PolicyVersion::Latest) => Some(u64::MAX),
        Ok(PolicyVersion::Pinned(version)) => Some(version.0.into()),
        Err(_) => None,
    }
}

/// What cannot be read is no raise; where what stands there cannot be read, anything is.
fn is_lower(new: Option<&str>, lowest: &str, rank: Rank) -> bool {
    if new == Some(lowest) {
        return false;
    }
    match (rank(new), rank(Some(lowest))) {
        (None, _) => true,
        (Some(new), Some(lowest)) => new < lowest,
        (Some(_), None) => false,
    }
}

fn refuse(
    view: &NamespaceView<'_>,
    key: &str,
    found: Option<&str>,
    lowest: &str,
    report: &mut Report<'_>,
) {
    let path = FieldPath::fields(&["metadata", "labels"]).key(key);
    let found = found.map_or_else(|| "nothing".to_owned(), |text| sanitise(text, 63).into_owned());
    let was_absent = view.old.is_some_and(|old| old.label(key).is_none());
    let back = if was_absent {
        Edit::Remove(path.clone())
    } else {
        Edit::Set(path.clone(), EditValue::Text(lowest.to_owned().into()))
    };
    let must = format!("it must be {} or stricter", sanitise(lowest, 63));
    report.add(path, found, must, Fix::edit(back));
}
