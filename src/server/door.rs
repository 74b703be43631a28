//! What stands behind the admission paths: a review is read, its namespace found, its case filled in
//! or judged, and answered.
//!
//! Nothing is awaited but the look-up of a namespace that the snapshot does not know, and whether RBAC
//! makes somebody the platform. No error ends
//! in "allowed": before the first snapshot, and whatever goes wrong, the answer is a refusal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;

use super::admission::{Admission, Answer, Failure};
use crate::admission::{
    Asker, Case, Fault, fill, judge, may_administer, needs_namespace, tenant_told,
};
use crate::domain::{Code, Decision, Judged, Mode, TenantName, Verdict, sanitise};
use crate::objects::Malformed;
use crate::review::{Request, Response, Subject, envelope, refusal, warnings};
use crate::rules::entries::{PROBE, is_probe};
use crate::state::{ClusterLookup, Handle, Snapshot, Standing};
use crate::telemetry::{Endpoint, Metrics};

/// Judges and completes on the snapshot in force.
pub struct Door {
    handle: Handle,
    cluster: Option<Arc<dyn ClusterLookup>>,
    metrics: Arc<Metrics>,
    max_depth: usize,
}

/// What a request comes to, before it is written.
struct Outcome {
    /// Whose object it is.
    tenant: Option<TenantName>,
    /// The tenant that the requester is told about; nobody is told where nothing is refused.
    told: Option<TenantName>,
    verdict: Verdict,
    patch: Option<Vec<u8>>,
    /// Whom a refused developer asks; nobody is asked about what is admitted.
    contact: Option<String>,
}

impl Outcome {
    fn refused(fault: Fault) -> Self {
        Self {
            tenant: None,
            told: None,
            verdict: Verdict::enforced(vec![fault.finding()]),
            patch: None,
            contact: None,
        }
    }

    fn with_contact(self, contact: &str) -> Self {
        let denied = self.verdict.decision() == Decision::Deny;
        Self { contact: denied.then(|| contact.to_owned()), ..self }
    }
}

impl Door {
    /// A door on the snapshots of `handle`. Where there is a cluster, it is asked for namespaces that
    /// the snapshot does not know, and whether RBAC makes somebody the platform who is refused what
    /// only the platform may do. Bodies nested deeper than `max_depth` are refused, and those deeper than
    /// [`DEEPEST`](crate::objects::json::DEEPEST) in any case.
    pub fn new(
        handle: Handle,
        cluster: Option<Arc<dyn ClusterLookup>>,
        metrics: Arc<Metrics>,
        max_depth: usize,
    ) -> Self {
        Self { handle, cluster, metrics, max_depth }
    }

    async fn outcome(&self, endpoint: Endpoint, request: &Request<'_>) -> Outcome {
        let Some(snapshot) = self.handle.snapshot() else {
            return Outcome::refused(Fault::new(Code::NotReady, "no policies"));
        };
        let outcome = match self.standing(&snapshot, request).await {
            Ok(standing) => {
                let outcome = decide(endpoint, request, &snapshot, (standing, Asker::Named));
                if self.is_platform_after_all(&outcome, request, &snapshot).await {
                    decide(endpoint, request, &snapshot, (standing, Asker::Platform))
                } else {
                    outcome
                }
            }
            Err(fault) => Outcome::refused(fault),
        };
        outcome.with_contact(&snapshot.tenants.contact)
    }

    /// Asks RBAC where the answer matters: where something is refused that the platform may do. Who
    /// cannot be asked is not the platform.
    async fn is_platform_after_all(
        &self,
        outcome: &Outcome,
        request: &Request<'_>,
        snapshot: &Snapshot,
    ) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let mut refused = outcome.verdict.in_mode(Mode::Enforce);
        let matters = refused.any(|finding| finding.code.is_of_the_requester());
        if !matters || !may_administer(request, snapshot) {
            return false;
        }
        match cluster.administers(&request.requester()).await {
            Ok(administers) => administers,
            Err(error) => {
                tracing::warn!(%error, "cannot ask whether the requester is the platform");
                false
            }
        }
    }

    async fn standing<'s>(
        &self,
        snapshot: &'s Snapshot,
        request: &Request<'_>,
    ) -> Result<Standing<'s>, Fault> {
        let known = snapshot.standing(&request.namespace);
        let Some(cluster) = &self.cluster else { return Ok(known) };
        if !matches!(known, Standing::Unknown) || !needs_namespace(request) {
            return Ok(known);
        }
        match cluster.tenant_label(&request.namespace).await {
            Ok(Some(label)) => Ok(snapshot.labelled(&request.namespace, label.as_deref())),
            Ok(None) => Ok(Standing::Unknown),
            Err(error) => {
                let text = format!("namespace {}: {error}", request.namespace);
                Err(Fault::new(Code::UnknownNamespace, sanitise(&text, 300)))
            }
        }
    }

    /// Counts, logs and writes an outcome.
    fn answer_with(
        &self,
        endpoint: Endpoint,
        uid: &str,
        request: &Request<'_>,
        outcome: Outcome,
    ) -> Answer {
        let Outcome { tenant, told, verdict, patch, contact } = outcome;
        let verdict = match self.handle.snapshot() {
            Some(snapshot) => snapshot.in_force(verdict),
            None => verdict,
        };
        let decision = verdict.decision();
        for judged in verdict.findings() {
            match judged.exemption {
                None => self.metrics.finding(judged.finding.code, judged.mode),
                Some(_) => self.metrics.exempted(judged.finding.code),
            }
        }
        let codes = codes(&verdict);
        log(endpoint, uid, request, tenant.as_ref(), (decision, &codes));
        let refusal = if decision == Decision::Deny {
            let subject = Subject {
                tenant: told.as_ref(),
                group: &request.kind.group,
                kind: request.object_kind(),
                name: &request.object_name(),
                contact: contact.as_deref().unwrap_or("your platform team"),
                to_control_plane: request.requester().is_control_plane(),
            };
            refusal(&subject, &verdict)
        } else {
            None
        };
        let response = Response {
            patch: patch.filter(|_| refusal.is_none()),
            refusal,
            warnings: warnings_to(request, &verdict),
            audit: audit(tenant.as_ref(), codes),
        };
        Answer::Review { decision, body: response.to_json(uid).into() }
    }

    fn malformed(&self, endpoint: Endpoint, uid: &str, error: &Malformed) -> Answer {
        let outcome = Outcome::refused(Fault::malformed(error));
        self.answer_with(endpoint, uid, &Request::default(), outcome)
    }
}

impl Admission for Door {
    async fn answer(&self, endpoint: Endpoint, body: &Bytes, _deadline: Instant) -> Answer {
        let text = text_of(body);
        match envelope::read(&text, self.max_depth) {
            Err(error) => unreadable(&error),
            Ok(review) => match review.request {
                Err(error) => self.malformed(endpoint, &review.uid, &error),
                Ok(request) => {
                    let outcome = self.outcome(endpoint, &request).await;
                    self.answer_with(endpoint, &review.uid, &request, outcome)
                }
            },
        }
    }

    fn failed(&self, endpoint: Endpoint, body: &Bytes, why: Failure) -> Answer {
        let text = text_of(body);
        let fault = match why {
            Failure::Panic => Fault::new(Code::Internal, "an internal error"),
            Failure::Deadline => Fault::new(Code::Deadline, "no answer in time"),
        };
        match envelope::uid(&text) {
            Err(error) => unreadable(&error),
            Ok(uid) => {
                self.answer_with(endpoint, &uid, &Request::default(), Outcome::refused(fault))
            }
        }
    }
}

fn decide(
    endpoint: Endpoint,
    request: &Request<'_>,
    snapshot: &Snapshot,
    (standing, asker): (Standing<'_>, Asker),
) -> Outcome {
    let tenant = standing.tenant().map(|tenant| tenant.name.clone());
    let case = match Case::new(request, snapshot, standing, Timestamp::now()) {
        Ok(case) => Case { asker, ..case },
        Err(fault) => return Outcome { told: tenant.clone(), tenant, ..Outcome::refused(fault) },
    };
    let (verdict, patch) = match endpoint {
        Endpoint::Validate => (judge(&case), None),
        Endpoint::Mutate => match fill(&case) {
            Ok(patch) => {
                let patch = (!patch.is_empty()).then(|| patch.to_json().into_bytes());
                (Verdict::enforced(Vec::new()), patch)
            }
            Err(fault) => (Verdict::enforced(vec![fault.finding()]), None),
        },
    };
    let denied = verdict.decision() == Decision::Deny;
    let told = denied.then(|| tenant_told(&case)).flatten().map(|tenant| tenant.name.clone());
    Outcome { tenant, told, verdict, patch, contact: None }
}

/// Go replaces what is no UTF-8 by U+FFFD, and so does this: seldom, and slowly, so that it is looked
/// first whether there is anything to replace.
fn text_of(body: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}

fn unreadable(error: &envelope::Unreadable) -> Answer {
    let text = sanitise(&error.to_string(), 400).into_owned();
    let body = serde_json::json!({ "error": text }).to_string();
    Answer::Unreadable { body: body.into() }
}

/// Each rule once that was found broken, with what is done about it.
fn codes(verdict: &Verdict) -> String {
    let same = |a: &Judged, b: &Judged| {
        let [a_by, b_by] = [a, b].map(|it| it.exemption.as_ref().map(|exemption| &exemption.by));
        (a.finding.code, a.mode, a_by) == (b.finding.code, b.mode, b_by)
    };
    let mut codes = String::new();
    for judged in verdict.findings().chunk_by(same).filter_map(<[Judged]>::first) {
        codes.push_str(if codes.is_empty() { "" } else { "," });
        // Writing into memory cannot fail.
        let _ = match &judged.exemption {
            None => write!(codes, "{}={}", judged.finding.code, judged.mode),
            Some(exemption) => write!(codes, "{}=exempted:{}", judged.finding.code, exemption.by),
        };
    }
    codes
}

fn audit(tenant: Option<&TenantName>, codes: String) -> Vec<(&'static str, String)> {
    let mut entries = Vec::new();
    entries.extend(tenant.map(|tenant| ("tenant", tenant.to_string())));
    if !codes.is_empty() {
        entries.push(("findings", codes));
    }
    entries
}

/// One line a decision, and never a word of the object beyond its name. What a user wrote is a
/// string, which the text format quotes: printed as it displays it could look like other fields.
fn log(
    endpoint: Endpoint,
    uid: &str,
    request: &Request<'_>,
    tenant: Option<&TenantName>,
    (decision, codes): (Decision, &str),
) {
    tracing::info!(
        endpoint = endpoint.as_str(),
        uid = &*sanitise(uid, 64),
        operation = &*sanitise(&request.verb, 16),
        resource = &*sanitise(&request.resource.resource, 63),
        subresource = &*sanitise(&request.subresource, 63),
        namespace = &*sanitise(&request.namespace, 63),
        name = &*sanitise(&request.name, 253),
        user = &*sanitise(&request.user.username, 253),
        tenant = tenant.map_or("", TenantName::as_str),
        decision = decision_word(decision),
        findings = codes,
        dry_run = request.dry_run,
        "reviewed"
    );
}

/// The warnings; and to who asks whether anybody is there, that somebody is.
fn warnings_to(request: &Request<'_>, verdict: &Verdict) -> Vec<String> {
    let mut lines = warnings(verdict);
    let (resource, user) = (&request.resource.resource, &request.user.username);
    if is_probe(resource, &request.namespace, &request.name, user) {
        lines.push(PROBE.to_owned());
    }
    lines
}

fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Admit => "admit",
        Decision::Warn => "warn",
        Decision::Deny => "deny",
    }
}

#[cfg(test)]
mod tests;
