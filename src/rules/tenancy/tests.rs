//! Each rule failing and passing, for subjects, the platform and the control plane.

use super::*;
use crate::domain::{Fix, POD_SECURITY_PREFIX};
use crate::objects::{Labelled, from_json};
use crate::policy::{Source, Tenants, load};

const DOCUMENTS: &str = r#"
apiVersion: ringfence.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec:
  reservedNames: ["infra-*"]
  frozenKeys: ["mesh.example.com/*", "*.example.org/pool"]
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: alpha}
spec:
  owners: [{kind: Group, name: alpha-devs}]
  namespaces: {limit: 3, prefix: alpha-, names: [legacy], labels: {cost-center: "42"}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: beta}
spec:
  owners: [{kind: Group, name: beta-devs}, {kind: Group, name: both}]
  namespaces: {names: [beta-old], labelKeys: {allow: [team, "app.kubernetes.io/*"]}}
---
apiVersion: ringfence.dev/v1alpha1
kind: Tenant
metadata: {name: gamma}
spec:
  owners: [{kind: Group, name: both}]
  namespaces: {labelKeys: {deny: ["trusted/*"]}}
"#;

/// What the door puts on namespaces of these tenants.
const PUT: [(&str, &str); 6] = [
    ("ringfence.dev/default-deny", "enabled"),
    ("pod-security.kubernetes.io/enforce", "baseline"),
    ("pod-security.kubernetes.io/enforce-version", "v1.30"),
    ("pod-security.kubernetes.io/audit", "restricted"),
    ("pod-security.kubernetes.io/audit-version", "v1.30"),
    ("pod-security.kubernetes.io/warn", "privileged"),
];

fn tenants() -> Tenants {
    let source = Source { name: "tenants.yaml".into(), text: DOCUMENTS.into() };
    load(&[source]).unwrap().resolve().as_ref().clone()
}

/// Metadata of labels, and of annotations after a `|`: `a=b c=d | e=f`.
fn meta(text: &str) -> String {
    let map = |text: &str| -> serde_json::Value {
        text.split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let (labels, annotations) = text.split_once('|').unwrap_or((text, ""));
    let labels = labels.replace("@", "ringfence.dev/tenant=").replace("ps/", POD_SECURITY_PREFIX);
    serde_json::json!({"metadata": {"labels": map(&labels), "annotations": map(annotations)}})
        .to_string()
}

fn findings(
    (class, groups): (Class, &str),
    name: &str,
    (old, new): (Option<&str>, Option<&str>),
    others: usize,
) -> Vec<Finding> {
    let tenants = tenants();
    let groups: Vec<String> = groups.split_whitespace().map(str::to_owned).collect();
    let owned = tenants.owned_by("jo", &groups);
    let (old, new) = (old.map(meta), new.map(meta));
    let read = |text: &Option<String>| -> Option<Meta<'static>> {
        let text: &'static str = text.clone()?.leak();
        from_json::<Labelled<'static>>(text).ok().map(|object| object.meta)
    };
    let (old, new) = (read(&old), read(&new));
    let tenant =
        old.as_ref().or(new.as_ref()).and_then(|meta| match meta.labels.get(TENANT_LABEL) {
            Some(label) => tenants.tenant(label),
            None => tenants.claim(name),
        });
    let put: Vec<(String, String)> = tenant
        .into_iter()
        .flat_map(|tenant| {
            let ours = PUT.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            ours.chain(tenant.labels.clone())
                .chain([(TENANT_LABEL.to_owned(), tenant.name.to_string())])
        })
        .collect();
    let operation = match (&old, &new) {
        (None, _) => Operation::Create,
        (Some(_), Some(_)) => Operation::Update,
        (Some(_), None) => Operation::Delete,
    };
    judge_namespace(&NamespaceView {
        tenants: &tenants,
        operation,
        name,
        old: old.as_ref(),
        new: new.as_ref(),
        class,
        owned: &owned,
        put: &put,
        others,
    })
}

fn codes(findings: &[Finding]) -> String {
    findings.iter().map(|it| it.code.to_string()).collect::<Vec<_>>().join(" ")
}

const SUBJECT: Class = Class::Subject;

#[test]
fn creations() {
    #[track_caller]
    fn check(groups: &str, name: &str, labels: &str, expect: &str) {
        for (class, expect) in [(SUBJECT, expect), (Class::Platform, "")] {
            let found = findings((class, groups), name, (None, Some(labels)), 0);
            assert_eq!(codes(&found), expect, "{class:?} {groups} {name} {labels}: {found:#?}");
        }
    }
    check("alpha-devs", "alpha-a", "@alpha", "");
    check("alpha-devs", "alpha-a", "@beta", "RF1002");
    check("alpha-oncall", "alpha-a", "@alpha", "RF1002");
    check("", "alpha-a", "@alpha", "RF1002");
    check("alpha-devs", "alpha-a", "", "RF1003");
    check("both", "b", "", "RF1003");
    check("both", "b", "@gamma", "");
    check("", "b", "", "RF1003");
    // Reserved, here and by the platform.
    for name in ["kube-a", "a-system", "default", "svc", "cluster", "local", "infra-a"] {
        check("both", name, "@gamma", "RF1007");
    }
    for name in ["kubea", "systema", "defaults", "infra"] {
        check("both", name, "@gamma", "");
    }
    for name in ["dev", "app", "com", "xn--p1ai"] {
        let found = findings((SUBJECT, "both"), name, (None, Some("@gamma")), 0);
        assert_eq!(codes(&found), "RF1016", "{name}");
        let verdict = crate::domain::Verdict::enforced(found);
        assert_eq!(verdict.decision(), crate::domain::Decision::Warn, "{name}");
    }
    // A prefix binds its own tenant alone, and not the names that the platform gave.
    check("alpha-devs", "beta-a", "@alpha", "RF1008");
    check("alpha-devs", "alpha", "@alpha", "RF1008");
    check("alpha-devs", "legacy", "@alpha", "");
    check("beta-devs", "alpha-b", "@beta", "");
}

#[test]
fn everybody_is_refused_a_tenant_that_is_not_there_and_a_name_that_is_taken() {
    #[track_caller]
    fn check(class: Class, groups: &str, (old, new): (Option<&str>, &str), expect: &str) {
        let found = findings((class, groups), "legacy", (old, Some(new)), 0);
        assert_eq!(codes(&found), expect, "{class:?} {groups} {old:?} {new}: {found:#?}");
    }
    for class in [Class::Platform, Class::ControlPlane] {
        check(class, "", (None, "@nobody"), "RF1004 RF1005");
        check(class, "", (None, "@beta"), "RF1005");
        check(class, "", (None, "@alpha"), "");
        check(class, "", (None, ""), "");
        check(class, "", (Some(""), "@beta"), "RF1005");
        check(class, "", (Some("@alpha"), "@nobody"), "RF1004 RF1005");
        // What stands there may stay, and be put right.
        check(class, "", (Some("@nobody"), "@nobody a=b"), "");
        check(class, "", (Some("@nobody"), ""), "");
        check(class, "", (Some("@nobody"), "@alpha"), "");
    }
    // To a subject, a tenant that is not there and one that is another's look alike.
    check(SUBJECT, "beta-devs", (None, "@nobody"), "RF1002 RF1005");
    check(SUBJECT, "beta-devs", (None, "@alpha"), "RF1002 RF1005");
    check(SUBJECT, "beta-devs", (None, "@beta"), "RF1005");
    check(SUBJECT, "beta-devs", (None, ""), "RF1003 RF1005");
}

#[test]
fn a_tenant_has_so_many_namespaces() {
    #[track_caller]
    fn check(class: Class, name: &str, others: usize, expect: &str) {
        let found = findings((class, "alpha-devs"), name, (None, Some("@alpha")), others);
        assert_eq!(codes(&found), expect, "{class:?} {name} {others}");
    }
    check(SUBJECT, "alpha-a", 2, "");
    check(SUBJECT, "alpha-a", 3, "RF1009");
    check(SUBJECT, "legacy", 3, "");
    check(Class::Platform, "alpha-a", 3, "");
}

#[test]
fn updates_and_deletions() {
    #[track_caller]
    fn check(groups: &str, name: &str, change: (&str, Option<&str>), expect: &str) {
        let (old, new) = change;
        for (class, expect) in [(SUBJECT, expect), (Class::Platform, "")] {
            let found = findings((class, groups), name, (Some(old), new), 0);
            assert_eq!(codes(&found), expect, "{class:?} {groups} {name} {change:?}: {found:#?}");
        }
    }
    check("alpha-devs", "alpha-a", ("@alpha", Some("@alpha a=b")), "");
    check("alpha-devs", "alpha-a", ("@alpha", None), "");
    // Foreign, unowned, orphaned.
    check("beta-devs", "alpha-a", ("@alpha", Some("@alpha a=b")), "RF1006");
    check("beta-devs", "alpha-a", ("@alpha", None), "RF1006");
    check("alpha-devs", "kube-system", ("", Some("a=b")), "RF1006");
    check("alpha-devs", "kube-system", ("", None), "RF1006");
    check("alpha-devs", "alpha-a", ("@nobody", Some("@nobody a=b")), "RF1006");
    check("", "alpha-a", ("@alpha", Some("@alpha")), "RF1006");
    // The label is never changed, taken away or added.
    check("alpha-devs", "alpha-a", ("@alpha", Some("@gamma")), "RF1001");
    check("alpha-devs", "alpha-a", ("@alpha", Some("")), "RF1001");
    check("both", "b", ("@gamma", Some("@beta")), "RF1001");
    check("alpha-devs", "b", ("", Some("@alpha")), "RF1001 RF1006");
    check("alpha-devs", "legacy", ("", Some("@alpha")), "RF1001");
    check("alpha-devs", "legacy", ("", Some("a=b")), "");
    // A name that somebody claims is theirs, until a label says otherwise.
    check("beta-devs", "legacy", ("", Some("a=b")), "RF1006");
    check("beta-devs", "legacy", ("@beta", Some("@beta team=b")), "");
}

#[test]
fn frozen_keys_are_judged_on_what_changes() {
    #[track_caller]
    fn check(change: (Option<&str>, &str), expect: &str) {
        let (old, new) = change;
        let all = |text: &str| format!("@alpha {text}");
        let old = old.map(all);
        let found =
            findings((SUBJECT, "alpha-devs"), "alpha-a", (old.as_deref(), Some(&all(new))), 0);
        assert_eq!(codes(&found), expect, "{change:?}: {found:#?}");
    }
    for key in [
        "ringfence.dev/other",
        "x.ringfence.dev/a",
        "scheduler.alpha.kubernetes.io/node-selector",
        "control-plane",
        "admission.gatekeeper.sh/ignore",
        "openpolicyagent.org/webhook",
        "policies.kyverno.io/a",
        "kubewarden.io/a",
        "istio-injection",
        "istio.io/rev",
        "istio.io/dataplane-mode",
        "linkerd.io/inject",
        "config.linkerd.io/a",
        "kuma.io/sidecar-injection",
        "openshift.io/a",
        "resource.kubernetes.io/admin-access",
        "capsule.clastix.io/tenant",
        "projectcapsule.dev/a",
        "hnc.x-k8s.io/a",
        "a.tree.hnc.x-k8s.io/depth",
        "field.cattle.io/projectId",
        "mesh.example.com/a",
        "eu.example.org/pool",
    ] {
        let (a, b) = (format!("{key}=a"), format!("{key}=b"));
        check((None, &a), "RF1010");
        check((Some(""), &a), "RF1010");
        check((Some(&a), &b), "RF1010");
        check((Some(&a), ""), "RF1010");
        check((Some(&a), &a), "");
        check((Some(""), &format!("| {a}")), "RF1010");
        check((Some(&format!("| {a}")), ""), "RF1010");
    }
    for key in
        ["istio.io/other", "linkerd.io/other", "ringfence.development/a", "a", "mesh.example.com"]
    {
        check((Some(""), &format!("{key}=a")), "");
    }
    // What the door itself puts there, and nothing else.
    check((None, "ringfence.dev/default-deny=enabled cost-center=42"), "");
    check((None, "ringfence.dev/default-deny=disabled"), "RF1010");
    check((None, "cost-center=43"), "RF1010");
    check((Some("cost-center=42"), "cost-center=43"), "RF1010");
    check((Some("cost-center=42"), ""), "RF1010");
    check((Some(""), "cost-center=42"), "");
    // As an annotation it is no label of the tenant's.
    check((Some(""), "| cost-center=43"), "");
    check((Some(""), "| ringfence.dev/tenant=beta"), "RF1010");
    // The door says which, and nobody else says more.
    check((None, "cost-center=42 | ringfence.dev/filled-in=cost-center=42"), "");
    check((None, "cost-center=42 | ringfence.dev/filled-in=cost-center=43"), "RF1010");
    check((None, "| ringfence.dev/filled-in=ringfence.dev/enforce-floor=privileged"), "RF1010");
    check((Some(""), "| ringfence.dev/filled-in=cost-center=42"), "RF1010");
}

#[test]
fn labels_that_a_tenant_may_set() {
    #[track_caller]
    fn check(group: &str, tenant: &str, change: (Option<&str>, &str), expect: &str) {
        let (old, new) = change;
        let all = |text: &str| format!("@{tenant} kubernetes.io/metadata.name=n {text}");
        let old = old.map(all);
        let found = findings((SUBJECT, group), "n", (old.as_deref(), Some(&all(new))), 0);
        assert_eq!(codes(&found), expect, "{tenant} {change:?}: {found:#?}");
    }
    check("beta-devs", "beta", (None, "team=a app.kubernetes.io/name=b"), "");
    check("beta-devs", "beta", (None, "teams=a"), "RF1011");
    check("beta-devs", "beta", (Some(""), "other=a"), "RF1011");
    check("beta-devs", "beta", (Some("other=a"), "other=a team=b"), "");
    check("beta-devs", "beta", (Some("other=a"), ""), "RF1011");
    check("beta-devs", "beta", (Some(""), "| other=a"), "");
    check("beta-devs", "beta", (Some(""), "ps/enforce=restricted"), "");
    check("both", "gamma", (None, "other=a"), "");
    check("both", "gamma", (None, "trusted/a=b"), "RF1011");
    check("both", "gamma", (Some("trusted/a=b"), "trusted/a=b c=d"), "");
}

#[test]
fn pod_security_labels_are_raised_and_never_lowered() {
    #[track_caller]
    fn check(change: (Option<&str>, &str), expect: &str) {
        let (old, new) = change;
        let all = |text: &str| format!("@alpha {text}");
        let old = old.map(all);
        let found =
            findings((SUBJECT, "alpha-devs"), "alpha-a", (old.as_deref(), Some(&all(new))), 0);
        assert_eq!(codes(&found), expect, "{change:?}: {found:#?}");
    }
    let put = "ps/enforce=baseline ps/enforce-version=v1.30 ps/audit=restricted ps/audit-version=v1.30 ps/warn=privileged";
    check((None, put), "");
    let becomes = |from: &str, to: &str| put.replace(from, to);
    for (from, to, expect) in [
        ("enforce=baseline", "enforce=restricted", ""),
        ("enforce=baseline", "enforce=privileged", "RF1012"),
        ("enforce=baseline", "enforce=nonsense", "RF1012"),
        ("ps/enforce=baseline", "", "RF1012"),
        ("enforce-version=v1.30", "enforce-version=v1.31", ""),
        ("enforce-version=v1.30", "enforce-version=latest", ""),
        ("enforce-version=v1.30", "enforce-version=v1.29", "RF1012"),
        ("enforce-version=v1.30", "enforce-version=v1.9", "RF1012"),
        ("enforce-version=v1.30", "enforce-version=1.31", "RF1012"),
        ("ps/enforce-version=v1.30", "", ""),
        ("audit=restricted", "audit=baseline", "RF1012"),
        ("warn=privileged", "warn=restricted", ""),
    ] {
        check((Some(put), &becomes(from, to)), expect);
        // What a new namespace leaves out is put there.
        check((None, &becomes(from, to)), if to.is_empty() { "" } else { expect });
    }
    // Back from what was raised is lower too, and an absent version is the latest.
    check((Some("ps/enforce=restricted"), "ps/enforce=baseline"), "RF1012");
    check((Some("ps/warn=restricted"), "ps/warn=privileged"), "RF1012");
    check(
        (Some("ps/enforce=restricted"), "ps/enforce=restricted ps/enforce-version=v1.37"),
        "RF1012",
    );
    check((Some(""), "ps/enforce=baseline ps/enforce-version=v1.20"), "");
    check((Some("ps/enforce=nonsense"), "ps/enforce=privileged"), "");
}

#[test]
fn a_fix_is_an_edit_wherever_an_edit_helps() {
    let check = |change: (Option<&str>, &str), expect: &[&str]| {
        let found = findings((SUBJECT, "alpha-devs"), "alpha-a", (change.0, Some(change.1)), 0);
        let fixes: Vec<String> = found.iter().map(|it| it.fix.text.to_string()).collect();
        assert_eq!(fixes, expect, "{change:?}");
    };
    check((None, "@beta"), &["set metadata.labels[ringfence.dev/tenant]: alpha"]);
    check((Some("@alpha"), ""), &["set metadata.labels[ringfence.dev/tenant]: alpha"]);
    check((Some("@alpha"), "@alpha control-plane=a"), &["remove metadata.labels[control-plane]"]);
    check((Some("@alpha control-plane=a"), "@alpha"), &["set metadata.labels[control-plane]: a"]);
    check(
        (None, "@alpha ps/enforce=privileged"),
        &["set metadata.labels[pod-security.kubernetes.io/enforce]: baseline"],
    );
    let several = findings((SUBJECT, "both"), "b", (None, Some("@alpha")), 0);
    let expect = "set metadata.labels[ringfence.dev/tenant] to one of your tenants: beta, gamma";
    assert_eq!(several.first().map(|it| it.fix.clone()), Some(Fix::advice(expect)));
}

/// Whoever is refused learns of no tenant but their own.
#[test]
fn no_finding_names_another_tenant() {
    let foreign = [
        findings((SUBJECT, "beta-devs"), "legacy", (None, Some("")), 0),
        findings((SUBJECT, "beta-devs"), "legacy", (None, Some("@beta")), 0),
        findings((SUBJECT, "beta-devs"), "alpha-a", (Some("@alpha"), Some("@beta")), 0),
        findings((SUBJECT, "beta-devs"), "alpha-a", (Some("@alpha"), None), 0),
    ];
    for found in foreign.iter().flatten() {
        let fix = &found.fix.text;
        // What gives the label back is said to nobody who could not see it.
        let said = format!("{} {} {fix}", found.must, found.path);
        assert!(
            found.code == crate::domain::Code::TenantLabel || !said.contains("alpha"),
            "{found:?}"
        );
    }
}
