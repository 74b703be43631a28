//! Whose a namespace is, and what it may be called.

use super::NamespaceView;
use crate::domain::{
    Edit, EditValue, FieldPath, Fix, Operation, Pattern, TENANT_LABEL, TenantName, sanitise,
};
use crate::objects::Meta;
use crate::policy::{Tenant, Tenants};
use crate::rules::Report;

/// Names that the cluster's own parts have, or that would be taken for a part of a service's address.
const RESERVED: [&str; 6] = ["kube-*", "*-system", "default", "svc", "cluster", "local"];

/// What is said of a tenant label that changes, here and by the API server itself.
pub(super) const NOTHING: &str = "nothing";
pub(super) const KEEPS: &str = "a namespace keeps its tenant";
pub(super) const GIVEN: &str = "only the platform gives an existing namespace to a tenant";
pub(super) const LEAVE: &str = "leave the label as it is";

pub(super) fn label_path() -> FieldPath {
    FieldPath::fields(&["metadata", "labels"]).key(TENANT_LABEL)
}

fn name_path() -> FieldPath {
    FieldPath::fields(&["metadata", "name"])
}

fn shown(text: &str) -> String {
    sanitise(text, 80).into_owned()
}

fn label<'m>(meta: &'m Meta<'_>) -> Option<&'m str> {
    meta.label(TENANT_LABEL)
}

/// The edit that gives the label a value, or takes it away.
pub(super) fn label_edit(value: Option<&str>) -> Fix {
    Fix::edit(match value {
        Some(value) => Edit::Set(label_path(), EditValue::Text(value.to_owned().into())),
        None => Edit::Remove(label_path()),
    })
}

/// Names a tenant that the requester owns, or says that there is none.
fn own_tenant(view: &NamespaceView<'_>) -> Fix {
    match view.owned {
        [] => Fix::advice("ask the platform team to make you an owner of a tenant"),
        [only] => label_edit(Some(only.name.as_str())),
        several => Fix::advice(format!(
            "set metadata.labels[{TENANT_LABEL}] to one of your tenants: {}",
            names(several)
        )),
    }
}

fn names(tenants: &[&Tenant]) -> String {
    tenants.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn tenant_label(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let (Some(old), Some(new)) = (view.old, view.new) else { return };
    let (before, after) = (label(old), label(new));
    if before == after || !view.is_subject() {
        return;
    }
    let found = after.map_or_else(|| NOTHING.to_owned(), shown);
    let must = if before.is_some() { KEEPS } else { GIVEN };
    let own = view.tenant_of(old).is_none_or(|tenant| view.owns(tenant));
    // Whose it is, is not for everybody to know.
    let fix = if own { label_edit(before) } else { Fix::advice(LEAVE) };
    report.add(label_path(), found, must, fix);
}

/// To somebody who is not the platform, a tenant that is not there looks like one that is another's.
pub(super) fn not_owner(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let (None, Some(new)) = (view.old, view.new) else { return };
    let Some(named) = label(new).filter(|_| view.is_subject()) else { return };
    if view.owned.iter().any(|own| own.name.as_str() == named) {
        return;
    }
    let must = match view.owned {
        [] => "it must be a tenant that you own, and you own none".to_owned(),
        several => format!("it must be a tenant that you own: {}", names(several)),
    };
    // Where the name is taken, the door itself may have written whose it is.
    let found = if view.is_taken() { "another tenant".to_owned() } else { shown(named) };
    report.add(label_path(), found, must, own_tenant(view));
}

pub(super) fn no_tenant(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let (None, Some(new)) = (view.old, view.new) else { return };
    if !view.is_subject() || label(new).is_some() {
        return;
    }
    let must = match view.owned {
        [] => "only owners of a tenant create namespaces, and you own none".to_owned(),
        [only] => format!("it must name your tenant {}", only.name),
        several => format!("it must name one of your tenants: {}", names(several)),
    };
    report.add(label_path(), "nothing", must, own_tenant(view));
}

/// Told to the platform alone; others are told that it is not theirs.
pub(super) fn unknown_tenant(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(new) = view.new.filter(|_| !view.is_subject()) else { return };
    let Some(named) = label(new) else { return };
    let kept = view.old.is_some_and(|old| label(old) == Some(named));
    if kept || view.tenants.tenant(named).is_some() {
        return;
    }
    let must = match named.parse::<TenantName>() {
        Ok(_) => "there is no such tenant".to_owned(),
        Err(error) => error.to_string(),
    };
    let fix = Fix::advice("create the Tenant first, or name one that is there");
    report.add(label_path(), shown(named), must, fix);
}

/// A name that one tenant claims is no other tenant's, whoever asks.
pub(super) fn claimed_name(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(new) = view.new else { return };
    let Some(claimant) = view.tenants.claim(view.name) else { return };
    let named = label(new);
    let foreign = match named {
        Some(named) if claimant.name.as_str() == named => view.old.is_none() && view.is_taken(),
        Some(_) => true,
        None => view.is_taken(),
    };
    let kept = view.old.is_some_and(|old| label(old) == named);
    if foreign && !kept {
        let fix = Fix::advice("choose another name");
        report.add(name_path(), shown(view.name), "this name belongs to another tenant", fix);
    }
}

pub(super) fn foreign_namespace(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(old) = view.old.filter(|_| view.is_subject()) else { return };
    if view.tenant_of(old).is_some_and(|tenant| view.owns(tenant)) {
        return;
    }
    let done = if view.operation == Operation::Delete { "deletes" } else { "changes" };
    let must = format!("only an owner of its tenant, or the platform, {done} a namespace");
    report.add(name_path(), shown(view.name), must, Fix::advice("ask the platform team"));
}

pub(super) fn reserved_name(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    if view.old.is_some() || !view.is_subject() {
        return;
    }
    if let Some(met) = reserved(view.tenants, view.name) {
        let fix = Fix::advice("choose another name");
        report.add(name_path(), shown(view.name), format!("names like {met} are reserved"), fix);
    }
}

/// What reserves a name.
fn reserved(tenants: &Tenants, name: &str) -> Option<Pattern> {
    let built_in = RESERVED.iter().filter_map(|pattern| pattern.parse::<Pattern>().ok());
    let platforms = tenants.platform.spec.reserved_names.iter().flatten().cloned();
    built_in.chain(platforms).find(|pattern| pattern.matches(name))
}

/// Whether a tenant's owners may make a namespace of this name, where there is none yet.
#[must_use]
pub fn may_name(tenants: &Tenants, tenant: &Tenant, name: &str) -> bool {
    let is_adopted = tenant.namespaces.iter().any(|own| own == name);
    let has_prefix = tenant.prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix));
    reserved(tenants, name).is_none()
        && tenants.claim(name).is_none_or(|claimant| claimant.name == tenant.name)
        && (is_adopted || has_prefix)
}

/// The tenant that a new namespace becomes a part of, where its owner makes it and its name is not
/// one that the platform has given it already.
fn enlarged<'v>(view: &NamespaceView<'v>) -> Option<&'v Tenant> {
    let new = view.new.filter(|_| view.old.is_none() && view.is_subject())?;
    let tenant = view.tenant_of(new).filter(|tenant| view.owns(tenant))?;
    let adopted = tenant.namespaces.iter().any(|name| name == view.name);
    (!adopted).then_some(tenant)
}

pub(super) fn name_prefix(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(prefix) = enlarged(view).and_then(|tenant| tenant.prefix.as_deref()) else { return };
    if view.name.starts_with(prefix) {
        return;
    }
    let fix = Fix::advice(format!("choose a name that starts with {prefix}"));
    let must = format!("names of your tenant's namespaces start with {prefix}");
    report.add(name_path(), shown(view.name), must, fix);
}

pub(super) fn namespace_limit(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let limit = enlarged(view).and_then(|tenant| tenant.profile.namespaces.limit);
    let Some(limit) = limit.filter(|limit| view.others >= *limit) else { return };
    let fix = Fix::advice("delete a namespace that is not needed, or ask for a higher limit");
    let found = format!("namespace number {}", view.others + 1);
    report.add(FieldPath::root(), found, format!("your tenant may have {limit}"), fix);
}

/// One a line, sorted.
const TOP_LEVEL_DOMAINS: &str = include_str!("top-level-domains.txt");

/// Only a warning: `dev` and `app` are such names too.
pub(super) fn public_name(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    if view.old.is_none() && TOP_LEVEL_DOMAINS.lines().any(|domain| domain == view.name) {
        let fix = Fix::advice("choose another name, such as your tenant's name and a word");
        report.add(name_path(), shown(view.name), "it is a top-level domain too", fix);
    }
}
