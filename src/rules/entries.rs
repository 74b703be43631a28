//! The webhook entries that the rules need: which requests the API server sends us.
//!
//! They are made from the table of resources, so that a rule never waits for a request that no entry
//! names. At most one validating entry matches a request: of several refusals the API server shows
//! only the first.

use std::collections::BTreeSet;

use super::resources::{RESOURCES, Resource, Shape};
use super::tenancy::{OURS, UPKEEP};
use crate::domain::{MANAGED_LABEL, MANAGED_PREFIX, OUR_NAMESPACE, Operation};
use crate::policy::Tenants;

/// The account that we run as.
pub const OUR_ACCOUNT: &str = "system:serviceaccount:ringfence-system:ringfence";

/// The ConfigMap that our account asks the API server to make in our namespace, to learn whether it asks
/// us; it is never made.
pub const PROBE: &str = "ringfence-probe";

/// The entry that sends it to us.
pub const PROBE_ENTRY: &str = "probe";

/// One webhook of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `tenants`
    pub name: &'static str,
    /// Whether it fills in rather than judges.
    pub mutating: bool,
    /// What it is sent.
    pub rules: Vec<EntryRule>,
    /// Which namespaces it is for.
    pub selects: Selects,
    /// Whom and what it leaves out: CEL expressions that must all be true, with their names.
    pub conditions: Vec<(&'static str, String)>,
    /// Whether a request passes when we do not answer.
    pub ignore_failure: bool,
    /// How long the API server waits.
    pub timeout_seconds: u8,
}

/// A line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRule {
    /// API group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// `pods/resize`
    pub resources: Vec<String>,
    /// What is done.
    pub operations: &'static [Operation],
}

/// Which namespaces an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selects {
    /// Whatever the namespace.
    All,
    /// Those with a tenant label.
    Tenants,
    /// Those without one.
    Unowned,
    /// Our own.
    Ours,
}

/// What the Platform wants of the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Namespaces without a tenant are judged too.
    pub unowned: bool,
    /// Nothing is refused, not even while we are away.
    pub rehearsal: bool,
}

impl Wanted {
    /// What the documents' Platform wants.
    #[must_use]
    pub fn by(tenants: &Tenants) -> Self {
        Self { unowned: tenants.unowned.is_some(), rehearsal: tenants.platform.rehearsal }
    }
}

/// Every entry.
#[must_use]
pub fn entries(wanted: Wanted) -> Vec<Entry> {
    let mut entries = vec![validate_namespaces(), validate_tenants("tenants", Selects::Tenants)];
    if wanted.unowned {
        let unowned = validate_tenants("unowned", Selects::Unowned);
        entries.push(Entry { ignore_failure: true, ..unowned });
    }
    entries.extend([validate_clusterwide(), validate_documents(), validate_probe()]);
    entries.extend([fill_namespaces(), fill_tenants()]);
    for entry in &mut entries {
        entry.ignore_failure |= wanted.rehearsal;
    }
    entries
}

/// Requests of the control plane (CEL).
const CONTROL_PLANE: &str = "(request.userInfo.username in ['system:apiserver', \
     'system:kube-controller-manager', 'system:kube-scheduler'] || \
     request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || \
     (request.userInfo.username.startsWith('system:node:') && \
     'system:nodes' in request.userInfo.groups))";

/// Requesters that RBAC lets administer tenants. Service accounts come to us all the same: one of a
/// tenant's namespace is never the platform's.
const ADMINISTRATOR: &str = "(!request.userInfo.username.startsWith('system:serviceaccount:') && \
     authorizer.group('ringfence.dev').resource('tenants').check('administer').allowed())";

pub(super) fn not_ourselves() -> (&'static str, String) {
    ("not-ringfence", format!("request.userInfo.username != '{OUR_ACCOUNT}'"))
}

fn validate_namespaces() -> Entry {
    const ALL: &[Operation] = &[Operation::Create, Operation::Update, Operation::Delete];
    Entry {
        name: "namespaces",
        mutating: false,
        rules: lines(|resource| (resource.shape == Shape::Namespace).then_some(ALL)),
        selects: Selects::All,
        conditions: not_the_platform(),
        ignore_failure: false,
        timeout_seconds: 5,
    }
}

/// Administrators by RBAC are left out.
pub(super) fn not_administrator() -> (&'static str, String) {
    ("not-administrator", format!("!{ADMINISTRATOR}"))
}

/// Whom everything about namespaces leaves out, as far as the API server knows them.
pub(super) fn not_the_platform() -> Vec<(&'static str, String)> {
    vec![not_ourselves(), ("not-control-plane", format!("!{CONTROL_PLANE}")), not_administrator()]
}

/// Changes of namespaces that exist.
pub(super) fn changes_of_namespaces() -> Vec<EntryRule> {
    const UPDATE: &[Operation] = &[Operation::Update];
    lines(|resource| (resource.shape == Shape::Namespace).then_some(UPDATE))
}

/// All that may be done to objects of the kinds of which the controller keeps some.
pub(super) fn uses_of_kept() -> Vec<EntryRule> {
    let kept = |shape| shape == Shape::Kept || is_kept_clusterwide(shape);
    lines(|resource| kept(resource.shape).then(|| uses(resource)))
}

/// The kinds of what stands once in a cluster, as a list in CEL.
pub(super) fn kept_clusterwide() -> String {
    named(|it| is_kept_clusterwide(it.shape))
}

fn is_kept_clusterwide(shape: Shape) -> bool {
    matches!(shape, Shape::KeptClusterwide | Shape::KeptPolicyClusterwide)
}

fn uses(resource: &Resource) -> &'static [Operation] {
    const ALL: &[Operation] = &[Operation::Create, Operation::Update, Operation::Delete];
    const UPDATE: &[Operation] = &[Operation::Update];
    if resource.subresource.is_empty() { ALL } else { UPDATE }
}

fn validate_tenants(name: &'static str, selects: Selects) -> Entry {
    const BOTH: &[Operation] = &[Operation::Create, Operation::Update];
    const UPDATE: &[Operation] = &[Operation::Update];
    const CONNECT: &[Operation] = &[Operation::Connect];
    Entry {
        name,
        mutating: false,
        rules: lines(|resource| match (resource.shape, resource.subresource) {
            (Shape::Pod | Shape::Template(_) | Shape::ServiceAccount | Shape::Cordoned, "") => {
                Some(BOTH)
            }
            (Shape::Pod | Shape::Cordoned, _) => Some(UPDATE),
            (Shape::Kept, _) => Some(uses(resource)),
            // Whoever the people of nobody's namespace are, is for RBAC to say; what its pods are called and
            // attached to, and what policies of plugins are in it, too.
            (Shape::Stream, _) => (selects == Selects::Tenants).then_some(CONNECT),
            (Shape::PodStatus, _) => (selects == Selects::Tenants).then_some(UPDATE),
            (Shape::PluginPolicy, _) => (selects == Selects::Tenants).then_some(BOTH),
            (
                Shape::Template(_)
                | Shape::Namespace
                | Shape::ServiceAccount
                | Shape::Document
                | Shape::KeptClusterwide
                | Shape::PluginPolicyClusterwide
                | Shape::KeptPolicyClusterwide
                | Shape::NodeStream
                | Shape::Passed,
                _,
            ) => None,
        }),
        selects,
        conditions: vec![not_ourselves(), ("not-control-plane-aside", aside())],
        ignore_failure: false,
        timeout_seconds: 10,
    }
}

/// What tells us that the API server reaches us, and trusts our certificate, before it has to.
fn validate_probe() -> Entry {
    const CREATE: &[Operation] = &[Operation::Create];
    let created = |resource: &Resource| (resource.full_name() == "configmaps").then_some(CREATE);
    let ours = format!(
        "request.userInfo.username == '{OUR_ACCOUNT}' && \
         request.?name.orValue('') == '{PROBE}' && request.?dryRun.orValue(false)"
    );
    Entry {
        name: PROBE_ENTRY,
        mutating: false,
        rules: lines(created),
        selects: Selects::Ours,
        conditions: vec![("probe", ours)],
        ignore_failure: false,
        timeout_seconds: 5,
    }
}

/// Whether a request is that: who asks and what for, as [`entries`] select it.
#[must_use]
pub fn is_probe(resource: &str, namespace: &str, name: &str, username: &str) -> bool {
    resource == "configmaps"
        && namespace == OUR_NAMESPACE
        && name == PROBE
        && username == OUR_ACCOUNT
}

/// Of the control plane only pods are judged, what makes pods, and what the controller keeps, but for
/// what Kubernetes itself must do with that: a cordon does not bind it, and streams are its to open.
fn aside() -> String {
    let pods = named(|resource| {
        matches!(resource.shape, Shape::Pod | Shape::Template(_)) && resource.subresource.is_empty()
    });
    let kept = named(|resource| resource.shape == Shape::Kept && resource.subresource.is_empty());
    format!(
        "!({CONTROL_PLANE} && \
         !(request.resource.resource in {pods} && request.operation != 'CONNECT' && \
         request.?subResource.orValue('') != 'status') && \
         !(request.resource.resource in {kept} && request.operation != 'DELETE' && \
         request.?subResource.orValue('') == '' && !({upkeep})))",
        upkeep = upkeep(),
    )
}

/// Those parts of Kubernetes are left out that change what the controller keeps.
pub(super) fn not_upkeep() -> (&'static str, String) {
    ("not-upkeep", format!("!({})", upkeep()))
}

fn upkeep() -> String {
    format!("request.userInfo.username in {}", list(UPKEEP))
}

/// The names of resources, each once: those of several groups have the same.
fn named(wanted: impl Fn(&Resource) -> bool) -> String {
    let mut seen = BTreeSet::new();
    let names = RESOURCES.iter().filter(|it| wanted(it)).map(|it| it.resource);
    list(names.filter(|name| seen.insert(*name)))
}

/// A list in CEL of texts that need no escape.
fn list(texts: impl IntoIterator<Item = &'static str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", texts.join(", "))
}

/// What stands once in a cluster, and streams to nodes. Whoever writes roles of their own is not asked
/// about: only what is ours, or would be, comes to us, and policies.
fn validate_clusterwide() -> Entry {
    const CONNECT: &[Operation] = &[Operation::Connect];
    const BOTH: &[Operation] = &[Operation::Create, Operation::Update];
    let is_policy =
        |shape| matches!(shape, Shape::PluginPolicyClusterwide | Shape::KeptPolicyClusterwide);
    let aside = format!(
        "!(request.operation == 'CONNECT' ? {CONTROL_PLANE} : {upkeep})",
        upkeep = upkeep()
    );
    Entry {
        name: "cluster",
        mutating: false,
        rules: lines(|resource| match resource.shape {
            Shape::KeptClusterwide | Shape::KeptPolicyClusterwide => Some(uses(resource)),
            Shape::PluginPolicyClusterwide => Some(BOTH),
            Shape::NodeStream => Some(CONNECT),
            _ => None,
        }),
        selects: Selects::All,
        conditions: vec![
            not_ourselves(),
            ("not-control-plane-aside", aside),
            not_administrator(),
            (
                "ours-or-policy",
                format!(
                    "request.operation == 'CONNECT' || (request.operation != 'DELETE' && \
                     request.resource.resource in {policies}) || {ours}",
                    policies = named(|resource| is_policy(resource.shape)),
                    ours = ours()
                ),
            ),
        ],
        ignore_failure: false,
        timeout_seconds: 5,
    }
}

/// Objects with a name or a label of ours, before or after (CEL).
fn ours() -> String {
    format!(
        "[object, oldObject].exists(it, it != null && \
         (it.metadata.?name.orValue('') == '{OURS}' || \
         it.metadata.?name.orValue('').startsWith('{MANAGED_PREFIX}') || \
         it.metadata.?generateName.orValue('').startsWith('{OURS}') || \
         it.metadata.?labels[?'{MANAGED_LABEL}'].hasValue()))"
    )
}

/// Our own documents. A Platform that RBAC's administrators write is not asked about, so that they can
/// always mend what keeps everybody out.
fn validate_documents() -> Entry {
    const ALL: &[Operation] = &[Operation::Create, Operation::Update, Operation::Delete];
    let mends = format!("!(request.resource.resource == 'platforms' && {ADMINISTRATOR})");
    Entry {
        name: "documents",
        mutating: false,
        rules: lines(|resource| match (resource.shape, resource.subresource) {
            (Shape::Document, "") => Some(ALL),
            (Shape::Document, _) => Some(&[Operation::Update]),
            _ => None,
        }),
        selects: Selects::All,
        conditions: vec![not_ourselves(), ("not-platform-by-administrator", mends)],
        ignore_failure: false,
        timeout_seconds: 10,
    }
}

fn fill_namespaces() -> Entry {
    const CREATE: &[Operation] = &[Operation::Create];
    let created = |resource: &Resource| {
        (resource.shape == Shape::Namespace && resource.subresource.is_empty()).then_some(CREATE)
    };
    Entry {
        name: "namespaces",
        mutating: true,
        rules: lines(created),
        selects: Selects::All,
        conditions: vec![("not-control-plane", format!("!{CONTROL_PLANE}"))],
        ignore_failure: true,
        timeout_seconds: 5,
    }
}

fn fill_tenants() -> Entry {
    const CREATE: &[Operation] = &[Operation::Create];
    const UPDATE: &[Operation] = &[Operation::Update];
    Entry {
        name: "tenants",
        mutating: true,
        rules: lines(|resource| match (resource.shape, resource.subresource) {
            (Shape::Pod | Shape::ServiceAccount, "") => Some(CREATE),
            (Shape::Pod, "ephemeralcontainers") => Some(UPDATE),
            _ => None,
        }),
        selects: Selects::Tenants,
        conditions: Vec::new(),
        ignore_failure: true,
        timeout_seconds: 10,
    }
}

/// The resources that `wanted` names, those with the same group, version and operations on one
/// line.
fn lines(wanted: impl Fn(&Resource) -> Option<&'static [Operation]>) -> Vec<EntryRule> {
    let mut lines: Vec<EntryRule> = Vec::new();
    for resource in RESOURCES {
        let Some(operations) = wanted(resource) else { continue };
        let Resource { group, version, .. } = *resource;
        let same = lines.iter_mut().find(|line| {
            (line.group, line.version, line.operations) == (group, version, operations)
        });
        match same {
            Some(line) => line.resources.push(resource.full_name()),
            None => lines.push(EntryRule {
                group,
                version,
                resources: vec![resource.full_name()],
                operations,
            }),
        }
    }
    lines
}
