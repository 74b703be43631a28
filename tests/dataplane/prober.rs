//! The thread of one end: it answers on each port, and tries connections.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime;
use tokio::task::spawn_local;
use tokio::time::timeout;

/// The ports that are tried; every end answers on each. None is one that a system takes by itself for what
/// it opens, so that no probe looks like the answer to another.
pub const PORTS: [u16; 6] = [53, 79, 80, 85, 90, 91];

/// How many of its probes an end has open at once.
const AT_ONCE: usize = 32;
/// Every probe is answered: by the end, or by a refusal. One that is not is an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// A datagram may get lost: another is sent.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// A connection that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The number of the end that opens it.
    pub from: usize,
    /// That of the end that takes it.
    pub to: usize,
    /// The address of that.
    pub address: IpAddr,
    pub protocol: Protocol,
    pub port: u16,
}

/// For each probe whether it passes.
type Answers = Vec<io::Result<bool>>;
type Job = (Vec<Probe>, mpsc::Sender<Answers>);

#[derive(Debug)]
pub struct Prober {
    jobs: Option<tokio::sync::mpsc::UnboundedSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Prober {
    /// Of the end that has this network namespace; it answers from now on.
    pub fn start(namespace: &File) -> Self {
        let namespace = namespace.try_clone().unwrap();
        let (jobs, mut asked) = tokio::sync::mpsc::unbounded_channel::<Job>();
        let (ready, is_ready) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            super::network::enter(&namespace);
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(tokio::task::LocalSet::new().run_until(async {
                listen().await;
                ready.send(()).unwrap();
                while let Some((probes, answer)) = asked.recv().await {
                    // Who asked may have given up.
                    let _ = answer.send(tried(&probes).await);
                }
            }));
        });
        is_ready.recv().expect("an end cannot listen");
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    /// Begins to try connections.
    pub fn ask(&self, probes: Vec<Probe>) -> mpsc::Receiver<Answers> {
        let (answer, answers) = mpsc::channel();
        self.jobs.as_ref().unwrap().send((probes, answer)).unwrap();
        answers
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // A thread that has panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn listen() {
    for port in PORTS {
        // It is IPv4's too.
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        let (stream, datagram) =
            (TcpListener::bind(any).await.unwrap(), UdpSocket::bind(any).await.unwrap());
        spawn_local(async move {
            loop {
                drop(stream.accept().await);
            }
        });
        spawn_local(async move {
            let mut byte = [0];
            loop {
                if let Ok((_, from)) = datagram.recv_from(&mut byte).await {
                    let _ = datagram.send_to(&byte, from).await;
                }
            }
        });
    }
}

async fn tried(probes: &[Probe]) -> Answers {
    let each = probes.iter().map(|probe| async {
        let to = SocketAddr::from((probe.address, probe.port));
        let passes = async {
            match probe.protocol {
                Protocol::Tcp => stream(to).await,
                Protocol::Udp => datagram(to).await,
            }
        };
        timeout(PATIENCE, passes).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    });
    futures::stream::iter(each).buffered(AT_ONCE).collect().await
}

async fn stream(to: SocketAddr) -> io::Result<bool> {
    match TcpStream::connect(to).await {
        Ok(own) => own.set_zero_linger().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        Err(error) => Err(error),
    }
}

async fn datagram(to: SocketAddr) -> io::Result<bool> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let own = UdpSocket::bind(any).await?;
    own.connect(to).await?;
    loop {
        let answer = async {
            own.send(&[1]).await?;
            own.recv(&mut [0]).await
        };
        match timeout(AGAIN, answer).await {
            Ok(Ok(_)) => return Ok(true),
            // What the two families make of *administratively prohibited*.
            Ok(Err(error))
                if matches!(
                    error.kind(),
                    io::ErrorKind::HostUnreachable | io::ErrorKind::PermissionDenied
                ) =>
            {
                return Ok(false);
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {}
        }
    }
}
