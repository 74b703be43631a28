//! `ringfence crds`

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::run;

const KINDS: [&str; 5] = ["Platform", "Profile", "Tenant", "Exemption", "Grant"];

#[test]
fn five_definitions_as_yaml_and_as_json() {
    let json = run(&["crds", "-o", "json"]);
    assert_eq!((json.code, json.stderr.as_str()), (0, ""));
    let definitions: Vec<Value> =
        json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> =
        definitions.iter().map(|own| own["spec"]["names"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, KINDS);
    let human = run(&["crds"]).stdout;
    let read = ringfence::objects::yaml::documents(&human).into_iter();
    let read: Vec<Value> =
        read.map(|own| serde_json::from_str(&own.unwrap().to_json()).unwrap()).collect();
    assert_eq!(read, definitions);
}

#[test]
fn the_shipped_definitions_are_what_the_program_writes() {
    let again = "they are stale: write them anew by `cargo run -- crds --dir manifests/crds`";
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/crds");
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("made/here");
    let run = run(&["crds", "--dir", written.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let files = |folder: &Path| {
        let read = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        };
        let mut files: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect();
        files.sort();
        files
    };
    let (mut shipped, written) = (files(&shipped), files(&written));
    shipped.retain(|(name, _)| name != "kustomization.yaml");
    assert_eq!(written.len(), KINDS.len());
    for (shipped, written) in shipped.iter().zip(&written) {
        assert!(shipped == written, "{}: {again}", written.0);
    }
    assert_eq!(shipped.len(), written.len(), "{again}");
    let kustomization = super::installation::paper("manifests/crds/kustomization.yaml");
    let listed: Vec<&str> =
        kustomization.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(listed, names);
}

#[test]
fn where_it_cannot_write_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = run(&["crds", "--dir", file.to_str().unwrap()]);
    insta::assert_snapshot!(refused.hiding(folder.path(), "DIR"));
}
