use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{ApiResource, GroupVersionKind};

use super::*;

/// The configurations for a place: two entries that judge and the probe, and one that fills in.
fn wanted(place: &str) -> [Value; 2] {
    let entry = |name: &str| json!({"name": format!("{name}.ringfence.dev"), "clientConfig": place, "failurePolicy": "Fail"});
    let judging = ["namespaces", "tenants", "probe"].map(entry);
    [json!({ "webhooks": judging }), json!({ "webhooks": [entry("namespaces")] })]
}

fn live(webhooks: &Value) -> Option<DynamicObject> {
    let kind = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", "X");
    let mut object = DynamicObject::new(NAME, &ApiResource::from_gvk(&kind));
    object.data = json!({ "webhooks": webhooks });
    let owner = OwnerReference { kind: "ClusterRole".to_owned(), ..OwnerReference::default() };
    object.metadata.owner_references = Some(vec![owner]);
    Some(object)
}

fn standing(judging: Option<&Value>, filling: Option<&Value>) -> Standing {
    let of = |webhooks: Option<&Value>| webhooks.and_then(live);
    Standing { live: [of(judging), of(filling)], known: [true, true] }
}

/// Does steps until there is none, as a cluster in which each probe comes back, or none.
fn run(mut standing: Standing, wanted: &[Value; 2], comes_back: bool) -> (Vec<String>, Standing) {
    let mut proven = None;
    let mut done = Vec::new();
    while let Some(step) = next(&standing, wanted, proven.as_ref(), false) {
        match step {
            Step::Write(index, webhooks) => {
                let names = webhooks.as_array().unwrap().iter();
                let place = |it: &Value| format!("{}@{}", it["name"], it["clientConfig"]);
                let names: Vec<String> = names.map(place).collect();
                let names = names.join(" ").replace('"', "").replace(".ringfence.dev", "");
                done.push(format!("{index}: {names}"));
                standing.set(index, live(&webhooks));
            }
            Step::Probe(_) if !comes_back => {
                done.push("in vain".to_owned());
                break;
            }
            Step::Probe(place) => {
                done.push("probe".to_owned());
                proven = Some(place);
            }
        }
    }
    (done, standing)
}

#[test]
fn nothing_refuses_before_a_probe_came_back() {
    let a = wanted("a");
    let (done, stands) = run(standing(None, None), &a, true);
    let all = "0: namespaces@a tenants@a probe@a";
    assert_eq!(done, ["0: probe@a", "probe", all, "1: namespaces@a"]);
    assert_eq!(next(&stands, &a, None, false), None, "another leader has nothing to do");
    let (done, _) = run(standing(None, None), &a, false);
    assert_eq!(done, ["0: probe@a", "in vain"]);
    let unknown = Standing { known: [true, false], ..Standing::default() };
    assert_eq!(next(&unknown, &a, None, false), None);
}

#[test]
fn what_works_stays_until_the_new_place_was_reached() {
    let (_, stands) = run(standing(None, None), &wanted("a"), true);
    let (done, _) = run(stands, &wanted("b"), false);
    assert_eq!(done, ["0: namespaces@a tenants@a probe@b", "in vain"]);
    let (_, stands) = run(standing(None, None), &wanted("a"), true);
    let (done, _) = run(stands, &wanted("b"), true);
    let all = "0: namespaces@b tenants@b probe@b";
    assert_eq!(done, ["0: namespaces@a tenants@a probe@b", "probe", all, "1: namespaces@b"]);
}

#[test]
fn drift_is_put_right_and_deleted_ones_come_back_unless_suspended() {
    let a = wanted("a");
    let place = json!("a");
    let (judging, filling) = (&a[0]["webhooks"], &a[1]["webhooks"]);
    let check = |standing: &Standing, suspended: bool, expect: Option<usize>| {
        let step = next(standing, &a, Some(&place), suspended);
        let index = step.map(|step| match step {
            Step::Write(index, _) => index,
            Step::Probe(_) => panic!("{standing:?}"),
        });
        assert_eq!(index, expect, "{standing:?} {suspended}");
    };
    check(&standing(Some(judging), Some(filling)), false, None);
    check(&standing(None, Some(filling)), false, Some(0));
    check(&standing(None, Some(filling)), true, None);
    check(&standing(Some(judging), None), false, Some(1));
    check(&standing(Some(judging), None), true, None);
    check(&standing(None, None), true, None);
    let mut ignored = judging.clone();
    ignored[0]["failurePolicy"] = json!("Ignore");
    for suspended in [false, true] {
        check(&standing(Some(&ignored), Some(filling)), suspended, Some(0));
    }
    let mut more = filling.clone();
    more.as_array_mut().unwrap().push(json!({"name": "foreign"}));
    check(&standing(Some(judging), Some(&more)), false, Some(1));
    let mut unowned = standing(Some(judging), Some(filling));
    unowned.live[1].as_mut().unwrap().metadata.owner_references = None;
    check(&unowned, false, Some(1));
    let mut filled_in = judging.clone();
    filled_in[1]["objectSelector"] = json!({});
    filled_in[1]["namespaceSelector"] = json!({});
    check(&standing(Some(&filled_in), Some(filling)), false, None);
    filled_in[1]["objectSelector"] = json!({"matchLabels": {"a": "b"}});
    check(&standing(Some(&filled_in), Some(filling)), false, Some(0));
}
