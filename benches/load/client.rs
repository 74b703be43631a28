//! A client shaped like the API server's: connections that stay open, one request at a time on each,
//! no resumption, Go's preferred cipher first.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Interval, interval_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::answer;
use crate::process;
use crate::review::{Kind, Request};
use crate::subject::{Subject, Uid};
use crate::table::Measured;

/// How a subject is loaded.
pub struct Load {
    pub connections: u64,
    /// Not measured.
    pub warm_up: Duration,
    pub time: Duration,
    /// What is sent.
    pub kind: Kind,
    /// All connections together, in requests a second; as many as are answered, where it is 0.
    pub rate: u64,
}

/// Everything that connections share. It runs on the calling thread alone.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    connector: TlsConnector,
}

/// What connections are told.
const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const END: u8 = 2;

impl Client {
    /// Trusts the CA in a file.
    pub fn new(ca: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let cipher_suites = vec![
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ];
        let provider = Arc::new(CryptoProvider { cipher_suites, ..default_provider() });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// The status of one GET.
    pub fn get(&self, address: SocketAddr, path: &str) -> Result<u16> {
        self.runtime.block_on(async {
            let mut wire = Wire::connect(&self.connector, address).await?;
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Ok(wire.exchange(request.as_bytes()).await?.status)
        })
    }

    /// Opens connections that nothing is asked on.
    pub fn idle(&self, address: SocketAddr, connections: usize) -> Result<Vec<Wire>> {
        self.runtime.block_on(async {
            let mut open = Vec::new();
            for _ in 0..connections {
                open.push(Wire::connect(&self.connector, address).await?);
            }
            Ok(open)
        })
    }

    /// Loads a subject; any wrong answer is an error.
    pub fn measure(&self, subject: &Subject, load: &Load) -> Result<Measured> {
        self.runtime.block_on(async {
            let told = Arc::new(AtomicU8::new(WARM_UP));
            let mut connections = JoinSet::new();
            let review = load.kind.review();
            for number in 0..load.connections {
                let wire = Wire::connect(&self.connector, subject.address).await?;
                let asked = Asked {
                    request: Request::new(&review, subject.path),
                    uid: subject.uid,
                    allowed: load.kind.allowed() || subject.uid == Uid::Constant,
                    pace: load.pace(number),
                };
                connections.spawn(one_after_another(wire, asked, Arc::clone(&told)));
            }
            tokio::time::sleep(load.warm_up).await;
            let (began, cpu_before) = (Instant::now(), process::cpu_time(subject.id())?);
            told.store(MEASURE, Relaxed);
            tokio::time::sleep(load.time).await;
            told.store(END, Relaxed);
            let (elapsed, cpu_after) = (began.elapsed(), process::cpu_time(subject.id())?);
            let resident = process::resident(subject.id())?;
            let mut latencies = Vec::new();
            while let Some(connection) = connections.join_next().await {
                latencies.extend(connection??);
            }
            Measured::new(latencies, elapsed, cpu_after.saturating_sub(cpu_before), resident)
        })
    }
}

impl Load {
    /// How often one connection asks, all of them evenly spread.
    fn pace(&self, connection: u64) -> Option<Interval> {
        if self.rate == 0 {
            return None;
        }
        let every = self.connections as f64 / self.rate as f64;
        let offset = every * connection as f64 / self.connections as f64;
        let first = tokio::time::Instant::now() + Duration::from_secs_f64(offset);
        Some(interval_at(first, Duration::from_secs_f64(every)))
    }
}

/// What a connection asks, and how it is answered.
struct Asked {
    request: Request,
    uid: Uid,
    allowed: bool,
    pace: Option<Interval>,
}

/// Asks until the end, and returns how long each answer took that came while it was measured. A paced
/// request's time counts from when it was due.
async fn one_after_another(
    mut wire: Wire,
    mut asked: Asked,
    told: Arc<AtomicU8>,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let due = match &mut asked.pace {
            Some(pace) => pace.tick().await.into_std(),
            None => Instant::now(),
        };
        let (bytes, sent) = asked.request.next();
        let answer = wire.exchange(bytes).await?;
        let took = due.elapsed();
        let uid = match asked.uid {
            Uid::Echoed => &sent,
            Uid::Constant => Request::CONSTANT_UID,
        };
        answer.check(uid, asked.allowed)?;
        match told.load(Relaxed) {
            WARM_UP => {}
            MEASURE => latencies.push(took),
            _ => return Ok(latencies),
        }
    }
}

/// A connection.
pub struct Wire {
    stream: TlsStream<TcpStream>,
    received: BytesMut,
}

impl Wire {
    async fn connect(connector: &TlsConnector, address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = connector.connect(name, stream).await.context("no tls handshake")?;
        Ok(Self { stream, received: BytesMut::with_capacity(64 * 1024) })
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<answer::Answer<'_>> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.received.clear();
        while answer::parse(&self.received)?.is_none() {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                bail!("the connection ended before its answer");
            }
        }
        answer::parse(&self.received)?.context("the answer is whole")
    }
}
