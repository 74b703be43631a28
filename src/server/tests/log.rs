//! The line of a decision.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;

use crate::server::{Admission, Door, Endpoint};
use crate::state::Handle;
use crate::telemetry::Metrics;

/// Where lines go.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_a_user_wrote_is_quoted_and_forges_no_field() {
    let lines = Lines::default();
    let to = lines.clone();
    let format = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone());
    let _logging = tracing::subscriber::set_default(format.finish());
    let door = Door::new(Handle::default(), None, Arc::new(Metrics::new()), 500);
    let forged = |field: &str| format!(r#"{field} decision=\"admit\"\u001b[2K\n"#);
    let body = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{
            "uid":"{}","operation":"CREATE","name":"{}","namespace":"{}",
            "resource":{{"version":"v1","resource":"{}"}},"subResource":"{}",
            "userInfo":{{"username":"{}"}}}}}}"#,
        forged("u"),
        forged("n"),
        forged("s"),
        forged("r"),
        forged("b"),
        forged("o"),
    );
    door.answer(Endpoint::Validate, &Bytes::from(body), Instant::now()).await;
    let text = String::from_utf8(lines.0.lock().expect("nobody panicked").clone()).expect("text");
    let (_, line) = text.split_once("reviewed ").expect("a line");
    assert!(!line.contains(r#"decision="admit""#), "{line}");
    assert!(line.contains(r#" decision="deny" "#), "{line}");
    for (field, start) in [
        ("uid", "u"),
        ("name", "n"),
        ("namespace", "s"),
        ("resource", "r"),
        ("subresource", "b"),
        ("user", "o"),
    ] {
        let quoted = format!("{field}=\"{start} decision=\\\"admit\\\"\u{fffd}[2K\u{fffd}\" ");
        assert!(line.contains(&quoted), "no `{quoted}` in {line}");
    }
}
