//! Namespaces that a document names.

use serde_json::{Value, json};

use super::{PATIENCE, Walls, text};
use crate::harness::wait_until;
use crate::program::{ask_by_service, printed};

fn labels(walls: &Walls, namespace: &str) -> Value {
    walls.document(&format!("namespace/{namespace}"))["metadata"]["labels"].clone()
}

fn plain(walls: &Walls, namespace: &str) {
    walls.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n"));
}

#[test]
fn a_namespace_is_taken_in_and_closed() {
    let walls = Walls::shared();
    plain(walls, "adopted-one");
    walls.tenant(
        "adopts",
        "{namespaces: {names: [adopted-one, adopted-later], labels: {cost-center: '42'}}}",
    );
    walls.wait_condition("tenant/adopts", "Ready", "True");
    wait_until(PATIENCE, "the label", || {
        labels(walls, "adopted-one")["ringfence.dev/tenant"] == "adopts"
    });
    wait_until(PATIENCE, "its seal", || walls.document("tenant/adopts")["status"]["sealed"] == 1);
    let all = labels(walls, "adopted-one");
    let of = |key: &str| text(&all[key]).to_owned();
    assert_eq!(of("pod-security.kubernetes.io/enforce"), "restricted");
    assert_eq!(of("ringfence.dev/default-deny"), "enabled");
    assert_eq!(of("cost-center"), "42");
    // One that is not there yet is taken in when it comes.
    plain(walls, "adopted-later");
    wait_until(PATIENCE, "the later one to be closed", || {
        walls.document("tenant/adopts")["status"]["sealed"] == 2
    });
}

#[test]
fn the_label_of_another_tenant_holds() {
    let walls = Walls::shared();
    walls.tenant("holder", "{}");
    walls.namespace("holder", "held-one");
    walls.tenant("wisher", "{namespaces: {names: [held-one]}}");
    let (document, why) = walls.wait_condition("tenant/wisher", "Ready", "False LabelStands");
    assert_eq!(why, "the label of another tenant stands and holds: `held-one` (`holder`)");
    assert_eq!(document["status"]["namespaces"], 0);
    assert_eq!(labels(walls, "held-one")["ringfence.dev/tenant"], "holder");
    wait_until(PATIENCE, "the holder to have it", || {
        walls.document("tenant/holder")["status"]["sealed"] == 1
    });
    let label = ["label", "namespace", "held-one", "ringfence.dev/tenant-"];
    walls.admin().kubectl(&label).success();
    walls.wait_condition("tenant/wisher", "Ready", "True");
    assert_eq!(labels(walls, "held-one")["ringfence.dev/tenant"], "wisher");
}

/// Nothing that we install is in our own way.
#[test]
fn our_own_webhooks_and_policies_let_us() {
    let walls = Walls::start_with(&["--tls-name", "ringfence.ringfence-system.svc"]);
    plain(&walls, "guarded-one");
    let owner = walls.cluster.user("ada", &["alpha-devs"]);
    let rights = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "movers"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "ringfence-namespace-owner"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "alpha-devs"}]});
    walls.apply(&rights.to_string());
    let is_refused_by = |by: &str| {
        let label = ["label", "namespace", "guarded-one", "ringfence.dev/tenant=alpha"];
        wait_until(PATIENCE, by, || {
            let said = owner.kubectl(&[&label[..], &["--dry-run=server"]].concat()).stderr;
            said.contains("RF1001") && said.contains(by)
        });
    };
    ask_by_service(&walls.cluster, &walls.server);
    is_refused_by("admission webhook");
    walls.apply(&printed(&["webhooks", "--admission-policy"]));
    is_refused_by("ValidatingAdmissionPolicy");
    walls.tenant("alpha", "{profile: open-inside, namespaces: {names: [guarded-one]}}");
    wait_until(PATIENCE, "the namespace to be taken in and closed", || {
        walls.document("tenant/alpha")["status"]["sealed"] == 1
    });
    assert_eq!(labels(&walls, "guarded-one")["ringfence.dev/tenant"], "alpha");
}
