//! Input that costs more to read than to write, and what is told of it.

use std::io;
use std::sync::{Arc, Mutex};

use ringfence::objects::yaml;
use ringfence::policy::{Source, load};
use ringfence::server::{Admission, Answer, Door, Endpoint};
use ringfence::state::Handle;
use ringfence::telemetry::Metrics;
use serde_json::json;

use super::{DOCUMENTS, check, codes, door, good_pod, new_pod, response, uid_first};

fn readable(text: &str) -> bool {
    yaml::documents(text).iter().all(Result::is_ok)
}

/// Lists of nine times the list before, by aliases.
fn laughs(levels: usize) -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let item = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [item.as_str(); 9].join(", "));
    }
    text
}

/// Kubernetes took YAML whose aliases stood for aliases, nine times each and nine deep: a few lines that
/// became a thousand million.
#[test]
fn cve_2019_11253_kubernetes_a_thousand_million_laughs() {
    assert!(!readable(&laughs(9)));
    assert!(readable(&laughs(2)));
    let text = format!("{}---\n{}", DOCUMENTS.trim_start(), laughs(9));
    assert!(load(&[Source { name: "x.yaml".to_owned(), text }]).is_err());
    let text = DOCUMENTS.to_owned();
    assert!(load(&[Source { name: "x.yaml".to_owned(), text }]).is_ok());
}

/// Kubernetes spent far more time on reading YAML that was made for it than its length was worth.
#[test]
fn cve_2019_11254_kubernetes_yaml_that_nests_without_end() {
    for text in
        ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)]
    {
        assert!(!readable(&text), "{:?}", text.get(..8));
    }
    assert!(readable(&format!("{}1{}", "[".repeat(50), "]".repeat(50))));
}

/// A crafted input brought OPA's compiler down, and with it every answer. What is nested too deep is
/// refused by a review of its own.
#[tokio::test]
async fn cve_2022_33082_opa_input_that_nests_without_end() {
    let door = door();
    let deep = |levels: usize| {
        let mut pod = good_pod();
        pod["metadata"]["x"] = json!("HERE");
        let review = uid_first(&new_pod("alpha-dev", pod));
        review.replace("\"HERE\"", &("[".repeat(levels) + &"]".repeat(levels)))
    };
    for levels in [600, 100_000] {
        let refused = response(&door, Endpoint::Validate, deep(levels)).await;
        assert_eq!(codes(&refused), ["RF9001"]);
        assert_eq!((&refused["uid"], &refused["status"]["code"]), (&json!("u"), &json!(400)));
    }
    assert_eq!(codes(&response(&door, Endpoint::Validate, deep(100)).await), [""; 0]);
}

/// Where lines go.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Kubernetes logged the whole of a pull secret that it could not read. What cannot be read is told by its
/// place.
#[tokio::test]
async fn cve_2020_8564_kubernetes_secrets_in_the_log() {
    // For all threads: a place that logs asks once who listens, on the thread that meets it first. It is
    // met before, so that it is asked anew; and of what is logged meanwhile, lines with this uid count.
    check(&new_pod("alpha-dev", good_pod()), &[]).await;
    let lines = Lines::default();
    let to = lines.clone();
    let format = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || to.clone());
    tracing::subscriber::set_global_default(format.finish()).unwrap();
    let door = door();
    let mut pod = good_pod();
    pod["metadata"]["annotations"] = json!({"token": "s3cret"});
    pod["spec"]["containers"][0]["env"] = json!([{"name": "TOKEN", "value": "s3cret"}]);
    pod["spec"]["containers"][0]["securityContext"]["privileged"] = json!(true);
    let review = uid_first(&new_pod("alpha-dev", pod)).replace("\"uid\":\"u\"", "\"uid\":\"told\"");
    let wrong_kind = review.replace("\"privileged\":true", "\"privileged\":{\"a\":\"s3cret\"}");
    let broken = review.replace("\"s3cret\"}]", "\"s3cret\"}]]]");
    for (body, code) in [(&review, "RF2003"), (&wrong_kind, "RF9001"), (&broken, "RF9001")] {
        let answered = response(&door, Endpoint::Validate, body.clone()).await;
        assert!(codes(&answered).iter().any(|it| it == code), "{answered}");
        assert!(!answered.to_string().contains("s3cret"), "{answered}");
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let own = text.lines().filter(|line| line.contains("uid=\"told\"") && line.contains("RF"));
    assert_eq!(own.count(), 3, "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

/// Kubernetes counted requests by what a client called itself, and each name was kept for good.
#[tokio::test]
async fn cve_2020_8552_kubernetes_series_that_clients_name() {
    let metrics = Arc::new(Metrics::new());
    let door = Door::new(Handle::default(), None, Arc::clone(&metrics), 500);
    let series = || metrics.encode().lines().count();
    let ask = async |number: usize| {
        let mut review = new_pod("alpha-dev", good_pod()).review();
        for field in ["namespace", "name", "operation", "uid", "subResource"] {
            review["request"][field] = json!(format!("x{number}"));
        }
        review["request"]["resource"]["resource"] = json!(format!("x{number}"));
        review["request"]["userInfo"]["username"] = json!(format!("x{number}"));
        let body = review.to_string().into();
        let answer = door.answer(Endpoint::Validate, &body, std::time::Instant::now()).await;
        assert!(matches!(answer, Answer::Review { .. }));
    };
    ask(0).await;
    let first = series();
    for number in 1..200 {
        ask(number).await;
    }
    assert_eq!(series(), first);
    let counted = r#"ringfence_findings_total{rule="RF9006",mode="enforce"} 200"#;
    assert!(metrics.encode().lines().any(|line| line == counted), "{}", metrics.encode());
    check(&new_pod("alpha-dev", good_pod()), &[]).await;
}
