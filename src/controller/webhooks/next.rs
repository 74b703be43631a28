//! What must be done next, of what stands and what is wanted. Nothing here asks.

use kube::api::DynamicObject;
use serde_json::{Value, json};

/// The kinds of configurations, the one that judges first.
pub(super) const KINDS: [&str; 2] =
    ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
/// The name of both.
pub(super) const NAME: &str = "ringfence";
/// The entry that only asks whether we are there.
const PROBE: &str = "probe.ringfence.dev";

/// Where the API server is to find us: a `clientConfig`.
pub(super) type Place = Value;

/// The configurations, as last told.
#[derive(Debug, Default)]
pub(super) struct Standing {
    live: [Option<DynamicObject>; 2],
    /// Those that were listed: before that nobody knows whether they are there.
    known: [bool; 2],
}

/// One thing to do.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// The configuration of this index must have these webhooks.
    Write(usize, Value),
    /// It must be seen whether the API server finds us at this place.
    Probe(Place),
}

impl Standing {
    pub(super) fn set(&mut self, index: usize, object: Option<DynamicObject>) {
        if let (Some(live), Some(known)) = (self.live.get_mut(index), self.known.get_mut(index)) {
            (*live, *known) = (object, true);
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&DynamicObject> {
        self.live.get(index)?.as_ref()
    }
}

/// What is next; nothing where all stands as it must, or where it may not be made. Entries by which the
/// API server refuses what we do not answer are written for a place only once it was reached there.
pub(super) fn next(
    standing: &Standing,
    wanted: &[Value; 2],
    proven: Option<&Place>,
    suspended: bool,
) -> Option<Step> {
    if standing.known.contains(&false) {
        return None;
    }
    let missing = |index: usize| standing.get(index).is_none();
    let first = (0..KINDS.len()).find(|index| {
        let stands = standing.get(*index).is_some_and(|live| is(live, webhooks(wanted, *index)));
        !(stands || suspended && missing(*index))
    })?;
    let judging = webhooks(wanted, 0).as_array()?;
    let probe = judging.iter().find(|it| is_probe(it))?;
    let place = probe.get("clientConfig")?;
    if proven == Some(place) {
        return Some(Step::Write(first, webhooks(wanted, first).clone()));
    }
    let stands: Vec<Value> = standing.get(0).map(entries).unwrap_or_default();
    if stands.iter().any(|it| normal(it) == *probe) {
        return Some(Step::Probe(place.clone()));
    }
    if suspended && missing(0) {
        return None;
    }
    let mut staged: Vec<Value> = stands.into_iter().filter(|it| !is_probe(it)).collect();
    staged.push(probe.clone());
    Some(Step::Write(0, Value::Array(staged)))
}

fn is_probe(entry: &Value) -> bool {
    entry.get("name").is_some_and(|name| name == PROBE)
}

fn webhooks(wanted: &[Value; 2], index: usize) -> &Value {
    wanted.get(index).and_then(|it| it.get("webhooks")).unwrap_or(&Value::Null)
}

fn entries(live: &DynamicObject) -> Vec<Value> {
    live.data.get("webhooks").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Whether a configuration has these webhooks and the one owner with which it goes.
fn is(live: &DynamicObject, wanted: &Value) -> bool {
    let owners = live.metadata.owner_references.as_deref().unwrap_or_default();
    let owned = matches!(owners, [owner] if owner.kind == "ClusterRole");
    let stands: Vec<Value> = entries(live).iter().map(normal).collect();
    owned && Value::Array(stands) == *wanted
}

/// An entry without what the API server fills in.
fn normal(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(fields) = entry.as_object_mut() {
        for (field, default) in [("namespaceSelector", json!({})), ("objectSelector", json!({}))] {
            if fields.get(field) == Some(&default) {
                fields.remove(field);
            }
        }
    }
    entry
}

#[cfg(test)]
mod tests;
