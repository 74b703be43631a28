//! etcd, asked by the JSON form of its API.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

/// Forgets every revision but the present one, so that a watch can go on from none that is older.
/// Returns it.
pub fn compact(etcd: SocketAddr) -> u64 {
    // Any key: what is asked for is the header.
    let now = ask(etcd, "range", &json!({"key": "AA=="}));
    let revision = now["header"]["revision"].as_str().unwrap();
    let done = ask(etcd, "compaction", &json!({"revision": revision, "physical": true}));
    // The API server compacts too, and may have been here first.
    let by_another =
        done["message"].as_str().is_some_and(|text| text.ends_with("has been compacted"));
    assert!(done["header"].is_object() || by_another, "{done}");
    revision.parse().unwrap()
}

fn ask(etcd: SocketAddr, what: &str, question: &Value) -> Value {
    let body = question.to_string();
    let length = body.len();
    let mut stream = TcpStream::connect(etcd).unwrap();
    write!(
        stream,
        "POST /v3/kv/{what} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {head} {body}"))
}
