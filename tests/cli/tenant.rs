//! `ringfence tenant`, as far as no cluster is asked.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::{Run, command, run, session};

fn examples() -> String {
    format!("{}/policies", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn tenants_of_a_folder() {
    let set = ["--policies", "plan"];
    let shown = session(&[
        &[&["tenant", "list"], &set[..]].concat(),
        &[&["tenant", "show", "alpha"], &set[..]].concat(),
        &[&["tenant", "show", "beta", "-o", "json"], &set[..]].concat(),
    ]);
    // Each day it is another number.
    let left = run(&["tenant", "show", "beta", "-o", "json", "--policies", "plan"]);
    let left: Value = serde_json::from_str(&left.stdout).unwrap();
    let left = left["grants"][0]["daysLeft"].as_i64().unwrap().to_string();
    insta::assert_snapshot!(shown.replace(&left, "DAYS"));
    let listed = run(&["tenant", "list", "--policies", &examples(), "-o", "json"]);
    let tenants: Vec<Value> =
        listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&Value> = tenants.iter().map(|own| &own["tenant"]).collect();
    assert_eq!(names, ["alpha", "beta"]);
    assert_eq!(tenants[0]["sealed"], Value::Null);
    let shown = run(&["tenant", "show", "alpha", "--policies", &examples(), "-o", "json"]);
    assert_eq!(shown.stdout.lines().collect::<Vec<_>>(), [listed.stdout.lines().next().unwrap()]);
}

#[test]
fn a_new_tenant_is_written_as_the_examples_are() {
    let of = |more: &[&str]| run(&[&["tenant", "new"], more].concat());
    let alpha = of(&[
        "alpha",
        "--contact",
        "#team-alpha",
        "--profile",
        "restricted",
        "--owner",
        "group:alpha-devs",
        "--member",
        "group:alpha-oncall",
        "--namespace-limit",
        "10",
        "--namespace-prefix",
        "alpha-",
        "--namespace",
        "alpha-dev",
        "--namespace",
        "alpha-prod",
        "--namespace-label",
        "cost-center=42",
    ]);
    assert_eq!((alpha.code, alpha.stderr.as_str()), (0, ""), "{alpha}");
    let example = fs::read_to_string(Path::new(&examples()).join("tenants/alpha.yaml")).unwrap();
    let example: Vec<&str> = example.lines().filter(|line| !line.starts_with('#')).collect();
    // What differs has no flag, or is said in fewer names.
    let differ = ["deployer", "names:"];
    let less = |lines: &[&str]| {
        let kept = lines.iter().filter(|line| !differ.iter().any(|own| line.contains(own)));
        kept.map(|line| (*line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(less(&alpha.stdout.lines().collect::<Vec<_>>()), less(&example));
    insta::assert_snapshot!(session(&[
        &["tenant", "new", "gamma"],
        &[
            "tenant",
            "new",
            "gamma",
            "--owner",
            "serviceaccount:gitops/flux",
            "--owner",
            "user:y",
            "--policies",
            "plan"
        ],
        &["tenant", "new", "gamma", "--owner", "user:jo@example.com", "-o", "json"],
    ]));
}

#[test]
fn what_is_wrong_with_a_new_tenant_it_says() {
    let new = |more: &[&'static str]| [&["tenant", "new"], more].concat();
    insta::assert_snapshot!(session(&[
        &new(&["Gamma"]),
        &new(&["gamma", "--owner", "gamma-devs"]),
        &new(&["gamma", "--owner", "serviceaccount:flux"]),
        &new(&["gamma", "--owner", "group:"]),
        &new(&["gamma", "--namespace-label", "team"]),
        &new(&["gamma", "--namespace", "kube-system"]),
        &new(&["gamma", "--namespace-label", "ringfence.dev/tenant=alpha"]),
        &new(&["gamma", "--profile", "nowhere", "--policies", "plan"]),
        &new(&["alpha", "--policies", "plan"]),
        &new(&["gamma", "--namespace", "alpha-one", "--policies", "plan"]),
        &new(&["gamma", "--apply", "--policies", "plan"]),
    ]));
}

#[test]
fn what_cannot_be_asked_is_named() {
    let nowhere = ["--kubeconfig", "nowhere"];
    let home = tempfile::tempdir().unwrap();
    let mut at_home = command(&["tenant", "list"]);
    let at_home = at_home.env("HOME", home.path()).output().unwrap();
    let at_home = Run::of(&["tenant", "list"], at_home).hiding(home.path(), "HOME");
    insta::assert_snapshot!("no_cluster_is_named", at_home);
    insta::assert_snapshot!(session(&[
        &[&["tenant", "list"], &nowhere[..]].concat(),
        &["tenant", "list", "--kubeconfig", "plain.txt"],
        &[&["tenant", "show", "alpha"], &nowhere[..]].concat(),
        &[&["tenant", "new", "gamma", "--apply"], &nowhere[..]].concat(),
        &[&["tenant", "offboard", "gamma"], &nowhere[..]].concat(),
        &["tenant", "offboard", "Gamma"],
        &[&["status"], &nowhere[..]].concat(),
        &["status", "--namespace", "No"],
        &["tenant", "list", "--policies", "mistakes"],
        &["tenant", "list", "--policies", "plan", "--kubeconfig", "nowhere"],
        &["tenant", "show", "gamma", "--policies", "plan"],
    ]));
}
