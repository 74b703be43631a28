//! What counts as a difference, and what does not.

use serde_json::{Value, json};

use super::stored::{said, stored};
use super::{SET, now, of, tenants};
use crate::domain::MANAGED_LABEL;
use crate::seal::{
    Dialect, HASH_ANNOTATION, Managed, Seen, barrier, clusterwide, differs, enforced, tier,
};

/// Every object of the set.
fn all() -> Vec<Managed> {
    let set = tenants(SET);
    let mut all = of(&set, "alpha", "alpha-web", now());
    all.extend(of(&set, "beta", "beta-api", now()));
    all.extend(clusterwide(&set));
    let alpha = set.tenant("alpha").unwrap();
    all.extend(Dialect::ALL.map(|dialect| barrier(&set, alpha, dialect, now()).policy));
    all.push(tier());
    all
}

/// A value with one thing changed, every such.
fn mutations(value: &Value) -> Vec<Value> {
    let mut all = vec![Value::Null];
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let mut less = map.clone();
                less.remove(key);
                all.push(Value::Object(less));
                all.extend(mutations(inner).into_iter().map(|inner| {
                    let mut other = map.clone();
                    other.insert(key.clone(), inner);
                    Value::Object(other)
                }));
            }
            let mut more = map.clone();
            more.insert("foreign".to_owned(), json!("1"));
            all.push(Value::Object(more));
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                let mut less = items.clone();
                let own = less.remove(index);
                all.push(Value::Array(less.clone()));
                less.push(own.clone());
                all.push(Value::Array(less));
                all.extend(mutations(&own).into_iter().map(|inner| {
                    let mut other = items.clone();
                    other[index] = inner;
                    Value::Array(other)
                }));
            }
            for foreign in [json!({}), json!("foreign")] {
                all.push(items.iter().cloned().chain([foreign]).collect());
            }
        }
        Value::String(text) => all.extend([json!(format!("{text}1")), json!("")]),
        Value::Number(number) => all.push(json!(number.as_i64().unwrap() + 1)),
        Value::Bool(_) | Value::Null => all.push(json!("foreign")),
    }
    all
}

/// How an object differs. What is remembered of the one that is meant must tell the same.
fn compared(wanted: &Managed, live: &Value) -> Option<Vec<String>> {
    const WHICH: [&str; 4] = ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"];
    let found = differs(wanted, live);
    let meant = wanted.to_value();
    if WHICH.iter().all(|field| meant.pointer(field) == live.pointer(field)) {
        assert_eq!(Seen::of(wanted.kind(), live).is(wanted), found.is_none(), "{live}");
    }
    found
}

/// Whether an object is found the same as it is stored, and every change of what it says that the API
/// server does not undo is seen.
pub(super) fn seen(wanted: &Managed) -> Result<usize, String> {
    let live = stored(&wanted.to_value());
    if let Some(lines) = compared(wanted, &live) {
        return Err(format!("{} as it is stored: {lines:?}", wanted.name()));
    }
    let mut changes = 0;
    for part in ["spec", "specs", "roleRef", "subjects"] {
        for mutation in live.get(part).map(mutations).unwrap_or_default() {
            let mut changed = live.clone();
            changed[part] = mutation;
            let same = said(&changed) == said(&live);
            if compared(wanted, &changed).is_none() != same {
                return Err(format!("{}: {changed} is the same: {same}", wanted.name()));
            }
            changes += usize::from(!same);
        }
    }
    Ok(changes)
}

#[test]
fn every_change_of_what_an_object_says_is_seen() {
    for own in all() {
        let changes = seen(&own).unwrap();
        assert!(changes > 8, "{} {changes}", own.name());
    }
}

#[track_caller]
fn check(kind: &str, change: impl Fn(&mut Value), expect: &[&str]) {
    let own = all().into_iter().find(|own| own.kind() == kind).unwrap();
    let mut live = stored(&own.to_value());
    change(&mut live);
    assert_eq!(compared(&own, &live).unwrap_or_default(), expect);
}

#[test]
fn marks_of_others_may_stand_beside_ours_and_owners_may_not() {
    for kind in
        ["NetworkPolicy", "ResourceQuota", "LimitRange", "RoleBinding", "ClusterRoleBinding"]
    {
        check(kind, |live| live["metadata"]["labels"]["a"] = json!("b"), &[]);
    }
    check(
        "LimitRange",
        |live| live["metadata"]["labels"] = json!({}),
        &["metadata.labels[ringfence.dev/managed] is missing; it must be `true`"],
    );
    check(
        "LimitRange",
        |live| {
            live["metadata"]["labels"][MANAGED_LABEL] = json!("no");
            live["metadata"]["annotations"][HASH_ANNOTATION] = json!("\u{1b}[31m");
        },
        &[
            "metadata.labels[ringfence.dev/managed]: found `no`; it must be `true`",
            "metadata.annotations[ringfence.dev/content-hash]: found `\u{fffd}[31m`; it must be `HASH`",
        ]
        .map(|line| line.replace("HASH", &hash("LimitRange")))
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>(),
    );
    check(
        "LimitRange",
        |live| {
            live["metadata"]["ownerReferences"] = json!([{"kind": "ConfigMap", "name": "a"}]);
            live["metadata"]["finalizers"] = json!(["example.com/hold"]);
        },
        &[
            "metadata.ownerReferences: found `[{\"kind\":\"ConfigMap\",\"name\":\"a\"}]`; it must be absent",
            "metadata.finalizers: found `[\"example.com/hold\"]`; it must be absent",
        ],
    );
    check("LimitRange", |live| live["metadata"]["finalizers"] = json!([]), &[]);
}

fn hash(kind: &str) -> String {
    let own = all().into_iter().find(|own| own.kind() == kind).unwrap().to_value();
    own["metadata"]["annotations"][HASH_ANNOTATION].as_str().unwrap().to_owned()
}

#[test]
fn a_difference_says_where_it_is() {
    check(
        "NetworkPolicy",
        |live| {
            live["spec"]["ingress"] = json!([{}]);
            live["spec"]["policyTypes"] = json!(["Ingress"]);
        },
        &[
            "spec.policyTypes[1] is missing; it must be `Egress`",
            "spec.ingress: found `[{}]`; it must be absent",
        ],
    );
    check(
        "ResourceQuota",
        |live| {
            live["spec"]["hard"]["requests.cpu"] = json!("21");
            live["spec"]["hard"]["count/foreign"] = json!("1");
            live["spec"]["scopes"] = json!(["BestEffort"]);
        },
        &[
            "spec.hard[requests.cpu]: found `21`; it must be `20`",
            "spec.hard[count/foreign]: found `1`; it must be absent",
            "spec.scopes: found `[\"BestEffort\"]`; it must be absent",
        ],
    );
    check(
        "RoleBinding",
        |live| live["subjects"][0]["name"] = json!("mallory"),
        &["subjects[0].name: found `mallory`; it must be `alpha-devs`"],
    );
    check(
        "ClusterRoleBinding",
        |live| live["metadata"]["name"] = json!("other"),
        &["metadata.name: found `other`; it must be `ringfence-owners`"],
    );
    check(
        "ClusterRoleBinding",
        |live| live["metadata"]["namespace"] = json!("a"),
        &["metadata.namespace: found `a`; it must be absent"],
    );
}

#[test]
fn a_tier_may_have_what_calico_keeps_on_it_and_nothing_else() {
    let own = "projectcalico.org/tier-controller";
    check("Tier", |live| live["metadata"]["finalizers"] = json!([own]), &[]);
    check(
        "Tier",
        |live| live["metadata"]["finalizers"] = json!([own, "example.com/hold"]),
        &[
            "metadata.finalizers: found `[\"projectcalico.org/tier-controller\",\"example.com/hold\"]`; it must be absent",
        ],
    );
    check(
        "GlobalNetworkPolicy",
        |live| live["metadata"]["finalizers"] = json!([own]),
        &[
            "metadata.finalizers: found `[\"projectcalico.org/tier-controller\"]`; it must be absent",
        ],
    );
}

#[test]
fn what_a_policy_of_ciliums_says_beside_is_seen() {
    check(
        "CiliumClusterwideNetworkPolicy",
        |live| live["specs"] = json!([{"ingress": [{}]}]),
        &["specs: found `[{\"ingress\":[{}]}]`; it must be absent"],
    );
}

#[test]
fn the_same_is_the_same_however_it_is_written() {
    check(
        "ResourceQuota",
        |live| {
            let hard = &mut live["spec"]["hard"];
            hard["requests.cpu"] = json!("20000m");
            hard["requests.memory"] = json!("16384Mi");
            hard["pods"] = json!(100);
            live["spec"]["scopes"] = json!([]);
            live["spec"]["scopeSelector"] = Value::Null;
        },
        &[],
    );
    check(
        "LimitRange",
        |live| {
            live["spec"]["limits"][0]["default"]["cpu"] = json!("1.0");
            live["spec"]["limits"][0]["min"] = json!({});
        },
        &[],
    );
    // As releases of Calico write a rule that speaks of one side only.
    check(
        "GlobalNetworkPolicy",
        |live| {
            for rule in live["spec"]["ingress"].as_array_mut().unwrap() {
                let rule = rule.as_object_mut().unwrap();
                rule.entry("source").or_insert_with(|| json!({}));
                rule.entry("destination").or_insert_with(|| json!({}));
            }
        },
        &[],
    );
    check(
        "NetworkPolicy",
        |live| {
            live["spec"]["ingress"] = json!([]);
            live["spec"]["podSelector"] = json!({"matchLabels": {}, "matchExpressions": []});
            // Objects of a list come without these.
            live.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
        },
        &[],
    );
}

#[test]
fn what_is_no_object_of_the_kind_differs_in_everything() {
    for own in all() {
        for nothing in
            [json!({}), json!([]), json!(null), json!("a"), json!({"spec": 1, "metadata": 2})]
        {
            assert!(differs(&own, &nothing).is_some_and(|lines| lines.len() > 2), "{nothing}");
        }
    }
    let own = all().into_iter().find(|own| own.kind() == "ResourceQuota").unwrap();
    let mut live = stored(&own.to_value());
    for number in 0..20 {
        live["spec"]["hard"][format!("count/{number:02}")] = json!("1");
    }
    let lines = differs(&own, &live).unwrap();
    assert_eq!((lines.len(), lines[16].as_str()), (17, "and 4 more"));
}

#[test]
fn a_quota_counts_once_every_figure_is_taken_up() {
    let check = |live: Value, expect: bool| assert_eq!(enforced(&live), expect, "{live}");
    let set = json!({"hard": {"pods": "1", "requests.cpu": "1500m"}});
    check(json!({"spec": set}), false);
    check(json!({"spec": set, "status": {}}), false);
    check(json!({"spec": set, "status": {"hard": {"pods": "1"}}}), false);
    check(json!({"spec": set, "status": {"hard": {"pods": "1", "requests.cpu": "1"}}}), false);
    check(json!({"spec": set, "status": {"hard": {"pods": "1", "requests.cpu": "1.5"}}}), true);
    let more = json!({"hard": {"pods": "1", "requests.cpu": "1.5", "secrets": "1"}});
    check(json!({"spec": set, "status": more}), true);
    check(json!({"spec": {"hard": {}}, "status": {"hard": {}}}), false);
    check(json!({}), false);
}
