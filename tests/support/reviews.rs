//! `ringfence review` without the program: one object, judged by documents.

use jiff::Timestamp;
use ringfence::audit::{Asked, Input, Record, Reviewed, Settings, review};
use ringfence::domain::{Operation, Version};
use ringfence::policy::{Source, load};
use ringfence::state::{Namespaces, Seals, Snapshot};

/// What these documents come to without a cluster.
pub fn snapshot(documents: &[Source]) -> Snapshot {
    Snapshot {
        tenants: load(documents).unwrap_or_else(|report| panic!("{report}")).resolve(),
        namespaces: Namespaces::Unwatched.into(),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    }
}

/// What becomes of an object that its tenant's owner creates.
pub fn created(
    snapshot: &Snapshot,
    object: &str,
    namespace: Option<&str>,
    now: Timestamp,
) -> Record {
    let settings = Settings {
        snapshot,
        asked: Asked::Tenants,
        operation: Operation::Create,
        requester: None,
        namespace: namespace.map(str::to_owned),
        now,
    };
    let input = Input { source: "-".to_owned(), text: object.to_owned() };
    let Reviewed { mut records, problems, .. } = review(&[input], &settings, |_| ());
    assert_eq!(problems, [], "{object}");
    records.remove(0)
}
