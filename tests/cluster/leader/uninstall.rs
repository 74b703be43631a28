//! `ringfence uninstall`

use std::process::Command;

use serde_json::Value;

use super::super::harness::Kubeconfig;
use super::super::program::PROGRAM;
use super::super::walls::ALPHA;
use super::Cluster;
use super::webhooks::pod;

/// Exit code, and what was printed.
fn uninstall(by: &Kubeconfig, more: &[&str]) -> (i32, String) {
    let config = by.path().display().to_string();
    let args = [&["uninstall", "--kubeconfig", &config], more].concat();
    let output = Command::new(PROGRAM).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// All admission of ours that is there.
fn admission(cluster: &Cluster) -> String {
    let kinds = "validatingwebhookconfiguration,mutatingwebhookconfiguration,\
                 validatingadmissionpolicy,validatingadmissionpolicybinding";
    cluster.admin().kubectl(&["get", kinds, "--output=name"]).success()
}

#[test]
fn it_goes_whole_or_not_at_all() {
    let cluster = Cluster::start();
    let admin = cluster.admin();
    let policy = format!("{}/manifests/admission-policy/policy.yaml", env!("CARGO_MANIFEST_DIR"));
    admin.kubectl(&["apply", "-f", &policy]).success();
    let (one, _) = cluster.asked("one", "certs/ca.crt");
    cluster.wait_whole();
    cluster.sealed_namespace("closed");
    let before = admission(&cluster);
    assert_eq!(before.lines().count(), 6, "{before}");

    let stranger = cluster.plane.user("eve", &["strangers"]);
    let (code, told) = uninstall(&stranger, &["--remove-seals"]);
    assert!(code == 2 && told.contains("nothing was changed: you may not delete"), "{told}");
    assert_eq!(admission(&cluster), before);

    let (code, told) = uninstall(admin, &[]);
    assert_eq!((code, told.lines().count()), (0, 8), "{told}");
    assert_eq!(admission(&cluster), "");
    cluster.wait_sealed("closed");
    // Nobody refuses, and who still runs lays nothing any more.
    let dry = ["create", "-f", "-", "--dry-run=server"];
    assert_eq!(admin.kubectl_with(&pod("closed").to_string(), &dry).code, 0);

    let (code, told) = uninstall(admin, &["--remove-seals"]);
    let seals = ALPHA.len() + 1;
    assert_eq!((code, told.lines().count()), (0, seals + 1), "{told}");
    let kinds = "networkpolicies,resourcequotas,limitranges,rolebindings,clusterrolebindings";
    let managed = ["get", kinds, "--all-namespaces", "--selector=ringfence.dev/managed=true"];
    assert_eq!(admin.kubectl(&[&managed[..], &["--output=name"]].concat()).success(), "");
    let closed: Value = cluster.object("namespace/closed").unwrap();
    let ours = |object: &Value| object.to_string().contains("ringfence.dev/");
    assert!(!ours(&closed["metadata"]["labels"]), "{closed}");
    assert_eq!(uninstall(admin, &["--remove-seals"]), (0, "there is nothing of ours\n".to_owned()));
    drop(one);
}
