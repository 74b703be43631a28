//! `ringfence serve` as a process: how it starts, and how it ends.
#![cfg(test)]

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that has said that it is ready.
struct Serve {
    child: Child,
    telemetry: String,
    _certs: TempDir,
}

impl Serve {
    fn start(arguments: &[&str]) -> Self {
        Self::start_after("true", arguments)
    }

    /// The same, in a process that has run these words of a shell before.
    fn start_after(before: &str, arguments: &[&str]) -> Self {
        let certs = TempDir::new().unwrap();
        let any = "127.0.0.1:0";
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_ringfence")])
            .args(["serve", "--listen", any, "--telemetry-listen", any, "--log", "off"])
            .args(["--grace", "0.01", "--certs-dir"])
            .arg(certs.path())
            .args(arguments)
            .env_remove("KUBERNETES_SERVICE_HOST")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let telemetry = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let telemetry = telemetry.unwrap_or_else(|| panic!("`{line}` names no address")).to_owned();
        Self { child, telemetry, _certs: certs }
    }

    fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    fn ended(&mut self) -> ExitStatus {
        let mut end = None;
        until("an end", || {
            end = self.child.try_wait().unwrap();
            end.is_some()
        });
        end.unwrap()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "no {what} in time");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn who_reads_that_it_is_ready_can_end_it() {
    for _ in 0..5 {
        let mut server = Serve::start(&[]);
        server.terminate();
        assert_eq!(server.ended().code(), Some(0));
    }
}

/// Waits for somebody who reads this pipe, and keeps them waiting.
fn hold(pipe: &Path) -> std::fs::File {
    const O_NONBLOCK: i32 = 0o4000;
    let mut held = None;
    until("reader", || {
        held = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(pipe).ok();
        held.is_some()
    });
    held.unwrap()
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_holds_up_no_end() {
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("client-ca.crt");
    let mut certs = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    let made = certs.args(["certs", "--dir"]).arg(folder.path()).output().unwrap();
    assert!(made.status.success());
    std::fs::rename(folder.path().join("ca.crt"), &ca).unwrap();
    let mut server = Serve::start(&["--client-ca", ca.to_str().unwrap()]);
    std::fs::remove_file(&ca).unwrap();
    assert!(Command::new("mkfifo").arg(&ca).status().unwrap().success());
    let _held = hold(&ca);
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn the_idle_make_room_where_there_are_no_descriptors_left() {
    let server = Serve::start_after("ulimit -n 48", &[]);
    let connect = || TcpStream::connect(&server.telemetry).unwrap();
    let _idle: Vec<TcpStream> = (0..60).map(|_| connect()).collect();
    let mut asking = connect();
    asking.set_read_timeout(Some(PATIENCE)).unwrap();
    asking.write_all(b"GET /livez HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");
}
