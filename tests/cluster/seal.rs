//! The seal in a real API server: what it fills in is no difference, what others change is one, and what
//! server-side apply does not put right an update with the whole object does.

use std::time::Duration;

use ringfence::policy::{Source, load};
use ringfence::seal::{self, Managed};
use serde_json::{Value, json};

use super::harness::{ControlPlane, Kubeconfig, wait_until};

const SET: &str = include_str!("../../src/seal/tests/set.yaml");

const NAMESPACES: [(&str, &str); 2] = [("alpha", "alpha-web"), ("beta", "beta-api")];

/// Every object of the example set, laid.
fn laid(admin: &Kubeconfig) -> Vec<Managed> {
    let source = Source { name: "set.yaml".to_owned(), text: SET.to_owned() };
    let tenants = load(&[source]).unwrap().resolve();
    let now = "2026-12-01T00:00:00Z".parse().unwrap();
    let mut objects = seal::clusterwide(&tenants);
    for (tenant, namespace) in NAMESPACES {
        admin.kubectl(&["create", "namespace", namespace]).success();
        objects.extend(seal::wanted(&tenants, tenants.tenant(tenant).unwrap(), namespace, now));
    }
    let list: Vec<Value> = objects.iter().map(Managed::to_value).collect();
    apply(admin, &json!({"apiVersion": "v1", "kind": "List", "items": list}));
    objects
}

fn apply(admin: &Kubeconfig, object: &Value) {
    let manager = format!("--field-manager={}", seal::FIELD_MANAGER);
    let args = ["apply", "--server-side", "--force-conflicts", &manager, "-f", "-"];
    admin.kubectl_with(&object.to_string(), &args).success();
}

fn live(admin: &Kubeconfig, object: &Managed) -> Value {
    let namespace = format!("--namespace={}", object.namespace().unwrap_or("default"));
    let get = ["get", object.plural(), object.name(), &namespace, "--output=json"];
    serde_json::from_str(&admin.kubectl(&get).success()).unwrap()
}

/// What another does to an object.
struct Foreign {
    kind: &'static str,
    name: &'static str,
    patch: Value,
    /// What is told of it.
    told: &'static str,
    /// Whether server-side apply alone puts it right.
    applied: bool,
}

/// Kind and name of an object.
struct Of(&'static str, &'static str);

impl Of {
    /// A change that server-side apply puts right.
    fn lost(&self, patch: Value, told: &'static str) -> Foreign {
        Foreign { kind: self.0, name: self.1, patch, told, applied: true }
    }

    /// One that stays, because it is in what apply does not own.
    fn kept(&self, patch: Value, told: &'static str) -> Foreign {
        Foreign { applied: false, ..self.lost(patch, told) }
    }
}

fn add(path: &str, value: Value) -> Value {
    json!([{"op": "add", "path": path, "value": value}])
}

fn remove(path: &str) -> Value {
    json!([{"op": "remove", "path": path}])
}

fn policies() -> Vec<Foreign> {
    let closed = Of("NetworkPolicy", "ringfence-default-deny");
    let shared = Of("NetworkPolicy", "ringfence-shared-metrics");
    let namespaces = json!([{"to": [{"namespaceSelector": {}}]}]);
    vec![
        closed.lost(
            add("/spec/ingress", json!([{}])),
            "spec.ingress: found `[{}]`; it must be absent",
        ),
        closed.lost(add("/spec/egress", namespaces), "spec.egress: found"),
        closed.lost(add("/spec/policyTypes", json!(["Ingress"])), "spec.policyTypes[1] is missing"),
        closed.lost(
            add("/spec/podSelector/matchLabels", json!({"a": "b"})),
            "spec.podSelector.matchLabels: found",
        ),
        shared.lost(remove("/spec/ingress/0/ports"), "spec.ingress[0].ports is missing"),
        shared.lost(
            add("/spec/ingress/0/from/1", json!({"podSelector": {}})),
            "spec.ingress[0].from[1]: found",
        ),
        shared.lost(add("/spec/egress", json!([{}])), "spec.egress: found"),
    ]
}

fn amounts() -> Vec<Foreign> {
    let quota = Of("ResourceQuota", "ringfence-quota");
    let limits = Of("LimitRange", "ringfence-limits");
    let pod = json!({"type": "Pod", "max": {"cpu": "1"}});
    let label = "metadata.labels[ringfence.dev/managed] is missing";
    let hash = "/metadata/annotations/ringfence.dev~1content-hash";
    vec![
        quota.lost(
            add("/spec/hard/pods", json!("101")),
            "spec.hard.pods: found `101`; it must be `100`",
        ),
        quota.lost(
            remove("/spec/hard/services.nodeports"),
            "spec.hard[services.nodeports] is missing",
        ),
        quota.kept(
            add("/spec/hard/count~1jobs.batch", json!("0")),
            "spec.hard[count/jobs.batch]: found `0`; it must be absent",
        ),
        quota.lost(remove("/metadata/labels"), label),
        quota.kept(add("/metadata/finalizers", json!(["a.b/hold"])), "metadata.finalizers: found"),
        limits.lost(
            add("/spec/limits/0/default/cpu", json!("2000m")),
            "spec.limits[0].default.cpu: found `2`; it must be `1`",
        ),
        limits.lost(
            remove("/spec/limits/0/defaultRequest"),
            "spec.limits[0].defaultRequest.cpu: found `1`; it must be `50m`",
        ),
        limits.lost(
            add("/spec/limits/0/min", json!({"cpu": "40m"})),
            "spec.limits[0].min: found `{\"cpu\":\"40m\"}`; it must be absent",
        ),
        limits.lost(add("/spec/limits/1", pod), "spec.limits[1]: found"),
        limits.lost(
            add(hash, json!("0")),
            "metadata.annotations[ringfence.dev/content-hash]: found `0`",
        ),
    ]
}

fn rights(namespace_uid: &str) -> Vec<Foreign> {
    let group = "rbac.authorization.k8s.io";
    let all = json!({"apiGroup": group, "kind": "Group", "name": "system:authenticated"});
    let owner = json!([{
        "apiVersion": "v1", "kind": "Namespace", "name": "alpha-web", "uid": namespace_uid,
    }]);
    let label = "/metadata/labels/ringfence.dev~1managed";
    let of = |own: Of| {
        [
            own.lost(add("/subjects/-", all.clone()), "]: found `{"),
            own.lost(
                add("/subjects", json!([all])),
                "subjects[0].name: found `system:authenticated`",
            ),
            own.lost(remove("/subjects/0"), "subjects[0]."),
            own.lost(remove("/subjects"), "subjects is missing"),
            own.lost(
                add(label, json!("false")),
                "metadata.labels[ringfence.dev/managed]: found `false`",
            ),
            own.kept(
                add("/metadata/ownerReferences", owner.clone()),
                "metadata.ownerReferences: found",
            ),
        ]
    };
    let bindings =
        [Of("RoleBinding", seal::NAMESPACE_OWNER), Of("ClusterRoleBinding", seal::OWNERS)];
    bindings.into_iter().flat_map(of).collect()
}

/// What the API server lets nobody change says so.
fn immutable(admin: &Kubeconfig) {
    for (object, patch) in [
        ("resourcequota/ringfence-quota", add("/spec/scopes", json!(["BestEffort"]))),
        ("rolebinding/ringfence-namespace-owner", add("/roleRef/name", json!("admin"))),
    ] {
        let patch = patch.to_string();
        let args = ["patch", object, "--namespace=alpha-web", "--type=json", "--patch", &patch];
        let output = admin.kubectl(&args);
        let why = ["immutable", "cannot change"];
        assert!(why.iter().any(|why| output.stderr.contains(why)), "{object} {output:?}");
    }
}

#[test]
fn the_api_server_tells_what_is_wanted_and_every_foreign_hand_is_seen() {
    let admin = ControlPlane::shared().admin();
    let objects = laid(admin);
    for object in &objects {
        assert_eq!(seal::differs(object, &live(admin, object)), None, "{}", object.name());
    }
    let uid = ["get", "namespace", "alpha-web", "--output=jsonpath={.metadata.uid}"];
    let uid = admin.kubectl(&uid).success();
    for Foreign { kind, name, patch, told, applied } in
        [policies(), amounts(), rights(&uid)].into_iter().flatten()
    {
        let object = objects.iter().find(|own| {
            own.kind() == kind && own.name() == name && own.namespace() != Some("beta-api")
        });
        let object = object.unwrap();
        let patch = patch.to_string();
        let namespace = format!("--namespace={}", object.namespace().unwrap_or("default"));
        let args = ["patch", object.plural(), name, &namespace, "--type=json", "--patch", &patch];
        admin.kubectl(&args).success();
        let lines = seal::differs(object, &live(admin, object)).unwrap_or_default();
        assert!(lines.iter().any(|line| line.contains(told)), "{name} {patch} {lines:?}");
        apply(admin, &object.to_value());
        let left = seal::differs(object, &live(admin, object));
        assert_eq!(left.is_none(), applied, "{name} {patch} {left:?}");
        admin.kubectl_with(&object.to_value().to_string(), &["replace", "-f", "-"]).success();
        assert_eq!(seal::differs(object, &live(admin, object)), None, "{name} {patch}");
    }
    immutable(admin);
    for object in objects.iter().filter(|own| own.kind() == "ResourceQuota") {
        wait_until(Duration::from_secs(60), "the quota counts", || {
            seal::enforced(&live(admin, object))
        });
    }
}
