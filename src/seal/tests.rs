//! What the seal of a set of documents is, and the laws that all seals keep.

mod barriers;
mod comparing;
mod documents;
mod evaluate;
mod golden;
mod laws;
mod stored;
mod unsound;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Managed, wanted};
use crate::policy::{Source, Tenants, load};

const SET: &str = include_str!("tests/set.yaml");

fn tenants(text: &str) -> Arc<Tenants> {
    let source = Source { name: "set.yaml".to_owned(), text: text.to_owned() };
    load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A moment at which most grants of the set are in force.
fn now() -> Timestamp {
    at("2026-12-01T00:00:00Z")
}

fn of(tenants: &Tenants, tenant: &str, namespace: &str, now: Timestamp) -> Vec<Managed> {
    wanted(tenants, tenants.tenant(tenant).unwrap(), namespace, now)
}

fn names(objects: &[Managed]) -> Vec<String> {
    objects.iter().map(|own| format!("{} {}", own.kind(), own.name())).collect()
}

fn values(objects: &[Managed]) -> Vec<Value> {
    objects.iter().map(Managed::to_value).collect()
}
