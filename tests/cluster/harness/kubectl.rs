//! The real kubectl, run as one user in a clean environment.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use super::binary;
use super::certificate::Identity;

/// What kubectl printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The standard output of a run that must have succeeded.
    #[track_caller]
    pub fn success(self) -> String {
        assert_eq!(self.code, 0, "kubectl failed: {}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// What a refusal says after the name of who refused.
    #[track_caller]
    pub fn told(&self) -> String {
        let refusal = self.stderr.split_once("denied request: ");
        let refusal = refusal.or_else(|| self.stderr.split_once("denied the request: "));
        let (_, told) = refusal.unwrap_or_else(|| panic!("{self:?}"));
        told.trim_end().to_owned()
    }
}

/// A webhook's message as the one line that a policy may say.
pub fn on_one_line(message: &str) -> String {
    message.replace("\n* ", " * ").replace("\n    ", "; ")
}

/// A user of the control plane.
#[derive(Debug, Clone)]
pub struct Kubeconfig {
    path: PathBuf,
    home: PathBuf,
}

impl Kubeconfig {
    /// Writes the kubeconfig of a user into `path`. All users share `home` and so kubectl's
    /// cache of what the API server offers.
    pub(super) fn write(path: PathBuf, home: &Path, url: &str, ca: &str, user: &Identity) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": url,
                "certificate-authority-data": encode(ca),
            }}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {
                "client-certificate-data": encode(&user.certificate),
                "client-key-data": encode(&user.key),
            }}],
        });
        fs::write(&path, config.to_string()).unwrap();
        Self { path, home: home.to_owned() }
    }

    /// The file, for programs that read a kubeconfig themselves.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs kubectl with nothing on standard input.
    pub fn kubectl(&self, args: &[&str]) -> Output {
        self.run(args, None)
    }

    /// Runs kubectl with `stdin` on standard input, for `-f -`.
    pub fn kubectl_with(&self, stdin: &str, args: &[&str]) -> Output {
        self.run(args, Some(stdin))
    }

    fn run(&self, args: &[&str], stdin: Option<&str>) -> Output {
        let mut child = Command::new(binary::path())
            .arg("kubectl")
            .args(args)
            .env_clear()
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.path)
            .env("NO_COLOR", "1")
            .current_dir(&self.home)
            .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                if let (Some(mut pipe), Some(text)) = (pipe, stdin) {
                    // It may end without reading; its exit code tells.
                    let _ = pipe.write_all(text.as_bytes());
                }
            });
            child.wait_with_output().unwrap()
        });
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
