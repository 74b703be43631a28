//! What `ringfence rules CODE` shows of each rule: the failing example has that finding and no other,
//! the passing one has none.

use std::sync::Arc;

use ringfence::audit::{Asked, Input, Reviewed, Settings, review};
use ringfence::domain::{Finding, Operation, Requester, Version};
use ringfence::objects::yaml;
use ringfence::policy::{Source, load};
use ringfence::rules::{self, Example, Rule, Step, find_kind};
use ringfence::state::{Namespaces, Seals, Snapshot};
use serde_json::{Value, json};

/// The tenants that the examples speak of, and the profile that alpha has.
pub fn snapshot(profile: &str) -> Snapshot {
    let documents = format!(
        r#"
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {{name: default}}
spec: {{administrators: [{{kind: Group, name: platform-admins}}]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {{name: shown}}
spec: {{{profile}}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {{name: alpha}}
spec:
  profile: shown
  owners: [{{kind: Group, name: alpha-devs}}, {{kind: Group, name: owners-of-both}}]
  namespaces: {{names: [alpha-dev]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {{name: beta}}
spec:
  owners: [{{kind: Group, name: beta-devs}}, {{kind: Group, name: owners-of-both}}]
  namespaces: {{prefix: beta-, names: [beta-legacy], labelKeys: {{allow: [team]}}}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {{name: gamma}}
spec:
  owners: [{{kind: Group, name: gamma-devs}}]
  namespaces: {{limit: 1, names: [first]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {{name: delta}}
spec:
  cordoned: true
  owners: [{{kind: Group, name: delta-devs}}]
  namespaces: {{names: [cut-off]}}
"#
    );
    let source = Source { name: "tenants.yaml".into(), text: documents };
    Snapshot {
        tenants: load(&[source]).unwrap().resolve(),
        namespaces: Arc::new(Namespaces::Unwatched),
        seals: Seals::Unwatched,
        latest: Version::NEWEST,
    }
}

pub fn value(text: &str) -> Value {
    let [Ok(document)] = &yaml::documents(text)[..] else { panic!("{text}") };
    document.to_value()
}

/// The request of an update, as the API server would send it.
fn update(step: &Step) -> String {
    let (old, new) = (value(step.before), value(step.object));
    let text = |at: &str| new.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let resource = find_kind(text("/apiVersion"), text("/kind")).unwrap();
    let of = |last: &str, name: &str| json!({"group": resource.group, "version": resource.version, last: name});
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "UPDATE", "name": text("/metadata/name"),
            "namespace": text("/metadata/name"),
            "kind": of("kind", resource.kind), "resource": of("resource", resource.resource),
            "userInfo": {"username": "jo"}, "object": new, "oldObject": old,
        },
    })
    .to_string()
}

/// What is found of the object of a step.
pub fn findings(snapshot: &Snapshot, step: &Step) -> Vec<Finding> {
    let requester = (!step.by.is_empty())
        .then(|| Requester { name: "jo".to_owned(), groups: vec![step.by.to_owned()] });
    let settings = Settings {
        snapshot,
        asked: Asked::Tenants,
        operation: Operation::Create,
        requester,
        namespace: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let text = if step.before.is_empty() { step.object.to_owned() } else { update(step) };
    let input = Input { source: "-".to_owned(), text };
    let Reviewed { records, problems, .. } = review(&[input], &settings, |_| ());
    assert!(problems.is_empty() && records.len() == 1, "{problems:?} of {}", step.object);
    records[0].verdict.findings().iter().map(|judged| judged.finding.clone()).collect()
}

/// The codes of what is found, each once.
fn found(snapshot: &Snapshot, step: &Step) -> Vec<String> {
    let findings = findings(snapshot, step);
    let mut codes: Vec<String> = findings.iter().map(|it| it.code.to_string()).collect();
    codes.dedup();
    codes
}

/// The profile that an example wants: at the level of its rule, unless it says otherwise.
pub fn profile(rule: &Rule, said: &str) -> String {
    match rule.pod_check().filter(|_| said.is_empty()) {
        Some(check) => format!("podSecurity: {{level: {}}}", check.level.as_str()),
        None => said.to_owned(),
    }
}

#[test]
fn the_failing_one_has_that_finding_alone_and_the_passing_one_none() {
    let mut wrong = Vec::new();
    let (mut shown, mut without) = (0, Vec::new());
    for rule in rules::table() {
        let code = rule.code.to_string();
        match rule.example() {
            Example::Objects { profile: said, failing, passing, .. } => {
                shown += 1;
                let snapshot = snapshot(&profile(rule, said));
                let (fails, passes) = (found(&snapshot, &failing), found(&snapshot, &passing));
                if fails != [code.clone()] || !passes.is_empty() {
                    wrong.push(format!("{code}: failing {fails:?}, passing {passes:?}"));
                }
            }
            Example::Nothing(why) => {
                assert!(!why.is_empty());
                without.push(code);
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(without, ["RF1018", "RF9003", "RF9004", "RF9005", "RF9006"]);
    assert!(shown > 40, "{shown}");
}
