//! A `ringfence serve` of a test's own, and a client for its two ports.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use super::program::{command, files};

/// How long a test waits for anything; far more than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It ends with this value.
pub struct Serving {
    child: Child,
    scratch: TempDir,
    pub admission: SocketAddr,
    pub telemetry: SocketAddr,
}

impl Serving {
    /// Starts on free ports, and waits until it says that it is ready.
    pub fn start(args: &[&str]) -> Self {
        Self::spawn(command(&[]), args)
    }

    /// The same, in a process that may open so many files.
    pub fn start_with_descriptors(count: u32, args: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        let script = format!("ulimit -n {count}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_ringfence")]).env_clear();
        Self::spawn(shell, args)
    }

    fn spawn(mut serve: Command, args: &[&str]) -> Self {
        let scratch = TempDir::new().unwrap();
        let certs = scratch.path().join("certs");
        serve.args(["serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "127.0.0.1:0"]);
        if !args.contains(&"--grace") {
            serve.args(["--grace", "0.01"]);
        }
        if !args.contains(&"--tls-cert") {
            serve.arg("--certs-dir").arg(certs);
        }
        serve.args(args);
        Self::run(scratch, serve)
    }

    /// The same for a command that serves on free ports, as the CA in `certs/` of its folder has it.
    pub fn run(scratch: TempDir, mut serve: Command) -> Self {
        let at = |name: &str| File::create(scratch.path().join(name)).unwrap();
        serve.stdout(at("stdout")).stderr(at("stderr"));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let child = serve.spawn().unwrap();
        let mut serving = Self { child, scratch, admission: any, telemetry: any };
        serving.wait_for("a ready line", |it| {
            assert_eq!(it.child.try_wait().unwrap(), None, "{}", it.log());
            it.stdout().ends_with('\n')
        });
        let line = serving.stdout();
        let (admission, telemetry) = line
            .strip_prefix("ready: https://")
            .and_then(|rest| rest.strip_suffix(" (telemetry)\n"))
            .and_then(|rest| rest.split_once(" (admission), http://"))
            .unwrap_or_else(|| panic!("{line:?}"));
        serving.admission = admission.parse().unwrap();
        serving.telemetry = telemetry.parse().unwrap();
        serving
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path().join(name)).unwrap()
    }

    /// Everything on its standard output.
    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    /// Everything on its standard error.
    pub fn log(&self) -> String {
        self.read("stderr")
    }

    /// Waits until something holds.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < end, "waited in vain for {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal, and waits for the end.
    pub fn end_by(&mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.ended()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        // The shell's own `kill`: there need not be another.
        let script = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &script]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let mut ended = None;
        self.wait_for("the end", |it| {
            ended = it.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    /// A page of the telemetry port.
    pub fn get(&self, path: &str) -> Reply {
        let stream = connect(self.telemetry);
        exchange(stream, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    /// The answer to a review, after its envelope and uid have been checked.
    pub fn review(&self, path: &str, body: &str) -> Value {
        let reply = self.post(path, body);
        assert_eq!(reply.status, 200, "{reply:?}");
        let asked: Value = serde_json::from_str(body).unwrap();
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["response"]["uid"], asked["request"]["uid"]);
        answer["response"].clone()
    }

    /// Its process, as `/proc` knows it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A session of TLS with the admission port, as its own CA has it.
    pub fn session(&self) -> Session {
        self.session_of(&[])
    }

    /// The same with these protocols offered.
    pub fn session_of(&self, protocols: &[Vec<u8>]) -> Session {
        session(connect(self.admission), &[self.root()], protocols)
    }

    /// The file of its own CA.
    pub fn root(&self) -> PathBuf {
        self.scratch.path().join("certs/ca.crt")
    }

    /// Posts to the admission port.
    pub fn post(&self, path: &str, body: &str) -> Reply {
        let stream = self.session();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        exchange(stream, &(head + body))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an HTTP server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// A session of TLS.
pub type Session = StreamOwned<ClientConnection, TcpStream>;

/// A session on a connection, with a server that one of the CAs in these files vouches for, and with
/// these protocols offered.
pub fn session(stream: TcpStream, roots: &[PathBuf], protocols: &[Vec<u8>]) -> Session {
    let mut config = client(roots, rustls::crypto::aws_lc_rs::default_provider());
    config.alpn_protocols = protocols.to_vec();
    session_as(stream, config)
}

/// What a client does that trusts the CAs in these files.
pub fn client(roots: &[PathBuf], provider: CryptoProvider) -> ClientConfig {
    let mut trusted = RootCertStore::empty();
    for root in roots {
        trusted.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth()
}

/// A session on a connection, as the client is told to do.
pub fn session_as(stream: TcpStream, client: ClientConfig) -> Session {
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(client), name).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(session, stream)
}

/// What a review on a connection that stays open comes to.
pub struct Answer {
    pub status: u16,
    pub allowed: bool,
    /// The server ends the connection with it.
    pub last: bool,
}

/// Asks on a connection, and reads the answer alone.
pub fn ask(session: &mut Session, request: &str) -> io::Result<Answer> {
    session.write_all(request.as_bytes())?;
    session.flush()?;
    let mut got = Vec::new();
    loop {
        let mut piece = [0; 16 * 1024];
        match session.read(&mut piece)? {
            0 => return Err(io::Error::other("the connection ended before its answer")),
            count => got.extend_from_slice(&piece[..count]),
        }
        if let Some(answer) = whole(&got) {
            return Ok(answer);
        }
    }
}

fn whole(got: &[u8]) -> Option<Answer> {
    let (head, body) = str::from_utf8(got).ok()?.split_once("\r\n\r\n")?;
    let length: usize = head.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
    (body.len() == length).then(|| Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        allowed: body.contains(r#""allowed":true"#),
        last: head.contains("connection: close"),
    })
}

/// A connection on which reading fails after a while.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    // As Go's connections are.
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn exchange(mut stream: impl Read + Write, request: &str) -> Reply {
    stream.write_all(request.as_bytes()).unwrap();
    stream.flush().unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, body: body.to_owned() }
}

/// Runs `serve` where it cannot begin.
pub fn refused(args: &[&str]) -> super::program::Run {
    let args = [&["serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "127.0.0.1:0"], args];
    let mut child = command(&args.concat());
    child.stdout(Stdio::piped()).stderr(Stdio::piped());
    super::program::Run::of(&args.concat(), child.output().unwrap())
}

/// A recorded review of tests/fixtures.
pub fn fixture(name: &str) -> String {
    let path: PathBuf = files().join("../../fixtures/reviews").join(name);
    fs::read_to_string(path).unwrap()
}
