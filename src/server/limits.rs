//! Every bound that a client meets, in one place.

use std::time::Duration;

/// What a client may take up. A bound is met by waiting, by an answer that says so, or by closing
/// the connection; each field says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections on the admission port, handshakes included. When they are used up, further
    /// ones wait in the listen queue, because the API server retries no closed connection but
    /// waits for an open one until its deadline; meanwhile connections idle for longer than
    /// [`Limits::crowded_idle_time`] are closed.
    pub connections: usize,
    /// TLS handshakes under way; further ones wait, within their own [`Limits::handshake_time`].
    /// A handshake costs half a millisecond of CPU, so this bounds the queue for it.
    pub handshakes: usize,
    /// How long a handshake counts among them. One that takes longer waits for its client and costs
    /// nothing: it goes on, and the next one begins. So nobody keeps others from theirs by leaving
    /// many half done.
    pub handshake_turn: Duration,
    /// From accept to the end of the TLS handshake; then the connection is closed. Long, because
    /// an API server that is short of CPU needs it, and because their number is bounded.
    pub handshake_time: Duration,
    /// From a request's first byte to the end of its head; then the connection is closed.
    pub header_time: Duration,
    /// Bytes of a head (at least 1024); over it the answer is 431.
    pub header_bytes: usize,
    /// How long a connection may be open without a request; then it is closed. The API server
    /// keeps idle connections for 90 s: it must be the one that closes them, or a request may meet
    /// the closing.
    pub idle_time: Duration,
    /// The same, and for a head that has begun, while there are too many connections.
    pub crowded_idle_time: Duration,
    /// From the end of a head to the end of its body; then the answer is 408.
    pub body_time: Duration,
    /// Bytes of a body; over it the answer is 413. Kubernetes takes objects of 3 MiB, JSON is
    /// larger than what it counts, and a review carries two of them.
    pub body_bytes: usize,
    /// Bytes of all bodies that are being read or judged; over it the answer is 429. Bodies of more than
    /// 64 KiB leave a quarter of it to the others.
    pub bodies_bytes: usize,
    /// Requests that are being read or judged; over it the answer is 429.
    pub requests: usize,
    /// From the first byte of a response that the client does not take to the last one; then the
    /// connection is closed.
    pub write_time: Duration,
    /// The deadline of a request that states none: Kubernetes' default.
    pub default_timeout: Duration,
    /// The longest deadline, whatever a request states: Kubernetes' maximum.
    pub max_timeout: Duration,
    /// How much earlier than the API server stops listening there must be an answer, as a
    /// percentage of the timeout; bounded by [`Limits::min_margin`] and half of the timeout.
    pub margin_percent: u32,
    /// The smallest margin.
    pub min_margin: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            handshakes: 128,
            handshake_turn: Duration::from_millis(250),
            handshake_time: Duration::from_secs(10),
            header_time: Duration::from_secs(2),
            header_bytes: 32 * 1024,
            idle_time: Duration::from_secs(120),
            crowded_idle_time: Duration::from_secs(5),
            body_time: Duration::from_secs(10),
            body_bytes: 16 * 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            requests: 512,
            write_time: Duration::from_secs(10),
            default_timeout: Duration::from_secs(10),
            max_timeout: Duration::from_secs(30),
            margin_percent: 10,
            min_margin: Duration::from_millis(100),
        }
    }
}

impl Limits {
    /// For the telemetry port, which takes no bodies: its connections must not take those of the
    /// API server's, and a crowd must not keep the kubelet from its probes, which have one second.
    pub(super) fn for_telemetry(&self) -> Self {
        let crowded_idle_time = self.crowded_idle_time.min(Duration::from_millis(100));
        Self { connections: 64, crowded_idle_time, ..self.clone() }
    }
}
