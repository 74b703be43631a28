//! Where the hardening guides and the catalogue of attacks speak of what a rule is about. The numbers
//! of the CIS benchmark are those of its version 1.8; later ones count some of them anew.

use super::Rule;
use crate::domain::Code;

const ESCAPE: &str = "MITRE ATT&CK T1611: Escape to Host";
const DEPLOY: &str = "MITRE ATT&CK T1610: Deploy Container";
const NON_ROOT: &str = "NSA/CISA Kubernetes Hardening Guide 1.2: \"Non-root\" containers and \"rootless\" container engines";
const ENFORCEMENT: &str = "NSA/CISA Kubernetes Hardening Guide 1.2: Pod security enforcement";
const HARDENING: &str = "NSA/CISA Kubernetes Hardening Guide 1.2: Hardening container environments";
const CONTEXTS: &str =
    "CIS Kubernetes Benchmark 1.8, 5.7.3: apply SecurityContext to your pods and containers";
const BOUNDARIES: &str = "CIS Kubernetes Benchmark 1.8, 5.7.1: create administrative boundaries \
                          between resources using namespaces";

impl Rule {
    /// What guides and catalogues say of it, beside its own references.
    #[must_use]
    pub fn frameworks(&self) -> &'static [&'static str] {
        of(self.code)
    }
}

#[expect(clippy::too_many_lines, reason = "a table, an entry for each rule")]
fn of(code: Code) -> &'static [&'static str] {
    match code {
        Code::HostNamespaces => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.3: containers wishing to share the host process ID namespace",
            "CIS Kubernetes Benchmark 1.8, 5.2.4: containers wishing to share the host IPC namespace",
            "CIS Kubernetes Benchmark 1.8, 5.2.5: containers wishing to share the host network namespace",
            ESCAPE,
            DEPLOY,
        ],
        Code::HostPorts => {
            &[ENFORCEMENT, "CIS Kubernetes Benchmark 1.8, 5.2.13: containers which use HostPorts"]
        }
        Code::Privileged => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.2: privileged containers",
            ESCAPE,
            DEPLOY,
        ],
        Code::CapabilitiesBaseline => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.8: containers with the NET_RAW capability",
            "CIS Kubernetes Benchmark 1.8, 5.2.9: containers with added capabilities",
            ESCAPE,
        ],
        Code::CapabilitiesRestricted => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.9: containers with added capabilities",
            "CIS Kubernetes Benchmark 1.8, 5.2.10: containers with capabilities assigned",
            ESCAPE,
        ],
        Code::HostPathVolumes | Code::RestrictedVolumes => {
            &[ENFORCEMENT, "CIS Kubernetes Benchmark 1.8, 5.2.12: HostPath volumes", ESCAPE, DEPLOY]
        }
        Code::AllowPrivilegeEscalation => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.6: containers with allowPrivilegeEscalation",
            "MITRE ATT&CK T1068: Exploitation for Privilege Escalation",
        ],
        Code::AppArmorProfile | Code::SeLinuxOptions => &[HARDENING, CONTEXTS, ESCAPE],
        Code::ProcMount | Code::ProcMountRestricted => &[ENFORCEMENT, CONTEXTS, ESCAPE],
        Code::SeccompBaseline | Code::SeccompRestricted => &[
            HARDENING,
            "CIS Kubernetes Benchmark 1.8, 5.7.2: the seccomp profile in your pod definitions",
            ESCAPE,
        ],
        Code::Sysctls => &[ENFORCEMENT, CONTEXTS],
        Code::WindowsHostProcess => &[
            ENFORCEMENT,
            "CIS Kubernetes Benchmark 1.8, 5.2.11: Windows HostProcess containers",
            ESCAPE,
        ],
        Code::RunAsNonRoot | Code::RunAsUser | Code::RootGroup => {
            &[NON_ROOT, "CIS Kubernetes Benchmark 1.8, 5.2.7: root containers", ESCAPE]
        }
        Code::ImageRegistry | Code::ImageReference => {
            &["MITRE ATT&CK T1204.003: User Execution: Malicious Image"]
        }
        Code::TenantLabel
        | Code::NotOwner
        | Code::NoTenant
        | Code::UnknownTenant
        | Code::ClaimedName
        | Code::ForeignNamespace
        | Code::ManagedObject => &[BOUNDARIES],
        Code::ReservedName
        | Code::NamePrefix
        | Code::NamespaceLimit
        | Code::FrozenKey
        | Code::LabelKey
        | Code::PodSecurityLabels
        | Code::Cordoned
        | Code::Document
        | Code::DocumentContent
        | Code::PublicName
        | Code::Misfit
        | Code::Unsealed
        | Code::OneSided
        | Code::IdlePolicy
        | Code::DnsRule
        | Code::ReservedPodLabel
        | Code::PodNetworkAnnotation
        | Code::PolicyKind
        | Code::Connect
        | Code::ProbeHosts
        | Code::EarlyProbeHosts
        | Code::ImageDigest
        | Code::ImagePullPolicy
        | Code::LatestTag
        | Code::Malformed
        | Code::UnknownKind
        | Code::UnknownNamespace
        | Code::Deadline
        | Code::Internal
        | Code::NotReady => &[],
    }
}
