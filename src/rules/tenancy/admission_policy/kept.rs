//! What the controller keeps, frozen.

use super::super::kept::{
    CHANGES, CHOOSE, DELETES, LABELS, LEAVE, NAMES, OURS, label_path, label_removed, name_path,
};
use super::{AdmissionPolicy, found_at, literal, not_listed, tail};
use crate::domain::{Code, FieldPath, MANAGED_LABEL, MANAGED_PREFIX, TENANT_LABEL};
use crate::policy::Tenants;
use crate::rules::entries::{
    Selects, kept_clusterwide, not_administrator, not_ourselves, not_upkeep, uses_of_kept,
};

/// The policy that freezes what the controller keeps in tenants' namespaces. It leaves out what
/// Kubernetes itself must do with it, and the platform as the policy on namespaces does.
#[must_use]
pub fn managed_objects_policy(tenants: &Tenants) -> AdmissionPolicy {
    let mut conditions = vec![not_ourselves(), not_upkeep(), administrators()];
    conditions.extend(not_listed(&tenants.platform.administrators));
    AdmissionPolicy {
        name: "managed",
        rules: uses_of_kept(),
        selects: Selects::Tenants,
        conditions,
        variables: variables(),
        validations: validations(&tenants.contact),
        warns: tenants.platform.rehearsal,
    }
}

/// Administrators are left out; of what stands once in a cluster also accounts that RBAC makes such. That
/// one of a tenant's namespace is never the platform's the webhook knows, and no account that installs
/// us must be kept from it.
fn administrators() -> (&'static str, String) {
    let (name, administrator) = not_administrator();
    let clusterwide = kept_clusterwide();
    let allowed =
        "authorizer.group('ringfence.dev').resource('tenants').check('administer').allowed()";
    (name, format!("{administrator} && !(request.resource.resource in {clusterwide} && {allowed})"))
}

fn variables() -> Vec<(&'static str, String)> {
    let label = |object: &str| {
        let label = literal(MANAGED_LABEL);
        format!("{object} == null ? optional.none() : {object}.metadata.?labels[?{label}]")
    };
    let prefix = literal(MANAGED_PREFIX);
    vec![
        ("before", label("oldObject")),
        ("after", label("object")),
        ("name", "object == null ? oldObject.metadata.name : object.metadata.name".to_owned()),
        (
            "named",
            format!(
                "variables.name.startsWith({prefix}) || \
                 (namespaceObject == null && variables.name == {})",
                literal(OURS)
            ),
        ),
        (
            "kept",
            "oldObject != null && (variables.before.hasValue() || variables.named)".to_owned(),
        ),
        ("given", "!variables.kept && variables.after.hasValue()".to_owned()),
        ("taken", "!variables.kept && !variables.given && variables.named".to_owned()),
        (
            "tenant",
            format!(
                "namespaceObject == null ? '' : namespaceObject.metadata.?labels[?{}]\
                 .optMap(tenant, 'tenant ' + tenant + ': ').orValue('')",
                literal(TENANT_LABEL)
            ),
        ),
    ]
}

/// Of these at most one fails: what was the controller's, what is given its label, what takes its
/// name.
fn validations(contact: &str) -> Vec<(String, String)> {
    let code = Code::ManagedObject;
    let tail = tail(code, contact);
    let at = |path: &FieldPath| literal(&found_at(code, path));
    let told = |found: &str, must: &str, fix: &str| {
        format!(
            "variables.tenant + {} + request.kind.kind + ' ' + variables.name + {found} + '; ' + \
             {must} + {}",
            literal("1 problem in "),
            literal(&format!("; fix: {fix}{tail}"))
        )
    };
    let (label, name) = (at(&label_path()), at(&name_path()));
    let kept = format!(
        "(variables.before.hasValue() ? {label} + variables.before.orValue('') : \
         {name} + variables.name)"
    );
    let done = format!("(object == null ? {} : {})", literal(DELETES), literal(CHANGES));
    let given = format!("{label} + variables.after.orValue('')");
    let taken = format!("{name} + variables.name");
    vec![
        ("!variables.kept".to_owned(), told(&kept, &done, LEAVE)),
        ("!variables.given".to_owned(), told(&given, &literal(LABELS), &label_removed().text)),
        ("!variables.taken".to_owned(), told(&taken, &literal(NAMES), CHOOSE)),
    ]
}
