//! Policies as articles have them and people copy them (`manifests/articles`): what is said of them.

use super::program::{Run, run};

fn articles(part: &str) -> String {
    format!("{}/manifests/articles/{part}", env!("CARGO_MANIFEST_DIR"))
}

/// A command on one folder of policies.
fn of(command: &str, folder: &str, more: &[&str]) -> Run {
    let (objects, documents) = (articles(folder), articles("documents"));
    let args = [command, &objects, "--policies", &documents];
    run(&[&args[..], more].concat())
}

fn told(commands: &[(&str, &str, &[&str])]) -> String {
    let each = commands.iter().map(|(command, folder, more)| {
        of(command, folder, more).hiding(articles("").as_ref(), "").to_string()
    });
    each.collect::<Vec<_>>().join("\n")
}

/// Everything is closed, and a role may talk to a role of its namespace.
#[test]
fn roles_behind_a_closed_door() {
    insta::assert_snapshot!(told(&[
        ("prove", "roles", &["--as-is"]),
        ("explain", "roles", &["--as-is", "--from", "alpha-web/web", "--to", "alpha-web/db:5432"]),
        ("explain", "roles", &["--as-is", "--from", "alpha-web/web", "--to", "beta-web/db:5432"]),
        ("review", "roles", &[]),
    ]));
}

/// A list of what may be called, whose last rule is for everyone.
#[test]
fn a_list_that_leaks_by_its_last_rule() {
    let path = ["--from", "alpha-web/web", "--to", "beta-web/web:8443"];
    insta::assert_snapshot!(told(&[
        ("prove", "egress", &["--as-is"]),
        ("explain", "egress", &[&path[..], &["--as-is"]].concat()),
        // What the controller keeps closes the other side,
        ("prove", "egress", &[]),
        ("explain", "egress", &path),
        // and the door does not wait until that side is opened too.
        ("review", "egress", &[]),
    ]));
}

#[test]
fn as_the_refusal_corrects_it_is_admitted_and_leaks_nothing() {
    assert_eq!(of("review", "egress", &[]).code, 1);
    let review = of("review", "corrected", &[]);
    assert_eq!(review.code, 0, "{review}");
    for more in [&["--as-is"][..], &[]] {
        let prove = of("prove", "corrected", more);
        assert_eq!(prove.code, 0, "{prove}");
        assert!(prove.stdout.contains("2 pairs of tenants: 2 proven"), "{prove}");
    }
}
