//! `ringfence plan` against a cluster.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::ringfence;
use crate::harness::{ControlPlane, Kubeconfig, Options, Output, wait_until};
use crate::program::PATIENCE;
use crate::walls::audit::Audit;
use crate::walls::{ALPHA, BARRIERS, Walls};

/// Who reads everything and writes nothing, and whose requests the API server records.
const READER: &str = "reader";

const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads-everything}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reads-everything}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads-everything}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
";

/// What the reader asks.
fn readers() -> Audit {
    Audit::of(&format!(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n  users: [{READER}]\n- level: None\n"
    ))
}

/// The verbs so far, each with what it was asked of: `list pods`.
fn asked(audit: &Audit) -> BTreeSet<String> {
    let asked = audit.events().into_iter().map(|event| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = text(&event["objectRef"]["resource"]);
        let what = if resource.is_empty() { text(&event["requestURI"]) } else { resource };
        format!("{} {what}", text(&event["verb"]))
    });
    asked.collect()
}

fn apply(cluster: &ControlPlane, text: &str) {
    cluster.admin().kubectl_with(text, &["apply", "-f", "-"]).success();
}

fn namespace(cluster: &ControlPlane, name: &str) {
    apply(cluster, &format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
}

/// Pods that a Deployment makes, each with a container for each image; privileged or not.
fn deployment(cluster: &ControlPlane, namespace: &str, name: &str, image: &str, privileged: bool) {
    let security = if privileged { json!({"privileged": true}) } else { json!({}) };
    let container = json!({"name": "app", "image": image, "securityContext": security});
    let labels = json!({"app": name});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}});
    apply(cluster, &deployment.to_string());
    wait_until(PATIENCE, "the pods of a Deployment", || {
        let select = format!("--selector=app={name}");
        let pods = ["get", "pods", "-o=name", "--namespace", namespace, &select];
        cluster.admin().kubectl(&pods).success().lines().count() == 2
    });
}

/// A pod that has ended, and was as bad as can be.
fn ended(cluster: &ControlPlane, namespace: &str) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ended", "namespace": namespace},
        "spec": {"hostPID": true, "containers": [{"name": "app", "image": "registry.example.com/app:1"}]}});
    let create = || cluster.admin().kubectl_with(&pod.to_string(), &["create", "-f", "-"]);
    wait_until(PATIENCE, "the account of a pod", || create().code == 0);
    let patch = ["patch", "pod", "ended", "--namespace", namespace, "--subresource=status"];
    let phase = ["--type=merge", r#"--patch={"status":{"phase":"Succeeded"}}"#];
    cluster.admin().kubectl(&[&patch[..], &phase].concat()).success();
}

fn plan(cluster: &ControlPlane, user: &Kubeconfig, more: &[&str]) -> Output {
    ringfence(cluster, user, &[&["plan"], more].concat())
}

fn json_of(output: &Output) -> Value {
    assert_eq!(output.stderr, "", "{output:?}");
    serde_json::from_str(&output.stdout).unwrap()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Nothing of Ringfence is in the cluster yet, and somebody tries documents on what runs there.
#[test]
fn a_cluster_is_adopted_with_open_eyes() {
    let audit = readers();
    let cluster = ControlPlane::start_with(&audit.options());
    apply(&cluster, RIGHTS);
    let reader = cluster.user(READER, &[]);
    for name in ["shop", "shop-data", "unrelated"] {
        namespace(&cluster, name);
        deployment(&cluster, name, "good", "registry.example.com/good:1", false);
    }
    deployment(&cluster, "shop", "web", "registry.example.com/web:latest", true);
    deployment(&cluster, "unrelated", "web", "registry.example.com/web:latest", true);
    ended(&cluster, "shop");
    let foreign = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: ringfence-quota, namespace: shop-data}\nspec: {hard: {pods: '3'}}\n";
    apply(&cluster, foreign);
    let folder = cluster.scratch().join("policies");
    documents(&folder);

    let tried = |more: &[&str]| {
        let policies = ["--cluster", "--policies", "policies"];
        plan(&cluster, &reader, &[&policies[..], more].concat())
    };
    let told = tried(&[]);
    assert_eq!((told.code, told.stderr.as_str()), (1, ""), "{told:?}");
    insta::assert_snapshot!("before_adoption", told.stdout);
    let told = json_of(&tried(&["-o", "json"]));
    insta::assert_snapshot!("before_adoption_json", pretty(&told));
    let one = json_of(&tried(&["--tenant", "data", "-o", "json"]));
    assert_eq!(one["namespaces"].as_array().unwrap().len(), 1);
    assert_eq!(one["namespaces"][0], told["namespaces"][0], "a tenant alone is told the same");

    let asked = asked(&audit);
    let wrote =
        asked.iter().filter(|asked| !asked.starts_with("list ") && !asked.starts_with("get "));
    assert_eq!(wrote.count(), 0, "{asked:?}");
    for what in ["pods", "namespaces", "networkpolicies", "resourcequotas", "rolebindings", "nodes"]
    {
        assert!(asked.contains(&format!("list {what}")), "{asked:?}");
    }
    let nothing = plan(&cluster, &reader, &[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(nothing.stderr.contains("manifests/crds"), "{nothing:?}");
    fs::write(folder.join("broken.yaml"), "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\n")
        .unwrap();
    let broken = tried(&[]);
    assert_eq!((broken.code, broken.stdout.as_str()), (2, ""));
    assert!(broken.stderr.contains("broken.yaml"), "{broken:?}");
}

fn documents(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let documents = "
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec: {rehearsal: true}
---
apiVersion: ringfence.dev/v1alpha1
kind: Profile
metadata: {name: mild}
spec: {rules: {RF3004: warn}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: shop}
spec: {profile: mild, owners: [{kind: Group, name: shop-devs}], namespaces: {names: [shop, shop-new], labels: {team: shop}}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: data}
spec: {namespaces: {names: [shop-data]}}
";
    fs::write(folder.join("documents.yaml"), documents).unwrap();
}

/// Tenants whose namespaces each have another trouble.
const ADOPTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: adopts}
spec: {owners: [{kind: Group, name: adopts-devs}], namespaces: {names: [legacy, missing, held]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: crowd}
spec: {namespaces: {limit: 0}}
---
apiVersion: v1
kind: Namespace
metadata: {name: crowd-one, labels: {ringfence.dev/tenant: crowd}}
";

#[test]
fn what_would_be_put_right_is_told_field_by_field() {
    let walls = Walls::start_with(&[]);
    for (tenant, name) in
        [("alpha", "drifted"), ("alpha", "well"), ("beta", "held"), ("later", "planned")]
    {
        walls.namespace(tenant, name);
        wait_until(PATIENCE, "the labels of a namespace", || {
            let labelled = walls.get("", &format!("namespace/{name}")).unwrap();
            labelled["metadata"]["annotations"]["ringfence.dev/filled-in"].is_string()
        });
    }
    for name in ["drifted", "well"] {
        walls.wait_managed(name, &ALPHA);
    }
    let held = || walls.get("held", "rolebinding/ringfence-owners-edit").is_some();
    wait_until(PATIENCE, "the seal of a namespace", held);
    let Walls { cluster, server, .. } = walls;
    drop(server);
    let admin = cluster.admin();
    let quiet = plan(&cluster, admin, &[]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{quiet:?}");
    insta::assert_snapshot!("nothing_would_change", quiet.stdout);

    let open = r#"--patch={"spec":{"ingress":[{}]}}"#;
    let policy = ["patch", "networkpolicy", "ringfence-default-deny", "--type=merge", open];
    admin.kubectl(&[&policy[..], &["--namespace=drifted"]].concat()).success();
    admin.kubectl(&["delete", "limitrange", "ringfence-limits", "--namespace=drifted"]).success();
    let unmark = ["label", "rolebinding", "ringfence-namespace-owner", "ringfence.dev/managed-"];
    admin.kubectl(&[&unmark[..], &["--namespace=drifted"]].concat()).success();
    admin.kubectl(&["label", "namespace", "drifted", "ringfence.dev/default-deny-"]).success();
    let extra = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: extra, namespace: drifted, labels: {ringfence.dev/managed: 'true'}}\nspec: {podSelector: {}}\n";
    apply(&cluster, extra);
    namespace(&cluster, "legacy");
    let foreign = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ringfence-dns, namespace: legacy}\nspec: {podSelector: {}}\n";
    apply(&cluster, foreign);
    deployment(&cluster, "legacy", "web", "registry.example.com/web:latest", true);
    apply(&cluster, ADOPTS);
    apply(
        &cluster,
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: orphan, labels: {ringfence.dev/tenant: gone}}\n",
    );
    let mistaken = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: mistaken}\nspec: {profile: nowhere}\n";
    apply(&cluster, mistaken);

    let told = plan(&cluster, admin, &[]);
    assert_eq!(told.code, 1, "{told:?}");
    insta::assert_snapshot!(
        "what_would_change",
        format!("{}\n--- stderr\n{}", told.stdout, told.stderr)
    );
    let one = json_of(&plan(&cluster, admin, &["--tenant", "later", "-o", "json"]));
    assert_eq!((&one["changes"], &one["breaks"]), (&json!(false), &json!(false)));
    assert_eq!(one["namespaces"][0]["seal"], "plan");
    let unknown = plan(&cluster, admin, &["--tenant", "nobody"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    let stranger = cluster.user("ada", &["alpha-devs"]);
    let refused = plan(&cluster, &stranger, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("forbidden"), "{refused:?}");
}

/// What would be done to what stands once in the cluster: `create Tier ringfence-tenants`, and how it differs.
fn clusterwide(told: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let done = |own: &Value| {
        let what = ["action", "kind", "name"].map(|field| text(&own[field])).join(" ");
        let lines = own["differences"].as_array().unwrap().iter().map(text);
        [vec![what], lines.collect()].concat().join("; ")
    };
    told["clusterwide"].as_array().unwrap().iter().map(done).collect()
}

const GAMMA: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: gamma}
spec: {}
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: ringfence-tenant-gamma}
spec: {endpointSelector: {}}
";

#[test]
fn what_would_become_of_barriers_is_told_too() {
    let cluster = Walls::cluster(&Options::default());
    for kinds in BARRIERS {
        cluster.admin().kubectl_with(kinds, &["apply", "--server-side", "-f", "-"]).success();
    }
    let told = |more: &[&str]| {
        json_of(&plan(&cluster, cluster.admin(), &[&["-o", "json"], more].concat()))
    };
    let made = |tenant: &str| {
        [
            "ClusterNetworkPolicy ringfence-tenant-",
            "CiliumClusterwideNetworkPolicy ringfence-tenant-",
            "GlobalNetworkPolicy ringfence-tenants.",
        ]
        .map(|of| format!("create {of}{tenant}"))
        .to_vec()
    };
    let tier = vec!["create Tier ringfence-tenants".to_owned()];
    // Of `later` it is planned, and not laid.
    let all = [
        vec!["create ClusterRoleBinding ringfence-owners".to_owned()],
        tier.clone(),
        made("alpha"),
        made("beta"),
    ];
    wait_until(PATIENCE, "the kinds to be served", || clusterwide(&told(&[])).len() >= 8);
    assert_eq!(clusterwide(&told(&[])), all.concat());
    assert_eq!(clusterwide(&told(&["--tenant", "alpha"])), [tier, made("alpha")].concat());

    let server = Walls::controller(&cluster, &[]);
    wait_until(PATIENCE, "all of it to stand", || clusterwide(&told(&[])).is_empty());
    drop(server);
    let merge = |object: &str, spec: Value| {
        let patch = json!({"spec": spec}).to_string();
        cluster.admin().kubectl(&["patch", object, "--type=merge", "--patch", &patch]).success();
    };
    merge("clusternetworkpolicy/ringfence-tenant-alpha", json!({"priority": 3}));
    merge("tier/ringfence-tenants", json!({"order": 5}));
    let admin = cluster.admin();
    admin.kubectl(&["delete", "globalnetworkpolicy", "ringfence-tenants.alpha"]).success();
    admin.kubectl(&["delete", "tenant", "beta"]).success();
    apply(&cluster, GAMMA);
    let mut gone = made("beta");
    gone.iter_mut().for_each(|line| *line = line.replace("create", "delete"));
    gone.sort();
    let gamma =
        made("gamma").iter().map(|line| line.replace("create Cilium", "taken Cilium")).collect();
    let expect: [Vec<String>; 4] = [
        vec!["change Tier ringfence-tenants; spec.order: found `5`; it must be `999999`".to_owned()],
        vec![
            "change ClusterNetworkPolicy ringfence-tenant-alpha; spec.priority: found `3`; it must be `1000`".to_owned(),
            "create GlobalNetworkPolicy ringfence-tenants.alpha".to_owned(),
        ],
        gone,
        gamma,
    ];
    let told = clusterwide(&told(&[]));
    assert!(told[0].starts_with("change ClusterRoleBinding ringfence-owners; "), "{}", told[0]);
    assert_eq!(told[1..], expect.concat());
}
