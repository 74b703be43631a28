//! Text → typed documents, with every mistake of every document.
//!
//! serde stops at the first mistake. So each one is noted at its place, the value that holds it is
//! taken out of the tree, and what is left is read again.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::documents::{
    API_VERSION, ExemptionSpec, GrantSpec, PlatformSpec, ProfileSpec, TenantSpec,
};
use super::explain::{Explained, explain};
use super::problems::{Lost, Problems};
use super::report::did_you_mean;
use super::values::Subdomain;
use crate::domain::TenantName;
use crate::objects::yaml::{self, Kind, Node, Span};

/// How many mistakes of one document are told. Who has more has another problem.
const MAX_MISTAKES: usize = 100;

/// A document and its place.
#[derive(Debug, Clone)]
pub(super) struct Loaded<T> {
    /// The index of its source.
    pub(super) source: usize,
    pub(super) name: String,
    pub(super) spec: T,
    root: Node,
}

impl<T> Loaded<T> {
    /// The place of a value below `spec`, or of the nearest that is there.
    pub(super) fn place(&self, pointer: &str) -> Span {
        let mut node = &self.root;
        for step in steps(pointer) {
            match node.child(&step) {
                Some(next) => node = next,
                None => break,
            }
        }
        node.span.clone()
    }

    /// The place of the key of a value below `spec`.
    pub(super) fn key_place(&self, pointer: &str) -> Span {
        let mut steps: Vec<_> = steps(pointer).collect();
        let key = steps.pop().unwrap_or_default();
        let map = steps.iter().try_fold(&self.root, |node, step| node.child(step));
        let entry = map.and_then(|map| map.entry(&key));
        entry.map_or_else(|| self.place(pointer), |entry| entry.key_span.clone())
    }

    /// Whether a value below `spec` is there.
    pub(super) fn has(&self, pointer: &str) -> bool {
        steps(pointer).try_fold(&self.root, |node, step| node.child(&step)).is_some()
    }

    /// Whether a value below `spec` is there and says something.
    pub(super) fn gives(&self, pointer: &str) -> bool {
        let node = steps(pointer).try_fold(&self.root, |node, step| node.child(&step));
        node.is_some_and(|node| node.kind != Kind::Null)
    }

    /// The place of the name.
    pub(super) fn name_place(&self) -> Span {
        let name = self.root.child("metadata").and_then(|metadata| metadata.child("name"));
        name.unwrap_or(&self.root).span.clone()
    }
}

/// The steps of an RFC 6901 pointer below `spec`.
fn steps(pointer: &str) -> impl Iterator<Item = String> {
    let below = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    std::iter::once("spec".to_owned()).chain(below)
}

/// The documents of all sources.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub(super) platforms: Vec<Loaded<PlatformSpec>>,
    pub(super) profiles: Vec<Loaded<ProfileSpec>>,
    pub(super) tenants: Vec<Loaded<TenantSpec>>,
    pub(super) exemptions: Vec<Loaded<ExemptionSpec>>,
    pub(super) grants: Vec<Loaded<GrantSpec>>,
    /// Documents that are there and cannot be used: nothing dangles that may name one.
    pub(super) lost: Vec<Lost>,
}

const KINDS: [&str; 5] = ["Platform", "Profile", "Tenant", "Exemption", "Grant"];

impl Read {
    /// Adds the documents of one source.
    pub(super) fn source(&mut self, index: usize, text: &str, problems: &mut Problems<'_>) {
        for document in yaml::documents(text) {
            match document {
                Err(error) => {
                    self.lost.push(Lost::unreadable(text, &error.span));
                    problems.add(index, &error.span, error.message);
                }
                Ok(document) => {
                    for twice in &document.duplicates {
                        let first = problems.place(index, &twice.first);
                        let message = format!("`{}` is written twice: first at {first}", twice.key);
                        problems.add(index, &twice.second, message);
                    }
                    self.document(Envelope { source: index, root: document.root }, problems);
                }
            }
        }
    }

    fn document(&mut self, envelope: Envelope, problems: &mut Problems<'_>) {
        let kind = envelope.kind(problems);
        envelope.check_keys(problems);
        let name = kind.and_then(|kind| envelope.name(kind, problems));
        let (Some(kind), Some(name)) = (kind, name) else {
            self.lost.push(envelope.lost(kind));
            return;
        };
        let usable = match kind {
            "Platform" => push(&mut self.platforms, envelope.read(&name, problems)),
            "Profile" => push(&mut self.profiles, envelope.read(&name, problems)),
            "Tenant" => push(&mut self.tenants, envelope.read(&name, problems)),
            "Exemption" => push(&mut self.exemptions, envelope.read(&name, problems)),
            _ => push(&mut self.grants, envelope.read(&name, problems)),
        };
        if !usable {
            self.lost.push(Lost::of(kind, name));
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: Option<T>) -> bool {
    let there = item.is_some();
    list.extend(item);
    there
}

/// What all kinds have in common.
struct Envelope {
    source: usize,
    root: Node,
}

impl Envelope {
    fn kind(&self, problems: &mut Problems<'_>) -> Option<&'static str> {
        if !matches!(self.root.kind, Kind::Map(_)) {
            problems.add(self.source, &self.root.span, "a document must be a map");
            return None;
        }
        let version = self.text("apiVersion", API_VERSION, problems)?;
        if version.1 != API_VERSION {
            let message = format!("`{}` is not an API version of ours", version.1);
            let help = format!("write `apiVersion: {API_VERSION}`");
            problems.help(self.source, version.0, message, Some(help));
            return None;
        }
        let kind = self.text("kind", "Tenant", problems)?;
        let known = KINDS.into_iter().find(|known| *known == kind.1);
        if known.is_none() {
            let message = format!(
                "`{}` is not one of {}",
                kind.1,
                KINDS.map(|kind| format!("`{kind}`")).join(", ")
            );
            problems.help(self.source, kind.0, message, did_you_mean(kind.1, KINDS));
        }
        known
    }

    /// A string of the envelope; `example` shows what is missing.
    fn text(&self, key: &str, example: &str, problems: &mut Problems<'_>) -> Option<(&Span, &str)> {
        let Some(node) = self.root.child(key) else {
            let help = Some(format!("write `{key}: {example}`"));
            problems.help(self.source, &self.root.span, format!("`{key}` is missing"), help);
            return None;
        };
        let Kind::String(text) = &node.kind else {
            problems.add(self.source, &node.span, format!("`{key}` must be a string"));
            return None;
        };
        Some((&node.span, text))
    }

    /// What is known of a document whose kind or name is wrong.
    fn lost(&self, kind: Option<&'static str>) -> Lost {
        let name = self.root.child("metadata").and_then(|metadata| metadata.child("name"));
        let name = name.and_then(|name| match &name.kind {
            // Of a Platform any name counts: there is only one.
            Kind::String(name) if kind != Some("Platform") => Some(name.clone()),
            _ => None,
        });
        Lost::known(kind, name)
    }

    fn check_keys(&self, problems: &mut Problems<'_>) {
        let known = ["apiVersion", "kind", "metadata", "spec", "status"];
        let Kind::Map(entries) = &self.root.kind else { return };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("there is no field `{}`", entry.key);
            problems.help(self.source, &entry.key_span, message, did_you_mean(&entry.key, known));
        }
    }

    fn name(&self, kind: &str, problems: &mut Problems<'_>) -> Option<String> {
        let Some(node) = self.root.child("metadata").and_then(|metadata| metadata.child("name"))
        else {
            let place =
                self.root.child("metadata").map_or(&self.root.span, |metadata| &metadata.span);
            problems.add(self.source, place, format!("`metadata.name` of this {kind} is missing"));
            return None;
        };
        let Kind::String(name) = &node.kind else {
            let help = Some("put it in quotes".to_owned());
            problems.help(self.source, &node.span, "a name must be a string", help);
            return None;
        };
        let wrong = match kind {
            "Platform" if name != "default" => {
                Some(format!("a Platform is named `default`, not `{name}`"))
            }
            "Tenant" => TenantName::from_str(name).err().map(|error| error.to_string()),
            _ => Subdomain::from_str(name).err().map(|error| error.to_string()),
        };
        if let Some(message) = wrong {
            problems.add(self.source, &node.span, message);
            return None;
        }
        Some(name.clone())
    }

    fn read<T: DeserializeOwned>(
        self,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Loaded<T>> {
        let Some(spec) = self.root.child("spec") else {
            problems.add(self.source, &self.root.span, "`spec` is missing");
            return None;
        };
        let before = problems.count();
        let mut reader = Reader { source: self.source, taken: BTreeSet::new() };
        let spec = reader.read::<T>(spec.clone(), problems);
        (problems.count() == before).then_some(())?;
        Some(Loaded { source: self.source, name: name.to_owned(), spec: spec?, root: self.root })
    }
}

struct Reader {
    source: usize,
    /// What was taken out, by the steps to it: its absence is no mistake of the user's.
    taken: BTreeSet<Vec<String>>,
}

impl Reader {
    fn read<T: DeserializeOwned>(
        &mut self,
        mut tree: Node,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        for _ in 0..MAX_MISTAKES {
            let error = match serde_path_to_error::deserialize::<_, T>(tree.to_value()) {
                Ok(spec) => return Some(spec),
                Err(error) => error,
            };
            let mut steps: Vec<String> = error.path().iter().filter_map(step).collect();
            let said = error.inner().to_string();
            let mut node = nearest(&tree, &mut steps);
            let Explained { message, help, missing, mut at_key } =
                explain(&said, node, steps.last().map(String::as_str));
            // The path goes through the key, and the key is what is meant.
            if at_key.is_some() && steps.last() == at_key.as_ref() {
                steps.pop();
                node = nearest(&tree, &mut steps);
            }
            at_key = at_key.filter(|key| node.entry(key).is_some());
            let told = missing.is_some_and(|missing| {
                self.taken.contains(&steps.iter().cloned().chain([missing]).collect::<Vec<_>>())
            });
            if !told {
                let key = at_key.as_deref().and_then(|key| node.entry(key));
                let place = key.map_or(&node.span, |entry| &entry.key_span);
                problems.help(self.source, place, message, help);
            }
            steps.extend(at_key);
            if steps.is_empty() || !take(&mut tree, &steps) {
                return None;
            }
            self.forget_shifted(&steps);
            self.taken.insert(steps);
        }
        None
    }

    /// What stood behind an item that was taken out of a list has other steps now.
    fn forget_shifted(&mut self, steps: &[String]) {
        if let Some((last, parent)) = steps.split_last()
            && last.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.taken.retain(|taken| !taken.starts_with(parent));
        }
    }
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// The node that the steps lead to. The last may name a key that could not be read: then they are
/// cut to its map.
fn nearest<'a>(tree: &'a Node, steps: &mut Vec<String>) -> &'a Node {
    let mut node = tree;
    for at in 0..steps.len() {
        match steps.get(at).and_then(|step| node.child(step)) {
            Some(next) => node = next,
            None => {
                steps.truncate(at);
                break;
            }
        }
    }
    node
}

fn take(node: &mut Node, steps: &[String]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return false };
    match &mut node.kind {
        Kind::Map(entries) => {
            let Some(at) = entries.iter().position(|entry| entry.key == *first) else {
                return false;
            };
            if rest.is_empty() {
                entries.remove(at);
                return true;
            }
            entries.get_mut(at).is_some_and(|entry| take(&mut entry.value, rest))
        }
        Kind::List(items) => {
            let Some(at) = first.parse().ok().filter(|at| *at < items.len()) else { return false };
            if rest.is_empty() {
                items.remove(at);
                return true;
            }
            items.get_mut(at).is_some_and(|item| take(item, rest))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => false,
    }
}
