//! What an installation is made from: `manifests/` and the Dockerfile say what the program says.

use std::path::Path;

use serde_json::{Value, json};

use super::installation::{arguments, objects, paper, pod};
use super::program::run;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_shipped_policy_is_what_the_program_prints() {
    let shipped = paper("manifests/admission-policy/policy.yaml");
    assert_eq!(run(&["webhooks", "--admission-policy"]).stdout, shipped);
    let base = root().join("manifests/files/policies");
    let printed = run(&["webhooks", "--admission-policy", "--policies", base.to_str().unwrap()]);
    assert_eq!((printed.stderr.as_str(), printed.stdout), ("", shipped));
}

#[test]
fn our_own_pod_passes_restricted() {
    let base = root().join("manifests/base/deployment.yaml");
    let restricted = ["review", "--pod-security", "restricted", "-o", "json"];
    let review = run(&[&restricted[..], &[base.to_str().unwrap()]].concat());
    let record: Value = serde_json::from_str(&review.stdout).unwrap();
    let judged = (&record["kind"], &record["allowed"], &record["findings"]);
    assert_eq!(judged, (&json!("Deployment"), &json!(true), &json!([])), "{review}");
    let container = &pod()["containers"][0]["securityContext"];
    assert_eq!(container["readOnlyRootFilesystem"], true);
}

#[test]
fn the_pod_is_given_the_time_that_it_takes_to_end() {
    let seconds = |flag: &str| -> u64 {
        let arguments = arguments();
        let value = arguments.iter().find_map(|argument| argument.strip_prefix(flag)).unwrap();
        value.parse().unwrap()
    };
    let given = pod()["terminationGracePeriodSeconds"].as_u64().unwrap();
    let takes = seconds("--grace=") + seconds("--drain=");
    assert!(given > takes, "{given} {takes}");
}

/// Every right, by role. Roles that bear rights over others are bound by name alone.
const RIGHTS: [&str; 29] = [
    r#"ringfence [""] ["namespaces"] ["get","list","watch","patch"]"#,
    r#"ringfence [""] ["nodes","services"] ["list","watch"]"#,
    r#"ringfence ["networking.k8s.io"] ["servicecidrs"] ["list","watch"]"#,
    r#"ringfence ["discovery.k8s.io"] ["endpointslices"] ["list","watch"] ["kubernetes"]"#,
    r#"ringfence ["authorization.k8s.io"] ["subjectaccessreviews"] ["create"]"#,
    r#"ringfence ["ringfence.dev"] ["platforms","profiles","tenants","exemptions","grants"] ["get","list","watch"]"#,
    r#"ringfence ["ringfence.dev"] ["platforms/status","profiles/status","tenants/status","exemptions/status","grants/status"] ["patch"]"#,
    r#"ringfence ["networking.k8s.io"] ["networkpolicies"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence [""] ["resourcequotas","limitranges"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence ["rbac.authorization.k8s.io"] ["rolebindings","clusterrolebindings"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence ["policy.networking.k8s.io"] ["adminnetworkpolicies","baselineadminnetworkpolicies"] ["list","watch"]"#,
    r#"ringfence ["cilium.io"] ["ciliumnetworkpolicies"] ["list","watch"]"#,
    r#"ringfence ["crd.projectcalico.org"] ["networkpolicies","globalnetworkpolicies"] ["list","watch"]"#,
    r#"ringfence ["crd.antrea.io"] ["networkpolicies","clusternetworkpolicies"] ["list","watch"]"#,
    r#"ringfence ["policy.networking.k8s.io"] ["clusternetworkpolicies"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence ["cilium.io"] ["ciliumclusterwidenetworkpolicies"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence ["projectcalico.org"] ["globalnetworkpolicies"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence ["projectcalico.org"] ["tier.globalnetworkpolicies"] ["get","list","watch","create","update","patch","delete"] ["ringfence-tenants.*"]"#,
    r#"ringfence ["projectcalico.org"] ["tiers"] ["list","watch","create"]"#,
    r#"ringfence ["projectcalico.org"] ["tiers"] ["get","update","patch","delete"] ["ringfence-tenants"]"#,
    r#"ringfence ["events.k8s.io"] ["events"] ["create","patch"]"#,
    r#"ringfence ["rbac.authorization.k8s.io"] ["clusterroles"] ["bind"] ["admin","edit","view","ringfence-owners","ringfence-namespace-owner"]"#,
    r#"ringfence ["admissionregistration.k8s.io"] ["validatingwebhookconfigurations","mutatingwebhookconfigurations"] ["create"]"#,
    r#"ringfence ["admissionregistration.k8s.io"] ["validatingwebhookconfigurations","mutatingwebhookconfigurations"] ["get","list","watch","update"] ["ringfence"]"#,
    r#"ringfence ["rbac.authorization.k8s.io"] ["clusterroles"] ["get"] ["ringfence"]"#,
    r#"ringfence-owners [""] ["namespaces"] ["create"]"#,
    r#"ringfence-namespace-owner [""] ["namespaces"] ["get","update","patch","delete"]"#,
    r#"ringfence in ringfence-system ["coordination.k8s.io"] ["leases"] ["get","list","watch","create","update","patch","delete"]"#,
    r#"ringfence in ringfence-system [""] ["configmaps"] ["create"]"#,
];

#[test]
fn the_rights_are_a_closed_list() {
    let mut rights = Vec::new();
    for role in objects("manifests/base/rbac.yaml") {
        for rule in role["rules"].as_array().into_iter().flatten() {
            let mut fields: Vec<&String> = rule.as_object().unwrap().keys().collect();
            fields.retain(|field| *field != "resourceNames");
            assert_eq!(fields, ["apiGroups", "resources", "verbs"]);
            // As a name RBAC takes it to the letter.
            let wild = |field: &&String| rule[field.as_str()].to_string().contains('*');
            assert!(!fields.iter().any(wild), "{rule}");
            let names = rule.get("resourceNames").map(|names| format!(" {names}"));
            let namespace = role["metadata"]["namespace"].as_str();
            rights.push(format!(
                "{}{} {} {} {}{}",
                role["metadata"]["name"].as_str().unwrap(),
                namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default(),
                rule["apiGroups"],
                rule["resources"],
                rule["verbs"],
                names.unwrap_or_default()
            ));
        }
    }
    assert_eq!(rights, RIGHTS);
}

/// README shows what the test of a tenant's life (`tests/cluster/story`) sees, to the letter.
#[test]
fn the_story_is_told_as_it_goes() {
    let seen = paper("tests/cluster/story/snapshots/cluster__story__story.snap");
    let seen = seen.splitn(3, "---\n").nth(2).unwrap().trim_end();
    let readme = paper("README.md");
    let told = readme.split_once("```console\n").unwrap().1.split_once("\n```").unwrap().0;
    assert_eq!(told, seen);
}

/// The papers say one thing where they say it twice.
#[test]
fn the_papers_agree() {
    let pod = pod();
    let user = &pod["securityContext"];
    let line = format!("USER {}:{}", user["runAsUser"], user["runAsGroup"]);
    assert!(paper("Dockerfile").lines().any(|it| it == line), "{line}");

    let port = |name: &str| {
        let ports = pod["containers"][0]["ports"].as_array().unwrap().iter();
        ports.clone().find(|it| it["name"] == name).unwrap()["containerPort"].as_u64().unwrap()
    };
    let [admission, telemetry] = [port("admission"), port("telemetry")];
    let listens = format!("--listen=0.0.0.0:{admission} --telemetry-listen=0.0.0.0:{telemetry}");
    assert_eq!(arguments()[1..3].join(" "), listens);
    let exposed = format!("EXPOSE {admission} {telemetry}");
    assert!(paper("Dockerfile").lines().any(|it| it == exposed), "{exposed}");

    let named = format!("newTag: \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(paper("manifests/base/kustomization.yaml").contains(&named), "{named}");
    let toolchain = paper("rust-toolchain.toml");
    let image = paper("Dockerfile").split_once("FROM rust:").unwrap().1.to_owned();
    let version = image.split_once('-').unwrap().0;
    assert!(toolchain.contains(&format!("channel = \"{version}.")), "{version} {toolchain}");
}
