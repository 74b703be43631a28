//! From an object to its verdict.

use std::borrow::Cow;
use std::collections::HashMap;

use super::object::Item;
use super::review::{Asked, Record, Settings};
use super::standards::standards;
use crate::admission::{Asker, Case, Fault, Stage, fill, judge};
use crate::defaults::Patch;
use crate::domain::{
    Code, Fix, Level, Mode, Operation, PolicyVersion, TENANT_LABEL, Verdict, sanitise,
};
use crate::objects::json::DEEPEST;
use crate::objects::{Carried, Malformed, Object, Raw, from_json};
use crate::review::{Request, envelope};
use crate::rules::{self, Resource, Shape};
use crate::state::Standing;

/// Namespaces that are reviewed along with the objects in them, with their tenant labels.
pub(super) fn reviewed_namespaces<'a>(
    items: impl Iterator<Item = &'a Item>,
) -> HashMap<String, String> {
    items.filter_map(|item| tenant_label(&item.json)).collect()
}

/// The name and the tenant label of a namespace, or of the one that a recorded review is about.
fn tenant_label(json: &str) -> Option<(String, String)> {
    // Most objects are neither, and are not read for this.
    if !json.contains("Namespace\"") && !json.contains("AdmissionReview\"") {
        return None;
    }
    let object: Object<'_> = from_json(json).ok()?;
    if is_review(&object) {
        return tenant_label(envelope::read(json, DEEPEST).ok()?.request.ok()?.object.text()?);
    }
    let namespace = object.kind == "Namespace" && object.api_version == "v1";
    let label = object.meta.labels.get(TENANT_LABEL).filter(|_| namespace)?;
    Some((object.meta.name.to_string(), label.to_string()))
}

fn is_review(object: &Object<'_>) -> bool {
    object.kind == "AdmissionReview" && object.api_version.starts_with("admission.k8s.io/")
}

pub(super) fn record(
    item: &Item,
    settings: &Settings<'_>,
    labels: &HashMap<String, String>,
) -> Result<Record, String> {
    if !item.json.starts_with('{') {
        return Err("not a Kubernetes object: a map must stand here".to_owned());
    }
    let object: Object<'_> = from_json(&item.json).map_err(|error: Malformed| {
        format!("not a Kubernetes object: {}", error.without_place())
    })?;
    if object.kind.is_empty() || object.api_version.is_empty() {
        return Err("not a Kubernetes object: apiVersion and kind are needed".to_owned());
    }
    let reviewer = Reviewer { item, settings, labels };
    if is_review(&object) { reviewer.admission_review() } else { Ok(reviewer.manifest(&object)) }
}

struct Reviewer<'a> {
    item: &'a Item,
    settings: &'a Settings<'a>,
    labels: &'a HashMap<String, String>,
}

impl<'a> Reviewer<'a> {
    fn admission_review(&self) -> Result<Record, String> {
        let review = envelope::read(&self.item.json, DEEPEST).map_err(|error| error.to_string())?;
        match review.request {
            Ok(request) => {
                let mut record = self.judged(&request);
                let held = if request.object.text().is_some() { "object" } else { "oldObject" };
                record.at = format!("{}/request/{held}", self.item.at);
                record.recorded = true;
                Ok(record)
            }
            Err(error) => {
                let fault = Fault::malformed(&error);
                let mut record = self.blank();
                record.kind = "AdmissionReview".to_owned();
                record.verdict = Verdict::enforced(vec![fault.finding()]);
                Ok(record)
            }
        }
    }

    fn manifest(&self, object: &Object<'_>) -> Record {
        match rules::find_kind(&object.api_version, &object.kind) {
            Some(resource) => self.judged(&self.request(object, resource)),
            None => self.unknown(object),
        }
    }

    /// Of a group that only Kubernetes itself can have (those of others have a dot), a kind that we
    /// judge in another version is refused, as the webhook would. Other kinds are somebody's own.
    fn unknown(&self, object: &Object<'_>) -> Record {
        let mut record = self.blank();
        record.kind = object.kind.to_string();
        record.namespace = object.meta.namespace.to_string();
        record.name = object.meta.name.to_string();
        let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let named = |resource: &&Resource| resource.kind == object.kind;
        let known = rules::resources::RESOURCES.iter().filter(named).find(|it| is_judged(it));
        if let Some(known) = known.filter(|_| !group.contains('.')) {
            let text = format!("kind {} of {}", object.kind, object.api_version);
            let mut finding = Fault::new(Code::UnknownKind, sanitise(&text, 200)).finding();
            finding.fix = Fix::advice(format!("set apiVersion: {}", api_version(known)));
            record.verdict = Verdict::enforced(vec![finding]);
        } else {
            let kind = sanitise(&object.kind, 63);
            record.notes.push(format!("{kind} is a kind that no rule looks at"));
        }
        record
    }

    fn request(&self, object: &Object<'a>, resource: &'static Resource) -> Request<'a> {
        let mut request = Request::default();
        request.kind.group = Cow::Borrowed(resource.group);
        request.kind.version = Cow::Borrowed(resource.version);
        request.kind.kind = Cow::Borrowed(resource.kind);
        request.resource.group = Cow::Borrowed(resource.group);
        request.resource.version = Cow::Borrowed(resource.version);
        request.resource.resource = Cow::Borrowed(resource.resource);
        request.verb = Cow::Borrowed(self.settings.operation.as_str());
        request.name = object.meta.name.clone();
        request.namespace = match (resource.cluster_scoped(), object.meta.namespace.as_ref()) {
            (true, _) if resource.shape == Shape::Namespace => object.meta.name.clone(),
            (true, _) => Cow::Borrowed(""),
            (false, "") => Cow::Owned(self.settings.namespace.clone().unwrap_or_default()),
            (false, _) => object.meta.namespace.clone(),
        };
        let text = &self.item.json;
        match self.settings.operation {
            Operation::Delete => request.old_object = Raw::new(text),
            Operation::Create | Operation::Update | Operation::Connect => {
                request.object = Carried::new(text);
            }
        }
        request
    }

    fn judged(&self, request: &Request<'_>) -> Record {
        let mut request = request.clone();
        if let Some(requester) = &self.settings.requester {
            request.user.username = Cow::Owned(requester.name.clone());
            request.user.groups = requester.groups.iter().cloned().map(Cow::Owned).collect();
        }
        let mut record = self.blank();
        record.kind = request.object_kind().to_owned();
        record.name = request.object_name().into_owned();
        record.namespace = match record.kind.as_str() {
            "Namespace" => String::new(),
            _ => request.namespace.to_string(),
        };
        match self.settings.asked {
            Asked::Standards(level, version) => {
                record.verdict = by_standards(&request, level, version);
            }
            Asked::Tenants => self.by_tenant(&request, &mut record),
        }
        record
    }

    fn by_tenant(&self, request: &Request<'_>, record: &mut Record) {
        let standing = self.standing(&request.namespace);
        record.tenant = standing.tenant().map(|tenant| tenant.name.clone());
        let case = Case::new(request, self.settings.snapshot, standing, self.settings.now);
        let case = match case {
            Ok(case) => {
                // A manifest names nobody; a recorded review does.
                let somebody = !request.user.username.is_empty();
                let asker = if somebody { case.asker } else { Asker::Owner };
                Case { stage: Stage::Manifest, asker, ..case }
            }
            Err(fault) => {
                record.verdict = Verdict::enforced(vec![fault.finding()]);
                return;
            }
        };
        record.verdict = self.settings.snapshot.in_force(judge(&case));
        record.patch = fill(&case).unwrap_or_default();
        let changes = matches!(case.operation, Operation::Create | Operation::Update);
        let not_judged = "no tenant: not judged";
        if is_judged(case.resource) && changes {
            record.notes.extend(match standing {
                Standing::Unowned(None) => Some(not_judged.to_owned()),
                Standing::Unowned(Some(_)) => Some(
                    "no tenant: judged by the platform's profile for such namespaces".to_owned(),
                ),
                Standing::Owned(_) | Standing::Orphaned | Standing::Unknown => None,
            });
        }
        let namespace = case.resource.shape == Shape::Namespace && case.asker == Asker::Owner;
        if namespace && matches!(standing, Standing::Unowned(_)) {
            record.notes.push(not_judged.to_owned());
        }
    }

    /// A namespace is what its label says, read along or known; else what the platform says of
    /// namespaces without a tenant.
    fn standing(&self, namespace: &str) -> Standing<'a> {
        let label = self.labels.get(namespace).map(String::as_str);
        self.settings.snapshot.labelled(namespace, label)
    }

    fn blank(&self) -> Record {
        Record {
            source: self.item.source.clone(),
            line: self.item.line,
            input: 0,
            document: self.item.document,
            at: self.item.at.clone(),
            recorded: false,
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
            tenant: None,
            verdict: Verdict::enforced(Vec::new()),
            places: Vec::new(),
            patch: Patch::default(),
            notes: Vec::new(),
        }
    }
}

fn api_version(resource: &Resource) -> String {
    match resource.group {
        "" => resource.version.to_owned(),
        group => format!("{group}/{}", resource.version),
    }
}

/// Whether a rule in force looks at what the objects of a resource run.
fn is_judged(resource: &Resource) -> bool {
    matches!(resource.shape, Shape::Pod | Shape::Template(_))
}

fn by_standards(request: &Request<'_>, level: Level, version: PolicyVersion) -> Verdict {
    let named = &request.resource;
    let resource =
        rules::find_resource(&named.group, &named.version, &named.resource, &request.subresource);
    let (Some(resource), Some(text)) = (resource, request.object.text()) else {
        return Verdict::enforced(Vec::new());
    };
    match standards(resource, text, level, version) {
        Ok(findings) => Verdict::of(findings, |_| Mode::Enforce),
        Err(error) => {
            let fault = Fault::malformed(&error);
            Verdict::enforced(vec![fault.finding()])
        }
    }
}
