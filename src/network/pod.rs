//! Namespaces, pods and workloads.

use crate::objects::{
    Annotations, Labelled, MadeMeta, Malformed, NetworkedCronJob, NetworkedPod, NetworkedPodSpec,
    NetworkedPodStatus, NetworkedWorkload, NetworkedWorkloadSpec, TemplateKind, from_json,
};
use crate::reach::{Labels, Namespace, Pod, PodPort, Protocol};

/// Pods that an object runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One that is there.
    Pod(Pod),
    /// Those that a workload's template would make.
    Template(Pod),
    /// None.
    None,
}

/// A namespace.
///
/// # Errors
/// [`Malformed`] where the text is no such object.
pub fn namespace(text: &str) -> Result<Namespace, Malformed> {
    let own: Labelled<'_> = from_json(text)?;
    Ok(Namespace::new(&own.meta.name, labels(&own.meta.labels)))
}

/// A pod in a namespace, known by the workload that made it; none where it has ended.
///
/// # Errors
/// [`Malformed`] where the text is no such object.
pub fn pod(text: &str, namespace: &str) -> Result<Found, Malformed> {
    let own: NetworkedPod<'_> = from_json(text)?;
    if matches!(own.status.phase.as_ref(), "Succeeded" | "Failed") {
        return Ok(Found::None);
    }
    let (kind, name) = maker(&own.meta, "Pod");
    Ok(Found::Pod(made(&own, (namespace, kind, name))))
}

/// The pods that a workload in a namespace would make; none where it makes none. One with no replicas may
/// have some at any time, but for one that another workload has left behind: an old ReplicaSet.
///
/// # Errors
/// [`Malformed`] where the text is no such object.
pub fn workload(
    text: &str,
    (kind, shape): (&str, TemplateKind),
    namespace: &str,
) -> Result<Found, Malformed> {
    let (meta, spec) = match shape {
        TemplateKind::Spec => {
            let NetworkedWorkload { meta, spec } = from_json(text)?;
            (meta, spec)
        }
        TemplateKind::JobTemplate => {
            let NetworkedCronJob { meta, spec } = from_json(text)?;
            (meta, spec.job.spec)
        }
        // It runs nothing by itself.
        TemplateKind::Top => return Ok(Found::None),
    };
    Ok(match spec {
        NetworkedWorkloadSpec { template: Some(template), replicas }
            if replicas != Some(0) || !meta.owners.iter().any(|owner| owner.controller) =>
        {
            let (kind, name) = maker(&meta, kind);
            Found::Template(made(&template, (namespace, kind, name)))
        }
        _ => Found::None,
    })
}

/// What made something in the end: kind and name.
fn maker(meta: &MadeMeta<'_>, kind: &str) -> (String, String) {
    meta.workloads(kind).pop().unwrap_or_else(|| (kind.to_owned(), String::new()))
}

fn made(own: &NetworkedPod<'_>, (namespace, kind, name): (&str, String, String)) -> Pod {
    Pod {
        namespace: namespace.into(),
        name: name.into(),
        kind: kind.into(),
        labels: labels(&own.meta.labels),
        addresses: addresses(&own.status),
        ports: ports(&own.spec),
        host_network: own.spec.host_network,
    }
}

/// Of an object's metadata.
fn labels(own: &Annotations<'_>) -> Labels {
    own.iter().map(|(key, value)| (key.as_ref().into(), value.as_ref().into())).collect()
}

fn addresses(status: &NetworkedPodStatus<'_>) -> Vec<std::net::IpAddr> {
    let all = status.ips.iter().map(|own| &own.ip).chain([&status.ip]);
    let mut all: Vec<_> = all.filter_map(|own| own.parse().ok()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The ports that have names, of the containers that run for as long as the pod.
fn ports(spec: &NetworkedPodSpec<'_>) -> Vec<PodPort> {
    let beside = spec.init_containers.iter().filter(|own| own.restart_policy == "Always");
    let ports = spec.containers.iter().chain(beside).flat_map(|own| &own.ports);
    let named = ports.filter(|own| !own.name.is_empty()).filter_map(|own| {
        let protocol = if own.protocol.is_empty() { "TCP" } else { own.protocol.as_ref() };
        Some(PodPort {
            name: own.name.as_ref().into(),
            protocol: Protocol::parse(protocol)?,
            number: u16::try_from(own.number).ok()?,
        })
    });
    named.collect()
}
