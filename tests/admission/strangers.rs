//! What somebody is told about a tenant that is not theirs: nothing.

use jiff::Timestamp;
use ringfence::admission::{Asker, Case, fill, judge, tenant_told};
use ringfence::audit::{Asked, Input, Reviewed, Settings, review};
use ringfence::domain::{Mode, Operation, Requester, Version};
use ringfence::objects::json::DEEPEST;
use ringfence::policy::{Source, load};
use ringfence::review::{Subject, read, refusal};
use ringfence::state::{Namespace, Namespaces, Seals, Snapshot};
use serde_json::{Value, json};

const DOCUMENTS: &str = r#"
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: milder}
spec: {podSecurity: {level: baseline}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {owners: [{kind: Group, name: alpha-devs}]}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: NAME}
spec: {owners: [{kind: Group, name: beta-devs}]SPEC}
"#;

/// A tenant's name that nobody uses, and so what a tenant looks like that is not there.
const UNUSED: &str = "zeta";

fn snapshot(name: &str, spec: &str) -> Snapshot {
    let spec = if spec.is_empty() { String::new() } else { format!(", {spec}") };
    let text = DOCUMENTS.replace("NAME", name).replace("SPEC", &spec);
    let source = Source { name: "documents.yaml".into(), text };
    let tenants = load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve();
    let label = tenants.tenant("beta").map(|_| "beta");
    Snapshot {
        tenants,
        namespaces: Namespaces::Watched([("beta-a".to_owned(), Namespace::labelled(label))].into())
            .into(),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    }
}

/// What the requester reads who is refused, on a snapshot: of what the door has completed.
fn told(snapshot: &Snapshot, groups: &[&str], object: &Value, old: Option<&Value>) -> Value {
    let review = |object: &Value| {
        let name = &object["metadata"]["name"];
        let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
        json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "operation": operation, "name": name, "namespace": name,
                "kind": {"group": "", "version": "v1", "kind": "Namespace"},
                "resource": {"group": "", "version": "v1", "resource": "namespaces"},
                "userInfo": {"username": "jo", "groups": groups},
                "object": object, "oldObject": old,
            },
        })
        .to_string()
    };
    let decide = |object: &Value, filling: bool| -> Value {
        let text = review(object);
        let request = read(&text, DEEPEST).unwrap().request.unwrap();
        let standing = snapshot.standing(&request.namespace);
        let case = Case::new(&request, snapshot, standing, Timestamp::UNIX_EPOCH).unwrap();
        let case = Case { asker: Asker::Named, ..case };
        if filling {
            return serde_json::from_str(&fill(&case).unwrap().to_json()).unwrap();
        }
        let subject = Subject {
            tenant: tenant_told(&case).map(|tenant| &tenant.name),
            group: "",
            kind: "Namespace",
            name: &request.object_name(),
            contact: "the platform team",
            to_control_plane: false,
        };
        refusal(&subject, &judge(&case)).map_or(Value::Null, |status| json!(status.message))
    };
    let mut filled = object.clone();
    let patch: json_patch::Patch = serde_json::from_value(decide(object, true)).unwrap();
    json_patch::patch(&mut filled, &patch).unwrap();
    decide(&filled, false)
}

fn namespace(name: &str, labels: &Value) -> Value {
    json!({"metadata": {"name": name, "labels": labels}})
}

#[test]
fn what_a_stranger_reads_is_the_same_whatever_the_tenant_is() {
    let tenants = [
        "namespaces: {}",
        "cordoned: true",
        "profile: milder",
        "namespaces: {labels: {team: blue, extra: '7'}}",
        "namespaces: {labels: {istio-injection: enabled}}",
        "namespaces: {labelKeys: {allow: [team]}, limit: 1, prefix: beta-}",
        "namespaces: {labelKeys: {deny: [team]}}",
    ];
    #[track_caller]
    fn check(tenants: &[&str], groups: &[&str], name: &str, labels: &Value, old: Option<&Value>) {
        let object = namespace(name, labels);
        let old = old.map(|labels| namespace(name, labels));
        let read = |name: &str, spec: &str| {
            let told = told(&snapshot(name, spec), groups, &object, old.as_ref());
            assert!(told.is_string(), "{groups:?} {object} is admitted");
            told
        };
        let plain = read("beta", "");
        for spec in tenants {
            assert_eq!(read("beta", spec), plain, "{spec}");
        }
        // A tenant that is not there looks like one that is another's.
        if old.is_none() {
            assert_eq!(read(UNUSED, ""), plain);
        }
    }
    let label = |more: Value| {
        let mut labels = json!({"ringfence.dev/tenant": "beta"});
        labels.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        labels
    };
    for groups in [&["alpha-devs"][..], &[]] {
        for more in [
            json!({}),
            json!({"team": "red"}),
            json!({"team": "blue"}),
            json!({"istio-injection": "disabled"}),
            json!({"ringfence.dev/default-deny": "enabled"}),
            json!({"pod-security.kubernetes.io/enforce": "privileged"}),
        ] {
            check(&tenants, groups, "shop", &label(more.clone()), None);
            check(&tenants, groups, "beta-a", &label(more), Some(&label(json!({}))));
        }
    }
}

#[test]
fn a_name_that_is_taken_is_told_without_whose_it_is() {
    let owners =
        [("beta", "namespaces: {names: [shop]}"), ("gamma", "namespaces: {names: [shop]}")];
    let check = |groups: &[&str], labels: Value| {
        let object = namespace("shop", &labels);
        let [one, other] =
            owners.map(|(name, spec)| told(&snapshot(name, spec), groups, &object, None));
        let text = one.as_str().unwrap();
        assert!(text.contains("RF1005"), "{text}");
        assert_eq!(one, other, "{labels}");
    };
    for groups in [&["alpha-devs"][..], &[]] {
        check(groups, json!({"team": "red", "istio-injection": "disabled"}));
        check(groups, json!({"ringfence.dev/tenant": "beta"}));
        check(groups, json!({"ringfence.dev/tenant": UNUSED}));
    }
}

/// A manifest comes without what the door puts on it, and is judged with it.
#[test]
fn a_manifest_is_judged_as_its_owner_s_namespace_is() {
    let text = DOCUMENTS.replace("NAME", "beta").replace("SPEC", ", namespaces: {names: [taken]}");
    let source = Source { name: "documents.yaml".into(), text };
    let tenants = load(&[source]).unwrap_or_else(|report| panic!("{report}")).resolve();
    let namespaces = Namespaces::Unwatched.into();
    let snapshot =
        Snapshot { tenants, namespaces, seals: Seals::Unwatched, latest: Version::NEWEST };
    let check = |groups: &[&str], name: &str, expect: &[&str]| {
        let groups = groups.iter().map(ToString::to_string).collect();
        let settings = Settings {
            snapshot: &snapshot,
            asked: Asked::Tenants,
            operation: Operation::Create,
            requester: Some(Requester { name: "jo".to_owned(), groups }),
            namespace: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let mut object = namespace(name, &json!({}));
        object["apiVersion"] = json!("v1");
        object["kind"] = json!("Namespace");
        let input = Input { source: "x.json".into(), text: object.to_string() };
        let Reviewed { records, problems, .. } = review(&[input], &settings, |_| ());
        assert_eq!(problems, []);
        let found: Vec<String> = records[0]
            .verdict
            .in_mode(Mode::Enforce)
            .map(|finding| finding.code.to_string())
            .collect();
        assert_eq!(found, expect, "{groups:?} {name}", groups = settings.requester);
    };
    check(&["alpha-devs"], "shop", &[]);
    check(&["alpha-devs", "beta-devs"], "shop", &["RF1003"]);
    check(&[], "shop", &["RF1003"]);
    check(&["alpha-devs"], "kube-shop", &["RF1007"]);
    check(&["alpha-devs"], "taken", &["RF1003", "RF1005"]);
}

#[test]
fn its_own_people_are_told_all() {
    let snapshot = snapshot("beta", "cordoned: true, namespaces: {labels: {team: blue}}");
    let object = namespace("shop", &json!({"ringfence.dev/tenant": "beta", "team": "red"}));
    let told = told(&snapshot, &["beta-devs"], &object, None);
    for said in ["tenant beta: 2 problems", "RF1010", "team]: blue", "RF1013"] {
        assert!(told.as_str().unwrap().contains(said), "{told}");
    }
}
