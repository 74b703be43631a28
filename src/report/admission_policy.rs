//! What `ringfence webhooks --admission-policy` prints: a ValidatingAdmissionPolicy and its binding.

use serde_json::{Value, json};

use super::webhooks::{rule, selector};
use crate::rules::entries::Selects;
use crate::rules::tenancy::admission_policy::AdmissionPolicy;

/// The policy and the binding that puts it in force.
#[must_use]
pub fn admission_policy(policy: &AdmissionPolicy) -> [Value; 2] {
    let name = format!("{}.ringfence.dev", policy.name);
    let named =
        |(name, expression): &(&str, String)| json!({ "name": name, "expression": expression });
    let validation = |(expression, message): &(String, String)| json!({ "expression": expression, "messageExpression": message, "reason": "Forbidden" });
    let document = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": name },
            "spec": spec,
        })
    };
    let mut constraints = json!({
        "matchPolicy": "Equivalent",
        "resourceRules": policy.rules.iter().map(rule).collect::<Vec<_>>(),
    });
    if let Some(fields) = constraints.as_object_mut()
        && policy.selects != Selects::All
    {
        fields.insert("namespaceSelector".to_owned(), selector(policy.selects));
    }
    let spec = json!({
        "failurePolicy": "Fail",
        "matchConstraints": constraints,
        "matchConditions": policy.conditions.iter().map(named).collect::<Vec<_>>(),
        "variables": policy.variables.iter().map(named).collect::<Vec<_>>(),
        "validations": policy.validations.iter().map(validation).collect::<Vec<_>>(),
    });
    let action = if policy.warns { "Warn" } else { "Deny" };
    let binding = json!({ "policyName": name, "validationActions": [action] });
    [
        document("ValidatingAdmissionPolicy", spec),
        document("ValidatingAdmissionPolicyBinding", binding),
    ]
}
