//! The structure that ARCHITECTURE.md describes, held.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ringfence::rules;

/// Which rooms a room may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("objects", &["domain"]),
    ("reach", &["domain"]),
    ("telemetry", &["domain"]),
    ("network", &["domain", "objects", "reach"]),
    ("policy", &["domain", "objects", "reach"]),
    ("rules", &["domain", "objects", "reach", "policy"]),
    ("defaults", &["domain", "objects", "policy"]),
    ("seal", &["domain", "reach", "network", "policy"]),
    ("isolation", &["domain", "reach", "network", "policy", "rules", "defaults", "seal"]),
    ("report", &["domain", "reach", "rules", "isolation"]),
    ("review", &["domain", "objects"]),
    ("state", &["domain", "objects", "policy"]),
    (
        "admission",
        &[
            "domain", "objects", "reach", "network", "policy", "rules", "defaults", "seal",
            "review", "state",
        ],
    ),
    ("files", &["domain", "policy", "state", "telemetry"]),
    (
        "server",
        &[
            "domain",
            "objects",
            "policy",
            "rules",
            "defaults",
            "review",
            "state",
            "admission",
            "telemetry",
        ],
    ),
    (
        "controller",
        &[
            "domain",
            "objects",
            "reach",
            "network",
            "policy",
            "rules",
            "defaults",
            "report",
            "seal",
            "isolation",
            "state",
            "telemetry",
        ],
    ),
    (
        "audit",
        &[
            "domain",
            "objects",
            "reach",
            "network",
            "policy",
            "rules",
            "defaults",
            "seal",
            "review",
            "state",
            "admission",
        ],
    ),
];

/// Which crates a room must not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "domain",
        &["serde_json", "serde", "kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"],
    ),
    ("objects", &["kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("reach", &["serde_json", "serde", "kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("network", &["serde_json", "kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("policy", &["tokio", "axum", "hyper", "tracing"]),
    ("rules", &["serde_json", "kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("defaults", &["kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("seal", &["kube", "axum", "hyper", "tokio", "tracing"]),
    ("isolation", &["serde_json", "kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("review", &["kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("state", &["kube", "k8s_openapi", "axum", "hyper"]),
    ("admission", &["kube", "k8s_openapi", "axum", "hyper", "tokio", "tracing"]),
    ("files", &["kube", "k8s_openapi", "axum", "hyper"]),
    ("telemetry", &["kube", "k8s_openapi", "axum", "hyper"]),
    ("server", &["kube", "k8s_openapi"]),
    ("controller", &["axum", "hyper"]),
    ("audit", &["kube", "k8s_openapi", "axum", "hyper", "tokio"]),
    ("report", &["kube", "k8s_openapi", "axum", "hyper", "tokio"]),
];

/// Rooms in which nothing may depend on when or where it runs.
const PURE: [&str; 12] = [
    "domain",
    "objects",
    "reach",
    "network",
    "policy",
    "rules",
    "defaults",
    "seal",
    "isolation",
    "review",
    "admission",
    "report",
];

/// What such a room must not name.
const IMPURE: [&str; 9] = [
    "std::time",
    "std::env",
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::process",
    "async fn",
    "Timestamp::now",
];

/// The longest file.
const LINES: usize = 400;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The room that a file belongs to; the files at the top belong to none.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(source()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// A file's code without comments, and without the tests at its end.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let code = text.lines().map(|line| line.split("//").next().unwrap());
    code.collect::<Vec<_>>().join("\n")
}

fn is_test(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "tests")
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// The rooms that a text names after `crate::`, in `use` trees and in paths.
fn named_rooms(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(tree) => {
                let tree = tree.split("};").next().unwrap();
                names.extend(tree.split(',').map(|part| word(part.trim())));
            }
            None => {
                names.insert(word(rest));
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_use_only_the_rooms_that_they_may() {
    let allowed: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in files_below(&source()) {
        let room = room(&file);
        if is_test(&file) || ["main", "lib", "cli"].contains(&room.as_str()) {
            continue;
        }
        let may = allowed.get(room.as_str());
        let may = may.unwrap_or_else(|| panic!("`{room}` is not in the table of rooms"));
        for used in named_rooms(&code(&file)) {
            let is_room = allowed.contains_key(used.as_str()) || used == "cli";
            if is_room && used != room && !may.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_reader_of_uses_finds_them() {
    let code = "use crate::domain::{A, B};\nuse crate::{rules, state::Handle};\nlet x = crate::policy::y();";
    let found: Vec<String> = named_rooms(code).into_iter().collect();
    assert_eq!(found, ["domain", "policy", "rules", "state"]);
}

#[test]
fn every_room_is_in_the_table_and_the_table_has_no_other() {
    let rooms: BTreeSet<String> = files_below(&source())
        .iter()
        .map(|file| room(file))
        .filter(|room| !["main", "lib", "cli"].contains(&room.as_str()))
        .collect();
    let table: BTreeSet<String> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, table);
}

#[test]
fn the_table_of_rooms_has_no_circle() {
    // Rooms are in reading order: each uses only rooms that come before it.
    let mut before = BTreeSet::new();
    for (room, uses) in ROOMS {
        for used in *uses {
            assert!(before.contains(used), "{room} uses {used}, which comes after it");
        }
        before.insert(*room);
    }
}

#[test]
fn rooms_name_no_crate_that_they_must_not_see() {
    let mut wrong = Vec::new();
    for (room_name, crates) in FORBIDDEN {
        let of_room = |file: &&PathBuf| room(file) == *room_name && !is_test(file);
        for file in files_below(&source()).iter().filter(of_room) {
            let code = code(file);
            let names = |name: &&&str| {
                code.contains(&format!(" {name}::")) || code.contains(&format!("({name}::"))
            };
            for name in crates.iter().filter(names) {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn pure_rooms_ask_no_clock_and_no_environment() {
    let mut wrong = Vec::new();
    for file in files_below(&source()) {
        if PURE.contains(&room(&file).as_str()) && !is_test(&file) {
            let code = code(&file);
            for name in IMPURE.iter().filter(|name| code.contains(**name)) {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_file_is_long_and_main_is_short() {
    let mut long = Vec::new();
    for file in files_below(&source()) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let limit = match room(&file).as_str() {
            "main" => 25,
            _ if is_test(&file) => 600,
            _ => LINES,
        };
        if lines > limit {
            long.push(format!("{} has {lines} lines", file.display()));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn every_file_belongs_to_a_module() {
    let files = files_below(&source());
    let declared = |file: &Path| {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let folder = file.parent().unwrap();
        let parents = [folder.with_extension("rs"), folder.join("lib.rs"), folder.join("main.rs")];
        parents.iter().filter_map(|parent| fs::read_to_string(parent).ok()).any(|parent| {
            parent.lines().any(|line| {
                let line = line.trim().trim_start_matches("pub");
                line.trim_start_matches("(super)").trim_start_matches("(crate)").trim()
                    == format!("mod {stem};")
            })
        })
    };
    let orphans: Vec<&PathBuf> = files
        .iter()
        .filter(|file| !["main", "lib"].contains(&room(file).as_str()) && !declared(file))
        .collect();
    assert_eq!(orphans, Vec::<&PathBuf>::new());
}

/// Every code and its short name: a code never changes its meaning, and is never given to another rule.
const REGISTER: &[&str] = &[
    "RF1001 tenantLabel",
    "RF1002 notOwner",
    "RF1003 noTenant",
    "RF1004 unknownTenant",
    "RF1005 claimedName",
    "RF1006 foreignNamespace",
    "RF1007 reservedName",
    "RF1008 namePrefix",
    "RF1009 namespaceLimit",
    "RF1010 frozenKey",
    "RF1011 labelKey",
    "RF1012 podSecurityLabels",
    "RF1013 cordoned",
    "RF1014 document",
    "RF1015 documentContent",
    "RF1016 publicName",
    "RF1017 managedObject",
    "RF1018 unsealed",
    "RF1019 misfit",
    "RF2001 hostNamespaces",
    "RF2002 hostPorts",
    "RF2003 privileged",
    "RF2004 capabilities_baseline",
    "RF2005 hostPathVolumes",
    "RF2006 allowPrivilegeEscalation",
    "RF2007 capabilities_restricted",
    "RF2008 appArmorProfile",
    "RF2009 seLinuxOptions",
    "RF2010 procMount",
    "RF2011 procMount_restricted",
    "RF2012 seccompProfile_baseline",
    "RF2013 seccompProfile_restricted",
    "RF2014 sysctls",
    "RF2015 windowsHostProcess",
    "RF2016 hostProbesAndHostLifecycle",
    "RF2017 restrictedVolumes",
    "RF2018 runAsNonRoot",
    "RF2019 runAsUser",
    "RF2101 probeHosts",
    "RF2102 rootGroup",
    "RF3001 registry",
    "RF3002 digest",
    "RF3003 pullPolicy",
    "RF3004 latestTag",
    "RF3005 imageReference",
    "RF4001 oneSided",
    "RF4002 idlePolicy",
    "RF4003 dnsRule",
    "RF4004 reservedPodLabel",
    "RF4005 podNetworkAnnotation",
    "RF4006 policyKind",
    "RF6001 connect",
    "RF9001 malformed",
    "RF9002 unknownKind",
    "RF9003 unknownNamespace",
    "RF9004 deadline",
    "RF9005 internal",
    "RF9006 notReady",
];

#[test]
fn the_register_of_codes_is_frozen() {
    let table: Vec<String> =
        rules::table().map(|rule| format!("{} {}", rule.code, rule.name)).collect();
    assert_eq!(table, REGISTER);
}

#[test]
fn every_rule_says_all_that_there_is_to_say() {
    for rule in rules::table() {
        let texts = [rule.name, rule.title, rule.reason, rule.remedy];
        for text in texts.iter().chain(rule.references) {
            assert!(!text.is_empty() && !text.ends_with('.'), "{} {text:?}", rule.code);
        }
        assert!(!rule.references.is_empty(), "{}", rule.code);
        if let Some(check) = rule.pod_check() {
            assert!(check.revisions.is_sorted_by(|a, b| a.since < b.since), "{}", rule.code);
        }
    }
}
