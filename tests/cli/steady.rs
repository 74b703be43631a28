//! No request fails while policies are read anew, certificates change and servers are drained.
//!
//! The clients are shaped like the API server's: HTTP/1.1 over TLS, a connection kept until an answer
//! ends it. They ask nothing twice: of Go's reasons to ask again on another connection
//! (`net/http`'s `shouldRetryRequest`) only that nothing was written holds for a POST, and a server
//! that ends connections by an answer gives none.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, RwLock};
use std::thread;

use ringfence::server::tls::{Development, DevelopmentFiles, development};
use tempfile::TempDir;

use super::server::{Answer, Serving, Session, ask, fixture, session};

/// How often each happens.
const TIMES: usize = 50;
/// As many as the API server keeps at most to one server.
const CLIENTS: usize = 25;

/// Clients that ask until they are told to end.
#[derive(Default)]
struct Load {
    /// Where new connections go, as a Service has it.
    servers: RwLock<Vec<SocketAddr>>,
    /// The CAs that are trusted.
    roots: RwLock<Vec<PathBuf>>,
    answered: AtomicUsize,
    connected: AtomicUsize,
    failed: Mutex<Vec<String>>,
    end: AtomicBool,
}

impl Load {
    fn of(servers: &[SocketAddr], root: &Path) -> Self {
        let load = Self::default();
        load.servers.write().unwrap().extend(servers);
        load.trust(root);
        load
    }

    fn trust(&self, root: &Path) {
        self.roots.write().unwrap().push(root.to_owned());
    }

    /// Runs something under load, and counts.
    fn beside(&self, what: &str, run: impl FnOnce()) {
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                scope.spawn(move || self.ask(client));
            }
            // A failed assertion must end the clients too.
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            self.end.store(true, Relaxed);
            if let Err(panic) = ended {
                std::panic::resume_unwind(panic);
            }
        });
        let (answered, failed) = (self.answered.load(Relaxed), self.failed.lock().unwrap());
        println!(
            "{TIMES} times {what}: {answered} requests on {} connections, {} failed",
            self.connected.load(Relaxed),
            failed.len()
        );
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(answered > TIMES * CLIENTS, "too few requests for a load: {answered}");
    }

    fn ask(&self, client: usize) {
        let body = fixture("create-pod.json");
        let request = format!(
            "POST /mutate?timeout=10s HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut kept: Option<Session> = None;
        let mut turn = client;
        while !self.end.load(Relaxed) {
            let asked = kept.take().map_or_else(
                || {
                    turn += 1;
                    self.connect(turn)
                },
                Ok,
            );
            let answer = asked.and_then(|mut session| Ok((ask(&mut session, &request)?, session)));
            match answer {
                Ok((Answer { status: 200, allowed: true, last }, session)) => {
                    self.answered.fetch_add(1, Relaxed);
                    kept = (!last).then_some(session);
                }
                Ok(_) => self.failed.lock().unwrap().push("it was not allowed".to_owned()),
                Err(error) => self.failed.lock().unwrap().push(error.to_string()),
            }
        }
    }

    fn connect(&self, turn: usize) -> io::Result<Session> {
        let servers = self.servers.read().unwrap();
        let address = servers[turn % servers.len()];
        // Who is taken off the list ends only when nobody can be on the way to it.
        let stream = TcpStream::connect(address)?;
        drop(servers);
        self.connected.fetch_add(1, Relaxed);
        Ok(session(stream, &self.roots.read().unwrap(), &[]))
    }
}

fn certificate(folder: &TempDir, name: &str) -> DevelopmentFiles {
    development(&Development { dir: folder.path().join(name), names: Vec::new() }).unwrap()
}

/// Puts a file in another's place at once.
fn replace(from: &Path, to: &Path) {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).unwrap();
    fs::rename(beside, to).unwrap();
}

fn counted(serving: &mut Serving, what: &str, times: usize) {
    let line = format!("ringfence_{what}{{result=\"success\"}} {times}");
    serving.wait_for(&line, |it| it.get("/metrics").body.lines().any(|is| is == line));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn no_request_fails_while_policies_are_read_anew() {
    let folder = TempDir::new().unwrap();
    let certs = certificate(&folder, "certs");
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    for name in ["platform.yaml", "tenants/alpha.yaml", "tenants/beta.yaml"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(name);
        fs::copy(&from, policies.join(from.file_name().unwrap())).unwrap();
    }
    let (cert, key) = (text(&certs.cert), text(&certs.key));
    let mut serving =
        Serving::start(&["--policies", text(&policies), "--tls-cert", cert, "--tls-key", key]);
    let more = folder.path().join("more.yaml");
    Load::of(&[serving.admission], &certs.ca).beside("policies read anew", || {
        for time in 0..TIMES {
            let tenant = format!(
                "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: more-{time}}}\n\
                 spec: {{profile: restricted, namespaces: {{names: [more-{time}]}}}}\n"
            );
            fs::write(&more, tenant).unwrap();
            replace(&more, &policies.join("more.yaml"));
            counted(&mut serving, "policy_reloads_total", time + 2);
        }
    });
}

#[test]
fn no_request_fails_while_certificates_change() {
    let folder = TempDir::new().unwrap();
    let first = certificate(&folder, "first");
    let (cert, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    replace(&first.cert, &cert);
    replace(&first.key, &key);
    let mut serving = Serving::start(&["--tls-cert", text(&cert), "--tls-key", text(&key)]);
    let load = Load::of(&[serving.admission], &first.ca);
    load.beside("certificates changed", || {
        for time in 0..TIMES {
            let next = certificate(&folder, &format!("next-{time}"));
            load.trust(&next.ca);
            replace(&next.cert, &cert);
            replace(&next.key, &key);
            counted(&mut serving, "tls_certificate_reloads_total", time + 1);
            // Who trusts nothing else is answered: the new one is in force.
            let stream = TcpStream::connect(serving.admission).unwrap();
            let mut only = session(stream, &[next.ca], &[]);
            let ask = "POST /none HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
            only.write_all(ask.as_bytes()).unwrap();
            assert!(only.read(&mut [0; 64]).unwrap() > 0);
        }
    });
}

#[test]
fn no_request_fails_while_servers_are_drained() {
    let folder = TempDir::new().unwrap();
    let certs = certificate(&folder, "certs");
    let start = || {
        let (cert, key) = (text(&certs.cert), text(&certs.key));
        Serving::start(&["--grace", "0.5", "--tls-cert", cert, "--tls-key", key])
    };
    let mut both = [start(), start()];
    let load = Load::of(&both.each_ref().map(|it| it.admission), &certs.ca);
    load.beside("servers drained", || {
        for time in 0..TIMES {
            let old = &mut both[time % 2];
            old.signal("TERM");
            // The endpoints' controller sees that it is not ready.
            old.wait_for("not ready", |it| it.get("/readyz").status != 200);
            load.servers.write().unwrap().retain(|address| *address != old.admission);
            assert!(old.ended().success());
            *old = start();
            load.servers.write().unwrap().push(old.admission);
        }
    });
}
