//! The registry, with one method for each thing that is counted.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge as AnyGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::series::{By, ByTwo, Label as _};
use super::{BuildInfo, Endpoint, Gauge, IsolationMetrics, Outcome, Rejection, SealMetrics};
use crate::domain::{Code, Decision, Mode};

type Seconds = AnyGauge<f64, AtomicU64>;

/// From a tenth of a millisecond, what a constant answer costs on a cold core, to the API server's
/// default timeout.
const DURATIONS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5, 10.0];

/// Every number that we publish. Counting takes no lock and allocates nothing.
pub struct Metrics {
    registry: Registry,
    reviews: ByTwo<Endpoint, Decision, Counter>,
    durations: By<Endpoint, Histogram>,
    findings: ByTwo<Code, Mode, Counter>,
    exempted: By<Code, Counter>,
    panics: Counter,
    lost_lines: Counter,
    rejections: By<Rejection, Counter>,
    connections: Gauge,
    requests: Gauge,
    bytes: Gauge,
    not_after: Seconds,
    certificate_reloads: By<Outcome, Counter>,
    policy_reloads: By<Outcome, Counter>,
    policies_loaded: Seconds,
    seals: SealMetrics,
    isolation: IsolationMetrics,
    lost_events: Counter,
    webhook_reverts: Counter,
    webhook_failures: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry with every series at nought.
    #[must_use]
    pub fn new() -> Self {
        let (reviews, reviews_family) = ByTwo::new();
        let (durations, durations_family) = By::new(|| Histogram::new(DURATIONS));
        let (findings, findings_family) = ByTwo::new();
        let (exempted, exempted_family) = By::new(Counter::default);
        let (rejections, rejections_family) = By::new(Counter::default);
        let (certificate_reloads, certificate_family) = By::new(Counter::default);
        let (policy_reloads, policy_family) = By::new(Counter::default);
        let mut registry = Registry::with_prefix("ringfence");
        let seals = SealMetrics::new(&mut registry);
        let isolation = IsolationMetrics::new(&mut registry);
        let mut made = Self {
            registry,
            reviews,
            durations,
            findings,
            exempted,
            panics: Counter::default(),
            lost_lines: Counter::default(),
            rejections,
            connections: Gauge::default(),
            requests: Gauge::default(),
            bytes: Gauge::default(),
            not_after: Seconds::default(),
            certificate_reloads,
            policy_reloads,
            policies_loaded: Seconds::default(),
            seals,
            isolation,
            lost_events: Counter::default(),
            webhook_reverts: Counter::default(),
            webhook_failures: Counter::default(),
        };
        let to = &mut made.registry;
        to.register("reviews", "Reviews answered", reviews_family);
        let help = "Time from the end of a review's head to its answer";
        to.register_with_unit("review_duration", help, Unit::Seconds, durations_family);
        let help = "Breaches of rules found; one request may be reviewed several times";
        to.register("findings", help, findings_family);
        let help = "Breaches of rules that an Exemption permitted";
        to.register("exempted_findings", help, exempted_family);
        let help = "Connections and requests turned away or cut off";
        to.register("rejections", help, rejections_family);
        let help = "Certificate files read anew";
        to.register("tls_certificate_reloads", help, certificate_family);
        to.register("policy_reloads", "Policies read anew", policy_family);
        made.register_singles();
        made
    }

    fn register_singles(&mut self) {
        let to = &mut self.registry;
        let BuildInfo { version, commit } = BuildInfo::CURRENT;
        let info = Info::new([("version", version), ("commit", commit)]);
        to.register("build", "What this build is", info);
        to.register("panics", "Requests whose answer panicked", self.panics.clone());
        let help = "Lines of the log that were read too slowly to be written";
        to.register("log_lines_lost", help, self.lost_lines.clone());
        let help = "Occurrences of which no Event tells, because there were too many";
        to.register("events_lost", help, self.lost_events.clone());
        let help = "Webhook configurations that others changed or deleted and that were put right";
        to.register("webhook_configuration_reverts", help, self.webhook_reverts.clone());
        let help = "Attempts at keeping the webhook configurations that failed";
        to.register("webhook_configuration_failures", help, self.webhook_failures.clone());
        to.register("connections", "Open connections", self.connections.clone());
        to.register("requests_in_flight", "Reviews being answered", self.requests.clone());
        let help = "Memory that bodies being read or judged have reserved";
        to.register_with_unit("bodies_in_flight", help, Unit::Bytes, self.bytes.clone());
        let help = "When the certificate in force ends; 0 before there is one";
        let name = "tls_certificate_not_after_timestamp";
        to.register_with_unit(name, help, Unit::Seconds, self.not_after.clone());
        let help = "When policies were last taken into force; 0 before they were";
        let name = "policies_last_success_timestamp";
        to.register_with_unit(name, help, Unit::Seconds, self.policies_loaded.clone());
    }

    /// A review was answered, `took` after its head was read.
    pub fn review(&self, endpoint: Endpoint, decision: Decision, took: Duration) {
        inc(self.reviews.of(endpoint, decision));
        if let Some(durations) = self.durations.of(endpoint) {
            durations.observe(took.as_secs_f64());
        }
    }

    /// How many reviews were denied.
    #[must_use]
    pub fn denials(&self) -> u64 {
        let of = |endpoint: &Endpoint| self.reviews.of(*endpoint, Decision::Deny).map(Counter::get);
        Endpoint::ALL.iter().filter_map(of).sum()
    }

    /// A rule was broken; nothing is counted for [`Mode::Ignore`].
    pub fn finding(&self, code: Code, mode: Mode) {
        inc(self.findings.of(code, mode));
    }

    /// A rule was broken, and an Exemption permits it.
    pub fn exempted(&self, code: Code) {
        inc(self.exempted.of(code));
    }

    /// A request's answer panicked.
    pub fn panic(&self) {
        self.panics.inc();
    }

    /// Something happened of which no Event tells.
    pub fn lost_event(&self) {
        self.lost_events.inc();
    }

    /// A webhook configuration was put right.
    pub fn webhooks_reverted(&self) {
        self.webhook_reverts.inc();
    }

    /// The webhook configurations could not be kept, this time.
    pub fn webhooks_failed(&self) {
        self.webhook_failures.inc();
    }

    /// What is counted of the seals.
    #[must_use]
    pub fn seals(&self) -> &SealMetrics {
        &self.seals
    }

    /// What is counted of the proof of isolation.
    #[must_use]
    pub fn isolation(&self) -> &IsolationMetrics {
        &self.isolation
    }

    /// A connection or request was turned away or cut off.
    pub fn rejection(&self, why: Rejection) {
        inc(self.rejections.of(why));
    }

    /// The certificate in force, ending at `not_after` (seconds since 1970).
    pub fn certificate(&self, not_after: i64) {
        self.not_after.set(not_after as f64);
    }

    /// The certificate's files changed and were read.
    pub fn certificate_reload(&self, outcome: Outcome) {
        inc(self.certificate_reloads.of(outcome));
    }

    /// Policies were read; a success is dated now.
    pub fn policy_reload(&self, outcome: Outcome) {
        inc(self.policy_reloads.of(outcome));
        if outcome == Outcome::Success {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.policies_loaded.set(now.as_secs_f64());
        }
    }

    /// The counter of log lines that nobody read in time; the log keeps it.
    #[must_use]
    pub fn lost_lines(&self) -> Counter {
        self.lost_lines.clone()
    }

    /// The gauge of open connections; who holds connections keeps it.
    #[must_use]
    pub fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// The gauge of reviews being answered.
    #[must_use]
    pub fn requests_in_flight(&self) -> Gauge {
        self.requests.clone()
    }

    /// The gauge of bytes reserved for bodies.
    #[must_use]
    pub fn bytes_in_flight(&self) -> Gauge {
        self.bytes.clone()
    }

    /// Every series in OpenMetrics text ([`Metrics::CONTENT_TYPE`]).
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::with_capacity(16 * 1024);
        // Writing to a string cannot fail; what there is of the text is better than none.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    /// The content type of [`Metrics::encode`].
    pub const CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

fn inc(counter: Option<&Counter>) {
    if let Some(counter) = counter {
        counter.inc();
    }
}
