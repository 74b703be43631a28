//! For each rule an object that breaks it and one that does not: what `ringfence rules CODE` shows,
//! and what a test judges.

#[macro_use]
mod papers;

use super::Rule;
use crate::domain::Code;

/// A rule shown at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// By objects.
    Objects {
        /// What a reader must know of the tenants; empty where nothing.
        given: &'static str,
        /// What the profile must say, as fields of its spec in YAML; empty where nothing.
        profile: &'static str,
        /// What breaks the rule, and no other.
        failing: Step,
        /// What does not.
        passing: Step,
    },
    /// No object breaks it: why.
    Nothing(&'static str),
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The group of whoever asks; empty for an owner of the object's tenant.
    pub by: &'static str,
    /// The object before an update, in YAML; empty for a creation.
    pub before: &'static str,
    /// The object, in YAML.
    pub object: &'static str,
}

impl Rule {
    /// The rule shown at work.
    #[must_use]
    pub fn example(&self) -> Example {
        example(self.code)
    }
}

const fn objects(failing: &'static str, passing: &'static str) -> Example {
    with("", failing, passing)
}

const fn with(profile: &'static str, failing: &'static str, passing: &'static str) -> Example {
    Example::Objects {
        given: "",
        profile,
        failing: Step { by: "", before: "", object: failing },
        passing: Step { by: "", before: "", object: passing },
    }
}

const fn by(
    (group, given): (&'static str, &'static str),
    failing: &'static str,
    passing: &'static str,
) -> Example {
    Example::Objects {
        given,
        profile: "",
        failing: Step { by: group, before: "", object: failing },
        passing: Step { by: group, before: "", object: passing },
    }
}

const fn updates(
    group: &'static str,
    failing: (&'static str, &'static str),
    passing: (&'static str, &'static str),
) -> Example {
    Example::Objects {
        given: "",
        profile: "",
        failing: Step { by: group, before: failing.0, object: failing.1 },
        passing: Step { by: group, before: passing.0, object: passing.1 },
    }
}

const TENANT: &str = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: mine}\n\
                      spec: {owners: [{kind: Group, name: alpha-devs}]}\n";
const DANGLING: &str = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: mine}\n\
                        spec: {profile: nothing, owners: [{kind: Group, name: alpha-devs}]}\n";
const EXEC: &str = "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n  uid: \"1\"\n  \
                    operation: CONNECT\n  name: web\n  namespace: alpha-dev\n  \
                    resource: {group: \"\", version: v1, resource: pods}\n  subResource: exec\n  \
                    kind: {group: \"\", version: v1, kind: PodExecOptions}\n  \
                    object: {kind: PodExecOptions, apiVersion: v1, command: [sh]}\n";
const UNUSABLE: &str = "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {name: mine}\n\
                        spec: {owners: [{kind: Group}]}\n";
const PROBE: &str =
    pod!("", "    livenessProbe: {httpGet: {host: 169.254.169.254, path: /, port: 80}}\n");
const PLAIN_PROBE: &str = pod!("", "    livenessProbe: {httpGet: {path: /, port: 8080}}\n");
const NOT_OURS: &str = "it says something of the guard, not of the object";

fn example(code: Code) -> Example {
    match code as u16 {
        1000..2000 => tenancy(code),
        2000..3000 => pods(code),
        4000..5000 => networks(code),
        _ => others(code),
    }
}

#[expect(clippy::too_many_lines, reason = "a table, an entry for each rule")]
fn tenancy(code: Code) -> Example {
    match code {
        Code::TenantLabel => updates(
            "alpha-devs",
            (
                namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
                namespace!("alpha-shop", "team: web"),
            ),
            (
                namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
                namespace!("alpha-shop", "ringfence.dev/tenant: alpha, team: web"),
            ),
        ),
        Code::NotOwner => by(
            ("alpha-devs", "alpha-devs own tenant alpha"),
            namespace!("alpha-shop", "ringfence.dev/tenant: beta"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::NoTenant => by(
            ("owners-of-both", "owners-of-both own tenants alpha and beta"),
            namespace!("alpha-shop", ""),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::UnknownTenant => by(
            ("platform-admins", "there is no tenant nobody"),
            namespace!("alpha-shop", "ringfence.dev/tenant: nobody"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::ClaimedName => by(
            ("alpha-devs", "tenant beta has namespaces: {names: [beta-legacy]}"),
            namespace!("beta-legacy", "ringfence.dev/tenant: alpha"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::ForeignNamespace => updates(
            "alpha-devs",
            (
                namespace!("theirs", "ringfence.dev/tenant: beta"),
                namespace!("theirs", "ringfence.dev/tenant: beta, team: web"),
            ),
            (
                namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
                namespace!("alpha-shop", "ringfence.dev/tenant: alpha, team: web"),
            ),
        ),
        Code::ReservedName => by(
            ("alpha-devs", "alpha-devs own tenant alpha"),
            namespace!("kube-shop", "ringfence.dev/tenant: alpha"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::NamePrefix => by(
            ("beta-devs", "tenant beta has namespaces: {prefix: beta-}"),
            namespace!("alpha-shop", "ringfence.dev/tenant: beta"),
            namespace!("beta-shop", "ringfence.dev/tenant: beta"),
        ),
        Code::NamespaceLimit => by(
            ("gamma-devs", "tenant gamma has namespaces: {limit: 1, names: [first]}"),
            namespace!("second", "ringfence.dev/tenant: gamma"),
            namespace!("first", "ringfence.dev/tenant: gamma"),
        ),
        Code::FrozenKey => by(
            ("alpha-devs", "alpha-devs own tenant alpha"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha, istio-injection: disabled"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha, team: web"),
        ),
        Code::LabelKey => by(
            ("beta-devs", "tenant beta has namespaces: {labelKeys: {allow: [team]}}"),
            namespace!("beta-shop", "ringfence.dev/tenant: beta, cost: low"),
            namespace!("beta-shop", "ringfence.dev/tenant: beta, team: web"),
        ),
        Code::PodSecurityLabels => updates(
            "alpha-devs",
            (
                namespace!(
                    "alpha-shop",
                    "ringfence.dev/tenant: alpha, pod-security.kubernetes.io/enforce: restricted"
                ),
                namespace!(
                    "alpha-shop",
                    "ringfence.dev/tenant: alpha, pod-security.kubernetes.io/enforce: baseline"
                ),
            ),
            (
                namespace!(
                    "alpha-shop",
                    "ringfence.dev/tenant: alpha, pod-security.kubernetes.io/enforce: baseline"
                ),
                namespace!(
                    "alpha-shop",
                    "ringfence.dev/tenant: alpha, pod-security.kubernetes.io/enforce: restricted"
                ),
            ),
        ),
        Code::Cordoned => by(
            ("delta-devs", "tenant delta is cordoned and has namespace cut-off"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: cut-off}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: alpha-dev}\n",
        ),
        Code::DocumentContent => by(("platform-admins", "an owner has a name"), UNUSABLE, TENANT),
        Code::PublicName => by(
            ("alpha-devs", "alpha-devs own tenant alpha"),
            namespace!("shop", "ringfence.dev/tenant: alpha"),
            namespace!("alpha-shop", "ringfence.dev/tenant: alpha"),
        ),
        Code::Document => Example::Objects {
            given: "",
            profile: "",
            failing: Step { by: "alpha-devs", before: "", object: TENANT },
            passing: Step { by: "platform-admins", before: "", object: TENANT },
        },
        Code::ManagedObject => by(
            ("alpha-devs", "alpha-devs own tenant alpha"),
            policy!("ringfence-allow-all"),
            policy!("allow-all"),
        ),
        Code::Misfit => by(("platform-admins", "there is no profile nothing"), DANGLING, TENANT),
        Code::Unsealed => {
            Example::Nothing("it depends on what stands in the namespace, not on the object")
        }
        _ => Example::Nothing(NOT_OURS),
    }
}

#[expect(clippy::too_many_lines, reason = "a table, an entry for each rule")]
fn pods(code: Code) -> Example {
    match code {
        Code::HostNamespaces => objects(pod!("  hostNetwork: true\n"), pod!("")),
        Code::HostPorts => objects(
            pod!("", "    ports: [{containerPort: 8080, hostPort: 8080}]\n"),
            pod!("", "    ports: [{containerPort: 8080}]\n"),
        ),
        Code::Privileged => objects(
            pod!("", "    securityContext: {privileged: true}\n"),
            pod!("", "    securityContext: {privileged: false}\n"),
        ),
        Code::CapabilitiesBaseline => objects(
            pod!("", "    securityContext: {capabilities: {add: [SYS_ADMIN]}}\n"),
            pod!("", "    securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}\n"),
        ),
        Code::HostPathVolumes => objects(
            pod!("  volumes: [{name: logs, hostPath: {path: /var/log}}]\n"),
            pod!("  volumes: [{name: logs, emptyDir: {}}]\n"),
        ),
        Code::AllowPrivilegeEscalation => objects(
            pod!("", "    securityContext: {allowPrivilegeEscalation: true}\n"),
            pod!("", "    securityContext: {allowPrivilegeEscalation: false}\n"),
        ),
        Code::CapabilitiesRestricted => objects(
            pod!("", "    securityContext: {capabilities: {drop: [ALL], add: [CHOWN]}}\n"),
            pod!(
                "",
                "    securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}\n"
            ),
        ),
        Code::AppArmorProfile => objects(
            pod!("  securityContext: {appArmorProfile: {type: Unconfined}}\n"),
            pod!("  securityContext: {appArmorProfile: {type: RuntimeDefault}}\n"),
        ),
        Code::SeLinuxOptions => objects(
            pod!("  securityContext: {seLinuxOptions: {type: spc_t}}\n"),
            pod!("  securityContext: {seLinuxOptions: {level: \"s0:c123,c456\"}}\n"),
        ),
        Code::ProcMount => objects(
            pod!("", "    securityContext: {procMount: Unmasked}\n"),
            pod!("", "    securityContext: {procMount: Default}\n"),
        ),
        Code::ProcMountRestricted => objects(
            pod!("  hostUsers: false\n", "    securityContext: {procMount: Unmasked}\n"),
            pod!("  hostUsers: false\n", "    securityContext: {procMount: Default}\n"),
        ),
        Code::SeccompBaseline | Code::SeccompRestricted => objects(
            pod!("  securityContext: {seccompProfile: {type: Unconfined}}\n"),
            pod!("  securityContext: {seccompProfile: {type: RuntimeDefault}}\n"),
        ),
        Code::Sysctls => objects(
            pod!("  securityContext: {sysctls: [{name: kernel.msgmax, value: \"65536\"}]}\n"),
            pod!("  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: \"1\"}]}\n"),
        ),
        Code::WindowsHostProcess => objects(
            pod!("  securityContext: {windowsOptions: {hostProcess: true}}\n"),
            pod!("  securityContext: {windowsOptions: {hostProcess: false}}\n"),
        ),
        Code::ProbeHosts => objects(PROBE, PLAIN_PROBE),
        Code::RestrictedVolumes => objects(
            pod!("  volumes: [{name: data, nfs: {server: nfs.example.com, path: /}}]\n"),
            pod!("  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n"),
        ),
        Code::RunAsNonRoot => objects(
            pod!("  securityContext: {runAsNonRoot: false}\n"),
            pod!("  securityContext: {runAsNonRoot: true}\n"),
        ),
        Code::RunAsUser => objects(
            pod!("  securityContext: {runAsNonRoot: true, runAsUser: 0}\n"),
            pod!("  securityContext: {runAsNonRoot: true, runAsUser: 1000}\n"),
        ),
        Code::EarlyProbeHosts => {
            with("podSecurity: {level: baseline, version: v1.33}", PROBE, PLAIN_PROBE)
        }
        Code::RootGroup => objects(
            pod!("  securityContext: {supplementalGroups: [0]}\n"),
            pod!("  securityContext: {supplementalGroups: [3000]}\n"),
        ),
        _ => Example::Nothing(NOT_OURS),
    }
}

fn networks(code: Code) -> Example {
    match code {
        Code::OneSided => objects(
            policy!("web", "[{from: [{namespaceSelector: {}}]}]"),
            policy!(
                "web",
                "[{from: [{namespaceSelector: {matchLabels: {ringfence.dev/tenant: alpha}}}]}]"
            ),
        ),
        Code::IdlePolicy => objects(
            egress!("[{to: [{podSelector: {}}]}]", "[Ingress]"),
            egress!("[{to: [{podSelector: {}}]}]"),
        ),
        Code::DnsRule => objects(
            egress!("[{to: [{podSelector: {}}], ports: [{protocol: UDP, port: 53}]}]"),
            egress!(
                "[{to: [{podSelector: {}}], ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]}]"
            ),
        ),
        Code::ReservedPodLabel => objects(
            pod_with!("labels: {app: web, io.kubernetes.pod.namespace: kube-system}"),
            pod_with!("labels: {app: web}"),
        ),
        Code::PodNetworkAnnotation => objects(
            pod_with!("annotations: {k8s.v1.cni.cncf.io/networks: beta-api/private}"),
            pod_with!("annotations: {team: web}"),
        ),
        Code::PolicyKind => objects(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web, namespace: alpha-dev}\n\
             spec: {endpointSelector: {}, ingress: [{fromEntities: [all]}]}\n",
            policy!("web"),
        ),
        _ => Example::Nothing(NOT_OURS),
    }
}

fn others(code: Code) -> Example {
    match code {
        Code::ImageRegistry => with(
            "images: {registries: [registry.example.com/*]}",
            pod!("", "docker.io/library/nginx:1.29", ""),
            pod!("", "registry.example.com/alpha/nginx:1.29", ""),
        ),
        Code::ImageDigest => with(
            "images: {requireDigest: true}",
            pod!("", "registry.example.com/alpha/app:1.4", ""),
            pod!(
                "",
                "registry.example.com/alpha/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                ""
            ),
        ),
        Code::ImagePullPolicy => with(
            "images: {pullPolicies: [Always]}",
            pod!("", "    imagePullPolicy: IfNotPresent\n"),
            pod!("", "    imagePullPolicy: Always\n"),
        ),
        Code::LatestTag => objects(
            pod!("", "registry.example.com/alpha/app:latest", ""),
            pod!("", "registry.example.com/alpha/app:1.4", ""),
        ),
        Code::ImageReference => objects(
            pod!("", "registry.example.com/Alpha/App:1.4", ""),
            pod!("", "registry.example.com/alpha/app:1.4", ""),
        ),
        Code::Connect => Example::Objects {
            given: "alpha-devs own tenant alpha, whose namespace alpha-dev is",
            profile: "",
            failing: Step { by: "beta-devs", before: "", object: EXEC },
            passing: Step { by: "alpha-devs", before: "", object: EXEC },
        },
        Code::Malformed => objects(pod!("  hostNetwork: \"no\"\n"), pod!("  hostNetwork: false\n")),
        Code::UnknownKind => objects(
            "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: app, namespace: alpha-dev}\n",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: alpha-dev}\n",
        ),
        Code::UnknownNamespace => {
            Example::Nothing("it depends on which namespaces the cluster has, not on the object")
        }
        _ => Example::Nothing(NOT_OURS),
    }
}
