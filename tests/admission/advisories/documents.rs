//! Documents: what a policy may ask for, and who may write one.

use std::path::Path;

use ringfence::objects::yaml;
use ringfence::policy::{Source, load};
use serde_json::{Value, json};

use super::{
    ALPHA, Ask, BETA, DOCUMENTS, Kind, NAMESPACE, PLATFORM, check, check_at, codes, door, door_on,
    good_pod, namespace, new_pod, response,
};
use ringfence::server::Endpoint;

/// The problems of the documents that a Profile with these lines in its spec makes.
fn profile(lines: &str) -> Result<(), String> {
    let text = format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Profile\nmetadata: {{name: own}}\nspec:\n{lines}"
    );
    let source = Source { name: "own.yaml".to_owned(), text };
    load(&[source]).map(drop).map_err(|report| report.to_string())
}

/// A document that says this is refused, and nothing is left of it; the same without it is not.
#[track_caller]
fn says_nothing_of(field: &str, lines: &str) {
    let problem = profile(&format!("  podSecurity: {{level: baseline}}\n{lines}")).unwrap_err();
    assert!(problem.contains(field), "{problem}");
    assert_eq!(profile("  podSecurity: {level: baseline}\n"), Ok(()));
}

fn document(
    who: (&'static str, &'static [&'static str]),
    kind: &'static str,
    spec: Value,
) -> Ask<'static> {
    let plural = match kind {
        "Exemption" => "exemptions",
        "Profile" => "profiles",
        _ => "tenants",
    };
    let object = json!({
        "apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": "own"}, "spec": spec,
    });
    let kind = Kind("ringfence.dev", "v1alpha1", plural, "", kind);
    Ask { who, kind, namespace: "", name: "own", object, old: Value::Null }
}

/// Kyverno took a PolicyException from any namespace, so that whoever wrote in one of them excused
/// their own pods from the cluster's policies.
#[tokio::test]
async fn cve_2024_48921_kyverno_an_exception_of_one_s_own() {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let spec = json!({
        "tenant": "alpha", "rules": ["RF2001"], "namespaces": ["alpha-dev"], "owner": "jo@example.com",
        "reason": "because", "expiresAt": end.to_string(),
    });
    check(&document(ALPHA, "Exemption", spec.clone()), &["RF1014"]).await;
    check(&document(PLATFORM, "Exemption", spec), &[]).await;
    // What the platform has written is for its tenant, though it names a namespace of another one.
    let mut pod = good_pod();
    pod["spec"]["hostPID"] = json!(true);
    check(&new_pod("beta-dev", pod.clone()), &["RF2001"]).await;
    check(&new_pod("alpha-dev", pod), &[]).await;
}

/// Kyverno's CEL library let the policies of a namespace send HTTP requests from the controller to
/// wherever they liked, cloud metadata among it.
#[test]
fn cve_2026_4789_kyverno_requests_by_policy() {
    says_nothing_of("http", "  http: {get: 'http://169.254.169.254/latest/meta-data/'}\n");
    says_nothing_of("validations", "  validations: [{expression: 'http.Get(\"http://x\").ok'}]\n");
    // Where a document names a registry, it is a pattern to be matched, and never an address.
    let images = |pattern: &str| profile(&format!("  images: {{registries: ['{pattern}']}}\n"));
    assert!(images("http://169.254.169.254/*").is_err());
    assert_eq!(images("169.254.169.254/*"), Ok(()));
}

/// Kyverno ran the `apiCall` of a namespace's policy by its own account, whatever path it named.
#[test]
fn cve_2026_22039_kyverno_api_calls_by_policy() {
    let call = "apiCall: {urlPath: /api/v1/namespaces/kube-system/secrets}";
    says_nothing_of("context", &format!("  context: [{{name: x, {call}}}]\n"));
    says_nothing_of("apiCall", &format!("  {call}\n"));
}

/// The same of Kyverno's ConfigMaps, which the mending of apiCall had left: a policy named the
/// namespace to read one from.
#[test]
fn cve_2026_41068_kyverno_config_maps_by_policy() {
    says_nothing_of("context", "  context: [{name: x, configMap: {namespace: other, name: y}}]\n");
    says_nothing_of("configMap", "  configMap: {namespace: other, name: y}\n");
}

/// Kubewarden let the groups of policies of a namespace read objects by the account of the server that
/// runs them.
#[test]
fn cve_2025_24784_kubewarden_context_by_policy() {
    says_nothing_of(
        "contextAwareResources",
        "  contextAwareResources: [{apiVersion: v1, kind: Secret}]\n",
    );
}

/// Policies that Kubewarden's users wrote for a namespace could be about what is too sensitive for them,
/// such as the reports of what policies had found there.
#[tokio::test]
async fn cve_2025_24376_kubewarden_who_writes_policies() {
    for who in
        [ALPHA, BETA, ("system:serviceaccount:alpha-dev:deployer", &["system:serviceaccounts"])]
    {
        for kind in ["Tenant", "Profile"] {
            check(&document(who, kind, json!({})), &["RF1014"]).await;
        }
    }
    check(&document(PLATFORM, "Profile", json!({})), &[]).await;
}

/// Old callbacks of Kubewarden told the policies of a namespace of all namespaces, services and
/// ingresses. A refusal here tells a stranger nothing of what there is.
#[tokio::test]
async fn cve_2026_29773_kubewarden_what_there_is_elsewhere() {
    let without_beta = DOCUMENTS.replace("metadata: {name: beta}", "metadata: {name: gamma}");
    let told = async |documents: &str, tenant: &str| {
        let object = namespace("alpha-new", json!({"ringfence.dev/tenant": tenant}));
        let ask = Ask {
            who: ALPHA,
            kind: NAMESPACE,
            namespace: "alpha-new",
            name: "alpha-new",
            object,
            old: Value::Null,
        };
        let door = door_on(documents, None);
        response(&door, Endpoint::Validate, ask.review().to_string()).await["status"].clone()
    };
    let there = told(DOCUMENTS, "beta").await;
    assert_eq!(there["code"], 403, "{there}");
    assert_eq!(told(&without_beta, "beta").await, there);
    assert_eq!(told(DOCUMENTS, "alpha").await, Value::Null);
}

/// The rules of each role that is shipped.
fn roles() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let mut folders = vec![folder];
    let mut roles = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let documents = yaml::documents(&text).into_iter().map(|it| it.unwrap().to_value());
                roles.extend(
                    documents.filter(|it| {
                        it["kind"].as_str().is_some_and(|kind| kind.ends_with("Role"))
                    }),
                );
            }
        }
    }
    roles
}

/// Capsule's controller, which might do everything, made what its tenants wrote into a TenantResource:
/// cluster roles and webhooks too. Ours may write the kinds that close a namespace; of others it may
/// patch the status of our documents, and namespaces, to label them; of roles it may bind those that
/// are listed, and it reads no Secret.
#[test]
fn cve_2026_22872_capsule_a_controller_that_may_do_everything() {
    const WRITES: [&str; 14] = [
        "networkpolicies",
        "resourcequotas",
        "limitranges",
        "rolebindings",
        "clusterrolebindings",
        "clusternetworkpolicies",
        "ciliumclusterwidenetworkpolicies",
        "globalnetworkpolicies",
        "tier.globalnetworkpolicies",
        "tiers",
        "subjectaccessreviews",
        "events",
        // Those of our name alone; but who may make one may make any.
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
    ];
    let all = roles();
    let role = all.iter().find(|role| role["metadata"]["name"] == "ringfence").unwrap();
    for rule in role["rules"].as_array().unwrap() {
        let words = |field: &str| -> Vec<&str> {
            rule[field].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
        };
        let (resources, verbs) = (words("resources"), words("verbs"));
        // In a name a `*` is no wildcard: Calico asks RBAC for that of a tier's policies.
        let wide = ["apiGroups", "resources", "verbs"]
            .iter()
            .any(|own| rule[own].to_string().contains('*'));
        assert!(!wide, "{rule}");
        let writes: Vec<_> =
            verbs.iter().filter(|verb| !["get", "list", "watch"].contains(verb)).collect();
        let of_documents = words("apiGroups") == ["ringfence.dev"];
        if verbs == ["bind"] {
            assert!(!rule["resourceNames"].as_array().unwrap().is_empty(), "{rule}");
        } else if writes == [&"patch"] {
            let is_status = |own: &&str| of_documents && own.ends_with("/status");
            assert!(resources == ["namespaces"] || resources.iter().all(is_status), "{rule}");
        } else if !writes.is_empty() {
            assert!(resources.iter().all(|resource| WRITES.contains(resource)), "{rule}");
        }
        assert!(!resources.contains(&"secrets"), "{rule}");
    }
}

/// The mending of that closed one of the ways that led there, and not the other. There is one account
/// here, and what is bound to it is that one role, and in its own namespace
/// one that knows Leases.
#[test]
fn cve_2026_65835_capsule_the_other_way_to_the_same_power() {
    let text = include_str!("../../../manifests/base/rbac.yaml");
    let all: Vec<Value> =
        yaml::documents(text).into_iter().map(|it| it.unwrap().to_value()).collect();
    let of = |kind: &str| all.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    let [account] = of("ServiceAccount")[..] else { panic!("one account") };
    let [binding] = of("ClusterRoleBinding")[..] else { panic!("one binding") };
    let [at_home] = of("RoleBinding")[..] else { panic!("one binding at home") };
    assert_eq!(at_home["metadata"]["namespace"], account["metadata"]["namespace"]);
    for binding in [binding, at_home] {
        assert_eq!(binding["roleRef"]["name"], "ringfence");
        assert_eq!(binding["subjects"].as_array().unwrap().len(), 1);
        assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
    }
    // A tenant's document that would be made into something else is none.
    says_nothing_of("rawItems", "  rawItems: [{apiVersion: v1, kind: ClusterRole}]\n");
}

/// OPA's parser of policies read beyond its end in some of them, and fell over. Whatever a document is,
/// it is told what is wrong with it.
#[test]
fn cve_2022_28946_opa_policies_that_end_too_soon() {
    let whole = DOCUMENTS.trim_start();
    let mut refused = 0;
    for end in (0..whole.len()).step_by(7) {
        let part = whole.get(..end).expect("documents of ASCII");
        let source = Source { name: "x.yaml".to_owned(), text: part.to_owned() };
        refused += usize::from(load(&[source]).is_err());
    }
    assert!(refused > 100, "{refused}");
    let source = Source { name: "x.yaml".to_owned(), text: whole.to_owned() };
    assert!(load(&[source]).is_ok());
}

/// In Cosign a valid signature of something else passed for one of what was asked for. An exemption of
/// one rule, container or workload is none of another.
#[tokio::test]
async fn cve_2022_35929_cosign_the_right_thing_for_something_else() {
    let mut pod = good_pod();
    pod["spec"]["hostPID"] = json!(true);
    let exempt = door();
    check_at(&exempt, &new_pod("alpha-dev", pod.clone()), &[]).await;
    for (from, to) in [
        ("rules: [RF2001]", "rules: [RF2002]"),
        ("rules: [RF2001]", "rules: [RF2001]\n  containers: [other]"),
        ("rules: [RF2001]", "rules: [RF2001]\n  workloads: [{kind: Deployment, name: x}]"),
        ("2999-01-01", "2001-01-01"),
    ] {
        let door = door_on(&DOCUMENTS.replace(from, to), None);
        check_at(&door, &new_pod("alpha-dev", pod.clone()), &["RF2001"]).await;
    }
    // What is exempted is still found, and said.
    let review = new_pod("alpha-dev", pod).review().to_string();
    let answered = response(&exempt, Endpoint::Validate, review).await;
    assert_eq!(codes(&answered), [""; 0]);
    assert_eq!(answered["auditAnnotations"]["findings"], "RF2001=exempted:driver");
}
