//! What the controller says of our documents, and what it makes of tenants' namespaces, on a real API
//! server with exactly the rights that `manifests/base` gives it.

mod adoption;
mod conditions;
mod isolation;
mod labels;
mod permissions;

use serde_json::Value;

use super::harness::wait_until;
use super::program::{PATIENCE, in_seconds};
use super::walls::Walls;

impl Walls {
    /// A document, as JSON.
    fn document(&self, of: &str) -> Value {
        self.get("", of).unwrap_or_else(|| panic!("{of} is not there"))
    }

    /// A Tenant that says this.
    fn tenant(&self, name: &str, spec: &str) {
        self.apply(&format!(
            "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        ));
    }

    /// Waits until a document's condition has a status and a reason that begin so: `True`, or
    /// `False Mistakes`. The document as it stands then, and what the condition says for people.
    #[track_caller]
    pub fn wait_condition(&self, of: &str, kind: &str, wanted: &str) -> (Value, String) {
        let mut document = Value::Null;
        wait_until(PATIENCE, &format!("{of} to be {kind} {wanted}"), || {
            document = self.document(of);
            let is_of_now =
                document["status"]["observedGeneration"] == document["metadata"]["generation"];
            let said = condition(&document, kind);
            let said = format!("{} {}", text(&said["status"]), text(&said["reason"]));
            is_of_now && said.starts_with(wanted)
        });
        let message = text(&condition(&document, kind)["message"]).to_owned();
        (document, message)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn condition(document: &Value, kind: &str) -> Value {
    let conditions = document["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.find(|own| own["type"] == kind).cloned().unwrap_or_default()
}
