//! What the controller would do in a cluster, and which pods would break their tenant's rules.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Finding, Mode, counted, sanitise};

/// What would be done. Serialized it is the JSON that `plan` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Whether anything would be written.
    pub changes: bool,
    /// Whether pods would be refused, a namespace stays unsealed, or somebody means another namespace than
    /// there is.
    pub breaks: bool,
    /// Whether the Platform has denials be warnings.
    pub rehearsal: bool,
    /// What stands once in the cluster and would change.
    pub clusterwide: Vec<Object>,
    /// The namespaces that are tenants', or would be.
    pub namespaces: Vec<Namespace>,
    /// Namespaces that are not what somebody takes them for.
    pub strays: Vec<Stray>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Whose it is, or would be.
    pub tenant: String,
    /// Its name.
    pub namespace: String,
    /// Whether its seal is laid.
    pub seal: Seal,
    /// The objects that would change.
    pub objects: Vec<Object>,
    /// How many stand as they must.
    pub unchanged: usize,
    /// The labels that would change: each with its value, or without one where it goes.
    pub labels: BTreeMap<String, Option<String>>,
    /// The annotations that would change, with their values.
    pub annotations: BTreeMap<String, String>,
    /// What runs in it.
    pub pods: Pods,
}

/// Whether a seal is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Seal {
    /// It is.
    Keep,
    /// The profile says to lay nothing.
    Plan,
    /// The tenant has more namespaces than it may: this one gets none, and no pod comes into it.
    OverLimit,
    /// The namespace is being deleted: what stands is kept.
    Ending,
}

/// An object that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// What would be done.
    pub action: Action,
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How it differs from what it must be, a line for each field.
    pub differences: Vec<String>,
}

/// What would be done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is put right.
    Change,
    /// It is deleted.
    Delete,
    /// Nothing: somebody else's object has its name.
    Taken,
    /// Nothing: the profile says to lay nothing.
    Planned,
}

/// The pods of a namespace that have not ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pods {
    /// How many there are.
    pub judged: usize,
    /// How many of them would be refused were they made again.
    pub refused: usize,
    /// Those with findings, by what made them.
    pub workloads: Vec<Workload>,
    /// How many pods with findings belong to workloads that are not told of.
    pub unlisted: usize,
}

/// Pods that one workload made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Its kind: `Deployment`; `Pod` where nothing made the pod.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many of its pods have findings.
    pub pods: usize,
    /// What was found.
    pub findings: Vec<Found>,
}

/// A finding that pods have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The rule.
    pub code: String,
    /// Its short name; of the Pod Security Standards, upstream's id of the check.
    pub check: &'static str,
    /// `critical`, `high`, `medium` or `low`
    pub severity: &'static str,
    /// `enforce`, `warn` or `audit`
    pub mode: &'static str,
    /// The Exemption that permits it.
    pub exemption: Option<String>,
    /// In how many pods.
    pub pods: usize,
    /// Where in the first of them.
    pub path: String,
    /// What is there.
    pub found: String,
    /// What must be there.
    pub must: String,
    /// What to do.
    pub fix: String,
}

impl Found {
    /// What is said of a finding in so many pods.
    #[must_use]
    pub fn of(example: &Finding, mode: Mode, exemption: Option<String>, pods: usize) -> Self {
        let Finding { code, rule, severity, path, found, must, fix } = example;
        Self {
            code: code.to_string(),
            check: rule,
            severity: severity.as_str(),
            mode: mode.as_str(),
            exemption,
            pods,
            path: path.to_string(),
            found: found.clone(),
            must: must.to_string(),
            fix: fix.text.to_string(),
        }
    }
}

/// A namespace that is not what somebody takes it for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stray {
    /// The tenant that names it, or that its label names.
    pub tenant: String,
    /// Its name.
    pub namespace: String,
    /// `absent`, `labelled` with another tenant's label, or `orphaned`.
    pub state: State,
    /// The tenant that its label names instead.
    pub label: Option<String>,
}

/// See [`Stray`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// A tenant names it, and it is not there.
    Absent,
    /// A tenant names it, and it has another tenant's label.
    Labelled,
    /// Its label names a tenant that is not there.
    Orphaned,
}

impl Namespace {
    /// Whether anything in it would be written.
    #[must_use]
    pub fn changes(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty() || write(&self.objects)
    }

    /// Whether it stays unsealed, or pods of it would be refused.
    #[must_use]
    pub fn breaks(&self) -> bool {
        let is_taken = |own: &Object| own.action == Action::Taken;
        self.seal == Seal::OverLimit || self.pods.refused > 0 || self.objects.iter().any(is_taken)
    }

    fn is_worth_a_word(&self) -> bool {
        self.changes()
            || self.breaks()
            || !self.objects.is_empty()
            || self.pods.workloads.iter().any(is_shown)
    }
}

/// Whether anything of these would be written.
#[must_use]
pub fn write(objects: &[Object]) -> bool {
    let is_done = |own: &Object| !matches!(own.action, Action::Taken | Action::Planned);
    objects.iter().any(is_done)
}

/// What is only recorded is for programs.
fn is_shown(workload: &Workload) -> bool {
    workload.findings.iter().any(|own| own.mode != Mode::Audit.as_str())
}

/// For people: what there is to say of each namespace, and a summary.
#[must_use]
pub fn human(plan: &Plan) -> String {
    let mut text = String::new();
    if !plan.clusterwide.is_empty() {
        text.push_str("the whole cluster\n");
        text.extend(plan.clusterwide.iter().map(object));
        text.push('\n');
    }
    for own in plan.namespaces.iter().filter(|own| own.is_worth_a_word()) {
        text.push_str(&namespace(own));
        text.push('\n');
    }
    text.extend(plan.strays.iter().map(stray));
    if !plan.strays.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(plan));
    text
}

fn namespace(own: &Namespace) -> String {
    let Namespace { tenant, namespace, seal, .. } = own;
    let seal = match seal {
        Seal::Keep => "",
        Seal::Plan => ": its profile says to lay nothing",
        Seal::OverLimit => ": over the tenant's limit, and so left unsealed: no pod comes into it",
        Seal::Ending => ": it is being deleted",
    };
    let mut text =
        format!("tenant {}, namespace {}{seal}\n", sanitise(tenant, 63), sanitise(namespace, 63));
    for (key, value) in &own.labels {
        let value = value.as_deref().map_or("taken away".into(), |value| sanitise(value, 63));
        text.push_str(&format!("  label {}: {value}\n", sanitise(key, 317)));
    }
    for key in own.annotations.keys() {
        text.push_str(&format!("  annotation {}\n", sanitise(key, 317)));
    }
    text.extend(own.objects.iter().map(object));
    if own.unchanged > 0 {
        text.push_str(&format!("  {} as they must be\n", counted(own.unchanged, "object")));
    }
    if own.pods.judged > 0 {
        text.push_str(&pods(&own.pods));
    }
    text
}

fn object(own: &Object) -> String {
    let Object { action, kind, name, differences } = own;
    let (action, note) = match action {
        Action::Create => ("create", ""),
        Action::Change => ("change", ""),
        Action::Delete => ("delete", ""),
        Action::Planned => ("planned", ""),
        Action::Taken => {
            ("taken", ": an object of this name is not ours, and the namespace stays unsealed")
        }
    };
    let mut text = format!("  {action} {kind} {}{note}\n", sanitise(name, 253));
    for line in differences {
        text.push_str(&format!("    {}\n", sanitise(line, 512)));
    }
    text
}

fn pods(own: &Pods) -> String {
    let Pods { judged, refused, workloads, unlisted } = own;
    let mut text =
        format!("  {refused} of {} would be refused if made again\n", counted(*judged, "pod"));
    for own in workloads.iter().filter(|own| is_shown(own)) {
        let (kind, name) = (sanitise(&own.kind, 63), sanitise(&own.name, 253));
        text.push_str(&format!("    {kind} {name}, {}\n", counted(own.pods, "pod")));
        let shown = own.findings.iter().filter(|own| own.mode != Mode::Audit.as_str());
        text.extend(shown.map(finding));
    }
    if *unlisted > 0 {
        text.push_str(&format!("    and {} of other workloads\n", counted(*unlisted, "pod")));
    }
    text
}

fn finding(own: &Found) -> String {
    let Found { code, check, severity, exemption, path, found, must, fix, .. } = own;
    let pods = counted(own.pods, "pod");
    if let Some(by) = exemption {
        let by = sanitise(by, 253);
        return format!("      {code} {check}, {pods}: permitted by exemption {by}\n");
    }
    let mark = if own.mode == Mode::Warn.as_str() { "warning: " } else { "" };
    let path = sanitise(path, 512);
    let colon = if path.is_empty() { "" } else { ": " };
    format!(
        "      {mark}{code} {check} ({severity}), {pods}\n        {path}{colon}found {}; {}\n        fix: {}\n",
        sanitise(found, 512),
        sanitise(must, 512),
        sanitise(fix, 512)
    )
}

fn stray(own: &Stray) -> String {
    let (tenant, name) = (sanitise(&own.tenant, 63), sanitise(&own.namespace, 63));
    match (own.state, &own.label) {
        (State::Orphaned, _) => {
            format!("namespace {name}: its label names tenant {tenant}, which is not there\n")
        }
        (State::Labelled, Some(label)) => format!(
            "namespace {name}: tenant {tenant} names it, and it has the label of tenant {}, which holds\n",
            sanitise(label, 63)
        ),
        (State::Absent | State::Labelled, _) => {
            format!("namespace {name}: tenant {tenant} names it, and it is not there\n")
        }
    }
}

fn summary(plan: &Plan) -> String {
    let all = plan.namespaces.len();
    let change = plan.namespaces.iter().filter(|own| own.changes()).count();
    let sum = |of: fn(&Pods) -> usize| plan.namespaces.iter().map(|own| of(&own.pods)).sum();
    let (judged, refused): (usize, usize) = (sum(|own| own.judged), sum(|own| own.refused));
    let mut text = format!(
        "{change} of {} would change, {refused} of {} would be refused if made again\n",
        counted(all, "namespace"),
        counted(judged, "pod")
    );
    if plan.rehearsal && refused > 0 {
        text.push_str("the Platform rehearses: until it does not, they are warned of\n");
    }
    text
}
