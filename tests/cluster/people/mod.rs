//! The commands for people, on a real API server with the controller at work.

mod offboard;
mod plan;
mod status;

use std::process::{Command, Stdio};

use serde_json::Value;

use super::harness::{ControlPlane, Kubeconfig, Output, wait_until};
use super::program::{PATIENCE, PROGRAM};
use super::walls::{ALPHA, Walls};

/// The program as a user of the cluster runs it.
pub fn ringfence(cluster: &ControlPlane, user: &Kubeconfig, args: &[&str]) -> Output {
    let output = Command::new(PROGRAM)
        .args(args)
        .env_clear()
        .env("KUBECONFIG", user.path())
        .current_dir(cluster.scratch())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Output {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn by_admin(walls: &Walls, args: &[&str]) -> Output {
    ringfence(&walls.cluster, walls.admin(), args)
}

fn shown(walls: &Walls, tenant: &str) -> Value {
    let shown = by_admin(walls, &["tenant", "show", tenant, "-o", "json"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    serde_json::from_str(&shown.stdout).unwrap()
}

/// A namespace as `tenant show` has it.
fn namespace(walls: &Walls, tenant: &str, name: &str) -> Value {
    let shown = shown(walls, tenant);
    let namespaces = shown["namespaces"].as_array().unwrap();
    namespaces.iter().find(|own| own["name"] == name).cloned().unwrap_or_default()
}

/// A tenant of the test's own, made by the command.
fn tenant(walls: &Walls, name: &str, more: &[&str]) {
    let new = [&["tenant", "new", name, "--apply"], more].concat();
    let made = by_admin(walls, &new);
    assert_eq!((made.code, made.stdout), (0, format!("Tenant {name}: made\n")), "{}", made.stderr);
}

#[test]
fn a_tenant_is_shown_as_it_stands() {
    let walls = Walls::shared();
    tenant(walls, "seen", &["--profile", "open-inside", "--owner", "group:seen-devs"]);
    let foreign = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ringfence-dns, namespace: seen-open}\nspec: {podSelector: {}}\n";
    walls.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: seen-open}\n");
    walls.apply(foreign);
    walls.namespace("seen", "seen-open");
    walls.namespace("seen", "seen-shut");
    walls.wait_managed("seen-shut", &ALPHA);
    wait_until(PATIENCE, "what can be laid", || {
        namespace(walls, "seen", "seen-open")["why"]
            == serde_json::json!(["NetworkPolicy ringfence-dns is there and not ours"])
    });
    let show = by_admin(walls, &["tenant", "show", "seen"]);
    assert!(show.stdout.contains("namespaces: 1/2 sealed\n"), "{show:?}");
    assert!(show.stdout.contains("  seen-shut: sealed\n"), "{show:?}");
    let list = by_admin(walls, &["tenant", "list"]);
    let line = list.stdout.lines().find(|line| line.starts_with("seen ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..3], ["seen", "open-inside", "1/2"], "{list:?}");
}

#[test]
fn why_a_namespace_is_not_sealed_is_told_without_the_controller() {
    let walls = Walls::start_with(&["--controller", "off"]);
    tenant(&walls, "bare", &["--namespace", "bare-one", "--namespace", "bare-two"]);
    walls.namespace("bare", "bare-one");
    walls.namespace("alpha", "bare-two");
    let show = by_admin(&walls, &["tenant", "show", "bare"]);
    insta::assert_snapshot!(show.stdout);
    assert_eq!(namespace(&walls, "bare", "bare-one")["sealed"], false);
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ringfence-default-deny, namespace: bare-one, labels: {ringfence.dev/managed: 'true'}, annotations: {ringfence.dev/content-hash: x}}\nspec: {podSelector: {}}\n";
    walls.apply(policy);
    let why = namespace(&walls, "bare", "bare-one")["why"].to_string();
    assert!(why.contains("NetworkPolicy ringfence-default-deny is not as it must be"), "{why}");
    // Where the document goes it is nobody's, and there is nothing to show.
    walls.admin().kubectl(&["delete", "tenant", "bare"]).success();
    let gone = by_admin(&walls, &["tenant", "show", "bare"]);
    assert_eq!((gone.code, gone.stdout.as_str()), (2, ""));
}

#[test]
fn a_new_tenant_is_checked_beside_what_is_there() {
    let walls = Walls::shared();
    tenant(walls, "fresh", &["--owner", "group:fresh-devs"]);
    let new = |name: &str, more: &[&str]| {
        by_admin(walls, &[&["tenant", "new", name, "--apply"], more].concat())
    };
    let again = new("fresh", &["--contact", "nobody"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("already exists"), "{again:?}");
    let contact = ["get", "tenant", "fresh", "-o=jsonpath={.spec.contact}"];
    assert_eq!(walls.admin().kubectl(&contact).success(), "", "it stays as it was");
    let nowhere = new("wrong", &["--profile", "no-such-profile"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("spec.profile: "), "{nowhere:?}");
    assert_ne!(walls.admin().kubectl(&["get", "tenant", "wrong"]).code, 0, "nothing is made");
    let stranger = walls.cluster.user("ada", &["alpha-devs"]);
    let refused = ringfence(&walls.cluster, &stranger, &["tenant", "list"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("forbidden"), "{refused:?}");
}
