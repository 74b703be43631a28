//! What can be used of a cluster's documents, where a folder's would be refused as a whole.
//!
//! Documents come to a cluster one by one and in any order, and some have mistakes. What is wrong is
//! left out, as little as is safe, and the rest is looked at again until nothing is wrong:
//!
//! - an Exemption or a Grant with a mistake permits nothing;
//! - of a Tenant the field goes, or the item of a list: what is absent is the profile's;
//! - of a Platform the section goes: what is absent is the safe side (a range that cannot be read must
//!   not make the cluster smaller);
//! - of a Profile the field goes where an absent one is the safe side; a mistake anywhere else takes
//!   the whole Profile, and its tenants are held to `restricted`.
//!
//! So what is in force depends on the documents alone, and on nothing that was there before them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::load::{Documents, load_each};
use super::one::{Flaw, flaws};
use super::problems::Misfit;
use super::report::Source;

/// What can be used, and what is wrong with the rest.
#[derive(Debug, Clone)]
pub struct Usable {
    /// What is in force.
    pub documents: Documents,
    /// What was left out, by the name of the source.
    pub flaws: BTreeMap<String, Vec<Flaw>>,
}

/// The sections of a Profile whose absence takes nothing away that it held tenants to.
const SAFE_WITHOUT: [&str; 7] =
    ["rules", "overridable", "podSecurity", "podDefaults", "serviceAccounts", "network", "seal"];

/// What can be used of documents that each are one source, in JSON, with a name of its own.
///
/// It does not depend on their order.
#[must_use]
pub fn usable(objects: &[Source]) -> Usable {
    let mut left = objects.to_vec();
    left.sort_by(|a, b| a.name.cmp(&b.name));
    let mut told: BTreeMap<String, Vec<Flaw>> = BTreeMap::new();
    loop {
        let found = match load_each(&left) {
            Ok(documents) => return Usable { documents, flaws: told },
            Err(found) => found,
        };
        let mut of_source: BTreeMap<usize, Vec<Misfit>> = BTreeMap::new();
        for (source, misfit) in found {
            of_source.entry(source).or_default().push(misfit);
        }
        for (index, source) in left.iter_mut().enumerate() {
            let Some(misfits) = of_source.remove(&index) else { continue };
            let flaws = flaws(&source.text, misfits);
            source.text = without(&source.text, &flaws).unwrap_or_default();
            told.entry(source.name.clone()).or_default().extend(flaws);
        }
        left.retain(|source| !source.text.is_empty());
    }
}

/// A document without what is wrong in it; `None` where nothing of it can be used.
fn without(text: &str, flaws: &[Flaw]) -> Option<String> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let before = document.clone();
    let kind = document.get("kind")?.as_str()?.to_owned();
    let mut pointers: Vec<String> = Vec::new();
    for flaw in flaws {
        pointers.push(taken(&kind, &flaw.path.pointer())?);
    }
    // Later items of a list go before earlier ones move.
    pointers.sort_by_key(|pointer| std::cmp::Reverse(steps(pointer)));
    pointers.dedup();
    for pointer in &pointers {
        remove(&mut document, pointer);
    }
    (document != before).then(|| document.to_string())
}

/// What goes where something is wrong at a place; `None` where the document goes.
fn taken(kind: &str, pointer: &str) -> Option<String> {
    let section = pointer.strip_prefix("/spec/")?.split('/').next()?;
    match kind {
        "Tenant" => Some(pointer.to_owned()),
        "Platform" => Some(format!("/spec/{section}")),
        "Profile" if SAFE_WITHOUT.contains(&section) => Some(pointer.to_owned()),
        _ => None,
    }
}

/// The steps of a pointer, numbers in their order.
fn steps(pointer: &str) -> Vec<(usize, String)> {
    let steps = pointer.split('/');
    steps.map(|step| (step.parse().unwrap_or_default(), step.to_owned())).collect()
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    match document.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = last.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}
