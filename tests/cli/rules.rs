//! `ringfence rules`

use serde_json::Value;

use super::program::{run, session};

#[test]
fn the_list_and_what_is_yet_to_come() {
    insta::assert_snapshot!(run(&["rules"]));
}

#[test]
fn some_rules() {
    insta::assert_snapshot!(session(&[
        &["rules", "RF2006", "RF2007"],
        &["rules", "RF9001", "RF9004"],
        &["rules", "RF1001", "RF3001"],
        &["rules", "-o", "json", "RF2012"],
    ]));
}

#[test]
fn wrong_codes() {
    insta::assert_snapshot!(session(&[
        &["rules", "RF2999"],
        &["rules", "rf2006"],
        &["rules", "RF4099"],
        &["rules", "RF2006", "RF5"],
    ]));
}

#[test]
fn a_family_is_its_rules() {
    let codes = |args: &[&str]| -> Vec<String> {
        let run = run(args);
        assert_eq!(run.code, 0, "{run}");
        let rule = |line| serde_json::from_str::<Value>(line).unwrap()["code"].to_string();
        run.stdout.lines().map(rule).collect()
    };
    let all = codes(&["rules", "-o", "json"]);
    let guard = codes(&["rules", "-o", "json", "RF9"]);
    let expect: Vec<String> = all.iter().filter(|code| code.contains("RF9")).cloned().collect();
    assert_eq!(guard, expect);
    assert_eq!(codes(&["rules", "-o", "json", "*"]), all);
    assert!(all.len() > guard.len() && !guard.is_empty());
}
