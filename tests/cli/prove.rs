//! `ringfence prove`

use serde_json::Value;

use super::program::{run, session};

const SET: [&str; 4] = ["prove", "--policies", "prove/policies", "prove/objects"];

#[test]
fn every_pair_has_its_verdict_and_an_open_one_its_witness() {
    insta::assert_snapshot!(session(&[
        &SET,
        &[&SET[..], &["-o", "json"]].concat(),
        // Without what the controller keeps nothing closes beta.
        &[&SET[..], &["--as-is"]].concat(),
    ]));
}

#[test]
fn what_is_proven_is_good() {
    let alone = ["prove", "--policies", "prove/policies", "prove/objects/alpha.yaml", "-o", "json"];
    let proven = run(&alone);
    assert_eq!((proven.code, proven.stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&proven.stdout).unwrap();
    let verdicts: Vec<&str> = found["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["granted", "proven", "proven", "proven", "proven", "proven"]);
}

#[test]
fn what_cannot_be_found_out_it_says() {
    insta::assert_snapshot!(session(&[
        &["prove", "prove/objects"],
        &["prove", "--policies", "prove/policies", "prove/nothing.yaml"],
    ]));
}
