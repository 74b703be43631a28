//! Objects and documents → the [`World`] that reachability is asked about.
//!
//! Objects come from files, read as `ringfence review` reads them, or from a cluster. What the API server
//! would have stored of one counts; of two of a name the later, as with `kubectl apply`. Of workloads:
//!
//! - a pod is known by what made it in the end, and the pods of a workload that are there stand in place of
//!   its template;
//! - a workload in a file counts with no replicas too, because what scales it asks nobody.
//!
//! Documents make a namespace that they claim a tenant's, and what the controller would keep there counts
//! as present ([`seal::wanted`](crate::seal::wanted)), in place of what stands under its name.
//!
//! Nothing is dropped silently. What cannot be read at all is a [`Problem`]; a policy that cannot be
//! understood, or of a kind that we do not read, is in [`World::unclear`] and counts as open; what makes pods and is
//! not read is a [`Note`].
//!
//! Deliberately absent: Services and Ingresses, which choose among pods before policies are asked, and Nodes.

mod draft;
mod kinds;
mod seals;
#[cfg(test)]
mod tests;
mod thing;

use jiff::Timestamp;
use serde_json::Value;
use smol_str::SmolStr;

use self::draft::Draft;
use self::thing::Thing;
use super::kustomize::{self, Verb};
use super::object::{Input, Note, Problem, Read, read};
use crate::policy::Tenants;
use crate::reach::World;

pub use kinds::POLICY_GROUPS;

/// How objects are read.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// Whose namespaces are, and what the controller keeps there.
    pub tenants: &'a Tenants,
    /// The namespace of objects that name none.
    pub namespace: &'a str,
    /// Whether what the controller would keep is left out where it does not stand.
    pub as_is: bool,
    /// When: grants that have ended by then permit nothing.
    pub now: Timestamp,
}

/// What reachability is asked about, and what is known of it beside.
#[derive(Debug, Default)]
pub struct Map {
    /// It; its namespaces are in the order of their names.
    pub world: World,
    /// Of each pod of the world, in its order, what else is known.
    pub known: Vec<Known>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What somebody should know.
    pub notes: Vec<Note>,
}

/// What else is known of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it is called itself: `web-7d4b9c6f5-x2x7k`; of a template the workload's name.
    pub name: SmolStr,
    /// `web.yaml:12`, or `the cluster`
    pub place: SmolStr,
    /// Whether it stands for all pods that a template makes.
    pub is_template: bool,
}

impl Map {
    /// The tenant that a namespace's label names.
    #[must_use]
    pub fn tenant(&self, namespace: &str) -> Option<&str> {
        let namespaces = &self.world.namespaces;
        let found = namespaces.binary_search_by(|own| own.name.as_str().cmp(namespace)).ok()?;
        namespaces.get(found)?.tenant()
    }
}

/// Reads the objects of texts, which are never all that there is in a cluster.
#[must_use]
pub fn draw(inputs: &[Input], drawing: &Drawing<'_>) -> Map {
    let mut found: Vec<Read> = inputs.iter().map(read).collect();
    let notes = kustomize::pass_over(inputs, &mut found, &Verb::READ);
    let problems = found.iter_mut().flat_map(|own| own.problems.drain(..)).collect();
    let things = inputs.iter().zip(&found).flat_map(|(input, read)| {
        read.items.iter().filter_map(|item| Thing::of_text(item, input, read))
    });
    let mut draft = Draft::new(drawing, problems, notes);
    draft.take(&things.collect::<Vec<_>>());
    draft.claims();
    draft.finish()
}

/// A map of a cluster, drawn object by object: none is kept, of which there may be many.
pub struct Sketch<'a>(Draft<'a>);

impl<'a> Sketch<'a> {
    /// Of a cluster of which nothing has been told yet.
    #[must_use]
    pub fn new(drawing: &'a Drawing<'a>) -> Self {
        Self(Draft::new(drawing, Vec::new(), Vec::new()))
    }

    /// Takes in an object, which says its apiVersion and kind.
    pub fn take(&mut self, object: &Value) {
        self.0.take_one(&Thing::of_cluster(object));
    }

    /// The map, once all objects of the kinds that are read have been told.
    #[must_use]
    pub fn finish(self) -> Map {
        self.0.finish()
    }
}
