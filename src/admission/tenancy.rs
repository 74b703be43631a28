//! Namespaces, cordons and our own documents: what the requester may do.

use super::asker::Asker;
use super::case::{Case, Fault, Stage, metadata};
use super::stream::is_one_of;
use crate::defaults::namespace_labels;
use crate::domain::{Class, Code, FieldPath, Finding, Fix, Operation, TENANT_LABEL, sanitise};
use crate::objects::Meta;
use crate::policy::Tenant;
use crate::rules::{self, NamespaceView, Report, Shape, backstop_in, judge_namespace};
use crate::state::SealState;

/// The labels that the door puts on a namespace of this tenant.
pub(super) fn labels_put(case: &Case<'_>, tenant: &Tenant, name: &str) -> Vec<(String, String)> {
    let latest = case.snapshot.latest;
    let enforce = backstop_in(&case.snapshot.tenants, tenant, name, latest, case.now);
    namespace_labels(tenant, enforce, latest)
}

/// A new namespace is completed for the tenant that its label names, that claims its name, or that is
/// the only one which its creator owns.
pub(super) fn completed_for<'t>(case: &Case<'t>, new: &Meta<'_>) -> Option<&'t Tenant> {
    let tenants = &case.snapshot.tenants;
    let label = new.label(TENANT_LABEL);
    tenants.of_namespace(&new.name, label).or_else(|| {
        let requester = label.is_none().then(|| case.request.requester())?;
        match tenants.owned_by(&requester.name, &requester.groups).as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    })
}

/// Judges a namespace on what it was and on what it becomes.
pub(super) fn namespace(case: &Case<'_>) -> Result<Vec<Finding>, Fault> {
    let (old, mut new) = metadata(case)?;
    let name = new.as_ref().or(old.as_ref()).map_or("", |meta| meta.name.as_ref()).to_owned();
    let tenants = &case.snapshot.tenants;
    let of = |meta: &Meta<'_>| tenants.of_namespace(&name, meta.label(TENANT_LABEL));
    let tenant = match (&old, &new, case.stage) {
        // What the door completes is judged as that.
        (None, Some(new), Stage::Manifest) => completed_for(case, new),
        _ => old.as_ref().or(new.as_ref()).and_then(of),
    };
    let class = case.class(tenant);
    let owned = owned(case, tenant);
    // What a tenant's namespaces are given, and whether it is cut off, is not for others to know; they
    // are refused as strangers to it.
    let own = |tenant: &&Tenant| owned.iter().any(|owned| owned.name == tenant.name);
    let told = tenant.filter(|tenant| class != Class::Subject || own(tenant));
    let put = told.map(|tenant| labels_put(case, tenant, &name)).unwrap_or_default();
    if case.stage == Stage::Manifest
        && let Some(new) = new.as_mut().filter(|_| old.is_none())
    {
        for (key, value) in put.clone() {
            new.labels.entry(key.into()).or_insert(value.into());
        }
    }
    let view = NamespaceView {
        tenants,
        operation: case.operation,
        name: &name,
        old: old.as_ref(),
        new: new.as_ref(),
        class,
        owned: &owned,
        put: &put,
        others: tenant.map_or(0, |tenant| case.snapshot.namespaces_of(tenant, &name)),
    };
    let mut findings = judge_namespace(&view);
    findings.extend(told.and_then(|tenant| cordoned(case, tenant)));
    Ok(findings)
}

/// The tenant that a requester is told about: of a namespace only one that they own, and of a pod that
/// they would reach into only one whose people they are, for whose it is is not for everybody to know.
#[must_use]
pub fn tenant_told<'t>(case: &Case<'t>) -> Option<&'t Tenant> {
    let tenant = case.standing.tenant();
    if case.operation == Operation::Connect && case.class(tenant) == Class::Subject {
        return tenant.filter(|tenant| is_one_of(case, tenant));
    }
    let stranger = case.resource.shape == Shape::Namespace && case.class(tenant) == Class::Subject;
    if !stranger {
        return tenant;
    }
    let owned = owned(case, tenant);
    let own = owned.iter().find(|own| tenant.is_some_and(|tenant| own.name == tenant.name));
    own.or(owned.first().filter(|_| owned.len() == 1)).copied()
}

fn owned<'t>(case: &Case<'t>, tenant: Option<&'t Tenant>) -> Vec<&'t Tenant> {
    match case.asker {
        Asker::Owner => tenant.into_iter().collect(),
        Asker::Named | Asker::Platform => {
            let requester = case.request.requester();
            case.snapshot.tenants.owned_by(&requester.name, &requester.groups)
        }
    }
}

/// What a change in a tenant's namespace meets where the tenant is cut off. Deletions pass, and so
/// does the control plane: a drained node is no outage.
pub(super) fn cordoned(case: &Case<'_>, tenant: &Tenant) -> Option<Finding> {
    let changes = matches!(case.operation, Operation::Create | Operation::Update);
    let bound = || case.class(Some(tenant)) == Class::Subject;
    (tenant.cordoned && changes && bound()).then(|| {
        let found = format!("a change in tenant {}", tenant.name);
        requesters(Code::Cordoned, found, "the tenant is cordoned")
    })
}

/// What a new pod meets in a tenant's namespace that is not closed: that it is to try again, or where the
/// namespace is left open because the tenant has more than it may, that too. A manifest does not meet it: it
/// is judged for a cluster to come.
pub(super) fn unsealed(case: &Case<'_>, tenant: &Tenant) -> Vec<Finding> {
    let comes = case.resource.shape == Shape::Pod
        && case.operation == Operation::Create
        && case.stage == Stage::Admission;
    let namespace = &*case.request.namespace;
    if !comes || !case.snapshot.awaits_seal(tenant, namespace) {
        return Vec::new();
    }
    let found = format!("namespace {} without its walls", sanitise(namespace, 63));
    if case.snapshot.seals.of(namespace) != Some(SealState::OverLimit) {
        return vec![requesters(Code::Unsealed, found, "the namespace is being closed; try again")];
    }
    let over = format!("namespace {} over the tenant's limit", sanitise(namespace, 63));
    let must = "the oldest of a tenant's namespaces are closed, and no more than it may have";
    let limit = requesters(Code::NamespaceLimit, over, must);
    let unsealed = requesters(Code::Unsealed, found, "it is closed once it is within the limit");
    vec![Finding { fix: limit.fix.clone(), ..unsealed }, limit]
}

pub(super) fn requesters(code: Code, found: String, must: &'static str) -> Finding {
    let mut findings = Vec::new();
    if let Some(rule) = rules::rule(code) {
        let fix = Fix::advice(rule.remedy);
        Report::new(rule, &mut findings).add(FieldPath::root(), found, must, fix);
    }
    // Every code has a rule: a test goes through them all.
    findings.pop().unwrap_or_else(|| Fault::new(Code::Internal, "a rule is missing").finding())
}
