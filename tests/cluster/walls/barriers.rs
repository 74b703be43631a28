//! What denies tenants each other once in a cluster, where it has a kind for that: it comes with the kind, is
//! kept, follows the documents, and goes, and no namespace waits for it.

use serde_json::{Value, json};

use super::Walls;
use crate::harness::wait_until;
use crate::people::ringfence;
use crate::program::{PATIENCE, in_seconds};

const DEFINITIONS: &str = include_str!("barriers.yaml");
const TIERS: &str = include_str!("tiers.yaml");
/// The kinds of barriers, and of what they stand in.
pub const ALL: [&str; 2] = [DEFINITIONS, TIERS];
const ADMIN: &str = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies";
const CILIUM: &str = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies";
const CALICO: &str = "/apis/projectcalico.org/v3/globalnetworkpolicies";
const KINDS: [&str; 3] = [ADMIN, CILIUM, CALICO];
/// What Calico's stand in.
const TIER: &str = "/apis/projectcalico.org/v3/tiers/ringfence-tenants";

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: gamma}
spec: {}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: delta}
spec: {}
---
apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {name: bar}
spec: {from: {tenant: alpha}, to: {tenant: beta}, ports: [{port: 8443}, {port: 9000, endPort: 9010}], owner: jo, reason: a test, expiresAt: 2999-01-01T00:00:00Z}
";

fn path(kind: &str, tenant: &str) -> String {
    match kind {
        CALICO => format!("{kind}/ringfence-tenants.{tenant}"),
        _ => format!("{kind}/ringfence-tenant-{tenant}"),
    }
}

fn barrier(walls: &Walls, kind: &str, tenant: &str) -> Option<Value> {
    walls.api.get(&path(kind, tenant))
}

fn wait_barriers(walls: &Walls, tenant: &str, there: bool) {
    wait_until(PATIENCE, &format!("barriers of {tenant} to be there: {there}"), || {
        KINDS.iter().all(|kind| barrier(walls, kind, tenant).is_some() == there)
    });
}

/// The actions of a policy's rules one way.
fn actions(walls: &Walls, kind: &str, tenant: &str, way: &str) -> String {
    let policy = barrier(walls, kind, tenant).unwrap();
    let actions = policy["spec"][way].as_array().unwrap().iter().map(|rule| &rule["action"]);
    actions.map(|action| action.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

/// The actions of a ClusterNetworkPolicy and of one of Calico's, and whom a Cilium one does not deny, one way.
fn said(walls: &Walls, tenant: &str, way: &str) -> (String, String, Value) {
    let side = if way == "ingress" { "fromEndpoints" } else { "toEndpoints" };
    let cilium = barrier(walls, CILIUM, tenant).unwrap();
    let rule = &cilium["spec"][format!("{way}Deny")][0][side][0];
    let left = rule["matchExpressions"][1]["values"].clone();
    (actions(walls, ADMIN, tenant, way), actions(walls, CALICO, tenant, way), left)
}

/// What is said where no grant leads, and where one leads to or from another tenant.
fn closed(tenant: &str) -> (String, String, Value) {
    ("Deny".to_owned(), "Deny Pass".to_owned(), json!([tenant]))
}

fn granted() -> (String, String, Value) {
    ("Pass Deny".to_owned(), "Pass Deny Pass".to_owned(), json!(["alpha", "beta"]))
}

fn wait_sealed(walls: &Walls, namespace: &str) {
    wait_until(PATIENCE, &format!("{namespace} to be sealed"), || {
        let quota = walls.get(namespace, "resourcequota/ringfence-quota");
        quota.is_some_and(|quota| ringfence::seal::enforced(&quota))
    });
}

fn merge(walls: &Walls, path: &str, patch: &Value) {
    walls.api.patch(path, "application/merge-patch+json", patch);
}

fn define(walls: &Walls) {
    walls.admin().kubectl_with(DEFINITIONS, &["apply", "--server-side", "-f", "-"]).success();
}

#[test]
fn barriers_come_with_their_kinds_and_are_kept() {
    let walls = Walls::start_with(&[]);
    walls.apply(DOCUMENTS);
    walls.namespace("alpha", "bar-alpha");
    walls.namespace("gamma", "bar-gamma");
    wait_sealed(&walls, "bar-alpha");
    let (tenant, _) = walls.wait_condition("tenant/alpha", "Sealed", "True");
    assert!(!tenant["status"]["conditions"].to_string().contains("Barred"), "{tenant}");

    a_tier_of_somebody_else_is_left_alone(&walls);
    for tenant in ["alpha", "beta", "gamma", "delta"] {
        wait_barriers(&walls, tenant, true);
    }
    assert_eq!(barrier(&walls, ADMIN, "later"), None, "what is planned is not laid");
    assert_eq!(said(&walls, "alpha", "egress"), granted());
    assert_eq!(said(&walls, "alpha", "ingress"), closed("alpha"));
    assert_eq!(said(&walls, "beta", "ingress"), granted());
    let (_, told) = walls.wait_condition("tenant/alpha", "Barred", "False Partly");
    assert!(
        told.contains("CiliumClusterwideNetworkPolicy leaves") && told.contains("`beta`"),
        "{told}"
    );
    walls.wait_condition("tenant/gamma", "Barred", "True Kept");
    wait_until(PATIENCE, "the metric to say so", || {
        walls.metric("ringfence_tenant_barriers_open") == 0.0
    });

    drift_is_reverted(&walls);
    nobody_else_touches_them(&walls);
    they_follow_the_documents(&walls);
    they_go_with_their_tenant(&walls);
    a_kind_that_goes_holds_nothing_up(&walls);
    let log = walls.server.log();
    assert!(!log.contains("panicked"), "{}", walls.server.log_tail());
}

/// Whose name is taken; no policy is laid in it, and it goes as it came.
fn a_tier_of_somebody_else_is_left_alone(walls: &Walls) {
    walls.admin().kubectl_with(TIERS, &["apply", "--server-side", "-f", "-"]).success();
    let foreign = json!({"apiVersion": "projectcalico.org/v3", "kind": "Tier",
        "metadata": {"name": "ringfence-tenants"}, "spec": {"order": 3}});
    wait_until(PATIENCE, "tiers to be served", || {
        let applied = walls.admin().kubectl_with(&foreign.to_string(), &["create", "-f", "-"]);
        applied.code == 0
    });
    define(walls);
    let told = || {
        let all = walls.events("default");
        all.iter().any(|event| {
            (&event["reason"], &event["regarding"]["kind"]) == (&json!("NameTaken"), &json!("Tier"))
        })
    };
    wait_until(PATIENCE, "the taken name to be told", told);
    wait_until(PATIENCE, "the other barriers", || {
        [ADMIN, CILIUM].iter().all(|kind| barrier(walls, kind, "alpha").is_some())
    });
    walls.wait_condition("tenant/gamma", "Barred", "False NotKept");
    assert_eq!(walls.api.get(TIER).unwrap()["spec"]["order"], 3);
    assert_eq!(walls.api.get(CALICO).unwrap()["items"], json!([]), "nothing stands in it");
    walls.api.delete(TIER);
    wait_until(PATIENCE, "our own", || {
        tier_is(walls, &json!({"order": 999_999, "defaultAction": "Pass"}))
    });
}

fn tier_is(walls: &Walls, spec: &Value) -> bool {
    walls.api.get(TIER).is_some_and(|tier| tier["spec"] == *spec)
}

fn drift_is_reverted(walls: &Walls) {
    let open = json!([{"action": "Accept", "from": [{"namespaces": {}}]}]);
    merge(walls, &path(ADMIN, "beta"), &json!({"spec": {"ingress": open, "priority": 3}}));
    let allows = json!([{"endpointSelector": {}, "ingress": [{}]}]);
    merge(walls, &path(CILIUM, "beta"), &json!({"specs": allows}));
    walls.api.delete(&path(CILIUM, "gamma"));
    let open = json!([{"action": "Allow"}]);
    merge(
        walls,
        &path(CALICO, "beta"),
        &json!({"spec": {"ingress": open, "order": 1, "selector": "has(a)"}}),
    );
    let unlisted = json!({"metadata": {"labels": {"projectcalico.org/tier": null}}});
    merge(walls, &path(CALICO, "alpha"), &unlisted);
    merge(walls, TIER, &json!({"spec": {"order": 2_000_000, "defaultAction": "Deny"}}));
    wait_until(PATIENCE, "what others did to be put right", || {
        let admin = barrier(walls, ADMIN, "beta").unwrap();
        let calico = barrier(walls, CALICO, "beta").unwrap();
        let alpha = barrier(walls, CALICO, "alpha").unwrap();
        barrier(walls, CILIUM, "gamma").is_some()
            && barrier(walls, CILIUM, "beta").unwrap().get("specs").is_none()
            && said(walls, "beta", "ingress") == granted()
            && admin["spec"]["priority"] == 1000
            && (calico["spec"].get("order"), calico["spec"].get("selector")) == (None, None)
            && alpha["metadata"]["labels"]["projectcalico.org/tier"] == "ringfence-tenants"
            && tier_is(walls, &json!({"order": 999_999, "defaultAction": "Pass"}))
    });
    // What Calico keeps on a tier itself is no drift.
    let own = json!({"metadata": {"finalizers": ["projectcalico.org/tier-controller"]}});
    merge(walls, TIER, &own);
    walls.api.delete(&path(CALICO, "alpha"));
    wait_until(PATIENCE, "what was deleted", || barrier(walls, CALICO, "alpha").is_some());
    walls.wait_condition("tenant/gamma", "Barred", "True Kept");
    assert_eq!(
        walls.api.get(TIER).unwrap()["metadata"]["finalizers"],
        own["metadata"]["finalizers"]
    );
    wait_until(PATIENCE, "it to be told", || {
        let all = walls.events("default");
        let of = |kind: &str, name: &str| {
            all.iter().any(|event| {
                event["reason"] == "DriftReverted"
                    && (&event["regarding"]["kind"], &event["regarding"]["name"])
                        == (&json!(kind), &json!(name))
            })
        };
        of("Tenant", "beta")
            && of("ClusterNetworkPolicy", "ringfence-tenant-beta")
            && of("Tier", "ringfence-tenants")
    });
}

/// The API server refuses by itself what is done to them, whoever has every right on their kinds.
fn nobody_else_touches_them(walls: &Walls) {
    let policy = format!("{}/manifests/admission-policy/policy.yaml", env!("CARGO_MANIFEST_DIR"));
    walls.admin().kubectl(&["apply", "-f", &policy]).success();
    let rights = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "everything-wide"}, "rules": [
            {"apiGroups": ["policy.networking.k8s.io", "cilium.io", "projectcalico.org"],
                "resources": ["*"], "verbs": ["*"]}]});
    walls.apply(&rights.to_string());
    let bind = [
        "create",
        "clusterrolebinding",
        "everything-wide",
        "--clusterrole=everything-wide",
        "--user=eve",
    ];
    walls.admin().kubectl(&bind).success();
    let eve = walls.cluster.user("eve", &["strangers"]);
    for object in [
        "clusternetworkpolicy/ringfence-tenant-beta",
        "ciliumclusterwidenetworkpolicy/ringfence-tenant-beta",
        "globalnetworkpolicy/ringfence-tenants.beta",
        "tier/ringfence-tenants",
    ] {
        let refused = |what: &str, more: &[&str]| {
            let told = eve.kubectl(&[&[what, object, "--dry-run=server"], more].concat());
            told.code != 0 && told.stderr.contains("RF1017")
        };
        wait_until(PATIENCE, "the policy to be in force", || refused("delete", &[]));
        assert!(refused("label", &["--overwrite", "ringfence.dev/managed=no"]), "{object}");
        assert!(refused("annotate", &["a=b"]), "{object}");
    }
    walls.admin().kubectl(&["delete", "-f", &policy]).success();
}

fn they_follow_the_documents(walls: &Walls) {
    // The grant runs out.
    let soon = json!({"spec": {"expiresAt": in_seconds(3)}});
    merge(walls, "/apis/ringfence.dev/v1alpha1/grants/bar", &soon);
    wait_until(PATIENCE, "the grant to be closed", || {
        said(walls, "alpha", "egress") == closed("alpha")
            && said(walls, "beta", "ingress") == closed("beta")
    });
    assert!(walls.get("", "grant/bar").is_some(), "it is there still, and has ended");
    walls.wait_condition("tenant/alpha", "Barred", "True Kept");
    // Somebody else's object with such a name is left alone, and told.
    let foreign = json!({"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "ringfence-tenant-epsilon"}, "spec": {"endpointSelector": {}}});
    walls.apply(&foreign.to_string());
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: epsilon}\nspec: {}\n",
    );
    walls.wait_condition("tenant/epsilon", "Barred", "False NotKept");
    assert_eq!(barrier(walls, CILIUM, "epsilon").unwrap()["spec"], foreign["spec"]);
    walls.api.delete(&path(CILIUM, "epsilon"));
    walls.wait_condition("tenant/epsilon", "Barred", "True Kept");
}

fn they_go_with_their_tenant(walls: &Walls) {
    walls.admin().kubectl(&["delete", "tenant", "gamma", "delta"]).success();
    // The one has no namespace, and the other has one, which stays closed.
    wait_barriers(walls, "delta", false);
    wait_barriers(walls, "gamma", true);
    let done = ringfence(&walls.cluster, walls.admin(), &["tenant", "offboard", "gamma", "--yes"]);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        lines,
        [
            "namespace bar-gamma: without seal, and nobody's",
            "ClusterNetworkPolicy ringfence-tenant-gamma: deleted",
            "CiliumClusterwideNetworkPolicy ringfence-tenant-gamma: deleted",
            "GlobalNetworkPolicy ringfence-tenants.gamma: deleted",
        ]
    );
    wait_barriers(walls, "gamma", false);
    // Whose last namespace goes by itself.
    walls.apply(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: zeta}\nspec: {}\n",
    );
    walls.namespace("zeta", "bar-zeta");
    wait_sealed(walls, "bar-zeta");
    wait_barriers(walls, "zeta", true);
    walls.admin().kubectl(&["delete", "tenant", "zeta"]).success();
    walls.admin().kubectl(&["delete", "namespace", "bar-zeta"]).success();
    wait_barriers(walls, "zeta", false);
}

fn a_kind_that_goes_holds_nothing_up(walls: &Walls) {
    let definition = "crd/clusternetworkpolicies.policy.networking.k8s.io";
    walls.admin().kubectl(&["delete", definition]).success();
    walls.namespace("beta", "bar-beta");
    wait_sealed(walls, "bar-beta");
    wait_until(PATIENCE, "the kind to be known to be gone", || {
        let (_, told) = walls.wait_condition("tenant/beta", "Barred", "True Kept");
        told == "every other tenant is denied by CiliumClusterwideNetworkPolicy, GlobalNetworkPolicy too"
    });
    define(walls);
    wait_barriers(walls, "beta", true);
    let removed = ringfence(&walls.cluster, walls.admin(), &["uninstall", "--remove-seals"]);
    assert_eq!(removed.code, 0, "{removed:?}");
    for kind in KINDS {
        let left = walls.api.get(kind).unwrap();
        assert_eq!(left["items"], json!([]), "{kind}");
    }
    // It waits for Calico, which lets it go once nothing stands in it.
    let tier = walls.api.get(TIER).unwrap();
    assert!(tier["metadata"]["deletionTimestamp"].is_string(), "{tier}");
    merge(walls, TIER, &json!({"metadata": {"finalizers": null}}));
    assert_eq!(walls.api.get(TIER), None);
}
