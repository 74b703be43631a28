//! Checks of seccomp, AppArmor, SELinux, the /proc mount, sysctls and privilege escalation.

use std::borrow::Cow;

use super::PodView;
use crate::domain::{Edit, EditValue, FieldPath, Fix, sanitise};
use crate::objects::{ContainerList, SeLinuxOptions};
use crate::rules::Report;

/// Values of fields are words; what is longer is cut.
const SHOWN: usize = 80;

const SET_SECCOMP: &str = "set seccompProfile.type: RuntimeDefault";
const SECCOMP_MUST: &str = "it must be RuntimeDefault or Localhost";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APPARMOR_CONTAINER: &str = "container.apparmor.security.beta.kubernetes.io/";

/// A fix as it reads for a container of this list: nobody writes an ephemeral container by hand.
pub(super) fn fix_in(list: ContainerList, fix: Fix) -> Fix {
    match list {
        ContainerList::Init | ContainerList::Regular => fix,
        ContainerList::Ephemeral => Fix {
            text: format!("{}, or use kubectl debug --profile=restricted", fix.text).into(),
            ..fix
        },
    }
}

fn shown(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { sanitise(value, SHOWN).into_owned() }
}

fn set(path: &FieldPath, text: &'static str, value: &'static str) -> Fix {
    Fix { text: text.into(), edits: vec![Edit::Set(path.clone(), EditValue::Text(value.into()))] }
}

fn remove(path: &FieldPath, text: impl Into<Cow<'static, str>>) -> Fix {
    Fix { text: text.into(), edits: vec![Edit::Remove(path.clone())] }
}

pub(super) fn privilege_escalation(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        let own = of.container.security.as_ref().and_then(|own| own.allow_privilege_escalation);
        if own == Some(false) {
            continue;
        }
        let path = view.container_security(of, "allowPrivilegeEscalation");
        let found = if own.is_some() { "true" } else { "nothing" };
        let fix = Fix {
            text: "set allowPrivilegeEscalation: false".into(),
            edits: vec![Edit::Set(path.clone(), EditValue::Bool(false))],
        };
        report.add(path, found, "it must be false", fix_in(of.list, fix));
    }
}

pub(super) fn privilege_escalation_but_windows(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.pod.spec.is_windows() {
        privilege_escalation(view, report);
    }
}

pub(super) fn app_armor(view: &PodView<'_>, report: &mut Report<'_>) {
    let pod = view.pod_security().and_then(|own| own.app_armor.as_ref());
    let pod = pod.map(|own| (view.security("appArmorProfile"), own));
    let containers = view.containers().filter_map(|of| {
        let own = of.container.security.as_ref()?.app_armor.as_ref()?;
        Some((view.container_security(of, "appArmorProfile"), own))
    });
    for (path, profile) in pod.into_iter().chain(containers) {
        if !matches!(profile.kind.as_ref(), "RuntimeDefault" | "Localhost") {
            let path = path.field("type");
            let fix = set(&path, "set appArmorProfile.type: RuntimeDefault", "RuntimeDefault");
            report.add(path, shown(&profile.kind), "it must be RuntimeDefault or Localhost", fix);
        }
    }
    for (key, value) in &view.pod.meta.annotations {
        let bad =
            !(value.is_empty() || value == "runtime/default" || value.starts_with("localhost/"));
        if bad && key.starts_with(APPARMOR_CONTAINER) {
            let path = view.annotation(key);
            let fix = remove(&path, "remove the annotation");
            report.add(path, shown(value), "it must be runtime/default or localhost/*", fix);
        }
    }
}

fn se_linux(view: &PodView<'_>, report: &mut Report<'_>, types: &[&str], must: &'static str) {
    let pod = view.pod_security().and_then(|own| own.se_linux.as_ref());
    if let Some(options) = pod {
        se_linux_options(&view.security("seLinuxOptions"), options, (types, must), report);
    }
    for of in view.containers() {
        if let Some(options) = of.container.security.as_ref().and_then(|own| own.se_linux.as_ref())
        {
            let path = view.container_security(of, "seLinuxOptions");
            se_linux_options(&path, options, (types, must), report);
        }
    }
}

fn se_linux_options(
    path: &FieldPath,
    options: &SeLinuxOptions<'_>,
    (types, must): (&[&str], &'static str),
    report: &mut Report<'_>,
) {
    if !options.kind.is_empty() && !types.contains(&options.kind.as_ref()) {
        let path = path.field("type");
        let fix = remove(&path, "remove seLinuxOptions.type");
        report.add(path, shown(&options.kind), must, fix);
    }
    if !options.user.is_empty() {
        let path = path.field("user");
        let fix = remove(&path, "remove seLinuxOptions.user");
        report.add(path, shown(&options.user), "it must not be set", fix);
    }
    if !options.role.is_empty() {
        let path = path.field("role");
        let fix = remove(&path, "remove seLinuxOptions.role");
        report.add(path, shown(&options.role), "it must not be set", fix);
    }
}

pub(super) fn se_linux_1_0(view: &PodView<'_>, report: &mut Report<'_>) {
    let types = ["container_t", "container_init_t", "container_kvm_t"];
    se_linux(view, report, &types, "it may be container_t, container_init_t or container_kvm_t");
}

pub(super) fn se_linux_1_31(view: &PodView<'_>, report: &mut Report<'_>) {
    let types = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    let must = "it may be container_t, container_init_t, container_kvm_t or container_engine_t";
    se_linux(view, report, &types, must);
}

pub(super) fn proc_mount(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        let own = of.container.security.as_ref().and_then(|own| own.proc_mount.as_ref());
        if let Some(mount) = own.filter(|mount| *mount != "Default") {
            let path = view.container_security(of, "procMount");
            let fix = fix_in(of.list, remove(&path, "remove procMount"));
            report.add(path, shown(mount), "it must be Default", fix);
        }
    }
}

/// From 1.35 on, pods in a user namespace of their own are left out of the baseline check.
pub(super) fn proc_mount_but_user_namespaces(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.in_user_namespace() {
        proc_mount(view, report);
    }
}

/// Up to 1.18 the profile was an annotation.
pub(super) fn seccomp_annotations(view: &PodView<'_>, report: &mut Report<'_>) {
    let annotations = &view.pod.meta.annotations;
    let allowed = |value: &str| {
        value == "runtime/default" || value == "docker/default" || value.starts_with("localhost/")
    };
    let mut keys = vec![SECCOMP_POD.to_owned()];
    keys.extend(view.containers().map(|of| format!("{SECCOMP_CONTAINER}{}", of.container.name)));
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        if let Some(value) = annotations.get(key.as_str()).filter(|value| !allowed(value)) {
            let path = view.annotation(&key);
            let fix = remove(&path, "remove the annotation");
            let must = "it must be runtime/default, docker/default or localhost/*";
            report.add(path, shown(value), must, fix);
        }
    }
}

/// From 1.19 on it is a field. What is set must be allowed.
pub(super) fn seccomp_fields(view: &PodView<'_>, report: &mut Report<'_>) {
    if let Some(profile) = view.pod_security().and_then(|own| own.seccomp.as_ref()) {
        seccomp_type(&profile.kind, view.security("seccompProfile"), None, report);
    }
    for of in view.containers() {
        if let Some(profile) = of.container.security.as_ref().and_then(|own| own.seccomp.as_ref()) {
            let path = view.container_security(of, "seccompProfile");
            seccomp_type(&profile.kind, path, Some(of.list), report);
        }
    }
}

fn seccomp_type(kind: &str, at: FieldPath, list: Option<ContainerList>, report: &mut Report<'_>) {
    if matches!(kind, "RuntimeDefault" | "Localhost") {
        return;
    }
    let path = at.field("type");
    let fix = set(&path, SET_SECCOMP, "RuntimeDefault");
    let fix = list.map_or_else(|| fix.clone(), |list| fix_in(list, fix.clone()));
    report.add(path, shown(kind), SECCOMP_MUST, fix);
}

/// At restricted it must also be set, for the pod or for each container.
pub(super) fn seccomp_required(view: &PodView<'_>, report: &mut Report<'_>) {
    seccomp_fields(view, report);
    let unset_for_pod = view.pod_security().is_none_or(|own| own.seccomp.is_none());
    let unset = |of: super::ContainerView<'_>| {
        of.container.security.as_ref().is_none_or(|own| own.seccomp.is_none())
    };
    // A pod whose own profile is refused has its finding; setting that right covers the containers.
    if unset_for_pod && view.containers().any(unset) {
        let path = view.security("seccompProfile").field("type");
        let fix = set(&path, SET_SECCOMP, "RuntimeDefault");
        report.add(path, "nothing", SECCOMP_MUST, fix);
    }
}

pub(super) fn seccomp_required_but_windows(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.pod.spec.is_windows() {
        seccomp_required(view, report);
    }
}

/// The sysctls that are namespaced and harmless, with the version that first allowed each
/// (`policy/check_sysctls.go`).
const SYSCTLS: [(&str, u32); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

pub(super) fn sysctls(view: &PodView<'_>, report: &mut Report<'_>) {
    let Some(security) = view.pod_security() else { return };
    for (index, sysctl) in security.sysctls.iter().enumerate() {
        let allowed =
            SYSCTLS.iter().any(|(name, since)| *name == sysctl.name && *since <= view.version.0);
        if !allowed {
            let path = view.security("sysctls").item(index, &sysctl.name);
            let fix = remove(&path, format!("remove the sysctl {}", shown(&sysctl.name)));
            report.add(path, shown(&sysctl.name), "it must be a safe sysctl", fix);
        }
    }
}
