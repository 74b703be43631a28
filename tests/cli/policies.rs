//! `ringfence policies check`

use std::fs;

use serde_json::Value;

use super::program::{command, run, session};

#[test]
fn documents_that_fit_together_are_counted() {
    insta::assert_snapshot!(session(&[
        &["policies", "check"],
        &["policies", "check", "policies"],
        &["policies", "check", "-o", "json", "policies"],
        &["policies", "check", "-o", "yaml", "documents"],
    ]));
}

#[test]
fn every_mistake_of_every_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "kind: [\n").unwrap();
    fs::write(folder.path().join("latin.yaml"), b"a: \xe4").unwrap();
    let path = folder.path().to_str().unwrap();
    let broken = run(&["policies", "check", path]).hiding(folder.path(), "DIR");
    let mistakes = session(&[
        &["policies", "check", "mistakes"],
        &["policies", "check", "-o", "json", "mistakes"],
        &["policies", "check", "nowhere"],
    ]);
    insta::assert_snapshot!(format!("{mistakes}\n{broken}"));
}

#[test]
fn what_has_no_effect_is_a_warning() {
    insta::assert_snapshot!(run(&["policies", "check", "documents"]));
}

#[test]
fn what_is_in_force_for_a_tenant() {
    insta::assert_snapshot!(session(&[
        &["policies", "check", "documents", "--tenant", "delta"],
        &["policies", "check", "--tenant", "alpha"],
    ]));
}

#[test]
fn a_tenant_that_is_not_there() {
    insta::assert_snapshot!(session(&[
        &["policies", "check", "--tenant", "alhpa"],
        &["policies", "check", "--tenant", "gamma", "-o", "json"],
        &["policies", "check", "--tenant", "a", "nothing.yaml"],
    ]));
}

#[test]
fn json_and_yaml_say_the_same_in_a_fixed_shape() {
    let printed = |format: &str| {
        run(&["policies", "check", "documents", "--tenant", "delta", "-o", format]).stdout
    };
    let object: Value = serde_json::from_str(&printed("json")).unwrap();
    let documents = ringfence::objects::yaml::documents(&printed("yaml"));
    assert_eq!(documents[0].as_ref().unwrap().to_value(), object);
    let keys =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&object), "exemptions fields grants namespaces profile tenant warnings");
    let fields = object["fields"].as_array().unwrap();
    assert!(fields.len() > 30);
    for field in fields {
        assert_eq!(
            (keys(field), keys(&field["from"])),
            ("field from value".into(), "kind name place".into())
        );
    }
    assert_eq!(keys(&object["warnings"][0]), "message place");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = command(&["policies", "check", "--tenant", "alpha"]);
    let mut child = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
