//! Labels and annotations of namespaces that others trust, and those that a tenant may set.

use super::{NamespaceView, changes};
use crate::domain::{
    Edit, EditValue, FILLED_IN, FieldPath, FilledIn, Fix, NAME_LABEL, POD_SECURITY_PREFIX, Pattern,
    TENANT_LABEL, sanitise,
};
use crate::policy::{LabelKeyRules, Tenant, Tenants};
use crate::rules::Report;

/// Keys that admission systems, meshes and schedulers act on.
const FROZEN: [&str; 8] = [
    "control-plane",
    "openpolicyagent.org/webhook",
    "istio-injection",
    "istio.io/rev",
    "istio.io/dataplane-mode",
    "linkerd.io/inject",
    "kuma.io/sidecar-injection",
    "resource.kubernetes.io/admin-access",
];
/// Every key of these prefixes: ours, and those of admission systems, meshes and other tenancy
/// systems.
const FROZEN_PREFIXES: [&str; 11] = [
    "ringfence.dev",
    "scheduler.alpha.kubernetes.io",
    "admission.gatekeeper.sh",
    "policies.kyverno.io",
    "kubewarden.io",
    "config.linkerd.io",
    "openshift.io",
    "capsule.clastix.io",
    "projectcapsule.dev",
    "hnc.x-k8s.io",
    "field.cattle.io",
];
/// Every key of a prefix that ends so.
const FROZEN_DOMAINS: [&str; 2] = [".ringfence.dev", ".tree.hnc.x-k8s.io"];

/// Whether a tenant's owners may change a label of its namespaces, as far as it has one rule for all
/// values.
#[must_use]
pub fn may_label(tenants: &Tenants, tenant: &Tenant, key: &str) -> bool {
    if key.starts_with(POD_SECURITY_PREFIX) {
        // Any level but a lower one.
        return true;
    }
    let rules = tenant.profile.namespaces.label_keys.as_ref();
    key != NAME_LABEL
        && !frozen(tenants, key)
        && !tenant.labels.contains_key(key)
        && rules.is_none_or(|rules| rules.permit(key))
}

fn frozen(tenants: &Tenants, key: &str) -> bool {
    let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
    let mut platforms = tenants.platform.spec.frozen_keys.iter().flatten();
    FROZEN.contains(&key)
        || FROZEN_PREFIXES.contains(&prefix)
        || FROZEN_DOMAINS.iter().any(|domain| prefix.ends_with(domain))
        || platforms.any(|pattern| pattern.matches(key))
}

/// A label that changes, and what the door puts in its place.
struct Change<'v> {
    at: &'static str,
    key: &'v str,
    before: Option<&'v str>,
    after: Option<&'v str>,
    put: Option<&'v str>,
}

impl Change<'_> {
    /// Refuses the change; the fix is what stood there, or what the door puts on a new namespace.
    fn refuse(&self, creating: bool, must: impl Into<String>, report: &mut Report<'_>) {
        let path = FieldPath::fields(&["metadata"]).field(self.at).key(self.key);
        let back = self.before.or(self.put.filter(|_| creating));
        let fix = Fix::edit(match back {
            Some(value) => Edit::Set(path.clone(), EditValue::Text(value.to_owned().into())),
            None => Edit::Remove(path.clone()),
        });
        let found = self
            .after
            .map_or_else(|| "nothing".to_owned(), |value| sanitise(value, 80).into_owned());
        report.add(path, found, must.into(), fix);
    }
}

/// What changes among labels and annotations.
fn changed<'v>(view: &NamespaceView<'v>) -> Vec<Change<'v>> {
    let Some(new) = view.new else { return Vec::new() };
    let put = |key: &str| view.put.iter().find(|(own, _)| own == key).map(|(_, put)| put.as_str());
    let labels = changes(view.old.map(|old| &old.labels), &new.labels)
        .map(|(key, before, after)| Change { at: "labels", key, before, after, put: put(key) });
    let annotations = changes(view.old.map(|old| &old.annotations), &new.annotations).map(
        |(key, before, after)| {
            let put = after.filter(|after| key == FILLED_IN && is_told_rightly(view, after));
            Change { at: "annotations", key, before, after, put }
        },
    );
    labels.chain(annotations).collect()
}

/// Whether an annotation says of a new namespace no more than that the door has filled in what it does.
fn is_told_rightly(view: &NamespaceView<'_>, annotation: &str) -> bool {
    let put = |(key, value): (&String, &String)| {
        view.put.iter().any(|(own, put)| own == key && put == value)
    };
    view.old.is_none() && FilledIn::read(annotation).0.iter().all(put)
}

pub(super) fn frozen_key(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let made_for_others = view.old.is_none() && view.new.is_some_and(|meta| view.is_strange(meta));
    if !view.is_subject() || made_for_others {
        return;
    }
    for change in changed(view) {
        // A label that the platform has put on each namespace of the tenant is as good as frozen.
        let put = change.put.is_some() && !change.key.starts_with(POD_SECURITY_PREFIX);
        let own_rule = change.at == "labels" && change.key == TENANT_LABEL;
        let right = change.put.is_some() && change.after == change.put;
        if (put || frozen(view.tenants, change.key)) && !own_rule && !right {
            change.refuse(view.old.is_none(), "only the platform writes this key", report);
        }
    }
}

pub(super) fn label_key(view: &NamespaceView<'_>, report: &mut Report<'_>) {
    let Some(either) = view.old.or(view.new).filter(|_| view.is_subject()) else { return };
    let Some(tenant) = view.tenant_of(either).filter(|tenant| view.owns(tenant)) else { return };
    let Some(rules) = &tenant.profile.namespaces.label_keys else { return };
    for change in changed(view).iter().filter(|change| change.at == "labels") {
        let key = change.key;
        let free =
            key == NAME_LABEL || key.starts_with(POD_SECURITY_PREFIX) || change.put.is_some();
        if !free && !rules.permit(key) {
            change.refuse(view.old.is_none(), permitted(rules), report);
        }
    }
}

fn permitted(rules: &LabelKeyRules) -> String {
    let list = |patterns: &[Pattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match rules {
        LabelKeyRules::Allow(patterns) => format!("your tenant may set {}", list(patterns)),
        LabelKeyRules::Deny(patterns) => format!("your tenant may not set {}", list(patterns)),
    }
}
