//! The table of RF2. The versions are those of upstream's `policy/check_*.go`.

use super::{capabilities, host, probes, profiles, users, volumes};
use crate::domain::{Code, Level, Severity, Version};
use crate::rules::{Concern, PodCheck, PodView, Report, Revision, Rule};

const fn since(minor: u32, judge: fn(&PodView<'_>, &mut Report<'_>)) -> Revision {
    Revision { since: Version(minor), judge: Some(judge) }
}

const fn until(minor: u32) -> Revision {
    Revision { since: Version(minor), judge: None }
}

/// The rules of RF2, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        code: Code::HostNamespaces,
        name: "hostNamespaces",
        title: "pods have their own network, PID and IPC namespaces",
        reason: "a pod in the node's namespaces sees and reaches what runs on the node",
        remedy: "set hostNetwork, hostPID and hostIPC to false",
        severity: Severity::Critical,
        references: &["k8s.io/pod-security-admission policy/check_hostNamespaces.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, host::namespaces)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::HostPorts,
        name: "hostPorts",
        title: "containers take no port of the node",
        reason: "a port of the node is reachable past every network policy",
        remedy: "remove hostPort and reach the pod through a Service",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_hostPorts.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, host::ports)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::Privileged,
        name: "privileged",
        title: "containers are not privileged",
        reason: "a privileged container is root on its node",
        remedy: "set privileged: false",
        severity: Severity::Critical,
        references: &["k8s.io/pod-security-admission policy/check_privileged.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, host::privileged)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::CapabilitiesBaseline,
        name: "capabilities_baseline",
        title: "containers add no capability beyond the runtime's default ones",
        reason: "capabilities such as SYS_ADMIN or NET_RAW reach beyond the container",
        remedy: "remove the capability from capabilities.add",
        severity: Severity::Critical,
        references: &["k8s.io/pod-security-admission policy/check_capabilities_baseline.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, capabilities::baseline)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::HostPathVolumes,
        name: "hostPathVolumes",
        title: "volumes are not directories of the node",
        reason: "a directory of the node opens the node and every pod on it",
        remedy: "use another kind of volume",
        severity: Severity::Critical,
        references: &["k8s.io/pod-security-admission policy/check_hostPathVolumes.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, volumes::host_path)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::AllowPrivilegeEscalation,
        name: "allowPrivilegeEscalation",
        title: "processes gain no more rights than their parent",
        reason: "a set-user-ID binary in an image would make root of any user",
        remedy: "set allowPrivilegeEscalation: false",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_allowPrivilegeEscalation.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[
                since(8, profiles::privilege_escalation),
                since(25, profiles::privilege_escalation_but_windows),
            ],
            overrides: None,
        }),
    },
    Rule {
        code: Code::CapabilitiesRestricted,
        name: "capabilities_restricted",
        title: "containers drop all capabilities and add at most NET_BIND_SERVICE",
        reason: "what a process never needs is what an attacker uses",
        remedy: "set capabilities.drop: [ALL]",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_capabilities_restricted.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[
                since(22, capabilities::restricted),
                since(25, capabilities::restricted_but_windows),
            ],
            overrides: Some(Code::CapabilitiesBaseline),
        }),
    },
    Rule {
        code: Code::AppArmorProfile,
        name: "appArmorProfile",
        title: "the AppArmor profile is the runtime's or one of the node's",
        reason: "without a profile the kernel confines the container less",
        remedy: "set appArmorProfile.type: RuntimeDefault",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_appArmorProfile.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, profiles::app_armor)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::SeLinuxOptions,
        name: "seLinuxOptions",
        title: "the SELinux user and role are unset and the type is a container's",
        reason: "another type can leave the container's confinement",
        remedy: "remove the option",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_seLinuxOptions.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, profiles::se_linux_1_0), since(31, profiles::se_linux_1_31)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::ProcMount,
        name: "procMount",
        title: "/proc is masked",
        reason: "an unmasked /proc shows and changes the node's kernel",
        remedy: "remove procMount",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_procMount_baseline.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[
                since(0, profiles::proc_mount),
                since(35, profiles::proc_mount_but_user_namespaces),
            ],
            overrides: None,
        }),
    },
    Rule {
        code: Code::ProcMountRestricted,
        name: "procMount_restricted",
        title: "/proc is masked, in user namespaces too",
        reason: "an unmasked /proc shows and changes the node's kernel",
        remedy: "remove procMount",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_procMount_restricted.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[since(35, profiles::proc_mount)],
            overrides: Some(Code::ProcMount),
        }),
    },
    Rule {
        code: Code::SeccompBaseline,
        name: "seccompProfile_baseline",
        title: "the seccomp profile is not Unconfined",
        reason: "an unconfined container may call all of the kernel",
        remedy: "set seccompProfile.type: RuntimeDefault",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_seccompProfile_baseline.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[
                since(0, profiles::seccomp_annotations),
                since(19, profiles::seccomp_fields),
            ],
            overrides: None,
        }),
    },
    Rule {
        code: Code::SeccompRestricted,
        name: "seccompProfile_restricted",
        title: "a seccomp profile is set",
        reason: "without one the container may call all of the kernel",
        remedy: "set seccompProfile.type: RuntimeDefault",
        severity: Severity::Medium,
        references: &["k8s.io/pod-security-admission policy/check_seccompProfile_restricted.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[
                since(19, profiles::seccomp_required),
                since(25, profiles::seccomp_required_but_windows),
            ],
            overrides: Some(Code::SeccompBaseline),
        }),
    },
    Rule {
        code: Code::Sysctls,
        name: "sysctls",
        title: "only safe sysctls are set",
        reason: "other sysctls change the node for every pod on it",
        remedy: "remove the sysctl",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_sysctls.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[
                since(0, profiles::sysctls),
                since(27, profiles::sysctls),
                since(29, profiles::sysctls),
                since(32, profiles::sysctls),
                since(37, profiles::sysctls),
            ],
            overrides: None,
        }),
    },
    Rule {
        code: Code::WindowsHostProcess,
        name: "windowsHostProcess",
        title: "Windows containers are not host processes",
        reason: "a host process is an administrator of its node",
        remedy: "set hostProcess: false",
        severity: Severity::Critical,
        references: &["k8s.io/pod-security-admission policy/check_windowsHostProcess.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, host::windows_host_process)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::ProbeHosts,
        name: "hostProbesAndHostLifecycle",
        title: "probes and lifecycle handlers name no host",
        reason: "the kubelet would send the request, from the node and past every network policy",
        remedy: "remove host",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_hostProbesAndhostLifecycle.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Baseline,
            revisions: &[since(34, probes::hosts)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::RestrictedVolumes,
        name: "restrictedVolumes",
        title: "volumes are of the kinds that carry no node and no credentials",
        reason: "other kinds reach the node or storage past the platform",
        remedy: "use another kind of volume",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_restrictedVolumes.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[since(0, volumes::restricted)],
            overrides: Some(Code::HostPathVolumes),
        }),
    },
    Rule {
        code: Code::RunAsNonRoot,
        name: "runAsNonRoot",
        title: "containers must not run as root",
        reason: "root in a container is root at the kernel's next mistake",
        remedy: "set runAsNonRoot: true",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_runAsNonRoot.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[since(0, users::non_root), since(35, users::non_root_but_user_namespaces)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::RunAsUser,
        name: "runAsUser",
        title: "no container asks for user 0",
        reason: "root in a container is root at the kernel's next mistake",
        remedy: "set runAsUser to another number than 0",
        severity: Severity::High,
        references: &["k8s.io/pod-security-admission policy/check_runAsUser.go"],
        concern: Concern::Standard(PodCheck {
            level: Level::Restricted,
            revisions: &[since(23, users::user), since(35, users::user_but_user_namespaces)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::EarlyProbeHosts,
        name: "probeHosts",
        title: "probes and lifecycle handlers name no host, before 1.34 too",
        reason: "the kubelet would send the request, from the node and past every network policy",
        remedy: "remove host",
        severity: Severity::High,
        references: &[
            "k8s.io/pod-security-admission policy/check_hostProbesAndhostLifecycle.go, which begins at 1.34",
        ],
        concern: Concern::Beyond(PodCheck {
            level: Level::Baseline,
            revisions: &[since(0, probes::hosts), until(34)],
            overrides: None,
        }),
    },
    Rule {
        code: Code::RootGroup,
        name: "rootGroup",
        title: "supplementalGroups does not hold 0",
        reason: "files that belong to group 0 are often writable to it",
        remedy: "remove 0 from supplementalGroups",
        severity: Severity::Medium,
        references: &["https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"],
        concern: Concern::Beyond(PodCheck {
            level: Level::Restricted,
            revisions: &[
                since(0, users::root_group),
                since(35, users::root_group_but_user_namespaces),
            ],
            overrides: None,
        }),
    },
];
