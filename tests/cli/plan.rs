//! `ringfence plan`

use serde_json::Value;

use super::program::{run, session};

const SET: [&str; 3] = ["plan", "--policies", "plan"];

#[test]
fn what_is_laid_and_what_would_be() {
    insta::assert_snapshot!(session(&[&SET]));
    let planned = run(&[&SET[..], &["--tenant", "beta", "--namespace", "new"]].concat());
    assert!(
        planned.stdout.starts_with("---\n# tenant beta, namespace new: planned, and not laid\n")
    );
    assert!(planned.stdout.contains("name: ringfence-grant-ingress-alpha-calls-beta\n"));
}

#[test]
fn what_denies_other_tenants_beside_that() {
    let of = |more: &[&'static str]| [&SET[..], &["--tenant", "alpha"], more].concat();
    let both = of(&["--barriers", "cilium", "--barriers", "cluster-network-policy", "-o", "json"]);
    let shown = run(&both).stdout;
    let kinds = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let kinds: Vec<_> = kinds.map(|own| own["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds[..2], ["CiliumClusterwideNetworkPolicy", "ClusterNetworkPolicy"]);
    assert!(kinds[2..].iter().all(|kind| !kind.contains("Cluster")), "{kinds:?}");
    let text = run(&of(&["--barriers", "cluster-network-policy"])).stdout;
    assert!(text.starts_with("---\n# tenant alpha, beside its namespaces: kept\n"), "{text}");
    // What policies of this kind stand in comes before them, as it must be applied.
    let text = run(&of(&["--barriers", "calico"])).stdout;
    let kinds = text.lines().filter(|line| line.starts_with("kind: ")).take(2);
    assert_eq!(kinds.collect::<Vec<_>>(), ["kind: Tier", "kind: GlobalNetworkPolicy"]);
    assert!(text.starts_with("---\n# beside tenants' namespaces: kept\n"), "{text}");
}

#[test]
fn json_and_yaml_say_the_same() {
    let one = |more: &[&str]| run(&[&SET[..], &["--namespace", "alpha-one"], more].concat()).stdout;
    let lines = one(&["-o", "json"]);
    let objects: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let documents = ringfence::objects::yaml::documents(&one(&[]));
    let documents = documents.iter().map(|it| it.as_ref().unwrap().to_value());
    assert_eq!(documents.collect::<Vec<_>>(), objects);
    assert!(objects.len() > 6);
    assert!(objects.iter().all(|own| own["metadata"]["namespace"] == "alpha-one"));
}

#[test]
fn what_is_not_there_it_says() {
    let of = |more: &[&'static str]| [&SET[..], more].concat();
    insta::assert_snapshot!(session(&[
        &of(&["--tenant", "gamma"]),
        &of(&["--namespace", "new"]),
        &of(&["--namespace", "New"]),
        &of(&["--tenant", "beta", "--namespace", "alpha-one"]),
        &of(&["--tenant", "beta"]),
        &["plan", "--policies", "mistakes"],
    ]));
}
