//! Pods that run, judged as the door would judge them were they made again: completed first, then held to
//! their tenant's rules. What they have in common is told once for the workload that made them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::admission::{Asker, Case, Stage, judge};
use crate::domain::{
    Code, Decision, Finding, Judged, Mode, Operation, SYSTEM_NAMESPACES, Severity,
};
use crate::objects::{Carried, Made, from_json};
use crate::review::Request;
use crate::rules;
use crate::state::{Snapshot, Standing};

/// How many workloads of a namespace are told of.
const MOST: usize = 100;

/// Judges pods one after the other, and keeps of them what there is to tell.
#[derive(Debug)]
pub struct Running<'a> {
    snapshot: &'a Snapshot,
    now: Timestamp,
    namespaces: BTreeMap<String, Inhabitants>,
}

/// The pods of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inhabitants {
    /// How many were judged.
    pub judged: usize,
    /// How many of them would be refused.
    pub refused: usize,
    /// The workloads with findings, by kind and name.
    pub workloads: BTreeMap<(String, String), Breaches>,
    /// How many pods with findings belong to workloads beyond the first 100, which are not told of.
    pub unlisted: usize,
}

/// What was found in the pods of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaches {
    /// How many of its pods have findings.
    pub pods: usize,
    /// What was found, worst first: severity and code, then the mode and the exemption.
    pub found: BTreeMap<BreachKey, Breach>,
}

/// What makes two findings the same: severity, rule, mode, and the Exemption that permits it.
pub type BreachKey = (Severity, Code, Mode, Option<String>);

/// A finding that pods have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// In how many of them.
    pub pods: usize,
    /// The first one of the first pod.
    pub example: Finding,
}

impl<'a> Running<'a> {
    /// Nothing is judged yet.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, now: Timestamp) -> Self {
        Self { snapshot, now, namespaces: BTreeMap::new() }
    }

    /// Judges a pod, given as JSON, where its namespace is a tenant's or will be: what a Tenant names counts
    /// as if it had the label. In namespaces that the door leaves out nothing is judged.
    pub fn judge(&mut self, namespace: &str, pod: &str) {
        let standing = self.snapshot.standing(namespace);
        let Standing::Owned(_) = standing else { return };
        if SYSTEM_NAMESPACES.contains(&namespace) {
            return;
        }
        let request = request(namespace, pod);
        let Ok(case) = Case::new(&request, self.snapshot, standing, self.now) else { return };
        // Whether somebody is cut off says nothing of what they run.
        let case = Case { stage: Stage::Manifest, asker: Asker::Platform, ..case };
        let verdict = judge(&case);
        let own = self.namespaces.entry(namespace.to_owned()).or_default();
        own.judged += 1;
        own.refused += usize::from(verdict.decision() == Decision::Deny);
        if !verdict.findings().is_empty() {
            own.take(workload(pod), verdict.findings());
        }
    }

    /// What there is to tell of the pods of each namespace.
    #[must_use]
    pub fn told(self) -> BTreeMap<String, Inhabitants> {
        self.namespaces
    }
}

impl Inhabitants {
    fn take(&mut self, workload: (String, String), findings: &[Judged]) {
        if self.workloads.len() >= MOST && !self.workloads.contains_key(&workload) {
            self.unlisted += 1;
            return;
        }
        let breaches = self.workloads.entry(workload).or_default();
        breaches.pods += 1;
        let mut met = Vec::new();
        for Judged { finding, mode, exemption } in findings {
            let by = exemption.as_ref().map(|exemption| exemption.by.clone());
            let key = (finding.severity, finding.code, *mode, by);
            if met.contains(&key) {
                continue;
            }
            let first = || Breach { pods: 0, example: finding.clone() };
            breaches.found.entry(key.clone()).or_insert_with(first).pods += 1;
            met.push(key);
        }
    }
}

fn request<'a>(namespace: &'a str, pod: &'a str) -> Request<'a> {
    let mut request = Request::default();
    if let Some(pods) = rules::find_kind("v1", "Pod") {
        request.kind.kind = Cow::Borrowed(pods.kind);
        request.kind.version = Cow::Borrowed(pods.version);
        request.resource.version = Cow::Borrowed(pods.version);
        request.resource.resource = Cow::Borrowed(pods.resource);
    }
    request.verb = Cow::Borrowed(Operation::Create.as_str());
    request.namespace = Cow::Borrowed(namespace);
    request.object = Carried::new(pod);
    request
}

/// What made a pod, as far up as its metadata tell; else the pod itself.
fn workload(pod: &str) -> (String, String) {
    // What cannot be read has been refused as that.
    let made: Made<'_> = from_json(pod).unwrap_or_default();
    made.workloads("Pod").pop().unwrap_or_else(|| ("Pod".to_owned(), String::new()))
}

#[cfg(test)]
mod tests;
