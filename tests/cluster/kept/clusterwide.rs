//! What of ours stands once in a cluster: who are owners, and what they and we may do.

use serde_json::{Value, json};

use super::super::harness::{Kubeconfig, wait_until};
use super::super::program::PATIENCE;
use super::Kept;
use super::attempts::{APPLY, Attempt, marked};

/// Everything of that.
pub const BESIDE: [&str; 5] = [
    "clusterrolebinding/ringfence-owners",
    "clusterrolebinding/ringfence",
    "clusterrole/ringfence-owners",
    "clusterrole/ringfence-namespace-owner",
    "clusterrole/ringfence",
];
const OWNERS: &str = BESIDE[0];
const RBAC: &str = "rbac.authorization.k8s.io";

fn role(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}]})
}

fn binding(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": labels},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "ringfence-owners"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "eve"}]})
}

/// What somebody tries who has every right on roles and bindings.
pub fn attempts() -> Vec<Attempt> {
    [changes(), births()].into_iter().flatten().collect()
}

fn changes() -> Vec<Attempt> {
    let eve = json!({"apiGroup": RBAC, "kind": "User", "name": "eve"});
    let unmarked = json!({"ringfence.dev/managed": null});
    let owner = json!([{"apiVersion": "v1", "kind": "Namespace", "name": "gone",
        "uid": "7d1c3a52-0000-4000-8000-000000000000"}]);
    let collect =
        format!("/apis/{RBAC}/v1/clusterrolebindings?labelSelector=ringfence.dev%2Fmanaged");
    vec![
        Attempt::plain("owners' binding deleted", &["delete", OWNERS, "--wait=false"]),
        Attempt::plain("our binding deleted", &["delete", BESIDE[1], "--wait=false"]),
        Attempt::plain("owners' role deleted", &["delete", BESIDE[2], "--wait=false"]),
        Attempt::plain("namespace owners' role deleted", &["delete", BESIDE[3], "--wait=false"]),
        Attempt::plain("our role deleted", &["delete", BESIDE[4], "--wait=false"]),
        Attempt::plain("owners' binding, orphaning", &["delete", OWNERS, "--cascade=orphan"]),
        Attempt::plain("bindings collected", &["delete", "--raw", &collect]),
        Attempt::patch(
            "an owner added",
            OWNERS,
            "json",
            &json!([{"op": "add", "path": "/subjects/-", "value": eve}]),
        ),
        Attempt::patch("owners emptied", OWNERS, "merge", &json!({"subjects": []})),
        Attempt::patch(
            "owners' label removed with the rest",
            OWNERS,
            "merge",
            &json!({"metadata": {"labels": unmarked}, "subjects": [eve]}),
        ),
        Attempt::new("owners applied", &APPLY, &binding("ringfence-owners", &json!({}))),
        Attempt::new(
            "owners replaced",
            &["replace", "-f", "-"],
            &binding("ringfence-owners", &marked()),
        ),
        Attempt::patch(
            "owners owned",
            OWNERS,
            "merge",
            &json!({"metadata": {"ownerReferences": owner}}),
        ),
        Attempt::patch(
            "owners held",
            OWNERS,
            "merge",
            &json!({"metadata": {"finalizers": ["example.com/a"]}}),
        ),
        Attempt::patch(
            "owners' role widened",
            BESIDE[2],
            "merge",
            &json!({"rules": role("a", &Value::Null)["rules"]}),
        ),
        Attempt::patch("our role emptied", BESIDE[4], "merge", &json!({"rules": []})),
        Attempt::plain("our role labelled", &["label", BESIDE[4], "team=a"]),
    ]
}

fn births() -> Vec<Attempt> {
    let create = ["create", "-f", "-"];
    let generated = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole",
        "metadata": {"generateName": "ringfence-"}, "rules": []});
    vec![
        Attempt::new("a role with a name of ours", &create, &role("ringfence-mine", &json!({}))),
        Attempt::new("a role with our label", &create, &role("kept-mine", &marked())),
        Attempt::new("a role with a generated name", &create, &generated),
        Attempt::new(
            "a binding with a name of ours",
            &create,
            &binding("ringfence-mine", &json!({})),
        ),
        Attempt::new("a binding with our label", &create, &binding("kept-mine", &marked())),
    ]
}

/// Who passes, under what name, as whom, and with which flags.
type Who<'a> = (&'a str, &'a Kubeconfig, &'a [&'a str]);

impl Kept {
    /// The platform takes away and changes what the controller lays again, and the base's own too; what
    /// belongs to another object is collected, and roles of others are nobody's business.
    pub fn clusterwide_passes(&self, by: &str, platform: &[Who<'_>]) {
        for (who, user, extra) in platform {
            let run = |args: &[&str]| {
                let output = user.kubectl(&[args, extra].concat());
                assert_eq!(output.code, 0, "{who}, with {by}: {output:?}");
            };
            let uid = self.owners(".metadata.uid");
            run(&["delete", OWNERS, "--cascade=foreground"]);
            wait_until(PATIENCE, "the owners' binding to be laid again", || {
                let now = self.owners(".metadata.uid");
                !now.is_empty() && now != uid
            });
            run(&["patch", OWNERS, "--type=merge", r#"--patch={"subjects":[]}"#]);
            wait_until(PATIENCE, "the owners to be bound again", || {
                self.owners(".subjects").contains("alpha-devs")
            });
            run(&["annotate", BESIDE[4], "--overwrite", &format!("by={}", extra.len())]);
        }
        self.collects(by);
        self.others_go_on(&["--as=system:serviceaccount:kube-system:helm"]);
    }

    fn owners(&self, field: &str) -> String {
        let field = format!("--output=jsonpath={{{field}}}");
        self.admin().kubectl(&["get", OWNERS, &field]).stdout
    }

    /// A binding with a name of ours that belongs to another object goes with that.
    pub fn collects(&self, by: &str) {
        self.apply(&role("kept-owner", &json!({})).to_string());
        let get = ["get", "clusterrole/kept-owner", "--output=jsonpath={.metadata.uid}"];
        let uid = self.admin().kubectl(&get).success();
        let mut owned = binding("ringfence-owned", &json!({}));
        owned["metadata"]["ownerReferences"] = json!([{"apiVersion": format!("{RBAC}/v1"),
            "kind": "ClusterRole", "name": "kept-owner", "uid": uid}]);
        self.apply(&owned.to_string());
        self.admin().kubectl(&["delete", "clusterrole/kept-owner"]).success();
        wait_until(PATIENCE, &format!("the garbage collector, with {by}"), || {
            self.admin().kubectl(&["get", "clusterrolebinding/ringfence-owned"]).code != 0
        });
    }

    /// Roles that are not ours come, change and go, whoever writes them and whether we answer or not.
    pub fn others_go_on(&self, account: &[&str]) {
        let run = |args: &[&str], stdin: &Value| {
            let output = self.admin().kubectl_with(&stdin.to_string(), &[args, account].concat());
            assert_eq!(output.code, 0, "{account:?}: {output:?}");
        };
        run(&["create", "-f", "-"], &role("kept-others", &json!({})));
        run(&["label", "clusterrole/kept-others", "more=b"], &Value::Null);
        run(&["delete", "clusterrole/kept-others"], &Value::Null);
    }
}
