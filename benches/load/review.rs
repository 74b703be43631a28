//! The review that is sent, again and again with another uid.

use std::ops::Range;

use crate::reviews::{self, UID};

/// Which review is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A pod of three containers, allowed.
    Pod,
    /// The same, privileged, denied.
    Denied,
    /// A pod without a security context, on /mutate.
    Bare,
    /// An update of a Deployment, 60 KiB, allowed.
    Deployment,
    /// A pod of two containers, allowed.
    SmallPod,
    /// An update of a Deployment that leaves its template alone, allowed.
    ScaledDeployment,
    /// A Secret, which no rule reads.
    Secret,
}

impl Kind {
    pub fn review(self) -> reviews::Review {
        match self {
            Self::Pod => reviews::pod(),
            Self::Denied => reviews::denied_pod(),
            Self::Bare => reviews::bare_pod(),
            Self::Deployment => reviews::deployment(),
            Self::SmallPod => reviews::small_pod(),
            Self::ScaledDeployment => reviews::scaled_deployment(),
            Self::Secret => reviews::secret(),
        }
    }

    /// Ringfence's path.
    pub fn path(self) -> &'static str {
        if self == Self::Bare { "/mutate" } else { "/validate" }
    }

    /// Whether the answer allows.
    pub fn allowed(self) -> bool {
        self != Self::Denied
    }
}

/// A request to one path on one connection.
pub struct Request {
    bytes: Vec<u8>,
    at: Range<usize>,
    number: u64,
}

impl Request {
    /// With the headers that the API server sends.
    pub fn new(reviews::Review(body): &reviews::Review, path: &str) -> Self {
        let text = format!(
            "POST {path}?timeout=10s HTTP/1.1\r\nHost: localhost\r\n\
             User-Agent: kube-apiserver-admission\r\nContent-Length: {}\r\n\
             Accept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n{body}",
            body.len(),
        );
        let start = text.find(UID).unwrap_or_default();
        Self { bytes: text.into_bytes(), at: start..start + UID.len(), number: 0 }
    }

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
