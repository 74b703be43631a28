//! Colour, and readers that go away.

use std::process::Stdio;

use super::program::command;

#[test]
fn a_closed_pipe_is_no_error() {
    for args in [&["rules"][..], &["rules", "-o", "json"], &["review", "deploy/good.yaml"]] {
        let mut child =
            command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{args:?}");
    }
}

#[test]
fn there_is_colour_only_where_it_is_wanted() {
    let escapes = |variables: &[(&str, &str)], args: &[&str]| {
        let output = command(args).envs(variables.iter().copied()).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    let forced = ("CLICOLOR_FORCE", "1");
    for args in [&["--help"][..], &["review", "--nonsense"], &["review", "deploy"]] {
        assert!(!escapes(&[], args), "{args:?}");
        assert!(escapes(&[forced], args), "{args:?}");
        assert!(!escapes(&[forced, ("NO_COLOR", "1")], args), "{args:?}");
    }
    // What machines read has none in any case.
    for format in ["json", "sarif", "junit"] {
        assert!(!escapes(&[forced], &["review", "-o", format, "deploy"]), "{format}");
    }
}
