//! What is to be said of each document at a moment. Nothing here asks or waits.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Resource;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::documents::{Key, Paper};
use super::super::isolation::Standings;
use super::super::keeper::Barriers;
use super::tenant::{ISOLATED, Seen, barred, conditions_of, isolated, seen};
use crate::policy::documents::{Condition, Exemption, Grant, TenantStatus};
use crate::policy::{
    Flaw, Usable, conditions, document_status, exemption_status, grant_status, status_changes,
    unread_status,
};
use crate::state::Snapshot;

/// A status, and when it is another although nothing happens.
#[derive(Debug, PartialEq)]
pub(super) struct Status {
    pub(super) value: Value,
    pub(super) until: Option<Timestamp>,
}

/// What all statuses follow from.
#[derive(Debug, Default)]
pub(super) struct Sayer {
    usable: Option<Arc<Usable>>,
    /// What the documents say of each tenant, worked out once for many looks.
    of_documents: HashMap<String, TenantStatus>,
    /// When that is something else: a permission ends.
    next_end: Option<Timestamp>,
    /// What is seen of each tenant.
    seen: HashMap<String, Seen>,
    /// How barriers stand.
    pub(super) barriers: Barriers,
    /// How tenants stand to each other.
    pub(super) standings: Standings,
}

impl Sayer {
    /// The documents and the snapshot are these now.
    pub(super) fn take(&mut self, usable: &Arc<Usable>, snapshot: &Snapshot, now: Timestamp) {
        self.seen = seen(snapshot);
        let same = self.usable.as_ref().is_some_and(|known| Arc::ptr_eq(known, usable));
        if same && self.next_end.is_none_or(|end| now < end) {
            return;
        }
        let documents = &usable.documents;
        let names = documents.tenants.iter().map(|tenant| &tenant.name);
        let of = |name: &String| Some((name.clone(), documents.tenant_status(name, now)?));
        self.of_documents = names.filter_map(of).collect();
        let ends = documents.exemptions.iter().map(|own| own.spec.expires_at.0);
        let ends = ends.chain(documents.grants.iter().map(|own| own.spec.expires_at.0));
        self.next_end = ends.filter(|end| now < *end).min();
        self.usable = Some(Arc::clone(usable));
    }

    /// What is to be said of a document.
    pub(super) fn of(&self, (kind, name): &Key, paper: &Paper, now: Timestamp) -> Status {
        let before = paper.status.get("conditions").and_then(Value::as_array);
        // Each alone: another's may be none that we can read.
        let before = before.into_iter().flatten().filter_map(|it| Condition::deserialize(it).ok());
        let usable = self.usable.as_ref();
        let flaws = usable.and_then(|usable| usable.flaws.get(&format!("{kind} {name}")));
        let flaws = flaws.map_or(&[][..], Vec::as_slice);
        let own = Own { paper, flaws, before: before.collect(), now };
        match *kind {
            "Tenant" => Status { value: json!(self.tenant(name, &own)), until: self.next_end },
            "Exemption" | "Grant" => self.permission(kind, &own),
            _ => {
                let status = document_status(flaws, paper.generation, &own.before, now);
                Status { value: json!(status), until: None }
            }
        }
    }

    fn tenant(&self, name: &str, own: &Own<'_>) -> TenantStatus {
        let nothing = Seen::default();
        let seen = self.seen.get(name).unwrap_or(&nothing);
        let of_documents = self.of_documents.get(name);
        let mut status = of_documents.cloned().unwrap_or_default();
        let mut said = conditions_of(of_documents, seen, own.flaws);
        said.extend(barred(of_documents, name, &self.barriers));
        // Before the first proof holds what was said by who led before.
        let before = own.before.iter().find(|own| own.kind == ISOLATED);
        let kept = before.filter(|_| self.standings.is_none()).cloned();
        if kept.is_none() {
            let standing = self.standings.as_ref().and_then(|all| all.get(name));
            said.push(isolated(standing));
        }
        status.observed_generation = own.paper.generation;
        status.conditions = conditions(said, own.paper.generation, &own.before, own.now);
        status.conditions.extend(kept);
        status.count_namespaces(seen.namespaces, seen.unsealed.clone());
        status
    }

    fn permission(&self, kind: &str, own: &Own<'_>) -> Status {
        let Own { paper, flaws, before, now } = own;
        let tenants = self.usable.as_ref().map(|usable| usable.documents.resolve());
        let tenants = tenants.unwrap_or_default();
        let read = if kind == "Grant" {
            read(paper).map(|own: Grant| {
                (own.spec.expires_at.0, grant_status(&own, &tenants, flaws, *now))
            })
        } else {
            read(paper).map(|own: Exemption| {
                (own.spec.expires_at.0, exemption_status(&own, &tenants, flaws, *now))
            })
        };
        match read {
            Some((end, status)) => {
                Status { value: json!(status), until: status_changes(end, *now) }
            }
            None => {
                let status = unread_status(flaws, paper.generation, before, *now);
                Status { value: json!(status), until: None }
            }
        }
    }
}

/// A document, what is wrong in it, and what was said of it before.
struct Own<'a> {
    paper: &'a Paper,
    flaws: &'a [Flaw],
    before: Vec<Condition>,
    now: Timestamp,
}

/// A document with its generation and its status; none where it cannot be read.
fn read<K: Resource + DeserializeOwned>(paper: &Paper) -> Option<K> {
    let mut document: Value = serde_json::from_str(&paper.text).ok()?;
    if !paper.status.is_null() {
        document.as_object_mut()?.insert("status".to_owned(), paper.status.clone());
    }
    let mut document: K = serde_json::from_value(document).ok()?;
    document.meta_mut().generation = paper.generation;
    Some(document)
}

#[cfg(test)]
mod tests;
