//! What the controller keeps in tenants' namespaces: network policies, quotas, limit ranges and role
//! bindings with our label, or with a name of ours; and what stands beside them, once in a cluster: the
//! ClusterRoles and ClusterRoleBindings of owners and of ourselves.
//!
//! Both are looked at before and after a request, so that no update takes the label away and changes
//! the rest as well. Names of ours are nobody's to take, not even where they are free: an object of a
//! tenant's would stand where the controller's belongs.

use super::RULES;
use crate::domain::{
    Edit, FieldPath, Finding, Fix, MANAGED_LABEL, MANAGED_PREFIX, Operation, sanitise,
};
use crate::objects::Meta;
use crate::rules::{Concern, Report};

/// The parts of Kubernetes that change such objects where they must: whoever deletes a namespace's
/// objects or collects what belongs to another, counts quotas (the API server does, too), or stores
/// objects anew. Other accounts of the control plane may act for whoever asks them, and are bound.
pub const UPKEEP: [&str; 6] = [
    "system:apiserver",
    "system:kube-controller-manager",
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "system:serviceaccount:kube-system:namespace-controller",
    "system:serviceaccount:kube-system:resourcequota-controller",
    "system:serviceaccount:kube-system:storage-version-migrator-controller",
];

/// What is said here and by the API server itself.
pub(super) const CHANGES: &str = "only the platform changes what the controller keeps";
pub(super) const DELETES: &str = "only the platform deletes what the controller keeps";
pub(super) const LEAVE: &str = "leave it as it is; an object of your own has another name";
pub(super) const LABELS: &str = "only what the controller keeps has this label";
pub(super) const NAMES: &str = "names that begin with ringfence- are the controller's";
pub(super) const CHOOSE: &str = "choose another name";

/// What our own ClusterRole and its binding are called.
pub const OURS: &str = "ringfence";

/// An object of a kind of which the controller keeps some, before and after a request of somebody
/// whose it is not to change.
#[derive(Debug, Clone, Copy)]
pub struct KeptView<'a> {
    /// What is done.
    pub operation: Operation,
    /// Whether it stands once in a cluster: then our own account's rights are among them.
    pub clusterwide: bool,
    /// What it was; `None` on its creation.
    pub old: Option<&'a Meta<'a>>,
    /// What it becomes; `None` on its deletion.
    pub new: Option<&'a Meta<'a>>,
}

/// Judges such an object.
#[must_use]
pub fn judge_kept(view: &KeptView<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        if let Concern::Kept(judge) = rule.concern {
            judge(view, &mut Report::new(rule, &mut findings));
        }
    }
    findings
}

pub(super) fn managed_object(view: &KeptView<'_>, report: &mut Report<'_>) {
    let name = |meta| name(meta, view.clusterwide);
    if let Some((path, found)) = view.old.and_then(|old| label(old).or_else(|| name(old))) {
        let must = if view.operation == Operation::Delete { DELETES } else { CHANGES };
        report.add(path, found, must, Fix::advice(LEAVE));
        return;
    }
    let Some(new) = view.new else { return };
    if let Some((path, found)) = label(new) {
        report.add(path, found, LABELS, label_removed());
    }
    if let Some((path, found)) = name(new) {
        report.add(path, found, NAMES, Fix::advice(CHOOSE));
    }
}

pub(super) fn label_path() -> FieldPath {
    FieldPath::fields(&["metadata", "labels"]).key(MANAGED_LABEL)
}

pub(super) fn name_path() -> FieldPath {
    FieldPath::fields(&["metadata", "name"])
}

pub(super) fn label_removed() -> Fix {
    Fix::edit(Edit::Remove(label_path()))
}

/// Our label, and where it stands.
fn label(meta: &Meta<'_>) -> Option<(FieldPath, String)> {
    meta.label(MANAGED_LABEL).map(|value| (label_path(), shown(value)))
}

/// A name of ours, or what such a name would be made of.
fn name(meta: &Meta<'_>, clusterwide: bool) -> Option<(FieldPath, String)> {
    let (path, name) = match meta.name.as_ref() {
        "" => (FieldPath::fields(&["metadata", "generateName"]), &meta.generate_name),
        _ => (name_path(), &meta.name),
    };
    let ours = name.starts_with(MANAGED_PREFIX) || (clusterwide && name == OURS);
    ours.then(|| (path, shown(name)))
}

fn shown(text: &str) -> String {
    sanitise(text, 80).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Labelled, from_json};

    /// Metadata of `NAME` or `generate:BEGINNING`, and labels after it.
    fn meta(text: &str) -> String {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap();
        let (key, name) = match name.strip_prefix("generate:") {
            Some(beginning) => ("generateName", beginning),
            None => ("name", name),
        };
        let labels: serde_json::Map<_, _> = words
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        serde_json::json!({"metadata": {key: name, "labels": labels}}).to_string()
    }

    /// What is found, each as path, value and demand.
    fn found(
        clusterwide: bool,
        operation: Operation,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Vec<(String, String, String)> {
        let (old, new) = (old.map(meta), new.map(meta));
        let read = |text| from_json::<Labelled<'_>>(text).unwrap().meta;
        let (old, new) = (old.as_deref().map(read), new.as_deref().map(read));
        let view = KeptView { operation, clusterwide, old: old.as_ref(), new: new.as_ref() };
        let findings = judge_kept(&view).into_iter();
        findings.map(|it| (it.path.to_string(), it.found, it.must.into_owned())).collect()
    }

    const LABEL: &str = "metadata.labels[ringfence.dev/managed]";
    const NAME: &str = "metadata.name";
    const OURS: &str = "ringfence-dns ringfence.dev/managed=true";

    #[test]
    fn what_is_made() {
        let check = |new: &str, expect: &[(&str, &str, &str)]| {
            let found = found(false, Operation::Create, None, Some(new));
            let found: Vec<_> =
                found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
            assert_eq!(found, expect, "{new}");
        };
        check("web", &[]);
        check("web a=b", &[]);
        check("ringfence", &[]);
        check("ringfenced", &[]);
        check("my-ringfence-policy", &[]);
        check("Ringfence-policy", &[]);
        check("web ringfence.dev/managed-by=jo", &[]);
        check("ringfence-web", &[(NAME, "ringfence-web", NAMES)]);
        check("ringfence-", &[(NAME, "ringfence-", NAMES)]);
        check("generate:web-", &[]);
        check("generate:ringfence", &[]);
        check("generate:ringfence-", &[("metadata.generateName", "ringfence-", NAMES)]);
        for value in ["true", "false", ""] {
            let labelled = format!("web ringfence.dev/managed={value}");
            check(&labelled, &[(LABEL, value, LABELS)]);
        }
        check(OURS, &[(LABEL, "true", LABELS), (NAME, "ringfence-dns", NAMES)]);
    }

    #[test]
    fn what_was_there() {
        let check = |old: &str, new: Option<&str>, expect: &[(&str, &str, &str)]| {
            let operation = if new.is_some() { Operation::Update } else { Operation::Delete };
            let found = found(false, operation, Some(old), new);
            let found: Vec<_> =
                found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
            assert_eq!(found, expect, "{old} -> {new:?}");
        };
        check("web", Some("web a=b"), &[]);
        check("web", None, &[]);
        check(OURS, Some(OURS), &[(LABEL, "true", CHANGES)]);
        check(OURS, Some("ringfence-dns"), &[(LABEL, "true", CHANGES)]);
        check(OURS, None, &[(LABEL, "true", DELETES)]);
        check("ringfence-dns", Some("ringfence-dns a=b"), &[(NAME, "ringfence-dns", CHANGES)]);
        check("ringfence-dns", Some(OURS), &[(NAME, "ringfence-dns", CHANGES)]);
        check("ringfence-dns", None, &[(NAME, "ringfence-dns", DELETES)]);
        let labelled = "web ringfence.dev/managed=";
        check(labelled, Some("web"), &[(LABEL, "", CHANGES)]);
        check(labelled, None, &[(LABEL, "", DELETES)]);
        check("web", Some(labelled), &[(LABEL, "", LABELS)]);
    }

    #[test]
    fn what_stands_once_in_a_cluster() {
        let check = |old: Option<&str>, new: Option<&str>, expect: &[(&str, &str, &str)]| {
            let operation = match (old, new) {
                (None, _) => Operation::Create,
                (_, None) => Operation::Delete,
                _ => Operation::Update,
            };
            let found = found(true, operation, old, new);
            let found: Vec<_> =
                found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
            assert_eq!(found, expect, "{old:?} -> {new:?}");
        };
        let owners = "ringfence-owners ringfence.dev/managed=true";
        check(None, Some("mine"), &[]);
        check(Some("mine"), Some("mine a=b"), &[]);
        check(Some("ringfenced"), None, &[]);
        check(None, Some("ringfence"), &[(NAME, "ringfence", NAMES)]);
        check(Some("ringfence"), Some("ringfence a=b"), &[(NAME, "ringfence", CHANGES)]);
        check(Some("ringfence"), None, &[(NAME, "ringfence", DELETES)]);
        check(Some(owners), None, &[(LABEL, "true", DELETES)]);
        check(Some("ringfence-owners"), None, &[(NAME, "ringfence-owners", DELETES)]);
        check(None, Some("generate:ringfence"), &[("metadata.generateName", "ringfence", NAMES)]);
    }
}
