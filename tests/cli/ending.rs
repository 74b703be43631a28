//! How `ringfence serve` ends, and what must not hold it up or bring it down.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::program::{command, run};
use super::server::Serving;

/// Signalled in the same moment, which is why it reads a pipe.
#[test]
fn who_reads_that_it_is_ready_can_end_it() {
    let certs = TempDir::new().unwrap();
    for _ in 0..5 {
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
        serve.args(["--telemetry-listen", "127.0.0.1:0", "--grace", "0.01", "--certs-dir"]);
        let mut child = serve.arg(certs.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready: "), "{line}");
        let kill = format!("kill -TERM {}", child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_holds_up_no_end() {
    const O_NONBLOCK: i32 = 0o4000;
    let folder = TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    assert_eq!(run(&["certs", "--dir", dir]).code, 0);
    let ca = folder.path().join("ca.crt");
    let mut serving = Serving::start(&["--client-ca", ca.to_str().unwrap()]);
    fs::remove_file(&ca).unwrap();
    assert!(Command::new("mkfifo").arg(&ca).status().unwrap().success());
    // A pipe opens so only for who reads it already; held open, it keeps the reader waiting.
    let mut held: Option<File> = None;
    serving.wait_for("a reader", |_| {
        held = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&ca).ok();
        held.is_some()
    });
    assert_eq!(serving.end_by("TERM").code(), Some(0), "{}", serving.log());
}

#[test]
fn the_idle_make_room_where_there_are_no_descriptors_left() {
    let serving = Serving::start_with_descriptors(48, &[]);
    let connect = |_| TcpStream::connect(serving.telemetry).unwrap();
    let _idle: Vec<TcpStream> = (0..60).map(connect).collect();
    assert_eq!(serving.get("/livez").body, "ok");
}
