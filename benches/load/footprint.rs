//! Memory, and the time to start.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use ringfence::server::tls::{Development, development};

use crate::client::{Client, Load};
use crate::process::{self, say};
use crate::review::Kind;
use crate::subject::{Setting, Subject};

/// How many times the program is started.
const STARTS: usize = 11;
/// Connections that are kept open.
const CONNECTIONS: usize = 200;

pub fn measure(program: &Path) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("load-").tempdir()?;
    let certs = scratch.path().join("certs");
    let certs = development(&Development { dir: certs, names: Vec::new() })?;
    let client = Client::new(&certs.ca)?;
    let setting = Setting {
        program,
        scratch: scratch.path(),
        certs: &certs,
        core: None,
        path: Kind::Pod.path(),
        policies: None,
        counted: None,
    };
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let subject = Subject::ringfence("ringfence", &setting, &[])?;
        client.get(subject.address, "/")?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let subject = Subject::ringfence("ringfence", &setting, &[])?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let idle = megabytes(process::resident(subject.id())?);
    let open = client.idle(subject.address, CONNECTIONS)?;
    let connected = megabytes(process::resident(subject.id())?);
    drop(open);
    let load = Load {
        connections: CONNECTIONS as u64,
        warm_up: Duration::ZERO,
        time: Duration::from_secs(3),
        kind: Kind::Pod,
        rate: 0,
    };
    client.measure(&subject, &load)?;
    let loaded = megabytes(process::resident(subject.id())?);
    let median = times.get(STARTS / 2).copied().unwrap_or_default();
    say(&format!(
        "start to the first answer over TLS: {median:.1?} (median of {STARTS}, slowest {:.1?})\n\
         resident: {idle:.1} MB idle, {connected:.1} MB with {CONNECTIONS} connections, \
         {loaded:.1} MB after 3 s of load on as many\n",
        times.last().copied().unwrap_or_default(),
    ))
}
