//! A server with a scripted admission behind it, and a client that writes bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::domain::Decision;
use crate::server::shutdown::{Trigger, channel};
use crate::server::tls::{Development, Files, Source, load};
use crate::server::{
    Admission, Answer, Check, Ended, Endpoint, Failure, Limits, Readiness, Server, Settings,
};
use crate::telemetry::Metrics;

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Does what the body says.
pub struct Script {
    /// `hold` takes one of these.
    pub release: Arc<Semaphore>,
}

pub fn review(body: impl Into<Bytes>) -> Answer {
    Answer::Review { decision: Decision::Admit, body: body.into() }
}

impl Admission for Script {
    async fn answer(&self, endpoint: Endpoint, body: &Bytes, _deadline: Instant) -> Answer {
        match &**body {
            b"panic" | b"panic twice" => panic!("as the test asked"),
            b"panic later" => {
                tokio::task::yield_now().await;
                panic!("as the test asked")
            }
            b"hang" => std::future::pending().await,
            b"hold" => {
                let permit = self.release.acquire().await;
                permit.expect("it is never closed").forget();
                review("held")
            }
            b"big" => review(vec![b'x'; 32 * 1024 * 1024]),
            b"unreadable" => Answer::Unreadable { body: Bytes::from_static(b"{}") },
            _ => review(format!("{} {}", endpoint.as_str(), body.len())),
        }
    }

    fn failed(&self, _endpoint: Endpoint, body: &Bytes, why: Failure) -> Answer {
        assert_ne!(&**body, b"panic twice");
        Answer::Review { decision: Decision::Deny, body: format!("failed: {why:?}").into() }
    }
}

pub struct Ready;

impl Readiness for Ready {
    fn checks(&self) -> Vec<Check> {
        vec![Check::passed("policies").noting("3 tenants")]
    }
}

/// A running server.
pub struct Rig {
    pub address: SocketAddr,
    pub telemetry: SocketAddr,
    pub metrics: Arc<Metrics>,
    pub release: Arc<Semaphore>,
    pub trigger: Trigger,
    pub ended: JoinHandle<Ended>,
    pub certs: TempDir,
}

pub fn development_in(dir: &TempDir) -> Files {
    let source = Source::Development(Development { dir: dir.path().into(), names: Vec::new() });
    Files { source, client_ca: None }
}

/// With these bounds, shutting down without grace.
pub async fn start(limits: Limits) -> Rig {
    start_with(Settings { limits, grace: Duration::ZERO, ..Settings::default() }, development_in)
        .await
}

pub async fn start_with(settings: Settings, files: impl Fn(&TempDir) -> Files) -> Rig {
    let certs = TempDir::new().expect("a directory");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = Settings { listen: any, telemetry_listen: any, ..settings };
    let metrics = Arc::new(Metrics::new());
    let identity = load(files(&certs), Arc::clone(&metrics)).expect("a certificate");
    let release = Arc::new(Semaphore::new(0));
    let script = Script { release: Arc::clone(&release) };
    let metrics_too = Arc::clone(&metrics);
    let server = Server::bind(settings, Arc::new(identity), metrics_too, (script, Ready));
    let server = server.expect("free ports");
    let (trigger, shutdown) = channel();
    Rig {
        address: server.admission_addr(),
        telemetry: server.telemetry_addr(),
        metrics,
        release,
        trigger,
        ended: tokio::spawn(server.run(shutdown)),
        certs,
    }
}

pub type Client = Wire<TlsStream<TcpStream>>;

impl Rig {
    pub fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.certs.path().join("ca.crt")).expect("the ca")
    }

    /// A TLS connection that has been made.
    pub async fn connect(&self) -> Client {
        self.connect_as(trusting(self.root())).await.expect("a handshake")
    }

    pub async fn connect_as(&self, config: ClientConfig) -> std::io::Result<Client> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map(Wire)
    }

    /// One request to the telemetry port.
    pub async fn ask(&self, path: &str) -> Response {
        let mut wire = Wire(TcpStream::connect(self.telemetry).await.expect("a connection"));
        wire.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        wire.response().await
    }

    /// Waits until the metrics hold this line.
    pub async fn counted(&self, line: &str) {
        let line = format!("ringfence_{line}");
        let counted = async {
            while !self.metrics.encode().lines().any(|is| is == line) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, counted).await.is_err() {
            panic!("`{line}` was never counted:\n{}", self.metrics.encode());
        }
    }

    pub async fn rejected(&self, reason: &str, times: u32) {
        self.counted(&format!(r#"rejections_total{{reason="{reason}"}} {times}"#)).await;
    }
}

pub fn trusting(root: CertificateDer<'static>) -> ClientConfig {
    builder(root).with_no_client_auth()
}

pub fn showing(
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> ClientConfig {
    builder(root).with_client_auth_cert(chain, key).expect("a client certificate")
}

fn builder(
    root: CertificateDer<'static>,
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    builder_for(root, rustls::ALL_VERSIONS)
}

pub fn builder_for(
    root: CertificateDer<'static>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
}

/// A connection that speaks in bytes.
pub struct Wire<S>(pub S);

#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, &*self.body), (status, body), "{self:?}");
    }

    #[track_caller]
    pub fn has(&self, header: &str) {
        assert!(self.head.lines().any(|line| line.eq_ignore_ascii_case(header)), "{self:?}");
    }
}

/// A review with this body.
pub fn post(path: &str, body: &str) -> String {
    post_with(path, "", body)
}

/// The same, with further header lines, each with its end.
pub fn post_with(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("the server reads");
        self.0.flush().await.expect("the server reads");
    }

    /// Sends until the server stops reading.
    pub async fn send_what_is_taken(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
        let _ = self.0.flush().await;
    }

    pub async fn exchange(&mut self, request: impl AsRef<[u8]>) -> Response {
        self.send(request).await;
        self.response().await
    }

    pub async fn response(&mut self) -> Response {
        let read = async {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(self.0.read_u8().await.expect("a head"));
            }
            let head = String::from_utf8(head).expect("text");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().expect("a length"));
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.expect("a body");
            let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
            Response { status, head, body: String::from_utf8(body).expect("text") }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("a response in time")
    }

    /// Waits for the server to end the connection, with nothing more to say.
    pub async fn ended(&mut self) {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        let _ = tokio::time::timeout(PATIENCE, read).await.expect("an end in time");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}
