//! The program beside the API server: what it prints, and how the API server comes to ask it.

use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::harness::{ControlPlane, Server, on_one_line};

/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ringfence");

/// RFC 3339, so many seconds from now.
pub fn in_seconds(seconds: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(seconds);
    jiff::Timestamp::try_from(at).unwrap().round(jiff::Unit::Second).unwrap().to_string()
}

/// What the program prints.
pub fn printed(args: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Has the API server ask a server in the form of production: by a Service, of type ExternalName since
/// there is no kube-proxy. Its namespace is there.
pub fn ask_by_service(cluster: &ControlPlane, server: &Server) {
    let log = server.log();
    let port = log.split("ready: https://127.0.0.1:").nth(1).unwrap();
    let port: u16 = port.split(' ').next().unwrap().parse().unwrap();
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "ringfence", "namespace": "ringfence-system"},
        "spec": {"type": "ExternalName", "externalName": "localhost"}});
    let apply = |text: &str| cluster.admin().kubectl_with(text, &["apply", "-f", "-"]).success();
    apply(&service.to_string());
    let ca = cluster.scratch().join("certs/ca.crt");
    let service = format!("ringfence-system/ringfence:{port}");
    let webhooks = ["webhooks", "--service", &service, "--ca-file", ca.to_str().unwrap()];
    apply(&printed(&webhooks));
}

/// Has the API server ask a server by its address.
pub fn ask_by_url(cluster: &ControlPlane, server: &Server) {
    let log = server.log();
    let url = log.split("ready: ").nth(1).unwrap().split(' ').next().unwrap();
    let ca = cluster.scratch().join("certs/ca.crt");
    let webhooks = printed(&["webhooks", "--url", url, "--ca-file", ca.to_str().unwrap()]);
    cluster.admin().kubectl_with(&webhooks, &["apply", "-f", "-"]).success();
}

/// Holds what a policy of ours tells of attempts to what the webhook tells of them: the same words where
/// that has no more to say; which the others are is returned.
pub fn told_alike(
    policys: &[(&'static str, String)],
    webhooks: &[(&'static str, String)],
    contact: &str,
) -> Vec<&'static str> {
    let mut more = Vec::new();
    for ((name, policys), (_, webhooks)) in policys.iter().zip(webhooks) {
        let policys = policys.replace("your platform team", contact);
        let webhooks = on_one_line(webhooks);
        if webhooks.starts_with("1 problem in") || webhooks.contains(": 1 problem in") {
            assert_eq!(policys, webhooks, "{name}");
            continue;
        }
        let (_, finding) = policys.split_once(" * ").unwrap();
        let (finding, _) = finding.split_once("; learn more").unwrap();
        assert!(webhooks.contains(finding), "{name}\n{policys}\n{webhooks}");
        more.push(*name);
    }
    more
}
