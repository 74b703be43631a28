//! `ringfence reach`

use serde_json::Value;

use super::program::{command, run, run_with_input, session};

const SHOP: &str = "map/shop.yaml";
const OPS: &str = "map/ops.yaml";

#[test]
fn who_reaches_whom_in_every_form() {
    let of = |more: &[&'static str]| [&["reach", SHOP, OPS], more].concat();
    insta::assert_snapshot!(
        "forms",
        session(&[&of(&[]), &of(&["--by", "workload", "-o", "json"])])
    );
    insta::assert_snapshot!(
        "more_forms",
        session(&[
            &["reach", SHOP, "--by", "workload"],
            &["reach", SHOP, "--by", "workload", "-o", "csv"],
            &["reach", SHOP, "--by", "workload", "-o", "md"],
            &["reach", SHOP, "--by", "workload", "-o", "dot"],
        ])
    );
    insta::assert_snapshot!(
        "exposure",
        session(&[&["reach", SHOP, "--by", "workload", "--exposure"]])
    );
}

#[test]
fn json_is_sorted_and_leaves_out_what_is_itself() {
    let run = run(&["reach", SHOP, OPS, "--by", "workload", "-o", "json"]);
    let flows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let text = |own: &Value, key: &str| own[key].as_str().unwrap().to_owned();
    let pairs: Vec<_> = flows.iter().map(|own| (text(own, "src"), text(own, "dst"))).collect();
    let mut sorted = pairs.clone();
    sorted.sort();
    assert_eq!(pairs, sorted);
    assert!(pairs.len() > 8 && pairs.iter().all(|(src, dst)| src != dst));
    assert!(flows.iter().all(|own| own["conn"] == "All" || own["conn"].is_object()));
}

#[test]
fn one_connection_is_a_verdict() {
    let of = |more: &[&'static str]| [&["reach", SHOP, OPS], more].concat();
    insta::assert_snapshot!(session(&[
        &of(&["--from", "ops/agent", "--to", "shop/db", "--port", "9187"]),
        &of(&["--from", "ops/agent-x7", "--to", "shop/statefulset/db", "--port", "stats"]),
        &of(&["--from", "ops/agent", "--to", "shop/db", "--port", "53"]),
        &of(&["--from", "ops/agent", "--to", "shop/db"]),
        &of(&["--from", "shop/web", "--to", "shop/db", "--port", "sql", "-o", "json"]),
        &of(&["--from", "shop/db", "--to", "10.2.0.9", "--port", "443"]),
        &of(&["--from", "shop/db", "--to", "10.1.0.9", "--port", "443"]),
        &of(&["--from", "10.2.0.7", "--to", "shop/web", "--port", "http"]),
        &of(&["--from", "ops/node", "--to", "shop/db", "--port", "22"]),
        &of(&["--from", "ops/six", "--to", "ops/agent", "--port", "22"]),
    ]));
}

#[test]
fn what_cannot_be_asked_it_says() {
    let of = |more: &[&'static str]| [&["reach", SHOP, OPS], more].concat();
    insta::assert_snapshot!(session(&[
        &of(&["--from", "shop/wed", "--to", "shop/db"]),
        &of(&["--from", "web", "--to", "shop/db"]),
        &of(&["--from", "shop/web", "--to", "shop/db", "--port", "sqll"]),
        &of(&["--from", "shop/web", "--to", "8.8.8.8", "--port", "https"]),
        &of(&["--from", "8.8.8.8", "--to", "1.1.1.1"]),
        &of(&["--from", "shop/web", "--to", "shop/db", "--port", "0"]),
        &of(&["--from", "shop/web"]),
        &["reach", "map/absent.yaml"],
        &["reach", "nothing.yaml"],
        &["reach", SHOP, "--cluster"],
        &["reach", SHOP, "--policies", "mistakes"],
        &["reach", "--kubeconfig", "absent"],
    ]));
}

#[test]
fn what_is_not_understood_is_told_and_counts_as_open() {
    insta::assert_snapshot!(session(&[&["reach", "map", "--by", "workload", "-o", "csv"]]));
}

#[test]
fn standard_input_and_a_namespace_for_what_names_none() {
    let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n";
    let args = ["reach", "--by", "workload", "-o", "csv", "--namespace", "x"];
    let found = run_with_input(&args, pods);
    assert_eq!((found.code, found.stderr.as_str()), (0, ""), "{found}");
    let open = "0.0.0.0-255.255.255.255";
    let expect = [
        "src,dst,conn".to_owned(),
        format!("{open},x/a[Pod],all ports"),
        format!("{open},x/b[Pod],all ports"),
        format!("x/a[Pod],{open},all ports"),
        "x/a[Pod],x/b[Pod],all ports".to_owned(),
        format!("x/b[Pod],{open},all ports"),
        "x/b[Pod],x/a[Pod],all ports".to_owned(),
    ];
    assert_eq!(found.stdout.lines().collect::<Vec<_>>(), expect);
    assert_eq!(run_with_input(&[&args[..], &["-"]].concat(), pods).stdout, found.stdout);
}

/// README's section on the map shows what the program prints: each command of it is run, from the
/// repository's root.
#[test]
fn readme_shows_what_the_program_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let section = readme.split_once("\n## The map\n").unwrap().1;
    let section = section.split_once("\n## ").unwrap().0;
    let mut told = 0;
    for block in section.split("```console\n").skip(1) {
        let block = block.split_once("\n```").unwrap().0;
        for session in block.strip_prefix("$ ").unwrap().split("\n\n$ ") {
            let (typed, shown) = session.split_once('\n').unwrap();
            let args: Vec<&str> = typed.split_whitespace().collect();
            assert_eq!(args[0], "ringfence", "{typed}");
            let output = command(&args[1..]).current_dir(root).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            assert_eq!(shown, printed.trim_end(), "{typed}");
            told += 1;
        }
    }
    assert!(told >= 3, "{told}");
}
