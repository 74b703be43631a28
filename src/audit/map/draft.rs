//! Collects what objects say.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::kinds::{is_clusterwide, is_policy, may_make_pods};
use super::thing::{Head, Thing};
use super::{Drawing, Known, Map};
use crate::audit::object::{Note, Problem};
use crate::domain::sanitise;
use crate::network::{self, AdminKind, Found, Read};
use crate::objects::Malformed;
use crate::policy::documents::IpBlocks;
use crate::reach::{Labels, Namespace, Origin, Pod, Selectors, Tier, World};
use crate::rules::{self, Shape};
use crate::seal;

pub(super) struct Draft<'a> {
    pub(super) drawing: &'a Drawing<'a>,
    pub(super) namespaces: BTreeMap<String, Namespace>,
    pods: Vec<(Pod, Known)>,
    templates: Vec<(Pod, Known)>,
    pub(super) policies: Vec<Held>,
    selectors: Selectors,
    /// The kinds that may make pods and are not read, each with one of its objects.
    unknown: BTreeMap<String, (String, usize)>,
    problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
}

/// A policy that stands.
pub(super) struct Held {
    pub(super) read: Read,
    /// Whether the controller made it.
    pub(super) is_ours: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(drawing: &'a Drawing<'a>, problems: Vec<Problem>, notes: Vec<Note>) -> Self {
        Self {
            drawing,
            namespaces: BTreeMap::new(),
            pods: Vec::new(),
            templates: Vec::new(),
            policies: Vec::new(),
            selectors: Selectors::default(),
            unknown: BTreeMap::new(),
            problems,
            notes,
        }
    }

    pub(super) fn take(&mut self, things: &[Thing<'_>]) {
        let mut named = Vec::with_capacity(things.len());
        for thing in things {
            match thing.head() {
                Ok(head) => named.push((thing, self.placed(head))),
                Err(message) => self.problems.push(thing.problem(message)),
            }
        }
        let mut last: HashMap<&Head, usize> = HashMap::new();
        let with_name = |(_, head): &(usize, &Head)| !head.name.is_empty();
        let heads = named.iter().map(|(_, head)| head).enumerate().filter(with_name);
        for (index, head) in heads {
            if let Some(earlier) = last.insert(head, index) {
                let place = |index: usize| named.get(index).map(|(thing, _)| thing.place(""));
                let later = place(index).unwrap_or_default();
                let source = place(earlier).unwrap_or_default();
                let text = format!("{} is given again: {later} counts", title(head));
                self.notes.push(Note { source, text });
            }
        }
        let counts = |index: usize, head: &Head| last.get(head).is_none_or(|last| *last == index);
        for (index, (thing, head)) in named.iter().enumerate() {
            if counts(index, head)
                && let Err(message) = self.object(thing, head)
            {
                self.problems.push(thing.problem(message));
            }
        }
    }

    /// Takes in an object of which no other has the name.
    pub(super) fn take_one(&mut self, thing: &Thing<'_>) {
        let placed = thing.head().map(|head| self.placed(head));
        if let Err(message) = placed.and_then(|head| self.object(thing, &head)) {
            self.problems.push(thing.problem(message));
        }
    }

    /// The same with the namespace that it is in.
    fn placed(&self, head: Head) -> Head {
        let of_cluster = match rules::find_kind(&head.api_version, &head.kind) {
            Some(resource) => resource.cluster_scoped(),
            None => is_policy(&head.kind) && is_clusterwide(&head.kind),
        };
        let namespace = match (of_cluster, head.namespace.is_empty()) {
            (true, _) => String::new(),
            (false, true) => self.drawing.namespace.to_owned(),
            (false, false) => head.namespace,
        };
        Head { namespace, ..head }
    }

    fn object(&mut self, thing: &Thing<'_>, head: &Head) -> Result<(), String> {
        if let Some(kind) = AdminKind::of(&head.api_version, &head.kind) {
            self.admin_policy(thing, head, kind);
            return Ok(());
        }
        let resource = rules::find_kind(&head.api_version, &head.kind);
        match resource.map(|own| (own.kind, own.shape)) {
            Some((_, Shape::Namespace)) => {
                let own = network::namespace(&thing.json).map_err(|error| wrong(head, &error))?;
                self.namespaces.insert(own.name.to_string(), own);
            }
            Some((_, Shape::Pod)) => {
                let found = network::pod(&thing.json, &head.namespace);
                self.pod(thing, head, found.map_err(|error| wrong(head, &error))?);
            }
            Some((kind, Shape::Template(shape))) => {
                let found = network::workload(&thing.json, (kind, shape), &head.namespace);
                self.pod(thing, head, found.map_err(|error| wrong(head, &error))?);
            }
            Some(("NetworkPolicy", _)) => self.policy(thing, head),
            Some((_, Shape::Document)) => {
                let text = format!("{} is not read: give documents by --policies", title(head));
                self.notes.push(Note { source: thing.place(""), text });
            }
            // What the controller lays of these only denies: left out, it hides nothing that is open.
            Some(_) if is_policy(&head.kind) && is_ours(thing) => {}
            _ if is_policy(&head.kind) => self.dialect(thing, head),
            Some(_) => {}
            None => self.unknown(thing, head)?,
        }
        Ok(())
    }

    fn pod(&mut self, thing: &Thing<'_>, head: &Head, found: Found) {
        let known = |pod: &Pod, is_template| {
            let is_other = head.name.is_empty() || is_template;
            let name = if is_other { pod.name.clone() } else { head.name.as_str().into() };
            Known { name, place: thing.place("").into(), is_template }
        };
        match found {
            Found::Pod(pod) => {
                let known = known(&pod, false);
                self.pods.push((pod, known));
            }
            Found::Template(pod) => {
                let known = known(&pod, true);
                self.templates.push((pod, known));
            }
            Found::None => return,
        }
        self.named(&head.namespace);
    }

    fn policy(&mut self, thing: &Thing<'_>, head: &Head) {
        let place = |pointer: &str| thing.place(pointer);
        let read = network::network_policy(&thing.json, &head.namespace, &place);
        let read = read.unwrap_or_else(|error| {
            open(thing, head, Tier::Namespaced, error.without_place().to_string())
        });
        self.hold(read, is_ours(thing));
        self.named(&head.namespace);
    }

    /// A policy of the whole cluster.
    fn admin_policy(&mut self, thing: &Thing<'_>, head: &Head, kind: AdminKind) {
        let read = network::admin_policy(&thing.json, kind, &|pointer| thing.place(pointer));
        let read = read.unwrap_or_else(|error| {
            open(thing, head, Tier::Admin, error.without_place().to_string())
        });
        self.hold(read, false);
    }

    /// A policy of a kind that is not read. It may be asked before every other one.
    fn dialect(&mut self, thing: &Thing<'_>, head: &Head) {
        let text = format!("kind {} of {} is not read", head.kind, head.api_version);
        self.hold(open(thing, head, Tier::Admin, text), false);
    }

    pub(super) fn hold(&mut self, mut read: Read, is_ours: bool) {
        read.policy.share(&mut self.selectors);
        self.policies.push(Held { read, is_ours });
    }

    /// An old version of a kind that runs pods is one that the API server would refuse; other kinds are
    /// somebody's own.
    fn unknown(&mut self, thing: &Thing<'_>, head: &Head) -> Result<(), String> {
        let runs = |shape| matches!(shape, Shape::Pod | Shape::Template(_));
        let mut known = rules::resources::RESOURCES.iter().filter(|own| runs(own.shape));
        if !head.group().contains('.')
            && let Some(own) = known.find(|own| own.kind == head.kind)
        {
            let group =
                if own.group.is_empty() { String::new() } else { format!("{}/", own.group) };
            let (kind, given) = (own.kind, sanitise(&head.api_version, 63));
            let must = format!("{group}{}", own.version);
            return Err(format!("kind {kind} of {given} is not known: set apiVersion: {must}"));
        }
        if may_make_pods(head) {
            let kind =
                format!("{} of {}", sanitise(&head.kind, 63), sanitise(&head.api_version, 63));
            self.unknown.entry(kind).or_insert_with(|| (thing.place(""), 0)).1 += 1;
        }
        Ok(())
    }

    /// A namespace that is there because something is in it.
    fn named(&mut self, name: &str) {
        let new = || Namespace::new(name, Labels::new());
        self.namespaces.entry(name.to_owned()).or_insert_with(new);
    }

    /// Namespaces that are there because documents say so.
    pub(super) fn claims(&mut self) {
        let tenants = self.drawing.tenants;
        for name in tenants.iter().flat_map(|tenant| &tenant.namespaces) {
            self.named(name);
        }
    }

    /// Of two policies of one tier and priority nobody says which is asked first.
    fn ties(&mut self) {
        let mut first: BTreeMap<(Tier, i32), &Origin> = BTreeMap::new();
        for Held { read: Read { policy, unclear }, .. } in &self.policies {
            if policy.tier == Tier::Namespaced || unclear.is_some() {
                continue;
            }
            let Some(other) = first.insert((policy.tier, policy.priority), &policy.origin) else {
                continue;
            };
            let text = format!(
                "{} and {other} have one priority: which is asked first is not defined",
                policy.origin
            );
            self.notes.push(Note { source: policy.origin.source.to_string(), text });
        }
    }

    pub(super) fn finish(mut self) -> Map {
        self.complete();
        self.seal();
        for (kind, (source, count)) in std::mem::take(&mut self.unknown) {
            let text = format!(
                "{count} of kind {kind}, which is not read: pods that it makes are missing here"
            );
            self.notes.push(Note { source, text });
        }
        self.ties();
        let Self { pods, mut templates, .. } = self;
        let there: HashSet<_> = pods.iter().map(|(pod, _)| workload(pod)).collect();
        templates.retain(|(pod, _)| !there.contains(&workload(pod)));
        let (pods, known) = pods.into_iter().chain(templates).unzip();
        let cluster = self.drawing.tenants.platform.spec.cluster.as_ref();
        let blocks = cluster.and_then(|cluster| cluster.ip_block_matches_pods);
        let mut world = World {
            namespaces: self.namespaces.into_values().collect(),
            pods,
            // Where it may be either, what lets more through: NetworkPolicies only add.
            blocks_match_pods: blocks != Some(IpBlocks::NoMatch),
            ..World::default()
        };
        for Held { read, .. } in self.policies {
            world.policies.push(read.policy);
            world.unclear.extend(read.unclear);
        }
        Map { world, known, problems: self.problems, notes: self.notes }
    }
}

/// In place of a policy that is not understood.
fn open(thing: &Thing<'_>, head: &Head, tier: Tier, text: String) -> Read {
    let origin = Origin {
        kind: head.kind.as_str().into(),
        namespace: (!head.namespace.is_empty()).then(|| head.namespace.as_str().into()),
        name: head.name.as_str().into(),
        source: thing.place("").into(),
        places: Vec::new(),
    };
    Read::open(origin, tier, text)
}

/// Whether the controller keeps it.
fn is_ours(thing: &Thing<'_>) -> bool {
    seal::is_ours(&serde_json::from_str(&thing.json).unwrap_or_default())
}

fn workload(pod: &Pod) -> (&str, &str, &str) {
    (&pod.namespace, &pod.kind, &pod.name)
}

fn wrong(head: &Head, error: &Malformed) -> String {
    format!("{}: {}", title(head), error.without_place())
}

/// `Deployment shop/web`
pub(super) fn title(head: &Head) -> String {
    let slash = if head.namespace.is_empty() { "" } else { "/" };
    let (kind, namespace) = (sanitise(&head.kind, 63), sanitise(&head.namespace, 63));
    format!("{kind} {namespace}{slash}{}", sanitise(&head.name, 253))
}
