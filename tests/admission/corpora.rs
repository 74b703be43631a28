//! The corpora of the fuzz targets, through the targets' own bodies.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use super::fuzz::{Body, TARGETS};

/// What is kept of all corpora together, in bytes.
const MOST: usize = 300 * 1024;
/// The naive readers go as deep as the text does.
const STACK: usize = 64 * 1024 * 1024;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder().join("corpus").join(target)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Every file of a target's corpus holds.
fn replay(target: &str) {
    let body: Body = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap().1;
    let files = corpus(target);
    assert!(files.len() >= 24, "{target} has {} files", files.len());
    let all = move || {
        for (path, bytes) in &files {
            assert!(catch_unwind(|| body(bytes)).is_ok(), "{}", path.display());
        }
    };
    thread::Builder::new().stack_size(STACK).spawn(all).unwrap().join().unwrap();
}

macro_rules! replayed {
    ($($target:ident)*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!([$(stringify!($target)),*], TARGETS.map(|(target, _)| target));
        }
    };
}

replayed!(envelope fast image patch pod_security policies review views yaml);

#[test]
fn corpora_are_small() {
    let files = TARGETS.into_iter().flat_map(|(target, _)| corpus(target));
    let bytes: usize = files.map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= MOST, "the corpora hold {bytes} bytes");
}

#[test]
fn every_target_is_one_of_cargo_fuzz() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let bins =
        manifest.split("[[bin]]\nname = \"").skip(1).map(|bin| bin.split('"').next().unwrap());
    assert!(bins.eq(TARGETS.map(|(target, _)| target)));
    for (target, _) in TARGETS {
        let text = fs::read_to_string(folder().join(format!("targets/{target}.rs"))).unwrap();
        assert!(text.contains(&format!("ringfence_fuzz::{target}::run(data)")), "{target}");
    }
}
