//! Long-lived processes of the control plane, and the one place where tests wait.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::binary;

/// A server process. It ends when this is dropped and also when this process ends, however it
/// does: the server watches its standard input, a pipe that [`Child`] keeps open.
pub struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a component of the binary; what it prints goes to a file in `scratch`, a directory
    /// that the server itself removes if this process cannot.
    pub fn spawn(scratch: &Path, name: &'static str, flags: &[String]) -> Self {
        let mut command = Command::new(binary::path());
        command
            .arg(name)
            .args(flags)
            .env_clear()
            .env("CONTROLPLANE_PARENT_PIPE", "1")
            .env("CONTROLPLANE_SCRATCH_DIR", scratch);
        Self::start(scratch, name, command)
    }

    /// Starts a program that watches no pipe: a shell beside it does, and asks it to end by SIGTERM.
    pub fn spawn_program(
        scratch: &Path,
        name: &'static str,
        program: &Path,
        flags: &[String],
    ) -> Self {
        const WATCH: &str = r#"exec 3<&0; "$@" </dev/null & pid=$!
            (cat <&3 >/dev/null; kill "$pid" 2>/dev/null) & wait "$pid""#;
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "sh"]).arg(program).args(flags).env_clear();
        command.env("PATH", "/usr/bin:/bin");
        Self::start(scratch, name, command)
    }

    fn start(scratch: &Path, name: &'static str, mut command: Command) -> Self {
        let log = scratch.join(format!("{name}.log"));
        let stdout = File::create(&log).unwrap();
        let stderr = stdout.try_clone().unwrap();
        let child = command
            .env("HOME", scratch)
            .current_dir(scratch)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap();
        Self { name, child, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read(&self.log).map(|text| String::from_utf8_lossy(&text).into()).unwrap_or_default()
    }

    /// The last lines that the server printed, under its name.
    pub fn log_tail(&self) -> String {
        const LINES: usize = 40;
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LINES)..];
        format!("--- {} (process {}) ---\n{}\n", self.name, self.id(), tail.join("\n"))
    }

    /// Waits for `ready`; an error tells what was waited for, or that the server ended.
    pub fn wait_ready(&mut self, mut ready: impl FnMut(&Self) -> bool) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(90);
        let mut ended = None;
        let in_time = poll(PATIENCE, || {
            ended = self.child.try_wait().unwrap();
            ended.is_some() || ready(self)
        });
        match ended {
            Some(status) => Err(format!("{} ended: {status}", self.name)),
            None if in_time => Ok(()),
            None => Err(format!("{} is not ready after {PATIENCE:?}", self.name)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` holds and panics, naming `what`, when it does not within `patience`.
#[track_caller]
pub fn wait_until(patience: Duration, what: &str, condition: impl FnMut() -> bool) {
    assert!(poll(patience, condition), "waited {patience:?} in vain for {what}");
}

fn poll(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    const PAUSE: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + patience;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Ports of 127.0.0.1 that were free just now. Another process may take one before its server
/// does: whoever starts servers tries again then.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
