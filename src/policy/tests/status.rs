//! What a status says, with the clock at the edges.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy::documents::{
    Condition, Exemption, Grant, PermissionStatus, State, TenantStatus, Truth,
};

const END: &str = "2027-03-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn exemption(more: Value) -> Exemption {
    let mut document = json!({
        "apiVersion": "ringfence.dev/v1alpha1",
        "kind": "Exemption",
        "metadata": {"name": "e", "generation": 3},
        "spec": {"tenant": "alpha", "rules": ["RF2"], "namespaces": ["a"], "owner": "jo",
            "reason": "because", "expiresAt": END},
    });
    for (key, value) in more.as_object().unwrap() {
        document["spec"][key] = value.clone();
    }
    serde_json::from_value(document).unwrap()
}

fn grant(from: Value, to: Value) -> Grant {
    let document = json!({
        "apiVersion": "ringfence.dev/v1alpha1",
        "kind": "Grant",
        "metadata": {"name": "g"},
        "spec": {"from": from, "to": to, "ports": [{"port": 443}], "owner": "jo",
            "reason": "because", "expiresAt": END},
    });
    serde_json::from_value(document).unwrap()
}

/// Tenants alpha and beta, and a Platform that knows its ranges.
fn two() -> std::sync::Arc<Tenants> {
    let cluster = "cluster: {podCIDRs: [10.244.0.0/16], serviceCIDRs: [10.96.0.0/12]}";
    tenants(
        &[
            document("Platform", "default", cluster),
            document("Tenant", "alpha", "{}"),
            document("Tenant", "beta", "{}"),
        ]
        .concat(),
    )
}

/// `Active True InForce, …`
fn line(status: &PermissionStatus) -> String {
    let said = |own: &Condition| format!("{} {:?} {}", own.kind, own.status, own.reason);
    status.conditions.iter().map(said).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_permission_is_active_then_expiring_then_expired() {
    let (own, tenants) = (exemption(json!({})), two());
    let check = |now: &str, state: State, days: i64, conditions: &str| {
        let status = exemption_status(&own, &tenants, &[], at(now));
        assert_eq!((status.state, status.days_left), (Some(state), Some(days)), "{now}");
        assert_eq!(line(&status), conditions, "{now}");
        assert_eq!(status.observed_generation, Some(3));
    };
    let active = "Active True InForce, Expiring False EndsLater, Expired False NotEnded";
    let soon = "Active True InForce, Expiring True EndsSoon, Expired False NotEnded";
    let over = "Active False Ended, Expiring False Ended, Expired True Ended";
    check("2026-09-02T00:00:00Z", State::Active, 180, active);
    check("2027-02-14T23:59:59.999999999Z", State::Active, 15, active);
    check("2027-02-15T00:00:00Z", State::Expiring, 14, soon);
    check("2027-02-28T00:00:00Z", State::Expiring, 1, soon);
    check("2027-02-28T23:59:59.999999999Z", State::Expiring, 1, soon);
    check(END, State::Expired, 0, over);
    check("2037-03-01T00:00:00Z", State::Expired, 0, over);
}

#[test]
fn what_has_no_effect_says_why() {
    let tenants = two();
    let message = |status: &PermissionStatus| {
        let active = status.conditions.iter().find(|own| own.kind == "Active").unwrap();
        let Condition { status, reason, message, .. } = active;
        format!("{status:?} {reason}: {message}")
    };
    let now = at("2027-02-20T00:00:00Z");
    let gone = exemption_status(&exemption(json!({"tenant": "gamma"})), &tenants, &[], now);
    assert_eq!((gone.state, gone.days_left), (Some(State::Ineffective), Some(9)));
    assert_eq!(
        line(&gone),
        "Active False UnknownTenant, Expiring True EndsSoon, Expired False NotEnded"
    );
    assert_eq!(message(&gone), "False UnknownTenant: there is no tenant `gamma`");
    let check = |from: Value, to: Value, expect: &str| {
        let own = grant(from, to);
        assert_eq!(message(&grant_status(&own, &tenants, &[], now)), expect);
        let over = grant_status(&own, &tenants, &[], at(END));
        let ended = format!("False Ended: ended at {END} and permits nothing any more");
        assert_eq!((over.state, message(&over)), (Some(State::Expired), ended));
    };
    let [alpha, gamma] = ["alpha", "gamma"].map(|name| json!({"tenant": name}));
    let cidr = |range: &str| json!({"cidrs": ["203.0.113.0/24", range]});
    let in_force = format!("True InForce: ends at {END}");
    check(alpha.clone(), json!({"tenant": "beta"}), &in_force);
    check(alpha.clone(), cidr("192.168.0.0/24"), &in_force);
    check(
        cidr("10.244.1.0/24"),
        alpha.clone(),
        "False ClusterAddresses: `10.244.1.0/24` meets `10.244.0.0/16`, a range of the cluster's pods or Services",
    );
    check(alpha.clone(), gamma.clone(), "False UnknownTenant: there is no tenant `gamma`");
    check(gamma, alpha, "False UnknownTenant: there is no tenant `gamma`");
}

#[test]
fn a_condition_keeps_the_time_since_which_it_holds() {
    let (mut own, tenants) = (exemption(json!({})), two());
    let mut since = |now: &str| {
        let status = exemption_status(&own, &tenants, &[], at(now));
        let times = |own: &Condition| format!("{} {}", own.kind, own.last_transition_time);
        let times: Vec<String> = status.conditions.iter().map(times).collect();
        own.status = Some(status);
        times
    };
    let (first, second) = ("2027-01-01T00:00:00Z", "2027-02-20T00:00:00Z");
    let all = |active, expiring, expired| {
        [format!("Active {active}"), format!("Expiring {expiring}"), format!("Expired {expired}")]
    };
    assert_eq!(since("2027-01-01T00:00:00.75Z"), all(first, first, first));
    assert_eq!(since("2027-01-02T00:00:00Z"), all(first, first, first));
    assert_eq!(since(second), all(first, second, first));
    assert_eq!(since(END), all(END, END, END));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Who looks again when told to misses nothing.
    #[test]
    fn a_status_changes_when_it_is_said_to(before in -40_000_000_000_000_i64..40_000_000_000_000_000) {
        let (own, tenants, end) = (exemption(json!({})), two(), at(END));
        let said = |now| {
            let PermissionStatus { state, days_left, conditions, .. } =
                exemption_status(&own, &tenants, &[], now);
            let holds: Vec<Truth> = conditions.iter().map(|own| own.status).collect();
            (state, days_left, holds)
        };
        let now = end - SignedDuration::from_nanos(before);
        match status_changes(end, now) {
            None => prop_assert_eq!(said(now).0, Some(State::Expired)),
            Some(next) => {
                prop_assert!(now < next && next <= end);
                prop_assert_eq!(said(now), said(next - SignedDuration::from_nanos(1)));
                prop_assert_ne!(said(now), said(next));
            }
        }
    }
}

#[test]
fn a_tenants_status_says_what_is_in_force_for_it() {
    let source = sources(&[("a.yaml", include_str!("survey.yaml"))]);
    let documents = load(&source).unwrap();
    let now = at("2027-01-01T00:00:00Z");
    let names = |name: &str, now: Timestamp| {
        let TenantStatus { grants, exemptions, .. } = documents.tenant_status(name, now).unwrap();
        (grants.join(" "), exemptions.join(" "))
    };
    assert_eq!(names("alpha", now), ("call".to_owned(), "soon two-weeks".to_owned()));
    assert_eq!(names("beta", now), ("call".to_owned(), "later longest too-long".to_owned()));
    let later = at("2027-01-01T00:00:01Z");
    assert_eq!(names("alpha", later), ("call".to_owned(), "two-weeks".to_owned()));
    assert_eq!(documents.tenant_status("gamma", now), None);
    let profile = documents.tenant_status("alpha", now).unwrap().effective_profile;
    insta::assert_snapshot!(serde_json::to_string_pretty(&profile).unwrap());
}

#[test]
fn at_most_twenty_unsealed_namespaces_are_named() {
    let mut status = TenantStatus::default();
    let check = |status: &mut TenantStatus, all: usize, unsealed: usize, named: usize| {
        let names = (0..unsealed).rev().map(|number| format!("n{number:02}")).collect();
        status.count_namespaces(all, names);
        let counts = [status.namespaces, status.sealed].map(|count| count.unwrap().0 as usize);
        assert_eq!(counts, [all, all - unsealed]);
        let expect: Vec<String> = (0..named).map(|number| format!("n{number:02}")).collect();
        assert_eq!(status.unsealed, expect);
    };
    check(&mut status, 30, 25, 20);
    check(&mut status, 21, 20, 20);
    check(&mut status, 20, 19, 19);
    check(&mut status, 3, 0, 0);
    assert_eq!(serde_json::to_value(&status).unwrap(), json!({"namespaces": 3, "sealed": 3}));
}
