//! What the API server refuses by itself, so that it holds while we do not answer: nobody but the
//! platform changes a namespace's tenant, or what the controller keeps there (`kept`).
//!
//! It says what the rules say, as far as it can know it: who owns a tenant stands in documents that
//! the API server does not have. So it names the tenant to those who may read the namespace. Its texts
//! are one line each, for the API server drops others.

mod kept;

pub use kept::managed_objects_policy;

use super::RULES;
use super::ownership::{GIVEN, KEEPS, LEAVE, NOTHING, label_edit, label_path};
use crate::domain::{Code, FieldPath, TENANT_LABEL, sanitise};
use crate::policy::Tenants;
use crate::policy::documents::{Subject, SubjectKind};
use crate::rules::entries::{EntryRule, Selects, changes_of_namespaces, not_the_platform};

/// A ValidatingAdmissionPolicy and its binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionPolicy {
    /// `namespaces`
    pub name: &'static str,
    /// What it sees.
    pub rules: Vec<EntryRule>,
    /// In which namespaces.
    pub selects: Selects,
    /// Whom it leaves out: CEL expressions that must all be true, with their names.
    pub conditions: Vec<(&'static str, String)>,
    /// What its expressions share.
    pub variables: Vec<(&'static str, String)>,
    /// What must be true, and what is said where it is not: CEL both.
    pub validations: Vec<(String, String)>,
    /// Whether it warns rather than refuses.
    pub warns: bool,
}

/// The policy that freezes the tenant label, as the Platform has it: its listed administrators are
/// left out, its contact is named, and in a rehearsal there are only warnings.
#[must_use]
pub fn tenant_label_policy(tenants: &Tenants) -> AdmissionPolicy {
    let mut conditions = not_the_platform();
    conditions.extend(not_listed(&tenants.platform.administrators));
    AdmissionPolicy {
        name: "namespaces",
        rules: changes_of_namespaces(),
        selects: Selects::All,
        conditions,
        variables: variables(),
        validations: validations(&tenants.contact),
        warns: tenants.platform.rehearsal,
    }
}

/// The Platform's list. A service account must be listed itself: whether one of a listed group is
/// of a tenant's namespace, and so never the platform's, the API server does not know.
fn not_listed(administrators: &[Subject]) -> Option<(&'static str, String)> {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for subject in administrators {
        let name = subject.name.as_str();
        match (subject.kind, &subject.namespace) {
            (SubjectKind::User, _) => users.push(literal(name)),
            (SubjectKind::Group, _) => groups.push(literal(name)),
            (SubjectKind::ServiceAccount, Some(namespace)) => {
                users
                    .push(literal(&format!("system:serviceaccount:{}:{name}", namespace.as_str())));
            }
            (SubjectKind::ServiceAccount, None) => {}
        }
    }
    let users =
        (!users.is_empty()).then(|| format!("request.userInfo.username in [{}]", users.join(", ")));
    let groups = (!groups.is_empty()).then(|| {
        format!(
            "(!request.userInfo.username.startsWith('system:serviceaccount:') && \
             has(request.userInfo.groups) && \
             request.userInfo.groups.exists(group, group in [{}]))",
            groups.join(", ")
        )
    });
    let listed: Vec<String> = users.into_iter().chain(groups).collect();
    (!listed.is_empty()).then(|| ("not-listed", format!("!({})", listed.join(" || "))))
}

fn variables() -> Vec<(&'static str, String)> {
    let label = |object: &str| format!("{object}.metadata.?labels[?{}]", literal(TENANT_LABEL));
    vec![
        ("before", label("oldObject")),
        ("after", label("object")),
        ("kept", "variables.before == variables.after".to_owned()),
        (
            // Whoever may read the namespace knows whose it is.
            "readable",
            "authorizer.group('').resource('namespaces').namespace(request.name)\
             .name(request.name).check('get').allowed()"
                .to_owned(),
        ),
    ]
}

/// Two that differ in what they tell; at most one of them fails.
fn validations(contact: &str) -> Vec<(String, String)> {
    let code = Code::TenantLabel;
    let finding = format!(
        "{} + request.name + {} + variables.after.orValue({}) + '; ' + \
         (variables.before.hasValue() ? {} : {}) + '; fix: '",
        literal("1 problem in Namespace "),
        literal(&found_at(code, &label_path())),
        literal(NOTHING),
        literal(KEEPS),
        literal(GIVEN),
    );
    let tail = literal(&tail(code, contact));
    let tenant = "variables.before.optMap(tenant, 'tenant ' + tenant + ': ').orValue('')";
    let remove = literal(&label_edit(None).text);
    let set = literal(&label_edit(Some("")).text);
    let set = format!("variables.before.optMap(tenant, {set} + tenant).orValue({remove})");
    let leave = format!("(variables.before.hasValue() ? {} : {remove})", literal(LEAVE));
    let told = format!("{tenant} + {finding} + {set} + {tail}");
    vec![
        ("variables.kept || !variables.readable".to_owned(), told),
        (
            "variables.kept || variables.readable".to_owned(),
            format!("{finding} + {leave} + {tail}"),
        ),
    ]
}

/// What stands between the object's name and what is found.
fn found_at(code: Code, path: &FieldPath) -> String {
    let rule = RULES.iter().find(|rule| rule.code == code).map_or("", |rule| rule.name);
    format!(": {code} {rule} * {path}: {code} found ")
}

/// What stands at the end.
fn tail(code: Code, contact: &str) -> String {
    format!("; learn more: ringfence rules {code}; questions: {}", sanitise(contact, 120))
}

/// A text in CEL.
fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for char in text.chars() {
        match char {
            '\'' | '\\' => literal.extend(['\\', char]),
            _ if char.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => literal.push(char),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_what_it_says() {
        let check = |text: &str, expect: &str| assert_eq!(literal(text), expect);
        check("", "''");
        check("#platform-team", "'#platform-team'");
        check("it's", r"'it\'s'");
        check(r"a\n", r"'a\\n'");
        check("a\nb", r"'a\u000ab'");
        check("ü\"", "'ü\"'");
    }
}
