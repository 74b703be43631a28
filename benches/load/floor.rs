//! The floor: the library's own server in front of an answer that never changes. What Ringfence costs
//! beyond it is reading, judging, logging and answering a review.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use ringfence::domain::Decision;
use ringfence::server::tls::{Files, Source, load};
use ringfence::server::{
    Admission, Answer, Check, Endpoint, Failure, Readiness, Server, Settings, shutdown,
};
use ringfence::telemetry::Metrics;

use crate::process::say;
use crate::review::Request;

/// As long as Ringfence's answer, and of the same form.
struct Constant(Bytes);

impl Admission for Constant {
    async fn answer(&self, _endpoint: Endpoint, _body: &Bytes, _deadline: Instant) -> Answer {
        Answer::Review { decision: Decision::Admit, body: self.0.clone() }
    }

    fn failed(&self, _endpoint: Endpoint, _body: &Bytes, _why: Failure) -> Answer {
        Answer::Unreadable { body: Bytes::new() }
    }
}

struct Ready;

impl Readiness for Ready {
    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }
}

/// Serves until standard input ends, which it does with the process that started this one.
pub fn run(certs: &Path) -> Result<()> {
    // As `ringfence serve` makes it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let source = Source::Files { cert: certs.join("tls.crt"), key: certs.join("tls.key") };
    let metrics = Arc::new(Metrics::new());
    let identity = load(Files { source, client_ca: None }, Arc::clone(&metrics))?;
    let any = ([127, 0, 0, 1], 0).into();
    let settings = Settings { listen: any, telemetry_listen: any, ..Settings::default() };
    let body = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{}","allowed":true,"auditAnnotations":{{"tenant":"alpha"}}}}}}"#,
        Request::CONSTANT_UID
    );
    let inside = runtime.enter();
    let server =
        Server::bind(settings, Arc::new(identity), metrics, (Constant(body.into()), Ready))?;
    say(&format!("ready: https://{} (admission)\n", server.admission_addr()))?;
    let (trigger, shutdown) = shutdown::channel();
    runtime.spawn(server.run(shutdown));
    drop(inside);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(trigger);
    Ok(())
}
