//! What a rule is.

use std::borrow::Cow;

use super::images::ImagesView;
use super::network::{NetworkView, PodMetadataView};
use super::pod_security::PodView;
use super::tenancy::{KeptView, NamespaceView};
use crate::domain::{Code, FieldPath, Finding, Fix, Level, Mode, Severity, Version};

/// An entry of the table.
#[derive(Debug)]
pub struct Rule {
    /// Its stable code.
    pub code: Code,
    /// Its short name; for a Pod Security check upstream's id.
    pub name: &'static str,
    /// What it asks, in a few words.
    pub title: &'static str,
    /// Why, in a sentence.
    pub reason: &'static str,
    /// What to do, in general; a finding says it for its own place.
    pub remedy: &'static str,
    /// How bad a breach is.
    pub severity: Severity,
    /// Where the rule comes from.
    pub references: &'static [&'static str],
    /// What it looks at.
    pub concern: Concern,
}

/// What a rule looks at.
#[derive(Debug)]
pub enum Concern {
    /// Pods, and the templates of pods: the standards' checks, with upstream's id as name.
    Standard(PodCheck),
    /// Pods, and the templates of pods: what we ask beyond the standards.
    Beyond(PodCheck),
    /// The images of pods, and of the templates of pods.
    Images(fn(&ImagesView<'_>, &mut Report<'_>)),
    /// Namespaces, before and after a request.
    Namespace(fn(&NamespaceView<'_>, &mut Report<'_>)),
    /// Every change in a tenant's namespaces, where the tenant is cut off.
    Cordon,
    /// Our own documents, as resources of a cluster.
    Document,
    /// Streams to pods.
    Stream,
    /// Objects of the kinds of which the controller keeps some, before and after a request.
    Kept(fn(&KeptView<'_>, &mut Report<'_>)),
    /// A tenant's NetworkPolicies.
    NetworkPolicy(fn(&NetworkView<'_>, &mut Report<'_>)),
    /// The labels and annotations of pods, and of the templates of pods.
    PodMetadata(fn(&PodMetadataView<'_>, &mut Report<'_>)),
    /// Policies in network plugins' own kinds.
    PolicyKind,
    /// New pods of a namespace whose walls do not stand yet.
    Seal,
    /// Every request that reaches us.
    Guard,
}

/// A check of pods that goes by level and version.
#[derive(Debug)]
pub struct PodCheck {
    /// The lowest level that has the check.
    pub level: Level,
    /// The check's forms over the versions, oldest first. Before the first there is no check.
    pub revisions: &'static [Revision],
    /// The baseline check that this one takes the place of, wherever it is in force.
    pub overrides: Option<Code>,
}

/// A check as it is from a version on.
#[derive(Debug)]
pub struct Revision {
    /// The first version.
    pub since: Version,
    /// `None` ends the check.
    pub judge: Option<fn(&PodView<'_>, &mut Report<'_>)>,
}

impl PodCheck {
    /// The form of the check at a level and version, if there is one.
    #[must_use]
    pub fn at(&self, level: Level, version: Version) -> Option<fn(&PodView<'_>, &mut Report<'_>)> {
        if level < self.level {
            return None;
        }
        self.revisions.iter().rev().find(|revision| revision.since <= version)?.judge
    }
}

impl Rule {
    /// The check of a rule on pods that goes by level and version.
    #[must_use]
    pub fn pod_check(&self) -> Option<&PodCheck> {
        match &self.concern {
            Concern::Standard(check) | Concern::Beyond(check) => Some(check),
            Concern::Images(_)
            | Concern::Namespace(_)
            | Concern::Cordon
            | Concern::Document
            | Concern::Stream
            | Concern::Kept(_)
            | Concern::NetworkPolicy(_)
            | Concern::PodMetadata(_)
            | Concern::PolicyKind
            | Concern::Seal
            | Concern::Guard => None,
        }
    }

    /// Upstream's check id, for the rules that have one.
    #[must_use]
    pub fn upstream_id(&self) -> Option<&'static str> {
        matches!(self.concern, Concern::Standard(_)).then_some(self.name)
    }
}

/// What is done about breaches: the profile's modes, and what is permitted all the same. A function from
/// codes to modes is terms that permit nothing.
pub trait Terms {
    /// The profile's mode.
    fn mode(&self, code: Code) -> Mode;

    /// The mode that every breach of the rule meets at least. It is milder where some breaches may be
    /// permitted: a rule that stands in for another can do so only with this one.
    fn least(&self, code: Code) -> Mode {
        self.mode(code)
    }

    /// Whether a breach at this place is permitted.
    fn permit(&self, _code: Code, _at: &FieldPath) -> bool {
        false
    }
}

impl<F: Fn(Code) -> Mode> Terms for F {
    fn mode(&self, code: Code) -> Mode {
        self(code)
    }
}

/// How many breaches of one rule in one object are told; more would only take memory. Those that are
/// permitted are counted apart: they must not crowd out one that is not.
pub const MOST_FINDINGS: usize = 256;

/// Where a rule's function leaves what it finds.
pub struct Report<'a> {
    rule: &'static Rule,
    findings: &'a mut Vec<Finding>,
    left: usize,
    left_permitted: usize,
    permits: &'a dyn Fn(&FieldPath) -> bool,
}

impl<'a> Report<'a> {
    /// A report of one rule into a list.
    pub fn new(rule: &'static Rule, findings: &'a mut Vec<Finding>) -> Self {
        Self {
            rule,
            findings,
            left: MOST_FINDINGS,
            left_permitted: MOST_FINDINGS,
            permits: &|_| false,
        }
    }

    /// The same, where breaches at some places are permitted.
    #[must_use]
    pub fn permitting(self, permits: &'a dyn Fn(&FieldPath) -> bool) -> Self {
        Self { permits, ..self }
    }

    /// Adds a finding. `found` must be safe to print.
    pub fn add(
        &mut self,
        path: FieldPath,
        found: impl Into<String>,
        must: impl Into<Cow<'static, str>>,
        fix: Fix,
    ) {
        if self.left == 0 && self.left_permitted == 0 {
            return;
        }
        let permitted = (self.permits)(&path);
        let counter = if permitted { &mut self.left_permitted } else { &mut self.left };
        let Some(left) = counter.checked_sub(1) else { return };
        *counter = left;
        self.findings.push(Finding {
            code: self.rule.code,
            rule: self.rule.name,
            severity: self.rule.severity,
            path,
            found: found.into(),
            must: must.into(),
            fix,
        });
    }
}
