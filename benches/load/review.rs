//! The review that is sent, again and again with another uid.

use std::ops::Range;

use anyhow::{Context as _, Result};

/// A pod that the ReplicaSet controller creates, as the API server sends it to a validating webhook:
/// filled in, with defaults and managedFields. Its namespace is a tenant's in the example set.
const TEXT: &str = include_str!("review.json");
/// The uid in the text.
const UID: &str = "00000000-0000-0000-0000-000000000000";

/// The body of a request.
pub struct Review {
    body: String,
}

/// A request to one path on one connection.
pub struct Request {
    bytes: Vec<u8>,
    at: Range<usize>,
    number: u64,
}

impl Review {
    pub fn load() -> Result<Self> {
        let body = compact(TEXT);
        body.find(UID).context("the review has no uid to replace")?;
        Ok(Self { body })
    }

    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// The namespace that the pod is in.
    pub fn namespace(&self) -> Result<String> {
        let review: serde_json::Value = serde_json::from_str(&self.body)?;
        let namespace = review.pointer("/request/namespace").and_then(|it| it.as_str());
        Ok(namespace.context("the review has no namespace")?.to_owned())
    }

    /// With the headers that the API server sends.
    pub fn request(&self, path: &str) -> Request {
        let Self { body } = self;
        let text = format!(
            "POST {path}?timeout=10s HTTP/1.1\r\nHost: localhost\r\n\
             User-Agent: kube-apiserver-admission\r\nContent-Length: {}\r\n\
             Accept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n{body}",
            body.len(),
        );
        let start = text.find(UID).unwrap_or_default();
        Request { bytes: text.into_bytes(), at: start..start + UID.len(), number: 0 }
    }
}

impl Request {
    /// The bytes of the next request, and its uid.
    pub fn next(&mut self) -> (&[u8], String) {
        self.number += 1;
        let uid = format!("00000000-0000-0000-0000-{:012x}", self.number);
        if let Some(place) = self.bytes.get_mut(self.at.clone()) {
            place.copy_from_slice(uid.as_bytes());
        }
        (&self.bytes, uid)
    }

    /// The uid of an answer that never changes.
    pub const CONSTANT_UID: &str = UID;
}

/// JSON without the white space between tokens, keys in their order: as Go writes it.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let kept = json.chars().filter(|&c| {
        let keep = quoted || !c.is_ascii_whitespace();
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        keep
    });
    kept.collect()
}
