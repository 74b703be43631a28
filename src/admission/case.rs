//! A request as far as it is known before its object is read.

use std::borrow::Cow;

use jiff::Timestamp;

use super::asker::Asker;
use crate::domain::{Code, Finding, Operation, sanitise};
use crate::objects::{Labelled, Malformed, Meta, Pod, from_json, json};
use crate::review::Request;
use crate::rules::{Resource, Shape, find_resource, guard};
use crate::state::{Snapshot, Standing};

/// Why a request cannot be judged at all: a breach of one of RF9's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule.
    pub code: Code,
    /// What was found, safe to print.
    pub found: String,
}

impl Fault {
    /// A fault; `found` must be safe to print.
    pub fn new(code: Code, found: impl Into<String>) -> Self {
        Self { code, found: found.into() }
    }

    /// The fault of a text that cannot be read.
    #[must_use]
    pub fn malformed(error: &Malformed) -> Self {
        Self::new(Code::Malformed, sanitise(&error.to_string(), 300))
    }

    /// What the rule says of it.
    #[must_use]
    pub fn finding(self) -> Finding {
        guard::finding(self.code, self.found)
    }
}

/// Where on its way an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// As the API server sends it to validating webhooks: defaulted and completed.
    Admission,
    /// As its author wrote it: it is defaulted and completed in memory first.
    Manifest,
}

/// A request, what it is about, and what it is judged on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What is asked.
    pub request: &'a Request<'a>,
    /// The resource that it names.
    pub resource: &'static Resource,
    /// What is done to it.
    pub operation: Operation,
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// What the request's namespace is; of no account where the resource has none.
    pub standing: Standing<'a>,
    /// How far the object has come.
    pub stage: Stage,
    /// Who asks.
    pub asker: Asker,
    /// When: what has ended by then permits nothing.
    pub now: Timestamp,
}

impl<'a> Case<'a> {
    /// The case of a request from the API server, in a namespace of this standing.
    ///
    /// # Errors
    /// RF9002 where nobody knows the resource or the operation.
    pub fn new(
        request: &'a Request<'a>,
        snapshot: &'a Snapshot,
        standing: Standing<'a>,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let (resource, operation) = known(request)?;
        let (stage, asker) = (Stage::Admission, Asker::Named);
        Ok(Self { request, resource, operation, snapshot, standing, stage, asker, now })
    }

    /// The fault of a namespace that no rule can be found for.
    pub(super) fn unknown_namespace(&self) -> Fault {
        let name = sanitise(&self.request.namespace, 63);
        let gone =
            if matches!(self.standing, Standing::Orphaned) { ", its tenant is gone" } else { "" };
        Fault::new(Code::UnknownNamespace, format!("namespace {name}{gone}"))
    }
}

/// Whether a request is judged by what its namespace is, so that somebody must find that out.
#[must_use]
pub fn needs_namespace(request: &Request<'_>) -> bool {
    known(request).is_ok_and(|(resource, operation)| {
        let meets = match operation {
            Operation::Create | Operation::Update => true,
            Operation::Connect => resource.shape == Shape::Stream,
            Operation::Delete => false,
        };
        meets && !resource.cluster_scoped()
    })
}

fn known(request: &Request<'_>) -> Result<(&'static Resource, Operation), Fault> {
    let named = &request.resource;
    let found = find_resource(&named.group, &named.version, &named.resource, &request.subresource);
    let resource = found.ok_or_else(|| {
        let slash = if request.subresource.is_empty() { "" } else { "/" };
        let name = format!("{}{slash}{}", named.resource, request.subresource);
        let group = if named.group.is_empty() { "core" } else { &named.group };
        let text = format!("resource {name} of {group}/{}", named.version);
        Fault::new(Code::UnknownKind, sanitise(&text, 200))
    })?;
    let operation = request.operation().ok_or_else(|| {
        let text = format!("operation {}", request.verb);
        Fault::new(Code::UnknownKind, sanitise(&text, 80))
    })?;
    Ok((resource, operation))
}

/// The fault of a text that is not what it should be.
pub(super) fn malformed(what: &str, error: &Malformed) -> Fault {
    Fault::new(
        Code::Malformed,
        format!("{what}: {}", sanitise(&error.without_place().to_string(), 300)),
    )
}

/// Holds the objects of a request to JSON's grammar where no rule reads them, so that nothing is
/// admitted which is none.
pub(super) fn unread(case: &Case<'_>) -> Result<(), Fault> {
    let Request { object, old_object, .. } = case.request;
    for (what, text) in [("object", object.text()), ("oldObject", old_object.text())] {
        if let Some(text) = text {
            json::check(text).map_err(|error| malformed(what, &error))?;
        }
    }
    Ok(())
}

/// What the object was and what it becomes, as far as its metadata tell. Of a manifest only what it
/// becomes is known: nothing changes.
pub(super) fn metadata<'a>(case: &Case<'a>) -> Result<(Option<Meta<'a>>, Option<Meta<'a>>), Fault> {
    let read = |what, text: Option<&'a str>| -> Result<Meta<'a>, Fault> {
        let object: Labelled<'a> =
            from_json(required(what, text)?).map_err(|error| malformed(what, &error))?;
        Ok(object.meta)
    };
    let (object, old_object) = (case.request.object.text(), case.request.old_object.text());
    let old = match (case.operation, case.stage) {
        (Operation::Create | Operation::Connect, _) => None,
        (_, Stage::Manifest) => Some(read("object", old_object.or(object))?),
        (_, Stage::Admission) => Some(read("oldObject", old_object)?),
    };
    let new = match case.operation {
        Operation::Delete => None,
        _ => Some(read("object", object)?),
    };
    Ok((old, new))
}

/// The pod that is asked about.
pub(super) fn pod<'a>(case: &Case<'a>) -> Result<Cow<'a, Pod<'a>>, Fault> {
    let object = &case.request.object;
    match object.pod() {
        Some(pod) => Ok(Cow::Borrowed(pod)),
        None => from_json(required("object", object.text())?)
            .map(Cow::Owned)
            .map_err(|error| malformed("object", &error)),
    }
}

/// The text of an object that must be there.
pub(super) fn required<'a>(what: &str, text: Option<&'a str>) -> Result<&'a str, Fault> {
    text.ok_or_else(|| Fault::new(Code::Malformed, format!("no {what}")))
}
