//! What the Dockerfile makes: its command, run here, and the binary in a root with nothing else. (No
//! test makes the image itself: that needs a container engine.)

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::papers::{arguments, paper};
use super::program::run;
use super::server::{Serving, fixture};

const USER: u32 = 65532;

/// The binary that the Dockerfile's command makes. Only the program itself is linked anew: what it is
/// made from are the files of the build that these tests belong to.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_ringfence")).parent().unwrap();
        let (target, profile) = (built.parent().unwrap(), built.file_name().unwrap());
        let apart = target.join("static");
        let dockerfile = paper("Dockerfile");
        let line = dockerfile.lines().find_map(|line| line.strip_prefix("RUN cargo ")).unwrap();
        let debug = profile == "debug";
        let words = line.split(' ').filter(|word| !(debug && *word == "--release"));
        let output = Command::new(env!("CARGO"))
            .args(words)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_BUILD_BUILD_DIR", target)
            .env("CARGO_TARGET_DIR", &apart)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        apart.join(profile).join("ringfence")
    })
}

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
        symlink(root.join(name), folder.path().join(name)).unwrap();
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

/// A root with the binary and what the Deployment mounts, all of it others' to write.
struct Root(PathBuf);

impl Root {
    fn in_folder(folder: &Path) -> Self {
        let root = folder.join("root");
        let [policies, tls] = ["policies", "tls"].map(|it| root.join("etc/ringfence").join(it));
        fs::create_dir_all(&policies).unwrap();
        fs::create_dir_all(&tls).unwrap();
        fs::copy(binary(), root.join("ringfence")).unwrap();
        for name in ["platform.yaml", "tenants.yaml"] {
            let text = paper(&format!("manifests/base/policies/{name}"));
            fs::write(policies.join(name), text).unwrap();
        }
        let certs = folder.join("certs");
        let made = run(&["certs", "--dir", certs.to_str().unwrap()]);
        assert_eq!(made.code, 0, "{made}");
        for name in ["tls.crt", "tls.key"] {
            fs::copy(certs.join(name), tls.join(name)).unwrap();
            fs::set_permissions(tls.join(name), fs::Permissions::from_mode(0o444)).unwrap();
        }
        for folder in [&policies, &tls, &root.join("etc/ringfence"), &root.join("etc"), &root] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(root)
    }

    /// The program in this root, as the Dockerfile's user where we may choose, else as ourselves.
    fn command(&self, args: &[String]) -> Command {
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut words: Vec<String> = match root {
            true => vec!["chroot".into(), format!("--userspec={USER}:{USER}")],
            false => vec!["unshare".into(), "--map-root-user".into(), "chroot".into()],
        };
        words.push(self.0.display().to_string());
        words.push("/ringfence".into());
        words.extend_from_slice(args);
        let mut inside = Command::new(words.remove(0));
        inside.args(words).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        inside
    }
}

#[test]
fn it_runs_in_an_empty_root() {
    let folder = TempDir::new().unwrap();
    let root = Root::in_folder(folder.path());
    let version = root.command(&["--version".into()]).output().unwrap();
    let expect = format!("ringfence {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expect);

    // As the Deployment starts it, but for the ports, which others may have taken, and the patience.
    let mut arguments = arguments();
    for argument in &mut arguments {
        let (flag, _) = argument.split_once('=').unwrap_or((argument, ""));
        match flag {
            "--listen" | "--telemetry-listen" => *argument = format!("{flag}=127.0.0.1:0"),
            "--grace" => *argument = "--grace=0.01".into(),
            _ => {}
        }
    }
    let serve = root.command(&arguments);
    let mut serving = Serving::run(folder, serve);
    assert_eq!(serving.get("/readyz").body, "ok");
    let answer = serving.review("/validate?timeout=10s", &fixture("create-deployment.json"));
    assert_eq!(answer["allowed"], false, "{answer}");
    assert_eq!(serving.end_by("TERM").code(), Some(0), "{}", serving.log());
}
