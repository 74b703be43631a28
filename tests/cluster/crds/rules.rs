//! What breaks one rule (CEL) of a schema, and what keeps to it.

use serde_json::{Value, json};

use super::bounds::Case;
use super::places::Place;

/// Each message: what it is changed by to break the rule, and to keep it. `null` takes a field out.
fn changes(message: &str) -> Vec<(Value, Value)> {
    let range = json!(["203.0.113.0/24"]);
    match message {
        "the Platform is named default" => vec![(named("other"), named("default"))],
        "a Tenant's name has at most 63 characters: it is a label's value" => {
            vec![(named(&"a".repeat(64)), named(&"a".repeat(63)))]
        }
        "a ServiceAccount has a namespace, and nobody else has" => vec![
            (
                json!({"kind": "ServiceAccount", "namespace": null}),
                json!({"kind": "ServiceAccount", "namespace": "b"}),
            ),
            (json!({"kind": "User", "namespace": "b"}), json!({"kind": "User", "namespace": null})),
            (
                json!({"kind": "Group", "namespace": "b"}),
                json!({"kind": "Group", "namespace": null}),
            ),
        ],
        "a shared service has either a namespace or cidrs"
        | "dns has either a namespace or cidrs" => either("namespace", &range),
        "a side of a Grant has either a tenant or cidrs" => either("tenant", &range),
        "podSelector goes with namespace" => {
            goes_with("namespace", "podSelector", json!({}), &range)
        }
        "namespaces and podSelector go with tenant" => [
            goes_with("tenant", "podSelector", json!({}), &range),
            goes_with("tenant", "namespaces", json!(["a"]), &range),
        ]
        .concat(),
        "In and NotIn have values, Exists and DoesNotExist have none" => operators(),
        "endPort is the last port of a range that port begins" => vec![
            (json!({"port": 2, "endPort": 1}), json!({"port": 1, "endPort": 1})),
            (json!({"port": 9, "endPort": 8}), json!({"port": 8, "endPort": 9})),
        ],
        "labelKeys has either allow or deny" => vec![
            (json!({"allow": null, "deny": null}), json!({"allow": ["a"], "deny": null})),
            (json!({"allow": ["a"], "deny": ["b"]}), json!({"allow": null, "deny": ["b"]})),
        ],
        "one side of a Grant is a tenant" => {
            let addresses =
                json!({"tenant": null, "namespaces": null, "podSelector": null, "cidrs": range});
            let bad = json!({"from": addresses, "to": addresses});
            vec![(bad, json!({"from": addresses}))]
        }
        // Of an object that is not there yet nothing changes: `changed` holds these.
        "the tenant of an Exemption never changes: write another"
        | "the tenants of a Grant never change: write another" => Vec::new(),
        _ => names(message),
    }
}

/// The same of rules on lists of names and on keys.
fn names(message: &str) -> Vec<(Value, Value)> {
    match message {
        "RF1 and RF9 are always enforced: nobody can loosen them"
        | "RF1 and RF9 cannot be exempted from" => {
            let keys = ["RF1", "RF9", "RF1001", "RF9001"];
            keys.map(|key| (json!(["RF2", key]), json!(["RF2", "RF3004", "*"]))).to_vec()
        }
        "a key is *, a family such as RF2 or a code such as RF2003; RF1 and RF9 are always enforced" =>
        {
            let keys = ["RF1", "RF9", "RF1001", "RF20", "nonsense"];
            let good = json!({"*": "enforce", "RF2": "enforce", "RF2003": "enforce"});
            keys.map(|key| (json!({key: "warn"}), good.clone())).to_vec()
        }
        "labels below ringfence.dev are Ringfence's own" => {
            let pairs =
                [("ringfence.dev/a", "ringfence.dev"), ("x.ringfence.dev/a", "ringfence.dev.x/a")];
            let pairs =
                pairs.into_iter().chain([("ringfence.dev/tenant", "xringfence.dev/tenant")]);
            pairs.map(|(bad, good)| (json!({bad: "b"}), json!({good: "b"}))).collect()
        }
        "a ResourceQuota counts no resource of this name" => {
            let good = json!({"pods": "1", "requests.hugepages-2Mi": "2Mi", "a.example/b": "1"});
            ["pod", "storage", "limits.storage"].map(|key| (json!({key: "1"}), good.clone())).into()
        }
        "a container has no resource of this name" => {
            let good = json!({"cpu": "1", "hugepages-2Mi": "2Mi", "a.example/b": "1"});
            ["pods", "requests.cpu"].map(|key| (json!({key: "1"}), good.clone())).into()
        }
        "no tenant can be in a namespace of the cluster's own" => {
            let names =
                ["kube-system", "kube-public", "kube-node-lease", "default", "ringfence-system"];
            let beside = |name: &str| json!(["a", format!("{name}-b")]);
            names.map(|name| (json!(["a", name]), beside(name))).to_vec()
        }
        _ => panic!("no case for {message}"),
    }
}

fn named(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

/// Either a field or addresses.
fn either(field: &str, range: &Value) -> Vec<(Value, Value)> {
    let [selector, names] = ["podSelector", "namespaces"];
    let with =
        |own: Value, cidrs: Value| json!({field: own, "cidrs": cidrs, selector: null, names: null});
    let names = |own: Value, cidrs: Value| match field {
        "tenant" => with(own, cidrs),
        _ => json!({field: own, "cidrs": cidrs, selector: null}),
    };
    vec![
        (names(json!(null), json!(null)), names(json!("alpha"), json!(null))),
        (names(json!("alpha"), range.clone()), names(json!(null), range.clone())),
    ]
}

/// What only stands beside a field.
fn goes_with(field: &str, own: &str, value: Value, range: &Value) -> Vec<(Value, Value)> {
    let mut bad = json!({field: null, "cidrs": range, "podSelector": null});
    if field == "tenant" {
        bad["namespaces"] = json!(null);
    }
    bad[own] = value.clone();
    vec![(bad, json!({field: "alpha", "cidrs": null, own: value}))]
}

fn operators() -> Vec<(Value, Value)> {
    let with = |operator: &str, values: Value| json!({"operator": operator, "values": values});
    let some = || json!(["a"]);
    vec![
        (with("In", json!(null)), with("In", some())),
        (with("In", json!([])), with("In", some())),
        (with("NotIn", json!(null)), with("NotIn", some())),
        (with("Exists", some()), with("Exists", json!(null))),
        (with("DoesNotExist", some()), with("DoesNotExist", json!([]))),
    ]
}

/// The messages of a place's rules.
pub fn messages(place: &Place) -> Vec<&str> {
    let rules = place.schema["x-kubernetes-validations"].as_array();
    rules.into_iter().flatten().map(|rule| rule["message"].as_str().unwrap()).collect()
}

/// Every rule of a place.
pub fn cases(place: &Place) -> Vec<Case> {
    let mut cases = Vec::new();
    for message in messages(place) {
        for (number, (bad, good)) in changes(message).iter().enumerate() {
            let changed = |patch: &Value| {
                let mut value = place.value().clone();
                // Of lists and of maps of the user's own keys all is replaced.
                match patch.is_array() || place.schema.get("additionalProperties").is_some() {
                    true => value = patch.clone(),
                    false => json_patch::merge(&mut value, patch),
                }
                place.with(value)
            };
            cases.push(Case {
                name: format!("{} {message} ({number})", place.path),
                bad: changed(bad),
                good: changed(good),
                field: place.field(),
            });
        }
    }
    cases
}
