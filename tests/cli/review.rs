//! `ringfence review`

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::program::{command, files, run, run_with_input, session};

#[test]
fn a_good_file_a_bad_one_and_a_folder() {
    insta::assert_snapshot!(session(&[
        &["review", "deploy/good.yaml"],
        &["review", "deploy/bad.yaml"],
        &["review", "deploy"],
        &["review", "deploy/nested", "deploy/good.yaml"],
    ]));
}

#[test]
fn every_field_of_json() {
    let run = run(&["review", "-o", "json", "deploy/bad.yaml", "unowned.yaml"]);
    insta::assert_snapshot!(run);
    for line in run.stdout.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
        let expect = [
            "allowed",
            "findings",
            "kind",
            "line",
            "name",
            "namespace",
            "patch",
            "source",
            "tenant",
            "warnings",
        ];
        assert_eq!(keys, expect);
        for finding in object["findings"].as_array().unwrap() {
            let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
            let expect = [
                "check",
                "code",
                "exemption",
                "fix",
                "found",
                "mode",
                "must",
                "path",
                "pointer",
                "severity",
            ];
            assert_eq!(keys, expect);
        }
    }
}

#[test]
fn the_patch_is_what_would_be_filled_in() {
    let args = ["review", "-o", "json", "deploy/good.yaml", "namespaces.yaml", "list.yaml"];
    let run = run(&args);
    let mut text = String::new();
    for line in run.stdout.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        text += &format!("{} {}\n", object["kind"], object["name"]);
        for operation in object["patch"].as_array().unwrap() {
            text += &format!("  {operation}\n");
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn standard_input() {
    let bad = fs::read(files().join("deploy/bad.yaml")).unwrap();
    let piped = run_with_input(&["review"], &bad);
    let named = run_with_input(&["review", "-"], &bad);
    assert_eq!((piped.code, &piped.stdout, &piped.stderr), (1, &named.stdout, &named.stderr));
    insta::assert_snapshot!(named);
}

#[test]
fn nothing_to_review_is_no_success() {
    let nothing = run_with_input(&["review", "-"], "");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let empty = run(&["review", path, "deploy/good.yaml"]).hiding(folder.path(), "DIR");
    let list = session(&[&["review", "nothing.yaml"], &["review", "empty-list.yaml"]]);
    insta::assert_snapshot!(format!("{nothing}\n{empty}\n{list}"));
}

#[test]
fn lists_are_taken_apart() {
    insta::assert_snapshot!(session(&[&["review", "list.yaml", "list.json"]]));
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    insta::assert_snapshot!(session(&[
        &["review", "broken.yaml"],
        &["review", "missing.yaml", "deploy/bad.yaml", "also-missing"],
        &["review", "-o", "json", "broken.yaml"],
        &["review", "strangers.yaml"],
    ]));
}

#[test]
fn recorded_reviews() {
    insta::assert_snapshot!(session(&[&["review", "reviews.json"]]));
}

#[test]
fn pod_security_alone() {
    insta::assert_snapshot!(session(&[
        &["review", "--pod-security", "privileged", "deploy"],
        &["review", "--pod-security", "baseline", "deploy/bad.yaml"],
        &["review", "--pod-security", "restricted:v1.0", "deploy/good.yaml"],
        &["review", "--pod-security", "restricted:latest", "deploy/good.yaml"],
        &["review", "--pod-security", "baseline:v1.37", "reviews.json"],
        &["review", "--pod-security", "strict", "deploy"],
        &["review", "--pod-security", "baseline:1.30", "deploy"],
        &["review", "--pod-security", "baseline:", "deploy"],
        &["review", "--pod-security", "baseline", "--policies", "policies", "deploy"],
    ]));
}

#[test]
fn whose_object_it_is() {
    insta::assert_snapshot!(session(&[
        &["review", "namespaces.yaml"],
        &["review", "unowned.yaml"],
        &["review", "--namespace", "alpha-dev", "unowned.yaml"],
    ]));
}

#[test]
fn modes_of_a_profile() {
    insta::assert_snapshot!(session(&[
        &["review", "--policies", "policies", "modes.yaml"],
        &["review", "--policies", "mistakes", "modes.yaml"],
        &["review", "--policies", "missing", "modes.yaml"],
    ]));
}

#[test]
fn who_asks_and_for_what() {
    insta::assert_snapshot!(session(&[
        &["review", "--operation", "delete", "deploy/bad.yaml", "unowned.yaml"],
        &["review", "--operation", "update", "deploy/good.yaml"],
        &["review", "--operation", "PATCH", "deploy/good.yaml"],
        &["review", "--group", "alpha-devs", "deploy/good.yaml"],
    ]));
    // The only tenant that somebody owns is whose namespace it becomes.
    let lonely = "{apiVersion: v1, kind: Namespace, metadata: {name: lonely}}";
    let as_owner = ["review", "-o", "json", "--user", "ada", "--group", "beta-devs", "-"];
    let as_nobody = ["review", "-o", "json", "--user", "ada", "-"];
    let patch = |args: &[&str]| {
        let run = run_with_input(args, lonely);
        serde_json::from_str::<Value>(&run.stdout).unwrap()["patch"].to_string()
    };
    assert!(patch(&as_owner).contains(r#""ringfence.dev/tenant":"beta""#), "{}", patch(&as_owner));
    assert_eq!(patch(&as_nobody), "[]");
}

#[test]
fn findings_are_sorted_worst_first() {
    let run = run(&["review", "-o", "json", "deploy/bad.yaml"]);
    let object: Value = serde_json::from_str(&run.stdout).unwrap();
    let severities = ["critical", "high", "medium", "low"];
    let place = |finding: &Value| {
        let severity = severities.iter().position(|it| finding["severity"] == *it).unwrap();
        (severity, finding["code"].to_string(), finding["pointer"].to_string())
    };
    let order: Vec<_> = object["findings"].as_array().unwrap().iter().map(place).collect();
    assert!(order.len() > 3 && order.is_sorted(), "{order:?}");
}

#[test]
fn a_folder_is_read_below_and_in_order_and_links_lead_nowhere_twice() {
    let folder = tempfile::tempdir().unwrap();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, namespace: alpha-dev}\n\
               spec: {hostPID: true, containers: []}\n";
    let write =
        |path: &str| fs::write(folder.path().join(path), pod.replace("NAME", path)).unwrap();
    fs::create_dir_all(folder.path().join("..1")).unwrap();
    fs::create_dir_all(folder.path().join("b")).unwrap();
    for path in ["..1/d.yaml", "c.yml", "b/z.json", "a.yaml", "ignored.txt"] {
        write(path);
    }
    symlink("..1/d.yaml", folder.path().join("d.yaml")).unwrap();
    symlink("..", folder.path().join("b/up")).unwrap();
    symlink("nowhere", folder.path().join("e.yaml")).unwrap();
    let run = run(&["review", folder.path().to_str().unwrap()]).hiding(folder.path(), "DIR");
    insta::assert_snapshot!(run);
}

#[test]
fn what_a_user_wrote_cannot_speak_to_a_terminal() {
    let hostile = r#"{"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "a\u001b[31mb\u202ec", "namespace": "alpha-dev",
          "annotations": {"container.apparmor.security.beta.kubernetes.io/\u001b]0;x\u0007": "un\u0000\u202e"}},
        "spec": {"hostPID": true, "securityContext": {"sysctls": [{"name": "\u001b[2Jkernel", "value": "1"}]},
          "volumes": [{"name": "v\u001b[1m\n\r", "hostPath": {"path": "/"}, "x\u009b31m": {}}],
          "containers": [{"name": "app\u001b[5m\nrefused", "image": "nginx\u001b[0m",
            "securityContext": {"capabilities": {"add": ["\u001b[31mALL\u2066"]}, "procMount": "\u001b[0m",
              "seccompProfile": {"type": "\u001bc"}, "seLinuxOptions": {"user": "\u202eresu"}},
            "livenessProbe": {"httpGet": {"host": "\u001b[8mhidden", "port": 1}}}]}}
        {"apiVersion": "v1\u001b[31m", "kind": "Odd\u001b[31m\u202e", "metadata": {"name": "\u001b[31m"}}
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "\u0007\u001b[31m"}}
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"hostPID": "\u001b[31m\u202e"}}
        {"apiVersion": "v1", "metadata": {"name": "\u001b[31m"}, "kind": ["\u001b[31m"]}"#;
    let run = run_with_input(&["review", "--namespace", "alpha-dev"], hostile);
    let deceives =
        |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(deceives), "{text:?}");
        assert!(!text.contains('\u{2066}'), "{text:?}");
    }
    insta::assert_snapshot!(run);
}

#[test]
fn a_file_that_is_no_utf8_is_read_as_the_api_server_would() {
    let pod = b"apiVersion: v1\nkind: Pod\nmetadata: {name: \"\xff\xfe\", namespace: alpha-dev}\n\
                spec: {hostPID: true, containers: []}\n";
    let run = run_with_input(&["review"], pod);
    assert!(run.code == 1 && run.stdout.contains("Pod alpha-dev/\u{fffd}"), "{run}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = command(&["review", "-o", "json", "deploy"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(1), Vec::new()));
}
