//! Text → typed documents, with every mistake of every document.

use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::documents::{
    API_VERSION, ExemptionSpec, GrantSpec, PlatformSpec, ProfileSpec, TenantSpec,
};
use super::problems::{Lost, Problems};
use super::reader::{Gap, Reader};
use super::report::did_you_mean;
use super::values::Subdomain;
use crate::domain::TenantName;
use crate::objects::yaml::{self, Kind, Node, Span};

/// A document and its place.
#[derive(Debug, Clone)]
pub(super) struct Loaded<T> {
    /// The index of its source.
    pub(super) source: usize,
    pub(super) name: String,
    pub(super) spec: T,
    root: Node,
    /// Where something was taken out: what is missed there is no mistake of the user's.
    pub(super) gaps: Vec<Gap>,
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

    /// What was read.
    pub(super) fn tree(&self) -> Option<&Node> {
        self.root.child("spec")
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
    /// What is left of these without their mistakes: it may hold others.
    pub(super) torn: Option<Box<Read>>,
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
        let Some(kind) = kind else {
            self.lost.push(envelope.lost(None));
            return;
        };
        // A wrong name hides no mistake in what follows.
        let usable = name.is_some();
        let lost =
            name.clone().map_or_else(|| envelope.lost(Some(kind)), |name| Lost::of(kind, name));
        let name = name.unwrap_or_default();
        let torn = self.torn.get_or_insert_default();
        let read = match kind {
            "Platform" => push(
                &mut self.platforms,
                &mut torn.platforms,
                envelope.read(&name, problems),
                usable,
            ),
            "Profile" => {
                push(&mut self.profiles, &mut torn.profiles, envelope.read(&name, problems), usable)
            }
            "Tenant" => {
                push(&mut self.tenants, &mut torn.tenants, envelope.read(&name, problems), usable)
            }
            "Exemption" => push(
                &mut self.exemptions,
                &mut torn.exemptions,
                envelope.read(&name, problems),
                usable,
            ),
            _ => push(&mut self.grants, &mut torn.grants, envelope.read(&name, problems), usable),
        };
        if !read {
            self.lost.push(lost);
        }
    }
}

/// Keeps a document with those that can be used, or what is left of it with the others.
fn push<T>(
    usable: &mut Vec<T>,
    torn: &mut Vec<T>,
    (whole, left): (Option<T>, Option<T>),
    named: bool,
) -> bool {
    let kept = whole.is_some() && named;
    if kept {
        usable.extend(whole);
    } else {
        torn.extend(whole.or(left));
    }
    kept
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

    /// The document, if it can be used; else what is left of it, if that is anything.
    fn read<T: DeserializeOwned>(
        self,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> (Option<Loaded<T>>, Option<Loaded<T>>) {
        let Self { source, root } = self;
        let Some(spec) = root.child("spec") else {
            problems.add(source, &root.span, "`spec` is missing");
            return (None, None);
        };
        let before = problems.count();
        let mut reader = Reader::of(source);
        let read = reader.read::<T>(spec.clone(), problems);
        let Some((spec, left)) = read else { return (None, None) };
        let whole = problems.count() == before;
        let mut loaded =
            Loaded { source, name: name.to_owned(), spec, root, gaps: reader.into_gaps() };
        if whole {
            return (Some(loaded), None);
        }
        if let Kind::Map(entries) = &mut loaded.root.kind {
            let spec = entries.iter_mut().filter(|entry| entry.key == "spec");
            spec.for_each(|entry| entry.value = left.clone());
        }
        (None, Some(loaded))
    }
}
