//! What the controller keeps, before a real API server: nobody but the platform touches it, by no way
//! of writing, whether the webhook answers or the API server is left with the policy alone; and what
//! must go on goes on.

mod attempts;
mod clusterwide;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::harness::{ControlPlane, Kubeconfig, Output, Server, wait_until};
use super::program::{PATIENCE, ask_by_url, told_alike};
use super::walls::Walls;
use attempts::{Attempt, NAMESPACE, attempts, binding, policy, quota};
use clusterwide::BESIDE;

const CONFIGURATIONS: &str = "validatingwebhookconfiguration,mutatingwebhookconfiguration";

/// Rights that nobody should have here, given by a mistake that must not matter.
const MISTAKES: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything-kept}
rules:
- apiGroups: ['', networking.k8s.io, rbac.authorization.k8s.io]
  resources: [networkpolicies, resourcequotas, resourcequotas/status, limitranges, rolebindings]
  verbs: ['*']
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: administrator}
rules: [{apiGroups: [ringfence.dev], resources: [tenants], verbs: [administer]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everything-kept}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything-kept}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: alpha-devs}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: beta-devs}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: by-rbac}
- {kind: ServiceAccount, name: deployer, namespace: kept}
- {kind: ServiceAccount, name: helm, namespace: kube-system}
- {kind: ServiceAccount, name: flux, namespace: gitops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: administrators}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: administrator}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: by-rbac}
- {kind: ServiceAccount, name: deployer, namespace: kept}
- {kind: ServiceAccount, name: flux, namespace: gitops}
";

struct Kept {
    cluster: ControlPlane,
    /// An owner of tenant alpha, whose namespace this is.
    owner: Kubeconfig,
    /// What stood there at first.
    sealed: Vec<Value>,
}

impl Kept {
    /// A namespace that the controller has closed, in which the tenant has a policy of its own.
    fn new() -> (Self, Server) {
        let walls = Walls::start_with(&[]);
        walls.apply(MISTAKES);
        walls.admin().kubectl(&["create", "namespace", "gitops"]).success();
        walls.namespace("alpha", NAMESPACE);
        walls.wait_managed(NAMESPACE, &super::walls::ALPHA);
        let Walls { cluster, server, .. } = walls;
        let owner = cluster.user("ada", &["alpha-devs"]);
        let it = Self { cluster, owner, sealed: Vec::new() };
        it.wait_counted(NAMESPACE);
        it.run(&it.owner, &["create", "-f", "-"], &policy("own", &json!({}))).success();
        let sealed = it.sealed();
        (Self { sealed, ..it }, server)
    }

    fn admin(&self) -> &Kubeconfig {
        self.cluster.admin()
    }

    fn run(&self, user: &Kubeconfig, args: &[&str], stdin: &Value) -> Output {
        let namespace = format!("--namespace={NAMESPACE}");
        user.kubectl_with(&stdin.to_string(), &[args, &[&namespace]].concat())
    }

    /// The objects that the controller keeps, without what is counted in them.
    fn sealed(&self) -> Vec<Value> {
        let kinds = "networkpolicies,resourcequotas,limitranges,rolebindings";
        let get = ["get", kinds, "--output=json"];
        let listed = self.run(self.admin(), &get, &Value::Null).success();
        let mut listed: Value = serde_json::from_str(&listed).unwrap();
        let beside = [&["get", "--output=json"], &BESIDE[..]].concat();
        let beside: Value = serde_json::from_str(&self.admin().kubectl(&beside).success()).unwrap();
        let objects = listed["items"].as_array_mut().unwrap();
        objects.extend(beside["items"].as_array().unwrap().iter().cloned());
        for object in objects.iter_mut() {
            let quota = object.as_object_mut().unwrap().remove("status").is_some();
            if quota {
                object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
            }
        }
        objects.clone()
    }

    /// Waits until the real controller-manager has counted what a quota holds.
    fn wait_counted(&self, namespace: &str) {
        let namespace = format!("--namespace={namespace}");
        let get = ["get", "resourcequota/ringfence-quota", &namespace];
        let hard = [&get[..], &["--output=jsonpath={.status.hard.pods}"]].concat();
        wait_until(PATIENCE, "the quota to be counted", || {
            self.admin().kubectl(&hard).stdout == "10"
        });
    }

    /// What each attempt of the owner is told by whoever refuses it, and that it changed nothing.
    fn refusals(&self, by: &str) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let mut refusals = Vec::new();
        for attempt in attempts().into_iter().chain(clusterwide::attempts()) {
            let output = attempt.run(&self.owner, &[]);
            if output.code != 0 && output.stderr.contains(by) && output.told().contains("RF1017") {
                refusals.push((attempt.name, without_chance(&output.told())));
            } else {
                wrong.push(format!("{} {output:?}", attempt.name));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(self.sealed(), self.sealed, "nothing changed");
        assert!(refusals.len() >= 50, "{}", refusals.len());
        refusals
    }

    /// Whatever others who are not the platform may do here by RBAC.
    fn strangers_are_refused(&self) {
        let neighbour = self.cluster.user("bob", &["beta-devs"]);
        let account = |name: &str| format!("--as=system:serviceaccount:{name}");
        let deny = "networkpolicy/ringfence-default-deny";
        let open = r#"--patch={"spec":{"ingress":[{}]}}"#;
        for (user, account) in [
            (&neighbour, None),
            (self.admin(), Some(account("kept:deployer"))),
            (self.admin(), Some(account("kube-system:helm"))),
        ] {
            let attempt = Attempt::plain("patch", &["patch", deny, "--type=merge", open]);
            let account: Vec<&str> = account.as_deref().into_iter().collect();
            let output = attempt.run(user, &account);
            assert!(output.told().contains("RF1017"), "{account:?} {output:?}");
        }
        // Of a binding's role the API server says by itself that it stays.
        let attempt = Attempt::plain(
            "role",
            &[
                "patch",
                "rolebinding/ringfence-owners-admin",
                "--type=merge",
                r#"--patch={"roleRef":{"name":"edit"}}"#,
            ],
        );
        let output = attempt.run(&self.owner, &[]);
        assert!(output.stderr.contains("field is immutable"), "{output:?}");
        assert_eq!(self.sealed(), self.sealed, "nothing changed");
    }

    /// What is the tenant's own comes, changes and goes.
    fn own_objects_pass(&self) {
        let labels = json!({"team": "a"});
        let own = [policy("mine", &labels), binding("mine", &labels), quota("mine", &labels)];
        for object in &own {
            self.run(&self.owner, &["create", "-f", "-"], object).success();
            let object = format!("{}/mine", object["kind"].as_str().unwrap());
            self.run(&self.owner, &["label", &object, "more=b"], &Value::Null).success();
        }
        let path = format!(
            "/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies?labelSelector=team%3Da"
        );
        self.owner.kubectl(&["delete", "--raw", &path]).success();
        for kind in ["rolebinding", "resourcequota"] {
            self.run(&self.owner, &["delete", kind, "mine"], &Value::Null).success();
        }
        assert_eq!(self.sealed(), self.sealed, "and nothing else");
    }

    /// A policy that belongs to another object.
    fn pair(&self) {
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}});
        let made = self.run(self.admin(), &["create", "-f", "-", "--output=json"], &owner);
        let made: Value = serde_json::from_str(&made.success()).unwrap();
        let mut owned = policy("owned", &json!({}));
        owned["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap",
            "name": "owner", "uid": made["metadata"]["uid"]}]);
        self.run(self.admin(), &["create", "-f", "-"], &owned).success();
    }

    /// It goes with that one, as the garbage collector sees to.
    fn the_garbage_collector_goes_on(&self) {
        self.run(self.admin(), &["delete", "configmap", "owner"], &Value::Null).success();
        wait_until(PATIENCE, "what belonged to it to be collected", || {
            self.run(self.admin(), &["get", "networkpolicy/owned"], &Value::Null).code != 0
        });
    }

    /// A field of the policy that closes the namespace.
    fn deny(&self, field: &str) -> String {
        let field = format!("--output=jsonpath={{{field}}}");
        let get = ["get", "networkpolicy/ringfence-default-deny", &field];
        self.run(self.admin(), &get, &Value::Null).stdout
    }

    /// Somebody opens the namespace, and is let.
    fn opens(&self, who: &str, user: &Kubeconfig, extra: &[&str]) {
        let open = r#"--patch={"spec":{"ingress":[{}]}}"#;
        let patch = ["patch", "networkpolicy/ringfence-default-deny", "--type=merge", open];
        let output = self.run(user, &[&patch[..], extra].concat(), &Value::Null);
        assert_eq!(output.code, 0, "{who} {output:?}");
    }

    /// The platform opens the namespace and takes the policy away; the controller, who is not refused
    /// either, closes it again.
    fn the_platform_passes(&self, who: &str, user: &Kubeconfig, extra: &[&str]) {
        self.opens(who, user, extra);
        wait_until(PATIENCE, "the namespace to be closed again", || {
            !self.deny(".spec.ingress").contains('{')
        });
        let uid = self.deny(".metadata.uid");
        // In the foreground the garbage collector writes, and deletes at last.
        let delete = ["delete", "networkpolicy/ringfence-default-deny", "--cascade=foreground"];
        let output = self.run(user, &[&delete[..], extra].concat(), &Value::Null);
        assert_eq!(output.code, 0, "{who} {output:?}");
        wait_until(PATIENCE, "the policy to be laid again", || {
            let now = self.deny(".metadata.uid");
            !now.is_empty() && now != uid
        });
    }

    /// A namespace that the controller closes.
    fn namespace(&self, name: &str) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"ringfence.dev/tenant": "alpha"}}});
        self.admin().kubectl_with(&namespace.to_string(), &["apply", "-f", "-"]).success();
        self.wait_counted(name);
    }

    /// A namespace ends with all that is kept in it.
    fn ends(&self, name: &str, by: &Kubeconfig) {
        by.kubectl(&["delete", "namespace", name, "--wait=false"]).success();
        wait_until(PATIENCE, "the namespace to end", || {
            self.admin().kubectl(&["get", "namespace", name]).stderr.contains("NotFound")
        });
    }

    /// What makes the API server ask the webhook.
    fn ask(&self, server: &Server) {
        ask_by_url(&self.cluster, server);
        self.until_refused_by("admission webhook");
    }

    fn apply(&self, manifest: &str) {
        self.admin().kubectl_with(manifest, &["apply", "-f", "-"]).success();
    }

    fn until_refused_by(&self, by: &str) {
        let delete = ["delete", "networkpolicy/ringfence-default-deny", "--dry-run=server"];
        wait_until(PATIENCE, by, || {
            self.run(&self.owner, &delete, &Value::Null).stderr.contains(by)
        });
    }

    /// The policies as they are shipped, whose types the API server finds right.
    fn hold_by_policy(&self) {
        self.apply(include_str!("../../../manifests/admission-policy/policy.yaml"));
        self.until_refused_by("ValidatingAdmissionPolicy");
        let policy = "validatingadmissionpolicy/managed.ringfence.dev";
        let get = ["get", policy, "--output=jsonpath={.status.typeChecking}"];
        let mut checked = String::new();
        wait_until(PATIENCE, "the policy's types to be checked", || {
            checked = self.admin().kubectl(&get).success();
            !checked.is_empty()
        });
        assert_eq!(checked, "{}");
    }
}

/// A text with a name that the API server made.
fn without_chance(told: &str) -> String {
    let (_, rest) = told.split_once(" ringfence-").unwrap_or_default();
    // Such names are no words.
    let made = rest.get(..5).filter(|name| {
        !name.contains(['a', 'e', 'i', 'o', 'u']) && told.contains(&format!(" ringfence-{name}: "))
    });
    made.map_or_else(|| told.to_owned(), |made| told.replace(made, "-----"))
}

/// Each text, and the attempts that are told so.
fn by_text(refusals: &[(&str, String)]) -> String {
    let mut texts: Vec<&String> = refusals.iter().map(|(_, told)| told).collect();
    texts.sort();
    texts.dedup();
    let told = |text: &String| {
        let names = refusals.iter().filter(|(_, told)| told == text).map(|(name, _)| *name);
        format!("{text}\n  to: {}\n", names.collect::<Vec<_>>().join(" | "))
    };
    texts.into_iter().map(told).collect()
}

#[test]
fn it_is_held_with_and_without_the_webhook() {
    let (mut it, server) = Kept::new();
    it.ask(&server);
    let webhooks = it.refusals("admission webhook");
    an_item_of_a_collection_has_no_name(&server);
    it.strangers_are_refused();
    it.own_objects_pass();
    let carol = it.cluster.user("carol", &["by-rbac"]);
    it.the_platform_passes("admin", it.admin(), &[]);
    it.the_platform_passes("an administrator by RBAC", &carol, &[]);
    let flux = "--as=system:serviceaccount:gitops:flux";
    it.the_platform_passes("an account that RBAC makes the platform", it.admin(), &[flux]);
    it.pair();
    it.the_garbage_collector_goes_on();
    it.namespace("ends-with-webhook");
    it.ends("ends-with-webhook", &it.owner);
    it.clusterwide_passes(
        "the webhook",
        &[
            ("admin", it.admin(), &[]),
            ("by RBAC", &carol, &[]),
            ("by RBAC, an account", it.admin(), &[flux]),
        ],
    );

    it.hold_by_policy();
    it.clusterwide_passes(
        "both",
        &[
            ("admin", it.admin(), &[]),
            ("by RBAC", &carol, &[]),
            ("by RBAC, an account", it.admin(), &[flux]),
        ],
    );
    it.the_platform_passes("admin, with both", it.admin(), &[]);
    it.the_platform_passes("an administrator by RBAC, with both", &carol, &[]);
    it.pair();
    it.namespace("ends-without-webhook");
    it.sealed = it.sealed();
    drop(server);
    it.others_go_on(&["--as=system:serviceaccount:gitops:flux"]);
    it.others_go_on(&["--as=system:serviceaccount:kube-system:helm"]);
    let policys = it.refusals("ValidatingAdmissionPolicy");
    assert_snapshot!("the_policys_refusals", by_text(&policys));
    let more = told_alike(&policys, &webhooks, "#platform");
    assert_eq!(more, ["a name and the label"]);
    it.strangers_are_refused();
    the_control_plane_goes_on(&it);
    it.admin().kubectl(&["delete", CONFIGURATIONS, "ringfence"]).success();
    it.until_refused_by("ValidatingAdmissionPolicy");
    it.sealed = it.sealed();
    it.own_objects_pass();
    it.opens("admin, by the policy", it.admin(), &[]);
    it.opens("an administrator by RBAC, by the policy", &carol, &[]);
    it.collects("the policy alone");
    it.others_go_on(&[flux]);
    let flux =
        it.run(it.admin(), &["label", "networkpolicy/ringfence-dns", "a=b", flux], &Value::Null);
    assert!(flux.told().contains("RF1017"), "an account must be listed: {flux:?}");
}

/// How the API server tells of a collection: object by object, and without their names.
fn an_item_of_a_collection_has_no_name(server: &Server) {
    let log = server.log();
    let nameless = |line: &&str| {
        line.contains("operation=\"DELETE\"")
            && line.contains("resource=\"networkpolicies\"")
            && line.contains(" name=\"\"")
            && line.contains("RF1017=enforce")
    };
    assert_ne!(log.lines().filter(nameless).count(), 0, "{}", server.log_tail());
}

/// While the webhook is away: a namespace ends, what belongs to another object is collected, and
/// quotas that we change are counted anew.
fn the_control_plane_goes_on(it: &Kept) {
    it.ends("ends-without-webhook", it.admin());
    it.the_garbage_collector_goes_on();
    let ourselves = "--as=system:serviceaccount:ringfence-system:ringfence";
    let quota = "resourcequota/ringfence-quota";
    let counted = |pods: &str| {
        let patch = format!(r#"--patch={{"spec":{{"hard":{{"pods":"{pods}"}}}}}}"#);
        let patch = ["patch", quota, "--type=merge", &patch, ourselves];
        it.run(it.admin(), &patch, &Value::Null).success();
        wait_until(PATIENCE, "the quota to be counted anew", || {
            let hard = ["get", quota, "--output=jsonpath={.status.hard.pods}"];
            it.run(it.admin(), &hard, &Value::Null).stdout == pods
        });
    };
    counted("12");
    counted("10");
    let laid = policy("ringfence-more", &json!({"ringfence.dev/managed": "true"}));
    let apply = ["apply", "--server-side", "--field-manager=ringfence", "-f", "-", ourselves];
    it.run(it.admin(), &apply, &laid).success();
    let delete = ["delete", "networkpolicy/ringfence-more", ourselves];
    it.run(it.admin(), &delete, &Value::Null).success();
}
