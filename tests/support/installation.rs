//! The papers of an installation, and its container without a container engine: the static binary
//! that the Dockerfile's command makes, in a root that holds nothing but what the Deployment mounts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use ringfence::objects::yaml::documents;
use serde_json::Value;

/// The text of a file of the repository.
pub fn paper(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The objects of a manifest.
pub fn objects(path: &str) -> Vec<Value> {
    let objects = documents(&paper(path)).into_iter();
    objects.map(|object| serde_json::from_str(&object.unwrap().to_json()).unwrap()).collect()
}

/// The Deployment's pod.
pub fn pod() -> Value {
    objects("manifests/base/deployment.yaml")[0]["spec"]["template"]["spec"].clone()
}

/// What the container is started with.
pub fn arguments() -> Vec<String> {
    let arguments = pod()["containers"][0]["args"].as_array().unwrap().clone();
    arguments.iter().map(|argument| argument.as_str().unwrap().to_owned()).collect()
}

/// The binary that the Dockerfile's command makes, without what `./optimised` adds to cargo. Only the program
/// itself is linked anew: what it is made from are the files of the build that these tests belong to.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_ringfence")).parent().unwrap();
        let (target, profile) = (built.parent().unwrap(), built.file_name().unwrap());
        let apart = target.join("static");
        let dockerfile = paper("Dockerfile");
        let line = dockerfile.lines().find_map(|line| line.strip_prefix("RUN ./optimised "));
        let (command, rest) = line.unwrap().split_once(' ').unwrap();
        let release = (profile == "release").then_some("--release");
        let output = Command::new(env!("CARGO"))
            .args([command, "--locked", "--bin=ringfence"])
            .args(release)
            .args(rest.split(' '))
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

/// A root with the binary and what the Deployment mounts.
pub struct Root(PathBuf);

impl Root {
    /// Makes it in a folder, with certificates in `certs/` beside it.
    pub fn new(folder: &Path) -> Self {
        let root = Self(folder.join("root"));
        root.add("ringfence", &fs::read(binary()).unwrap());
        let certs = folder.join("certs");
        let mut make = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        make.args(["certs", "--name", "ringfence.ringfence-system.svc", "--dir"]).arg(&certs);
        assert!(make.output().unwrap().status.success());
        for name in ["ca.crt", "tls.crt", "tls.key"] {
            root.add(&format!("etc/ringfence/tls/{name}"), &fs::read(certs.join(name)).unwrap());
        }
        root
    }

    /// Adds a file that everybody may read and run, and nobody else write.
    pub fn add(&self, path: &str, content: &[u8]) {
        let allow = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        for made in path.ancestors().take_while(|it| it.starts_with(&self.0)) {
            allow(made).unwrap();
        }
    }

    /// The program in this root, as the pod's user where we may choose, else as ourselves.
    pub fn program(&self, args: &[String]) -> Vec<String> {
        let user = &pod()["securityContext"];
        let user = format!("--userspec={}:{}", user["runAsUser"], user["runAsGroup"]);
        let mut words: Vec<String> = match fs::metadata("/proc/self").unwrap().uid() {
            0 => vec!["chroot".into(), user],
            _ => vec!["unshare".into(), "--map-root-user".into(), "chroot".into()],
        };
        words.extend([self.0.display().to_string(), "/ringfence".into()]);
        words.extend_from_slice(args);
        words
    }

    /// The program as the Deployment starts it, but for the ports, which others may have taken, and
    /// for the patience with which it ends. Admission is on `port`, and so is the Service.
    pub fn deployed(&self, port: u16) -> Vec<String> {
        let mut arguments = arguments();
        for argument in &mut arguments {
            let (flag, _) = argument.split_once('=').unwrap_or((argument, ""));
            match flag {
                "--listen" => *argument = format!("{flag}=127.0.0.1:{port}"),
                "--telemetry-listen" => *argument = format!("{flag}=127.0.0.1:0"),
                "--webhooks" if port != 0 => {
                    *argument = argument.replace(":443", &format!(":{port}"));
                }
                "--grace" => *argument = "--grace=0.01".into(),
                _ => {}
            }
        }
        self.program(&arguments)
    }
}
