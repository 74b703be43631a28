//! `ringfence explain`

use std::fs;

use serde_json::Value;

use super::program::{command, run, session};

const SHOP: &str = "map/shop.yaml";
const OPS: &str = "map/ops.yaml";

fn example(part: &str) -> String {
    format!("{}/manifests/example/{part}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_verdict_is_explained_with_what_would_change_it() {
    let of =
        |from: &'static str, to: &'static str| ["explain", SHOP, OPS, "--from", from, "--to", to];
    insta::assert_snapshot!(session(&[
        &of("shop/web", "shop/db:5432"),
        &of("shop/web", "shop/db:sql"),
        &of("ops/agent", "shop/db:9187"),
        &of("ops/agent", "shop/db"),
        &of("shop/db", "shop/web:8080"),
        &of("shop/db", "8.8.8.8:443"),
        &of("8.8.8.8", "shop/web:http"),
        &of("ops/agent", "shop/db:53/UDP"),
    ]));
}

#[test]
fn what_policies_do_not_decide_it_says() {
    let of =
        |from: &'static str, to: &'static str| ["explain", SHOP, OPS, "--from", from, "--to", to];
    insta::assert_snapshot!(session(&[
        &of("ops/node", "shop/db:22"),
        &of("ops/six", "ops/agent:22"),
        &of("ops/six", "ops/six:22"),
        &of("shop/web", "shop/web:8080"),
        &of("ops/done", "shop/db:22"),
        &of("8.8.8.8", "1.1.1.1:22"),
        &of("shop/web", "shop/db:"),
        &of("a/b/c/d", "shop/db:22"),
    ]));
}

#[test]
fn between_tenants_it_is_a_grant() {
    let (objects, documents) = (example("objects"), example("documents"));
    let of = |from: &str, to: &str| {
        let args = ["explain", &objects, "--policies", &documents, "--from", from, "--to", to];
        run(&args).hiding(example("").as_ref(), "").to_string()
    };
    insta::assert_snapshot!(
        [
            of("lab/crawler", "shop-data/db:sql"),
            of("shop-web/web", "payments/api:https"),
            of("shop-web/web", "shop-data/db:sql"),
            of("shop-web/web", "93.184.216.34:443"),
        ]
        .join("\n")
    );
}

/// Where an edit is printed as YAML, the program told so with the edit made gives the other verdict.
#[test]
fn an_edit_that_is_printed_works() {
    let folder = tempfile::tempdir().unwrap();
    let shop = fs::read_to_string(super::program::files().join(SHOP)).unwrap();
    let file = folder.path().join("shop.yaml");
    fs::write(&file, &shop).unwrap();
    let path = file.to_str().unwrap();
    let ask = |args: &[&str]| -> Value {
        let all = [&["explain", path, "-o", "json"], args].concat();
        let output = command(&all).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let asked = [
        ["--from", "shop/db", "--to", "shop/web:8080"],
        ["--from", "shop/web", "--to", "shop/db:9187"],
        ["--from", "shop/web", "--to", "9.9.9.9:443"],
    ];
    let mut made = 0;
    for args in &asked {
        fs::write(&file, &shop).unwrap();
        let before = ask(args);
        for edit in before["edits"].as_array().unwrap() {
            let yaml: Vec<&str> =
                edit.as_array().unwrap().iter().map(|own| own["yaml"].as_str().unwrap()).collect();
            if !yaml.iter().all(|own| own.starts_with("apiVersion")) {
                continue;
            }
            fs::write(&file, format!("{shop}---\n{}", yaml.join("---\n"))).unwrap();
            assert_ne!(ask(args)["allowed"], before["allowed"], "{args:?} {edit}");
            made += 1;
        }
    }
    assert!(made > 0);
}
