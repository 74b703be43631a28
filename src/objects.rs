//! The fields of Kubernetes objects that rules read, borrowed from the JSON that they came in.
//!
//! Every type here decodes as the API server's own decoder does (sigs.k8s.io/json, see
//! [`decode`]), so that what we judge is what the cluster would run. What no rule reads is
//! skipped, unknown fields too; but a volume keeps the name of every source it has, because a source
//! that we do not know must not look like none.

mod admin;
mod carried;
mod content;
pub mod decode;
pub mod json;
mod meta;
mod network;
mod pod;
mod stored;
mod workload;
pub mod yaml;

pub use admin::{
    AdminDestination, AdminPeer, AdminPolicy, AdminPolicySpec, AdminPort, AdminPortMatch,
    AdminPortNumber, AdminPortRange, AdminProtocol, AdminRange, AdminRule, AdminSubject,
    NamespacedPods,
};
pub use carried::Carried;
pub use content::content_changed;
pub use decode::{Malformed, Raw, from_json};
pub use meta::{Annotations, Labelled, Made, MadeMeta, Meta, Object, OwnerReference};
pub use network::{
    IpBlock, LabelRequirement, LabelSelector, NamedPort, NetworkPeer, NetworkPolicy,
    NetworkPolicySpec, NetworkPort, NetworkRule, NetworkedContainer, NetworkedCronJob,
    NetworkedPod, NetworkedPodSpec, NetworkedPodStatus, NetworkedWorkload, NetworkedWorkloadSpec,
    NumberOrName,
};
pub use pod::{
    AppArmorProfile, Capabilities, Container, ContainerList, ContainerSecurity, Handler, Lifecycle,
    Pod, PodSecurity, PodSpec, Port, Probe, SeLinuxOptions, SeccompProfile, Socket, Sysctl, Volume,
    WindowsOptions,
};
pub use stored::as_stored;
pub use workload::{CronJob, PodTemplate, Template, TemplateKind, Workload, template_changed};
