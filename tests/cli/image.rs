//! What the Dockerfile makes: its command, run here, and the binary in a root with nothing else. (No
//! test makes the image itself: that needs a container engine.)

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::installation::{Root, binary, paper};
use super::server::{Serving, fixture};

/// Cargo finds all that it names among the files that the image is made from, and those come to it.
#[test]
fn the_files_of_the_build_are_complete() {
    let (dockerfile, ignored) = (paper("Dockerfile"), paper(".dockerignore"));
    let copies = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copies = copies.filter(|line| !line.starts_with("--from"));
    let mut names: Vec<&str> =
        copies.flat_map(|line| line.rsplit_once(' ').unwrap().0.split(' ')).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = TempDir::new().unwrap();
    for name in &names {
        let link = folder.path().join(name);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(root.join(name), link).unwrap();
    }
    let fetch = ["fetch", "--locked", "--offline", "--target=host-tuple"];
    let output = Command::new(env!("CARGO")).args(fetch).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut admitted: Vec<&str> = ignored.lines().filter_map(|it| it.strip_prefix('!')).collect();
    names.sort_unstable();
    admitted.sort_unstable();
    assert_eq!(names, admitted);
}

/// The types of an ELF file's segments.
fn segments(file: &[u8]) -> Vec<u32> {
    let number = |at: usize, bytes: usize| {
        let bytes = file[at..at + bytes].iter().rev();
        bytes.fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    assert_eq!(&file[..6], b"\x7fELF\x02\x01", "64 bits, the lowest byte first");
    let (first, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).map(|index| number(first + index * size, 4).try_into().unwrap()).collect()
}

/// Whether a program names another that loads it and its libraries.
fn has_loader(program: &Path) -> bool {
    const LOAD: u32 = 1;
    const INTERPRETER: u32 = 3;
    let segments = segments(&fs::read(program).unwrap());
    assert!(segments.contains(&LOAD), "{segments:?}");
    segments.contains(&INTERPRETER)
}

#[test]
fn it_is_static() {
    assert!(has_loader(Path::new("/bin/sh")), "the reader of files finds loaders");
    assert!(!has_loader(binary()));
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

#[test]
fn it_runs_in_an_empty_root() {
    let folder = TempDir::new().unwrap();
    let root = Root::new(folder.path());
    let version = command(&root.program(&["--version".into()])).output().unwrap();
    let expect = format!("ringfence {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expect);

    let mut serving = Serving::run(folder, command(&root.deployed(0)));
    assert_eq!(serving.get("/readyz").body, "ok");
    let answer = serving.review("/validate?timeout=10s", &fixture("create-deployment.json"));
    assert_eq!(answer["allowed"], false, "{answer}");
    assert_eq!(serving.end_by("TERM").code(), Some(0), "{}", serving.log());
}
