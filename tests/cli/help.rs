//! What `--help` says.

use super::program::{run, session};

#[test]
fn every_command_explains_itself() {
    insta::assert_snapshot!("help", session(&[&["--help"], &["--version"]]));
    insta::assert_snapshot!("help_review", run(&["review", "--help"]));
    insta::assert_snapshot!(
        "help_policies",
        session(&[&["policies", "--help"], &["policies", "check", "--help"]])
    );
    insta::assert_snapshot!("help_reach", session(&[&["reach", "--help"], &["explain", "--help"]]));
    insta::assert_snapshot!("help_plan", run(&["plan", "--help"]));
    let tenant = |action: &'static str| ["tenant", action, "--help"];
    insta::assert_snapshot!(
        "help_tenant",
        session(&[
            &["tenant", "--help"],
            &tenant("list"),
            &tenant("show"),
            &tenant("new"),
            &tenant("offboard"),
        ])
    );
    insta::assert_snapshot!("help_status", run(&["status", "--help"]));
    insta::assert_snapshot!("help_rules", run(&["rules", "--help"]));
    insta::assert_snapshot!("help_webhooks", run(&["webhooks", "--help"]));
    insta::assert_snapshot!("help_uninstall", run(&["uninstall", "--help"]));
    insta::assert_snapshot!("help_crds", run(&["crds", "--help"]));
    insta::assert_snapshot!("help_certs", run(&["certs", "--help"]));
    insta::assert_snapshot!("help_serve", run(&["serve", "--help"]));
}

#[test]
fn every_command_has_examples() {
    let help = run(&["--help"]).stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let names = commands.lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let run = run(&[name, "--help"]);
        let example = format!("Examples:\n  ringfence {name}");
        assert!(run.code == 0 && run.stdout.contains(&example), "{run}");
    }
}

#[test]
fn what_it_does_not_know_it_says() {
    insta::assert_snapshot!(session(&[&[], &["revew"], &["review", "--pod-securty", "baseline"]]));
}
