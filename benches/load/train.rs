//! What the program does most, done once: a compiler that is told what is hot (`./optimised`) learns it here.
//!
//! The reviews are others than those whose time the tables tell, but for the denied and the bare pod.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use ringfence::server::tls::{Development, development};

use crate::client::{Client, Load};
use crate::review::Kind;
use crate::subject::{Setting, Subject};

const KINDS: [Kind; 5] =
    [Kind::SmallPod, Kind::Denied, Kind::Bare, Kind::ScaledDeployment, Kind::Secret];

/// Leaves what each process counted in `counted`.
pub fn run(program: &Path, counted: &Path) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("load-").tempdir()?;
    let certs = scratch.path().join("certs");
    let certs = development(&Development { dir: certs, names: Vec::new() })?;
    let client = Client::new(&certs.ca)?;
    let pattern = counted.join("load-%p.profraw");
    for kind in KINDS {
        let setting = Setting {
            program,
            scratch: scratch.path(),
            certs: &certs,
            core: None,
            path: kind.path(),
            policies: None,
            counted: Some(&pattern),
        };
        for format in ["--log-format=text", "--log-format=json"] {
            let subject = Subject::ringfence("ringfence", &setting, &[format, "--grace=0.01"])?;
            let load = Load {
                connections: 25,
                warm_up: Duration::ZERO,
                time: Duration::from_secs(1),
                kind,
                rate: 0,
            };
            client.measure(&subject, &load)?;
            subject.end()?;
        }
    }
    Ok(())
}
