//! What the API server tells of an object that was applied: what it fills in, what it leaves out, and what
//! stands beside what was said. `tests/cluster` holds [`differs`](crate::seal::differs) to the real one.

use serde_json::{Value, json};

/// An object as a watch tells it.
pub(super) fn stored(applied: &Value) -> Value {
    let mut live = said(applied);
    let metadata = live["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".to_owned(), json!("1b0a3d1e-6f6e-4a3a-9a55-2f3a1c3b5d7e"));
    metadata.insert("resourceVersion".to_owned(), json!("7"));
    metadata.insert("creationTimestamp".to_owned(), json!("2026-12-01T00:00:00Z"));
    metadata.insert("managedFields".to_owned(), json!([{"manager": "ringfence"}]));
    live["metadata"]["labels"]["team.example.com/cost"] = json!("42");
    live["metadata"]["annotations"]["example.com/seen"] = json!("yes");
    if live["kind"] == "ResourceQuota" {
        live["status"] = json!({"hard": live["spec"]["hard"], "used": {}});
    }
    live
}

/// The object with what is absent filled in and what is empty left out.
pub(super) fn said(applied: &Value) -> Value {
    let mut live = applied.clone();
    leave_out(&mut live);
    match live["kind"].as_str().unwrap() {
        "NetworkPolicy" => policy(&mut live["spec"]),
        "RoleBinding" | "ClusterRoleBinding" => {
            group(&mut live["roleRef"]);
            live["subjects"].as_array_mut().into_iter().flatten().for_each(group);
        }
        _ => {}
    }
    leave_out(&mut live);
    live
}

fn policy(spec: &mut Value) {
    if spec.is_null() {
        *spec = json!({});
    }
    if spec["podSelector"].is_null() {
        spec["podSelector"] = json!({});
    }
    if spec["policyTypes"].is_null() {
        let egress = spec["egress"].is_array().then_some("Egress");
        spec["policyTypes"] = ["Ingress"].into_iter().chain(egress).collect();
    }
    for rules in ["ingress", "egress"] {
        for rule in spec[rules].as_array_mut().into_iter().flatten().filter(|it| it.is_object()) {
            for port in
                rule["ports"].as_array_mut().into_iter().flatten().filter(|it| it.is_object())
            {
                if port["protocol"].is_null() {
                    port["protocol"] = json!("TCP");
                }
            }
        }
    }
}

fn group(of: &mut Value) {
    if !of.is_object() {
        return;
    }
    let absent = of.get("apiGroup").is_none_or(|group| group == "");
    if of.get("kind").is_some_and(|kind| kind == "ServiceAccount") {
        if absent {
            of["apiGroup"] = Value::Null;
        }
    } else if absent {
        of["apiGroup"] = json!("rbac.authorization.k8s.io");
    }
    if of.get("namespace").is_some_and(|namespace| namespace == "") {
        of["namespace"] = Value::Null;
    }
}

fn leave_out(value: &mut Value) {
    const SELECTORS: [&str; 2] = ["podSelector", "namespaceSelector"];
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(leave_out);
            map.retain(|key, value| {
                let empty = value.is_null()
                    || *value == json!([])
                    || (*value == json!({}) && !SELECTORS.contains(&key.as_str()));
                !empty
            });
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        _ => {}
    }
}
