//! Finds the control plane's binary, or builds it from `tests/controlplane`.
//!
//! `KUBEBUILDER_ASSETS` may name a directory that holds a ready-made `controlplane` (this one
//! binary, not kube-builder's separate ones). Otherwise it is built with Go and kept under
//! `target/controlplane/HASH/`; the first build on a machine takes about ten minutes.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const NAME: &str = "controlplane";

/// The version of Kubernetes in go.mod; without these flags kubectl warns of a version skew.
const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitVersion=v1.37.2 \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=37 \
    -X k8s.io/client-go/pkg/version.gitVersion=v1.37.2";

/// What the `go` line of go.mod asks for.
const GO_MINOR: u32 = 26;

/// The path of the binary, which exists when this returns.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| ready_made().unwrap_or_else(cached))
}

fn ready_made() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("KUBEBUILDER_ASSETS")?).join(NAME);
    path.is_file().then_some(path)
}

fn cached() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("tests").join(NAME);
    let cache = root.join("target").join(NAME);
    let directory = cache.join(fingerprint(&source));
    let binary = directory.join(NAME);
    if binary.is_file() {
        return binary;
    }
    fs::create_dir_all(&directory).unwrap();
    // Of two test processes one builds and the other finds the result.
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    if !binary.is_file() {
        build(&source, &binary);
    }
    binary
}

/// Names what the binary depends on. A hasher that changes with the compiler costs one build.
fn fingerprint(source: &Path) -> String {
    let mut files: Vec<PathBuf> =
        fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".go") || name == "go.mod" || name == "go.sum"
    });
    files.sort();
    let mut hasher = DefaultHasher::new();
    hasher.write(LINKER_FLAGS.as_bytes());
    for file in files {
        let content = fs::read(&file).unwrap();
        hasher.write(file.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.write_usize(content.len());
        hasher.write(&content);
    }
    format!("{:016x}", hasher.finish())
}

fn build(source: &Path, binary: &Path) {
    require_go(source);
    // Not eprintln: a captured message cannot explain ten silent minutes.
    let note = "building the test control plane with Go: minutes the first time, then cached\n";
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    let unfinished = binary.with_extension(std::process::id().to_string());
    let status = Command::new("go")
        .args(["build", "-trimpath", "-ldflags", LINKER_FLAGS, "-o"])
        .arg(&unfinished)
        .arg(".")
        .env("CGO_ENABLED", "0")
        .current_dir(source)
        .status()
        .unwrap();
    assert!(status.success(), "`go build` in {} failed: {status}", source.display());
    fs::rename(&unfinished, binary).unwrap();
}

fn require_go(source: &Path) {
    // Run inside the module, because go.mod may make an older Go fetch the right toolchain.
    let found = Command::new("go").args(["env", "GOVERSION"]).current_dir(source).output();
    let found = match &found {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout),
        Ok(output) => String::from_utf8_lossy(&output.stderr),
        Err(error) => error.to_string().into(),
    };
    assert!(
        is_new_enough(found.trim()),
        "the tests against a real control plane need Go 1.{GO_MINOR} or newer to build it \
         (`go env GOVERSION`: {}). Install it from https://go.dev/dl/, or set \
         KUBEBUILDER_ASSETS to a directory that holds a ready-made `{NAME}` binary",
        found.trim()
    );
}

fn is_new_enough(version: &str) -> bool {
    let minor = version.strip_prefix("go1.").map(|rest| {
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>()
    });
    matches!(minor, Some(Ok(minor)) if minor >= GO_MINOR)
}
