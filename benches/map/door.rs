//! One policy at the door, beside a snapshot of everything else.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use ringfence::domain::{Decision, Version};
use ringfence::policy::Tenants;
use ringfence::server::{Admission as _, Answer, Door, Endpoint};
use ringfence::state::{Builder, Change, Handle, Namespace};
use ringfence::telemetry::Metrics;
use serde_json::{Value, json};

use crate::cluster::{self, NAMESPACES, POLICIES, Random, Size};

/// The door with all tenants and namespaces behind it.
pub fn door(size: Size, tenants: Arc<Tenants>) -> Door {
    let known = (0..size.namespaces()).map(|number| {
        let tenant = cluster::tenant(number / NAMESPACES);
        (cluster::namespace(number), Namespace::labelled(Some(&tenant)))
    });
    let handle = Handle::default();
    let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST);
    builder.apply_all([Change::Tenants(tenants), Change::Namespaces(known.collect())]);
    Door::new(handle, None, Arc::new(Metrics::new()), 500)
}

/// The API server's question whether a policy may be made.
pub fn review(policy: &Value) -> Bytes {
    let meta = policy.get("metadata");
    let of =
        |key: &str| meta.and_then(|meta| meta.get(key)).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (of("namespace"), of("name"));
    let owners = format!("{}-devs", namespace.rsplit_once('-').map_or("", |(tenant, _)| tenant));
    let kind = json!({"group": "networking.k8s.io", "version": "v1", "kind": "NetworkPolicy"});
    let resource =
        json!({"group": "networking.k8s.io", "version": "v1", "resource": "networkpolicies"});
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "00000000-0000-0000-0000-000000000000", "kind": kind, "resource": resource,
            "requestKind": kind, "requestResource": resource,
            "name": name, "namespace": namespace, "operation": "CREATE",
            "userInfo": {"username": "dev@example.com", "groups": [owners, "system:authenticated"]},
            "object": policy, "oldObject": null, "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    });
    Bytes::from(review.to_string())
}

/// How long the whole answer takes, and what it is.
pub fn answered(door: &Door, body: &Bytes) -> Result<(Duration, Decision)> {
    let start = Instant::now();
    let mut answer = pin!(door.answer(Endpoint::Validate, body, start));
    let answer = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let took = start.elapsed();
    match answer {
        Poll::Ready(Answer::Review { decision, .. }) => Ok((took, decision)),
        Poll::Ready(Answer::Unreadable { .. }) | Poll::Pending => bail!("a review has no answer"),
    }
}

/// The times of the policies that stand, and of as many again, of which each opens a little too much.
pub fn times(size: Size, door: &Door) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for number in 0..size.policies() {
        let policy = cluster::policy(number);
        for (policy, expect) in
            [(&policy, Decision::Admit), (&widened(&policy, number), Decision::Deny)]
        {
            let (took, decision) = answered(door, &review(policy))?;
            ensure!(decision == expect, "{decision:?}: {policy}");
            times.push(took);
        }
    }
    times.sort_unstable();
    Ok(times)
}

/// The same policy with one rule more, as people write them.
fn widened(policy: &Value, number: usize) -> Value {
    let stranger = cluster::namespace(
        (number / POLICIES + 1) % NAMESPACES
            + NAMESPACES * 2 * (number / POLICIES / NAMESPACES + 1),
    );
    let peer = match Random::new(number as u64).below(5) {
        0 => json!({"namespaceSelector": {}}),
        1 => json!({"namespaceSelector": {"matchLabels": {"environment": "production"}}}),
        2 => {
            json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": stranger}}})
        }
        3 => {
            json!({"namespaceSelector": {"matchExpressions": [{"key": "ringfence.dev/tenant", "operator": "NotIn", "values": ["team-0000"]}]}})
        }
        _ => json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}}),
    };
    let mut wide = policy.clone();
    if let Some(spec) = wide.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.insert("policyTypes".to_owned(), json!(["Ingress", "Egress"]));
        let rules = spec.entry("egress").or_insert_with(|| json!([]));
        rules.as_array_mut().into_iter().for_each(|own| own.push(json!({"to": [peer]})));
    }
    wide
}

/// The time that so many hundredths of all stay below.
pub fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().context("nothing was measured")
}
