//! What reachability depends on, of policies and of pods. Field names and meanings are those of k8s.io/api
//! networking/v1 and core/v1 `types.go`.

use std::borrow::Cow;

use super::decode::{Decode, object};
use super::json::{Error, Kind, Reader};
use super::meta::{Annotations, MadeMeta, Meta};

object! {
    /// A NetworkPolicy.
    pub struct NetworkPolicy<'de> {
        meta: Meta<'de> = "metadata",
        spec: NetworkPolicySpec<'de> = "spec",
    }
}

object! {
    /// Its spec.
    pub struct NetworkPolicySpec<'de> {
        /// None is all pods.
        pods: Option<LabelSelector<'de>> = "podSelector",
        /// Empty in a manifest that leaves it to the API server.
        types: Vec<Cow<'de, str>> = "policyTypes",
        ingress: Vec<NetworkRule<'de>> = "ingress",
        egress: Vec<NetworkRule<'de>> = "egress",
    }
}

object! {
    /// A rule of either direction.
    pub struct NetworkRule<'de> {
        from: Vec<NetworkPeer<'de>> = "from",
        to: Vec<NetworkPeer<'de>> = "to",
        ports: Vec<NetworkPort<'de>> = "ports",
    }
}

object! {
    /// Who is at the other end.
    pub struct NetworkPeer<'de> {
        pods: Option<LabelSelector<'de>> = "podSelector",
        namespaces: Option<LabelSelector<'de>> = "namespaceSelector",
        block: Option<IpBlock<'de>> = "ipBlock",
    }
}

object! {
    /// Addresses.
    pub struct IpBlock<'de> {
        cidr: Cow<'de, str> = "cidr",
        except: Vec<Cow<'de, str>> = "except",
    }
}

object! {
    /// A port of a rule.
    pub struct NetworkPort<'de> {
        /// None is TCP.
        protocol: Option<Cow<'de, str>> = "protocol",
        port: Option<NumberOrName<'de>> = "port",
        end: Option<i32> = "endPort",
    }
}

object! {
    /// Selects by labels; with nothing in it, everything.
    pub struct LabelSelector<'de> {
        labels: Annotations<'de> = "matchLabels",
        expressions: Vec<LabelRequirement<'de>> = "matchExpressions",
    }
}

object! {
    /// One requirement.
    pub struct LabelRequirement<'de> {
        key: Cow<'de, str> = "key",
        operator: Cow<'de, str> = "operator",
        values: Vec<Cow<'de, str>> = "values",
    }
}

/// A number or a text: apimachinery's `IntOrString`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberOrName<'de> {
    /// A number.
    Number(i32),
    /// A name.
    Name(Cow<'de, str>),
}

impl Default for NumberOrName<'_> {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl<'de> Decode<'de> for NumberOrName<'de> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        *self = match source.kind()? {
            Kind::Text => Self::Name(source.string()?),
            Kind::Null | Kind::Boolean | Kind::Number | Kind::List | Kind::Object => {
                Self::Number(source.integer("a number or a text")?)
            }
        };
        Ok(())
    }
}

object! {
    /// A pod as others reach it.
    pub struct NetworkedPod<'de> {
        meta: MadeMeta<'de> = "metadata",
        spec: NetworkedPodSpec<'de> = "spec",
        status: NetworkedPodStatus<'de> = "status",
    }
}

object! {
    /// Its spec.
    pub struct NetworkedPodSpec<'de> {
        host_network: bool = "hostNetwork",
        init_containers: Vec<NetworkedContainer<'de>> = "initContainers",
        containers: Vec<NetworkedContainer<'de>> = "containers",
    }
}

object! {
    /// One of its containers.
    pub struct NetworkedContainer<'de> {
        /// Of an init container: `Always` where it runs beside the others.
        restart_policy: Cow<'de, str> = "restartPolicy",
        ports: Vec<NamedPort<'de>> = "ports",
    }
}

object! {
    /// A port, which may have a name.
    pub struct NamedPort<'de> {
        name: Cow<'de, str> = "name",
        number: i32 = "containerPort",
        /// Empty is TCP.
        protocol: Cow<'de, str> = "protocol",
    }
}

object! {
    /// What is known of it.
    pub struct NetworkedPodStatus<'de> {
        phase: Cow<'de, str> = "phase",
        ip: Cow<'de, str> = "podIP",
        ips: Vec<PodAddress<'de>> = "podIPs",
    }
}

object! {
    /// One of its addresses.
    pub struct PodAddress<'de> {
        ip: Cow<'de, str> = "ip",
    }
}

object! {
    /// A workload as others reach its pods: the kinds with `spec.template`.
    pub struct NetworkedWorkload<'de> {
        meta: MadeMeta<'de> = "metadata",
        spec: NetworkedWorkloadSpec<'de> = "spec",
    }
}

object! {
    /// Its spec, and that of a CronJob's job.
    pub struct NetworkedWorkloadSpec<'de> {
        replicas: Option<i32> = "replicas",
        template: Option<NetworkedPod<'de>> = "template",
    }
}

object! {
    /// A CronJob as others reach its pods.
    pub struct NetworkedCronJob<'de> {
        meta: MadeMeta<'de> = "metadata",
        spec: NetworkedCronJobSpec<'de> = "spec",
    }
}

object! {
    /// Its spec.
    pub struct NetworkedCronJobSpec<'de> {
        job: NetworkedJobTemplate<'de> = "jobTemplate",
    }
}

object! {
    /// Its job.
    pub struct NetworkedJobTemplate<'de> {
        spec: NetworkedWorkloadSpec<'de> = "spec",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::from_json;

    #[test]
    fn a_port_is_a_number_or_a_name() {
        let check = |text: &str, expect: Option<Option<NumberOrName<'_>>>| {
            let port = from_json::<NetworkPort<'_>>(text).ok().map(|own| own.port);
            assert_eq!(port, expect, "{text}");
        };
        check(r#"{"port":80}"#, Some(Some(NumberOrName::Number(80))));
        check(r#"{"port":"80"}"#, Some(Some(NumberOrName::Name("80".into()))));
        check(r#"{"port":null}"#, Some(None));
        check("{}", Some(None));
        check(r#"{"port":80.5}"#, None);
        check(r#"{"port":[]}"#, None);
    }

    #[test]
    fn an_empty_selector_is_no_absent_one() {
        let peer: NetworkPeer<'_> =
            from_json(r#"{"podSelector":{},"namespaceSelector":null}"#).unwrap();
        assert_eq!((peer.pods, peer.namespaces), (Some(LabelSelector::default()), None));
    }
}
