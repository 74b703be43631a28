//! What objects and documents come to.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Drawing, Map, Sketch, draw};
use crate::audit::Input;
use crate::policy::{self, Source, Tenants};
use crate::reach::Matrix;

const DOCUMENTS: &str = "
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec: {namespaces: {names: [a, more], labels: {cost: x}}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec: {namespaces: {names: [b]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Grant
metadata: {name: calls}
spec:
  from: {tenant: alpha}
  to: {tenant: beta}
  ports: [{port: 443}]
  owner: jo@example.com
  reason: orders
  expiresAt: 2030-01-01T00:00:00Z
";

fn tenants() -> Arc<Tenants> {
    let source = Source { name: "documents.yaml".to_owned(), text: DOCUMENTS.to_owned() };
    policy::load(&[source]).unwrap().resolve()
}

fn drawing(tenants: &Tenants) -> Drawing<'_> {
    let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    Drawing { tenants, namespace: "default", as_is: false, now }
}

fn of_text(text: &str, drawing: &Drawing<'_>) -> Map {
    let input = Input { source: "x.yaml".to_owned(), text: text.to_owned() };
    draw(&[input], drawing)
}

fn plain(text: &str) -> Map {
    of_text(text, &drawing(&Tenants::default()))
}

/// The pods, each with where it stands.
fn pods(map: &Map) -> Vec<String> {
    assert_eq!(map.world.pods.len(), map.known.len());
    let both = map.world.pods.iter().zip(&map.known);
    both.map(|(pod, known)| {
        format!("{}/{}[{}] {} {}", pod.namespace, pod.name, pod.kind, known.name, known.place)
    })
    .collect()
}

fn said(map: &Map) -> Vec<String> {
    let problems =
        map.problems.iter().map(|own| format!("error {}:{} {}", own.source, own.line, own.message));
    let unclear = map
        .world
        .unclear
        .iter()
        .map(|own| format!("open {} {} {}", own.origin.source, own.origin, own.text));
    let notes = map.notes.iter().map(|own| format!("note {} {}", own.source, own.text));
    problems.chain(unclear).chain(notes).collect()
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: a}}\nspec: {{template: {{metadata: {{labels: {{app: {name}}}}}}}}}\n---\n"
    )
}

#[test]
fn a_workload_is_one_and_its_pods_stand_in_place_of_its_template() {
    let pod = |name: &str, phase: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: a\n  labels: {{pod-template-hash: h1}}\n  \
             ownerReferences: [{{kind: ReplicaSet, name: web-h1, controller: true}}]\nstatus: {{phase: {phase}}}\n---\n"
        )
    };
    let set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: web-h0\n  namespace: a\n  labels: {pod-template-hash: h0}\n  \
               ownerReferences: [{kind: Deployment, name: web, controller: true}]\nspec: {replicas: 0, template: {}}\n---\n";
    let alone = "apiVersion: v1\nkind: Pod\nmetadata: {name: alone}\n---\n";
    let idle = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: idle, namespace: a}\nspec: {replicas: 0, template: {}}\n";
    let text = [
        &deployment("web"),
        &pod("web-h1-x", "Running"),
        &pod("web-h1-y", "Failed"),
        set,
        alone,
        idle,
    ]
    .concat();
    let map = plain(&text);
    assert_eq!(said(&map), [""; 0]);
    assert_eq!(
        pods(&map),
        [
            "a/web[Deployment] web-h1-x x.yaml:6",
            "default/alone[Pod] alone x.yaml:33",
            "a/idle[StatefulSet] idle x.yaml:37",
        ]
    );
    assert_eq!(
        pods(&plain(&[&deployment("web"), set].concat())),
        ["a/web[Deployment] web x.yaml:1"]
    );
}

#[test]
fn of_two_of_a_name_the_later_counts() {
    let map = plain(&[deployment("web"), deployment("db"), deployment("web")].concat());
    assert_eq!(pods(&map), ["a/db[Deployment] db x.yaml:6", "a/web[Deployment] web x.yaml:11"]);
    assert_eq!(said(&map), ["note x.yaml:1 Deployment a/web is given again: x.yaml:11 counts"]);
}

#[test]
fn nothing_is_dropped_silently() {
    let check = |text: &str, expect: &str| {
        let map = plain(text);
        assert_eq!(said(&map), [expect], "{text}");
        map
    };
    check("- a\n", "error x.yaml:1 not a Kubernetes object: a map must stand here");
    check("a: 1\n", "error x.yaml:1 not a Kubernetes object: apiVersion and kind are needed");
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: x}\n",
        "error x.yaml:1 Deployment default/a: spec.replicas: found the string \"x\", expected a 32-bit integer",
    );
    check(
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}\n",
        "error x.yaml:1 kind Deployment of extensions/v1beta1 is not known: set apiVersion: apps/v1",
    );
    check(
        "\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\n",
        "note x.yaml:2 1 of kind Rollout of argoproj.io/v1alpha1, which is not read: pods that it makes are missing here",
    );
    check(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: a}\n",
        "note x.yaml:1 Tenant a is not read: give documents by --policies",
    );
    assert_eq!(said(&plain("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")), [""; 0]);
}

#[test]
fn a_policy_that_is_not_understood_counts_as_open() {
    let closed = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: a}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n---\n";
    let both = [&deployment("web"), &deployment("db"), closed].concat();
    let open = |map: &Map| Matrix::new(&map.world).between(0, 1).ports.is_all();
    assert!(!open(&plain(&both)));
    let check = |text: &str, expect: &str| {
        let map = plain(&[&both, text].concat());
        assert_eq!(said(&map), [expect], "{text}");
        assert!(open(&map), "{text}");
    };
    check(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: odd, namespace: a}\nspec: {policyTypes: [Both]}\n",
        "open x.yaml:16 NetworkPolicy a/odd the policy type `Both` is not known",
    );
    check(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: odd, namespace: a}\nspec: {ingress: 1}\n",
        "open x.yaml:16 NetworkPolicy a/odd spec.ingress: found the number 1, expected a list",
    );
    check(
        "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: odd, namespace: a}\n",
        "open x.yaml:16 NetworkPolicy a/odd kind NetworkPolicy of extensions/v1beta1 is not read",
    );
    check(
        "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: odd}\n",
        "open x.yaml:16 CiliumClusterwideNetworkPolicy odd kind CiliumClusterwideNetworkPolicy of cilium.io/v2 is not read",
    );
    check(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: odd, namespace: a}\n",
        "open x.yaml:16 CiliumNetworkPolicy a/odd kind CiliumNetworkPolicy of cilium.io/v2 is not read",
    );
}

#[test]
fn documents_make_namespaces_a_tenants_and_their_seals_count() {
    let tenants = tenants();
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: b}\nspec: {template: {}}\n---\n";
    let text = [&deployment("web"), text].concat();
    let sealed = of_text(&text, &drawing(&tenants));
    assert_eq!(said(&sealed), [""; 0]);
    assert_eq!((sealed.tenant("a"), sealed.tenant("b")), (Some("alpha"), Some("beta")));
    let names: Vec<&str> = sealed.world.namespaces.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "more"]);
    assert_eq!(sealed.world.namespaces[0].labels.get("cost").unwrap(), "x");
    let ports = |map: &Map, src, dst| Matrix::new(&map.world).between(src, dst).ports.to_string();
    assert_eq!(ports(&sealed, 0, 1), "TCP 443");
    assert_eq!(ports(&sealed, 1, 0), "no port");
    let origin = &sealed.world.policies[0].origin;
    assert_eq!(
        (origin.name.as_str(), origin.source.as_str()),
        ("ringfence-default-deny", "the seal of tenant alpha")
    );

    let as_is = of_text(&text, &Drawing { as_is: true, ..drawing(&tenants) });
    assert_eq!(as_is.tenant("a"), Some("alpha"));
    assert_eq!(as_is.world.policies, []);
    assert_eq!(ports(&as_is, 1, 0), "all ports");
    let later = "2031-01-01T00:00:00Z".parse().unwrap();
    let ended = of_text(&text, &Drawing { now: later, ..drawing(&tenants) });
    assert_eq!(ports(&ended, 0, 1), "no port");
}

#[test]
fn what_the_controller_made_gives_way_to_what_it_keeps_and_strangers_do_not() {
    let tenants = tenants();
    let policy = |name: &str, marks: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: a{marks}}}\nspec: {{podSelector: {{}}, ingress: [{{}}]}}\n---\n"
        )
    };
    let ours = ", annotations: {ringfence.dev/content-hash: x}";
    let named = |map: &Map| -> Vec<String> {
        let own =
            map.world.policies.iter().filter(|own| own.origin.namespace.as_deref() == Some("a"));
        own.map(|own| format!("{} {}", own.origin.name, own.origin.source)).collect()
    };
    let kept = named(&of_text(&deployment("web"), &drawing(&tenants)));
    let old = [policy("ringfence-default-deny", ours), policy("ringfence-old", ours)].concat();
    assert_eq!(named(&of_text(&old, &drawing(&tenants))), kept);
    let strange = of_text(&policy("ringfence-default-deny", ""), &drawing(&tenants));
    assert!(named(&strange).contains(&"ringfence-default-deny x.yaml:1".to_owned()));
    assert!(!named(&strange).contains(&kept[0]));
    assert_eq!(said(&strange).len(), 1, "{:?}", said(&strange));
}

#[test]
fn a_cluster_is_all_that_there_is() {
    let tenants = tenants();
    let objects: Vec<Value> = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "b", "labels": {"ringfence.dev/tenant": "gamma"}}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "a"}, "status": {"podIP": "10.0.0.1"}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "own", "namespace": "a"}, "spec": {"ingress": [{}]}}),
    ];
    let drawing = drawing(&tenants);
    let mut sketch = Sketch::new(&drawing);
    objects.iter().for_each(|own| sketch.take(own));
    let map = sketch.finish();
    assert_eq!(pods(&map), ["a/web[Pod] web the cluster"]);
    assert_eq!(map.world.namespaces.len(), 2);
    assert_eq!((map.tenant("a"), map.tenant("b")), (Some("alpha"), Some("gamma")));
    assert_eq!(
        said(&map),
        ["note namespace b its label says tenant gamma, and there is no such Tenant"]
    );
    let own = &map.world.policies[0].origin;
    assert_eq!(
        (own.source.as_str(), own.place(crate::reach::Direction::Ingress, 0)),
        ("the cluster", "spec.ingress[0]")
    );
}
