//! `ringfence review --fix`

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::program::{files, run, run_with_input, session};

/// A folder of its own with this file.
fn folder(name: &str, text: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    (folder, path)
}

fn input(name: &str) -> String {
    fs::read_to_string(files().join(name)).unwrap()
}

#[test]
fn a_diff_shows_what_would_change_and_nothing_is_written() {
    let before = input("fix.yaml");
    insta::assert_snapshot!(session(&[&["review", "--fix", "--dry-run", "fix.yaml", "deploy"]]));
    assert_eq!(input("fix.yaml"), before);
}

#[test]
fn files_are_fixed_in_their_place() {
    let (folder, path) = folder("fix.yaml", input("fix.yaml"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("fix.yaml", folder.path().join("link.yml")).unwrap();
    let link = folder.path().join("link.yml");
    let run_once = || {
        run(&["review", "--fix", link.to_str().unwrap()]).hiding(folder.path(), "DIR").to_string()
    };
    let (first, second) = (run_once(), run_once());
    let text = fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!(format!("{first}\n{second}\n=== the file\n{text}"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn of_standard_input_the_fixed_text_comes_out() {
    let text = input("deploy/bad.yaml");
    let fixed = run_with_input(&["review", "--fix"], &text);
    insta::assert_snapshot!(fixed);
    // What is good comes out as it went in.
    let good = input("deploy/good.yaml");
    assert_eq!(run_with_input(&["review", "--fix", "-"], &good).stdout, good);
    let json = run_with_input(&["review", "--fix", "-"], input("list.json"));
    insta::assert_snapshot!("of_standard_input_json", json);
}

#[test]
fn what_is_not_written_plainly_is_left_alone() {
    let alias = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: alpha-dev}\nspec:\n  \
                 containers:\n  - name: a\n    image: x:1\n    securityContext: &s {privileged: true}\n  \
                 - name: b\n    image: x:1\n    securityContext: *s\n---\napiVersion: v1\nkind: Pod\n\
                 metadata: {name: b, namespace: alpha-dev}\nspec: {hostPID: true, containers: []}\n";
    let (folder, path) = folder("alias.yaml", alias);
    let run = run(&["review", "--fix", &path]).hiding(folder.path(), "DIR");
    let text = fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!(format!("{run}\n=== the file\n{text}"));
}

#[test]
fn a_file_that_cannot_be_written_back_whole_is_not_written() {
    let pod = b"# \xff\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: alpha-dev}\n\
                spec: {hostPID: true, containers: []}\n";
    let (folder, path) = folder("pod.yaml", pod);
    let run = run(&["review", "--fix", &path]).hiding(folder.path(), "DIR");
    insta::assert_snapshot!(run);
    assert_eq!(fs::read(&path).unwrap(), pod);
}

#[test]
fn recorded_reviews_stay_as_they_are() {
    let before = input("reviews.json");
    let run = run_with_input(&["review", "--fix"], &before);
    assert!(run.stdout == before && run.stderr.contains("refused"), "{run}");
}
