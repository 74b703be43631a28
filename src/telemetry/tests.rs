use std::time::Duration;

use super::*;
use crate::domain::{Code, Decision, Mode};

#[track_caller]
fn has(metrics: &Metrics, line: &str) {
    let text = metrics.encode();
    assert!(text.lines().any(|is| is == line), "no `{line}` in\n{text}");
}

#[test]
fn what_is_counted_is_printed() {
    let metrics = Metrics::new();
    metrics.review(Endpoint::Mutate, Decision::Deny, Duration::from_millis(3));
    metrics.finding(Code::Privileged, Mode::Enforce);
    metrics.finding(Code::Privileged, Mode::Ignore);
    metrics.rejection(Rejection::WriteTimeout);
    metrics.panic();
    metrics.certificate(1_900_000_000);
    metrics.certificate_reload(Outcome::Failure);
    metrics.policy_reload(Outcome::Success);
    metrics.bytes_in_flight().set(12);
    has(&metrics, r#"ringfence_reviews_total{endpoint="mutate",decision="deny"} 1"#);
    has(&metrics, r#"ringfence_reviews_total{endpoint="validate",decision="admit"} 0"#);
    let bucket = r#"ringfence_review_duration_seconds_bucket{le="0.005",endpoint="mutate"} 1"#;
    has(&metrics, bucket);
    has(&metrics, r#"ringfence_findings_total{rule="RF2003",mode="enforce"} 1"#);
    has(&metrics, r#"ringfence_findings_total{rule="RF9006",mode="audit"} 0"#);
    has(&metrics, r#"ringfence_rejections_total{reason="write_timeout"} 1"#);
    has(&metrics, "ringfence_panics_total 1");
    has(&metrics, "ringfence_tls_certificate_not_after_timestamp_seconds 1900000000.0");
    has(&metrics, r#"ringfence_tls_certificate_reloads_total{result="failure"} 1"#);
    has(&metrics, r#"ringfence_policy_reloads_total{result="success"} 1"#);
    has(&metrics, "ringfence_bodies_in_flight_bytes 12");
    metrics.lost_event();
    has(&metrics, "ringfence_events_lost_total 1");
    let seals = metrics.seals();
    seals.namespaces(3, 1);
    seals.wrote(SealKind::named("RoleBinding"), 2);
    seals.failed(SealKind::named("Widget"), SealFailure::Refused);
    seals.reverted(SealKind::NetworkPolicy, false);
    seals.reverted(SealKind::NetworkPolicy, true);
    assert_eq!(seals.drift(), 2);
    has(&metrics, r#"ringfence_tenant_namespaces{seal="sealed"} 3"#);
    has(&metrics, r#"ringfence_tenant_namespaces{seal="unsealed"} 1"#);
    has(&metrics, r#"ringfence_seal_writes_total{kind="RoleBinding"} 2"#);
    has(&metrics, r#"ringfence_seal_failures_total{kind="other",reason="refused"} 1"#);
    has(&metrics, r#"ringfence_seal_reverts_total{kind="NetworkPolicy"} 2"#);
    has(&metrics, r#"ringfence_seal_fights_total{kind="NetworkPolicy"} 1"#);
    has(&metrics, r#"ringfence_seal_fights_total{kind="LimitRange"} 0"#);
    let isolation = metrics.isolation();
    let tenants = [Some(true), Some(false), None, Some(true)];
    isolation.proven(Duration::from_millis(250), tenants.into_iter());
    has(&metrics, r#"ringfence_tenants{isolated="true"} 2"#);
    has(&metrics, r#"ringfence_tenants{isolated="false"} 1"#);
    has(&metrics, r#"ringfence_tenants{isolated="unknown"} 1"#);
    has(&metrics, "ringfence_isolation_proof_duration_seconds 0.25");
    isolation.stopped();
    has(&metrics, r#"ringfence_tenants{isolated="true"} 0"#);
    has(&metrics, "# EOF");
    let version = env!("CARGO_PKG_VERSION");
    let commit = BuildInfo::CURRENT.commit;
    has(&metrics, &format!(r#"ringfence_build_info{{version="{version}",commit="{commit}"}} 1"#));
}

#[test]
fn a_filter_that_cannot_be_read_is_named() {
    let lost = Metrics::new().lost_lines();
    let error = logs::init(logs::Format::Text, "info,=,", lost).err().expect("it is no filter");
    assert!(error.to_string().starts_with("`info,=,` is not a log filter"), "{error}");
}
