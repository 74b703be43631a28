//! `ringfence webhooks`

use std::path::Path;

use serde_json::{Value, json};

use super::program::run;

const CA: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

#[test]
fn configurations_for_a_url_and_for_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, CA).unwrap();
    let ca = ca.to_str().unwrap();
    let url = run(&["webhooks", "--url", "https://127.0.0.1:8443", "--ca-file", ca]);
    insta::assert_snapshot!("webhooks_url", url.hiding(folder.path(), "DIR"));
    let service = ["webhooks", "--service", "ns/ringfence:8443", "--ca-file", ca, "-o", "json"];
    let run = run(&service);
    let mut lines = String::new();
    for line in run.stdout.lines() {
        let configuration: Value = serde_json::from_str(line).unwrap();
        for webhook in configuration["webhooks"].as_array().unwrap() {
            lines += &format!("{} {}\n", webhook["name"], webhook["clientConfig"]["service"]);
        }
    }
    insta::assert_snapshot!("webhooks_service", lines);
}

#[test]
fn the_platform_says_what_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, CA).unwrap();
    let entries = |platform: &str| {
        let policies = folder.path().join("policies");
        std::fs::create_dir_all(&policies).unwrap();
        let document = format!(
            "apiVersion: ringfence.dev/v1alpha1\nkind: Platform\nmetadata: {{name: default}}\nspec: {platform}\n"
        );
        std::fs::write(policies.join("platform.yaml"), document).unwrap();
        let policies = policies.to_str().unwrap();
        let args =
            ["webhooks", "--url", "https://h", "--ca-file", ca.to_str().unwrap(), "-o", "json"];
        let printed = run(&[&args[..], &["--policies", policies]].concat()).stdout;
        let mut entries = Vec::new();
        for line in printed.lines() {
            let configuration: Value = serde_json::from_str(line).unwrap();
            for webhook in configuration["webhooks"].as_array().unwrap() {
                let name = webhook["name"].as_str().unwrap().trim_end_matches(".ringfence.dev");
                entries.push(format!("{name} {}", webhook["failurePolicy"].as_str().unwrap()));
            }
        }
        entries
    };
    let fill = ["namespaces Ignore", "tenants Ignore"];
    let judge = ["namespaces Fail", "tenants Fail"];
    let beside = ["cluster Fail", "documents Fail", "probe Fail"];
    assert_eq!(entries("{}"), [&judge[..], &beside, &fill].concat());
    let unowned = [&judge[..], &["unowned Ignore"], &beside, &fill].concat();
    assert_eq!(entries("{unowned: {profile: audit-only}}"), unowned);
    let rehearsed = ["cluster Ignore", "documents Ignore", "probe Ignore"];
    assert_eq!(entries("{rehearsal: true}"), [&fill[..], &rehearsed, &fill].concat());
}

/// The API server's own policies for a Platform, on namespaces and on what the controller keeps, each
/// with its binding.
fn policies(folder: &Path, platform: &str) -> [(Value, Value); 2] {
    let document = format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Platform\nmetadata: {{name: default}}\nspec: {platform}\n"
    );
    std::fs::write(folder.join("platform.yaml"), document).unwrap();
    let args = ["webhooks", "--admission-policy", "-o", "json", "--policies"];
    let run = run(&[&args[..], &[folder.to_str().unwrap()]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let documents: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 4);
    ["namespaces", "managed"].map(|name| {
        let name = format!("{name}.ringfence.dev");
        let [policy, binding] = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
            .map(|kind| {
                let of = |it: &&Value| it["kind"] == kind && it["metadata"]["name"] == name;
                documents.iter().find(of).unwrap()["spec"].clone()
            });
        assert_eq!(binding["policyName"], name);
        (policy, binding)
    })
}

#[test]
fn the_policies_know_the_platform() {
    let folder = tempfile::tempdir().unwrap();
    let policies = |platform: &str| policies(folder.path(), platform);
    let told = |spec: &Value| -> Vec<String> {
        let validations = spec["validations"].as_array().unwrap().iter();
        validations.map(|it| it["messageExpression"].as_str().unwrap().to_owned()).collect()
    };
    let conditions = |spec: &Value| spec["matchConditions"].as_array().unwrap().clone();
    let expression = "!(request.userInfo.username in ['jo', 'system:serviceaccount:gitops:flux'] || \
         (!request.userInfo.username.startsWith('system:serviceaccount:') && \
         has(request.userInfo.groups) && \
         request.userInfo.groups.exists(group, group in ['admins', 'ops'])))";
    let condition = json!({"name": "not-listed", "expression": expression});
    let plain = policies("{}");
    let rehearsed = policies("{rehearsal: true}");
    let asked = policies("{contact: \"jo's #desk\"}");
    let listed = policies(
        "{administrators: [{kind: User, name: jo}, {kind: Group, name: admins}, \
         {kind: ServiceAccount, name: flux, namespace: gitops}, {kind: Group, name: ops}]}",
    );
    for (index, messages) in [2, 3].into_iter().enumerate() {
        let (spec, binding) = &plain[index];
        assert_eq!(binding["validationActions"], json!(["Deny"]));
        let (rehearsed, binding) = &rehearsed[index];
        assert_eq!((rehearsed, &binding["validationActions"]), (spec, &json!(["Warn"])));
        let (before, after) = (told(spec), told(&asked[index].0));
        assert_eq!(before.len(), messages);
        for (before, after) in before.iter().zip(after) {
            assert_ne!(*before, after);
            assert_eq!(before.replace("your platform team", r"jo\'s #desk"), after);
        }
        let (known, listed) = (conditions(spec), conditions(&listed[index].0));
        assert_eq!(listed[..known.len()], known);
        assert_eq!(listed[known.len()..], *std::slice::from_ref(&condition));
    }
}

/// What is printed first: the configuration of the entries that judge.
fn validating(folder: &Path) -> Value {
    let ca = folder.join("ca.crt");
    std::fs::write(&ca, CA).unwrap();
    let args = ["webhooks", "--url", "https://h", "-o", "json", "--ca-file", ca.to_str().unwrap()];
    let printed = run(&args).stdout;
    serde_json::from_str(printed.lines().next().unwrap()).unwrap()
}

/// The policies leave out whom the webhooks leave out, and see what they see.
#[test]
fn the_policies_and_the_entries_agree() {
    let folder = tempfile::tempdir().unwrap();
    let validating = validating(folder.path());
    let entry = |name: &str| {
        let entries = validating["webhooks"].as_array().unwrap();
        entries.iter().find(|it| it["name"] == format!("{name}.ringfence.dev")).unwrap().clone()
    };
    let [(spec, _), (kept, _)] = policies(folder.path(), "{}");
    let entry_of = entry("namespaces");
    assert_eq!(spec["matchConditions"], entry_of["matchConditions"]);
    let (ours, theirs) = (&spec["matchConstraints"]["resourceRules"], &entry_of["rules"]);
    assert_eq!(ours[0]["resources"], theirs[0]["resources"]);
    assert_eq!((ours.as_array().unwrap().len(), theirs.as_array().unwrap().len()), (1, 1));

    let entry_of = entry("tenants");
    let constraints = &kept["matchConstraints"];
    assert_eq!(constraints["namespaceSelector"], entry_of["namespaceSelector"]);
    let seen = |rules: &Value| {
        let mut seen = Vec::new();
        for rule in rules.as_array().unwrap() {
            for resource in rule["resources"].as_array().unwrap() {
                seen.push(format!("{resource} {} {}", rule["apiGroups"], rule["operations"]));
            }
        }
        seen
    };
    let theirs = [seen(&entry_of["rules"]), seen(&entry("cluster")["rules"])].concat();
    let ours = seen(&constraints["resourceRules"]);
    let missing: Vec<_> = ours.iter().filter(|line| !theirs.contains(line)).collect();
    assert_eq!((missing, ours.len()), (Vec::<&String>::new(), 11));
}

/// Of several refusals the API server shows the first: one validating entry sees a request.
#[test]
fn no_two_entries_see_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let validating = validating(folder.path());
    let mut seen = Vec::new();
    let entries = validating["webhooks"].as_array().unwrap().iter();
    // The probe sees one name by our account, in our own namespace.
    for webhook in entries.filter(|it| it["name"] != "probe.ringfence.dev") {
        for rule in webhook["rules"].as_array().unwrap() {
            for resource in rule["resources"].as_array().unwrap() {
                for operation in rule["operations"].as_array().unwrap() {
                    seen.push(format!("{} {resource} {operation}", rule["apiGroups"]));
                }
            }
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
    for wanted in ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"] {
        assert!(seen.contains(&format!("[\"\"] {wanted:?} \"CONNECT\"")), "{wanted}");
    }
}

#[test]
fn wrong_targets() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, CA).unwrap();
    let ca = ca.to_str().unwrap();
    let mut text = String::new();
    let mut check = |args: &[&str]| {
        let args = [&["webhooks"], args].concat();
        text += &format!("{}\n", run(&args).hiding(folder.path(), "DIR"));
    };
    for url in [
        "http://127.0.0.1:8443",
        "https://",
        "127.0.0.1:8443",
        "https://jo:secret@host",
        "https://host?a=b",
        "https://host#a",
        "https://host:port",
    ] {
        check(&["--url", url, "--ca-file", ca]);
    }
    for service in ["ringfence", "/name", "ns/", "ns/name:0", "ns/name:x", "a/b/c", "Ns/name"] {
        check(&["--service", service, "--ca-file", ca]);
    }
    check(&["--ca-file", ca]);
    check(&["--url", "https://h", "--service", "a/b", "--ca-file", ca]);
    check(&["--url", "https://h"]);
    check(&["--url", "https://h", "--ca-file", "missing.crt"]);
    check(&["--url", "https://h", "--ca-file", "plain.txt"]);
    check(&["--admission-policy", "--ca-file", ca]);
    check(&["--admission-policy", "--url", "https://h"]);
    check(&["--admission-policy", "--policies", "missing"]);
    insta::assert_snapshot!(text);
}
