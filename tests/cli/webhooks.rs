//! `ringfence webhooks`

use serde_json::Value;

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
    assert_eq!(entries("{}"), [judge, fill].concat());
    let unowned = [&judge[..], &["unowned Ignore"], &fill].concat();
    assert_eq!(entries("{unowned: {profile: audit-only}}"), unowned);
    assert_eq!(entries("{rehearsal: true}"), [fill, fill].concat());
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
    insta::assert_snapshot!(text);
}
