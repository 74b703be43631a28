//! `ringfence completions`, `ringfence man`, and the program under kubectl's name for it.

use std::os::unix::process::CommandExt as _;

use super::program::{Run, command, run};

#[test]
fn every_shell_has_its_completions() {
    for (shell, expect) in [
        ("bash", "complete -F _ringfence"),
        ("zsh", "#compdef ringfence"),
        ("fish", "complete -c ringfence"),
        ("elvish", "edit:completion:arg-completer[ringfence]"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName 'ringfence'"),
    ] {
        let run = run(&["completions", shell]);
        assert!(run.code == 0 && run.stderr.is_empty(), "{shell}");
        for word in [expect, "review", "pod-security", "dry-run"] {
            assert!(run.stdout.contains(word), "{word} in {shell}");
        }
    }
    insta::assert_snapshot!(run(&["completions", "csh"]));
}

#[test]
fn the_manual() {
    let page = run(&["man"]);
    assert!(page.code == 0 && page.stdout.contains(".TH ringfence 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("man/man1");
    let written = run(&["man", "--dir", inside.to_str().unwrap()]);
    assert_eq!((written.code, written.stdout.as_str()), (0, ""));
    let mut names: Vec<String> = std::fs::read_dir(&inside)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    insta::assert_snapshot!(names.join("\n"));
    let review = std::fs::read_to_string(inside.join("ringfence-review.1")).unwrap();
    assert!(review.contains("sarif") && review.contains("Exit codes"), "{review}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = run(&["man", "--dir", file.to_str().unwrap()]);
    insta::assert_snapshot!(refused.hiding(folder.path(), "DIR"));
}

#[test]
fn as_kubectl_knows_it() {
    let called = |name: &str, args: &[&str]| {
        let output = command(args).arg0(name).output().unwrap();
        Run::of(args, output)
    };
    let name = "/usr/local/bin/kubectl-ringfence";
    insta::assert_snapshot!(called(name, &["review", "--help"]));
    let usage = |run: Run| {
        let text = run.stdout + &run.stderr;
        text.lines().find(|line| line.starts_with("Usage:")).unwrap().to_owned()
    };
    assert_eq!(usage(called(name, &["--help"])), "Usage: kubectl ringfence <COMMAND>");
    assert_eq!(usage(called("/bin/ringfence", &["--help"])), "Usage: ringfence <COMMAND>");
    assert_eq!(
        usage(called(name, &["certs", "--nonsense"])),
        "Usage: kubectl ringfence certs [OPTIONS]"
    );
    let nested = called(name, &["policies", "check", "--help"]).stdout;
    assert!(nested.contains("\n  kubectl ringfence policies check "), "{nested}");
    assert!(!nested.contains("\n  ringfence "), "{nested}");
    let plain = run(&["review", "deploy"]);
    let plugin = called(name, &["review", "deploy"]);
    assert_eq!((plugin.code, plugin.stdout), (plain.code, plain.stdout));
}
