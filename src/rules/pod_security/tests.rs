//! One failing and one passing case for each branch, with what the developer reads. That verdicts are
//! upstream's on everything else is what the differential tests hold.

use super::backstop::backstop;
use super::*;
use crate::domain::{Code, FieldPath};
use crate::objects::{Pod, from_json};

/// What one rule finds at a version, as `path: found; must; fix`.
#[track_caller]
fn check(code: Code, minor: u32, pod: &str, expect: &[&str]) {
    let pod: Pod<'_> = from_json(pod).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(minor) };
    let only = |other: Code| if other == code { Mode::Enforce } else { Mode::Ignore };
    let mut findings = Vec::new();
    judge_pod(&view, Level::Restricted, &only, &mut findings);
    let found: Vec<String> = findings
        .iter()
        .map(|it| format!("{}: {}; {}; {}", it.path, it.found, it.must, it.fix.text))
        .collect();
    assert_eq!(found, expect);
    assert!(findings.iter().all(|finding| finding.code == code));
}

/// A pod with one container of this security context.
fn secured(security: &str) -> String {
    format!(r#"{{"spec":{{"containers":[{{"name":"app","securityContext":{security}}}]}}}}"#)
}

/// A pod with this security context of its own.
fn pod_secured(security: &str) -> String {
    format!(r#"{{"spec":{{"securityContext":{security},"containers":[{{"name":"app"}}]}}}}"#)
}

fn container(fields: &str) -> String {
    format!(r#"{{"spec":{{"containers":[{{"name":"app",{fields}}}]}}}}"#)
}

#[test]
fn host_namespaces() {
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        let spec = |value: &str| format!(r#"{{"spec":{{"{field}":{value}}}}}"#);
        let finding = format!("spec.{field}: true; it must be false; set {field}: false");
        check(Code::HostNamespaces, 0, &spec("true"), &[&finding]);
        check(Code::HostNamespaces, 0, &spec("false"), &[]);
    }
}

#[test]
fn host_ports() {
    let text = "remove hostPort and reach the pod through a Service";
    check(
        Code::HostPorts,
        0,
        &container(r#""ports":[{"containerPort":1},{"hostPort":80}]"#),
        &[&format!("spec.containers[app].ports[1].hostPort: 80; it must not be set; {text}")],
    );
    check(Code::HostPorts, 0, &container(r#""ports":[{"hostPort":0}]"#), &[]);
    let on_host = r#"{"spec":{"hostNetwork":true,"initContainers":[{"name":"i","ports":[{"hostPort":80}]}]}}"#;
    let text = "remove hostPort and hostNetwork and reach the pod through a Service";
    check(
        Code::HostPorts,
        0,
        on_host,
        &[&format!("spec.initContainers[i].ports[0].hostPort: 80; it must not be set; {text}")],
    );
}

#[test]
fn privileged() {
    check(
        Code::Privileged,
        0,
        &secured(r#"{"privileged":true}"#),
        &[
            "spec.containers[app].securityContext.privileged: true; it must be false; set privileged: false",
        ],
    );
    check(Code::Privileged, 0, &secured(r#"{"privileged":false}"#), &[]);
    check(Code::Privileged, 0, &secured("null"), &[]);
    let debug =
        r#"{"spec":{"ephemeralContainers":[{"name":"d","securityContext":{"privileged":true}}]}}"#;
    check(
        Code::Privileged,
        0,
        debug,
        &[
            "spec.ephemeralContainers[d].securityContext.privileged: true; it must be false; set privileged: false, or use kubectl debug --profile=restricted",
        ],
    );
}

#[test]
fn capabilities_at_baseline() {
    let must = "it may hold AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, \
                NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT";
    check(
        Code::CapabilitiesBaseline,
        0,
        &secured(r#"{"capabilities":{"add":["CHOWN","SYS_ADMIN","NET_RAW"]}}"#),
        &[&format!(
            "spec.containers[app].securityContext.capabilities.add: SYS_ADMIN, NET_RAW; {must}; \
             remove SYS_ADMIN, NET_RAW from capabilities.add"
        )],
    );
    for allowed in [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ] {
        let pod = secured(&format!(r#"{{"capabilities":{{"add":["{allowed}"]}}}}"#));
        check(Code::CapabilitiesBaseline, 0, &pod, &[]);
    }
    check(Code::CapabilitiesBaseline, 0, &secured(r#"{"capabilities":{"drop":["X"]}}"#), &[]);
    let many: Vec<String> = (0..8).map(|n| format!("\"C{n}\"")).collect();
    let pod = secured(&format!(r#"{{"capabilities":{{"add":[{}]}}}}"#, many.join(",")));
    check(
        Code::CapabilitiesBaseline,
        0,
        &pod,
        &[&format!(
            "spec.containers[app].securityContext.capabilities.add: C0, C1, C2, C3, C4 and 3 more; \
             {must}; remove C0, C1, C2, C3, C4 and 3 more from capabilities.add"
        )],
    );
}

#[test]
fn capabilities_at_restricted() {
    let at = "spec.containers[app].securityContext.capabilities";
    let check = |minor: u32, security: &str, expect: &[&str]| {
        check(Code::CapabilitiesRestricted, minor, &secured(security), expect);
    };
    let unset = format!("{at}.drop: nothing; it must hold ALL; set capabilities.drop: [ALL]");
    check(21, "null", &[]);
    check(22, "null", &[&unset]);
    check(22, "{}", &[&unset]);
    check(22, r#"{"capabilities":{}}"#, &[&unset]);
    let some = format!("{at}.drop: KILL; it must hold ALL; add ALL to capabilities.drop");
    check(22, r#"{"capabilities":{"drop":["KILL"]}}"#, &[&some]);
    check(22, r#"{"capabilities":{"drop":["KILL","ALL"],"add":["NET_BIND_SERVICE"]}}"#, &[]);
    let added = format!(
        "{at}.add: CHOWN; it may hold NET_BIND_SERVICE; remove CHOWN from capabilities.add"
    );
    check(22, r#"{"capabilities":{"drop":["ALL"],"add":["CHOWN"]}}"#, &[&added]);
}

#[test]
fn windows_pods_are_left_out_from_1_25_on() {
    let windows = r#"{"spec":{"os":{"name":"windows"},"containers":[{"name":"app"}]}}"#;
    let linux = r#"{"spec":{"os":{"name":"linux"},"containers":[{"name":"app"}]}}"#;
    for code in
        [Code::CapabilitiesRestricted, Code::AllowPrivilegeEscalation, Code::SeccompRestricted]
    {
        let findings = |pod: &str, minor: u32| {
            let pod: Pod<'_> = from_json(pod).unwrap();
            let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(minor) };
            standards(&view, Level::Restricted).iter().filter(|it| it.code == code).count()
        };
        assert_eq!((findings(windows, 24), findings(windows, 25)), (1, 0), "{code}");
        assert_eq!((findings(linux, 24), findings(linux, 25)), (1, 1), "{code}");
    }
}

#[test]
fn host_path_volumes() {
    let volumes = |list: &str| format!(r#"{{"spec":{{"volumes":[{list}]}}}}"#);
    let text = "use another kind of volume, such as emptyDir or persistentVolumeClaim";
    check(
        Code::HostPathVolumes,
        0,
        &volumes(r#"{"name":"v","hostPath":{}},{"name":"w","emptyDir":{}}"#),
        &[&format!("spec.volumes[v].hostPath: hostPath; it must not be set; {text}")],
    );
}

#[test]
fn restricted_volumes() {
    let volume = |source: &str| format!(r#"{{"spec":{{"volumes":[{{"name":"v"{source}}}]}}}}"#);
    for allowed in [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ] {
        check(Code::RestrictedVolumes, 0, &volume(&format!(r#","{allowed}":{{}}"#)), &[]);
        check(
            Code::RestrictedVolumes,
            0,
            &volume(&format!(r#","{allowed}":{{}},"nfs":{{}}"#)),
            &[],
        );
    }
    let finding = |found: &str| {
        format!(
            "spec.volumes[v]: {found}; it may be configMap, csi, downwardAPI, emptyDir, ephemeral, \
             image, persistentVolumeClaim, projected or secret; use another kind of volume, such as \
             emptyDir or persistentVolumeClaim"
        )
    };
    check(Code::RestrictedVolumes, 0, &volume(r#","nfs":{}"#), &[&finding("nfs")]);
    check(Code::RestrictedVolumes, 0, &volume(r#","new":{},"nfs":{}"#), &[&finding("new, nfs")]);
    check(Code::RestrictedVolumes, 0, &volume(""), &[&finding("no source")]);
}

#[test]
fn privilege_escalation() {
    let finding = |found: &str| {
        format!(
            "spec.containers[app].securityContext.allowPrivilegeEscalation: {found}; it must be \
             false; set allowPrivilegeEscalation: false"
        )
    };
    let check = |minor: u32, security: &str, expect: &[&str]| {
        check(Code::AllowPrivilegeEscalation, minor, &secured(security), expect);
    };
    check(7, "null", &[]);
    check(8, "null", &[&finding("nothing")]);
    check(8, r#"{"allowPrivilegeEscalation":true}"#, &[&finding("true")]);
    check(8, r#"{"allowPrivilegeEscalation":false}"#, &[]);
}

#[test]
fn app_armor() {
    let must = "it must be RuntimeDefault or Localhost; set appArmorProfile.type: RuntimeDefault";
    for allowed in ["RuntimeDefault", "Localhost"] {
        let profile = format!(r#"{{"appArmorProfile":{{"type":"{allowed}"}}}}"#);
        check(Code::AppArmorProfile, 0, &secured(&profile), &[]);
        check(Code::AppArmorProfile, 0, &pod_secured(&profile), &[]);
    }
    let profile = r#"{"appArmorProfile":{"type":"Unconfined"}}"#;
    let at = "securityContext.appArmorProfile.type: Unconfined";
    check(
        Code::AppArmorProfile,
        0,
        &secured(profile),
        &[&format!("spec.containers[app].{at}; {must}")],
    );
    check(Code::AppArmorProfile, 0, &pod_secured(profile), &[&format!("spec.{at}; {must}")]);
    let empty = format!("spec.securityContext.appArmorProfile.type: \"\"; {must}");
    check(Code::AppArmorProfile, 0, &pod_secured(r#"{"appArmorProfile":{}}"#), &[&empty]);
    let annotated = |key: &str, value: &str| {
        format!(r#"{{"metadata":{{"annotations":{{"{key}":"{value}"}}}}}}"#)
    };
    let key = "container.apparmor.security.beta.kubernetes.io/app";
    for allowed in ["", "runtime/default", "localhost/x"] {
        check(Code::AppArmorProfile, 0, &annotated(key, allowed), &[]);
    }
    let finding = format!(
        "metadata.annotations[{key}]: unconfined; it must be runtime/default or localhost/*; \
         remove the annotation"
    );
    check(Code::AppArmorProfile, 0, &annotated(key, "unconfined"), &[&finding]);
    check(Code::AppArmorProfile, 0, &annotated("example.com/app", "unconfined"), &[]);
}

#[test]
fn se_linux() {
    let check = |minor: u32, options: &str, expect: &[&str]| {
        let security = format!(r#"{{"seLinuxOptions":{options}}}"#);
        for (pod, at) in [
            (pod_secured(&security), "spec.securityContext."),
            (secured(&security), "spec.containers[app].securityContext."),
        ] {
            let expect: Vec<String> = expect.iter().map(|it| format!("{at}{it}")).collect();
            let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
            check(Code::SeLinuxOptions, minor, &pod, &expect);
        }
    };
    for allowed in ["", "container_t", "container_init_t", "container_kvm_t"] {
        check(0, &format!(r#"{{"type":"{allowed}"}}"#), &[]);
        check(31, &format!(r#"{{"type":"{allowed}","level":"s0"}}"#), &[]);
    }
    let engine = r#"{"type":"container_engine_t"}"#;
    check(
        30,
        engine,
        &[
            "seLinuxOptions.type: container_engine_t; it may be container_t, container_init_t or container_kvm_t; remove seLinuxOptions.type",
        ],
    );
    check(31, engine, &[]);
    check(
        31,
        r#"{"type":"spc_t"}"#,
        &[
            "seLinuxOptions.type: spc_t; it may be container_t, container_init_t, container_kvm_t or container_engine_t; remove seLinuxOptions.type",
        ],
    );
    check(
        0,
        r#"{"user":"u","role":"r"}"#,
        &[
            "seLinuxOptions.user: u; it must not be set; remove seLinuxOptions.user",
            "seLinuxOptions.role: r; it must not be set; remove seLinuxOptions.role",
        ],
    );
}

#[test]
fn proc_mount() {
    let finding = "spec.containers[app].securityContext.procMount: Unmasked; it must be Default; remove procMount";
    let unmasked = r#"{"procMount":"Unmasked"}"#;
    for code in [Code::ProcMount, Code::ProcMountRestricted] {
        check(code, 35, &secured(unmasked), &[finding]);
        check(code, 35, &secured(r#"{"procMount":"Default"}"#), &[]);
        check(code, 35, &secured("{}"), &[]);
    }
    check(Code::ProcMountRestricted, 34, &secured(unmasked), &[]);
    let own_users = format!(
        r#"{{"spec":{{"hostUsers":false,"containers":[{{"name":"app","securityContext":{unmasked}}}]}}}}"#
    );
    check(Code::ProcMount, 34, &own_users, &[finding]);
    check(Code::ProcMount, 35, &own_users, &[]);
    check(Code::ProcMountRestricted, 35, &own_users, &[finding]);
}

#[test]
fn seccomp_annotations_up_to_1_18() {
    let annotated = |key: &str, value: &str| {
        format!(
            r#"{{"metadata":{{"annotations":{{"{key}":"{value}"}}}},"spec":{{"containers":[{{"name":"app"}},{{"name":"app"}}]}}}}"#
        )
    };
    let pod = "seccomp.security.alpha.kubernetes.io/pod";
    let app = "container.seccomp.security.alpha.kubernetes.io/app";
    let other = "container.seccomp.security.alpha.kubernetes.io/other";
    for key in [pod, app] {
        for allowed in ["runtime/default", "docker/default", "localhost/x"] {
            check(Code::SeccompBaseline, 18, &annotated(key, allowed), &[]);
        }
        let finding = format!(
            "metadata.annotations[{key}]: unconfined; it must be runtime/default, docker/default or \
             localhost/*; remove the annotation"
        );
        check(Code::SeccompBaseline, 18, &annotated(key, "unconfined"), &[&finding]);
        check(Code::SeccompBaseline, 19, &annotated(key, "unconfined"), &[]);
    }
    check(Code::SeccompBaseline, 18, &annotated(other, "unconfined"), &[]);
}

#[test]
fn seccomp_fields_from_1_19_on() {
    let must = "it must be RuntimeDefault or Localhost; set seccompProfile.type: RuntimeDefault";
    let at = "securityContext.seccompProfile.type";
    for code in [Code::SeccompBaseline, Code::SeccompRestricted] {
        for allowed in ["RuntimeDefault", "Localhost"] {
            let profile = format!(r#"{{"seccompProfile":{{"type":"{allowed}"}}}}"#);
            check(code, 19, &secured(&profile), &[]);
            check(code, 19, &pod_secured(&profile), &[]);
        }
        let profile = r#"{"seccompProfile":{"type":"Unconfined"}}"#;
        check(
            code,
            19,
            &secured(profile),
            &[&format!("spec.containers[app].{at}: Unconfined; {must}")],
        );
        check(code, 19, &pod_secured(profile), &[&format!("spec.{at}: Unconfined; {must}")]);
    }
    check(Code::SeccompBaseline, 19, &secured("{}"), &[]);
    check(Code::SeccompRestricted, 18, &secured("{}"), &[]);
    let unset = format!("spec.{at}: nothing; {must}");
    check(Code::SeccompRestricted, 19, &secured("{}"), &[&unset]);
    check(Code::SeccompRestricted, 19, &pod_secured("{}"), &[&unset]);
    check(Code::SeccompRestricted, 19, r#"{"spec":{}}"#, &[]);
    let debug = r#"{"spec":{"ephemeralContainers":[{"name":"d","securityContext":{"seccompProfile":{}}}]}}"#;
    let finding = format!(
        "spec.ephemeralContainers[d].{at}: \"\"; {must}, or use kubectl debug --profile=restricted"
    );
    check(Code::SeccompBaseline, 19, debug, &[&finding]);
}

#[test]
fn sysctls_by_the_version_that_allows_them() {
    let allowed_since = [
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
        ("kernel.msgmax", 99),
    ];
    for (name, since) in allowed_since {
        let pod = pod_secured(&format!(r#"{{"sysctls":[{{"name":"{name}"}}]}}"#));
        let finding = format!(
            "spec.securityContext.sysctls[{name}]: {name}; it must be a safe sysctl; remove the \
             sysctl {name}"
        );
        for minor in 0..=37 {
            let expect: &[&str] = if minor < since { &[&finding] } else { &[] };
            check(Code::Sysctls, minor, &pod, expect);
        }
    }
}

#[test]
fn windows_host_process() {
    let at = "securityContext.windowsOptions.hostProcess: true; it must be false; set hostProcess: false";
    let process = |value: &str| format!(r#"{{"windowsOptions":{{"hostProcess":{value}}}}}"#);
    let code = Code::WindowsHostProcess;
    check(code, 0, &secured(&process("true")), &[&format!("spec.containers[app].{at}")]);
    check(code, 0, &pod_secured(&process("true")), &[&format!("spec.{at}")]);
    check(code, 0, &secured(&process("false")), &[]);
    check(code, 0, &pod_secured(&process("false")), &[]);
}

#[test]
fn probe_hosts() {
    let handlers = [
        ("livenessProbe", r#""livenessProbe":HANDLER"#),
        ("readinessProbe", r#""readinessProbe":HANDLER"#),
        ("startupProbe", r#""startupProbe":HANDLER"#),
        ("lifecycle.postStart", r#""lifecycle":{"postStart":HANDLER}"#),
        ("lifecycle.preStop", r#""lifecycle":{"preStop":HANDLER}"#),
    ];
    for (path, text) in handlers {
        for way in ["httpGet", "tcpSocket"] {
            let pod = |host: &str| {
                container(&text.replace("HANDLER", &format!(r#"{{"{way}":{{"host":"{host}"}}}}"#)))
            };
            let finding = format!(
                "spec.containers[app].{path}.{way}.host: 10.0.0.1; it must not be set; remove \
                 {way}.host: the pod itself is asked then"
            );
            check(Code::ProbeHosts, 34, &pod("10.0.0.1"), &[&finding]);
            check(Code::ProbeHosts, 33, &pod("10.0.0.1"), &[]);
            check(Code::ProbeHosts, 34, &pod(""), &[]);
            check(Code::EarlyProbeHosts, 33, &pod("10.0.0.1"), &[&finding]);
            check(Code::EarlyProbeHosts, 34, &pod("10.0.0.1"), &[]);
        }
    }
}

#[test]
fn non_root() {
    let must = "it must be true; set runAsNonRoot: true";
    let code = Code::RunAsNonRoot;
    let unset = format!("spec.securityContext.runAsNonRoot: nothing; {must}");
    check(code, 0, &secured("{}"), &[&unset]);
    check(code, 0, r#"{"spec":{}}"#, &[]);
    check(code, 0, &secured(r#"{"runAsNonRoot":true}"#), &[]);
    check(code, 0, &pod_secured(r#"{"runAsNonRoot":true}"#), &[]);
    let refused = format!("spec.securityContext.runAsNonRoot: false; {must}");
    check(code, 0, &pod_secured(r#"{"runAsNonRoot":false}"#), &[&refused]);
    let own = format!("spec.containers[app].securityContext.runAsNonRoot: false; {must}");
    check(code, 0, &secured(r#"{"runAsNonRoot":false}"#), &[&own]);
    let windows = r#"{"spec":{"os":{"name":"windows"},"containers":[{"name":"app"}]}}"#;
    let text = format!("{unset} (Windows pods need it too; it is not filled in there)");
    check(code, 37, windows, &[&text]);
    let own_users = r#"{"spec":{"hostUsers":false,"containers":[{"name":"app"}]}}"#;
    check(code, 34, own_users, &[&unset]);
    check(code, 35, own_users, &[]);
    check(code, 35, &own_users.replace("false", "true"), &[&unset]);
}

#[test]
fn root_user() {
    let must = "it must not be 0; set runAsUser to another number than 0, such as 1000";
    let code = Code::RunAsUser;
    let pod = format!("spec.securityContext.runAsUser: 0; {must}");
    let own = format!("spec.containers[app].securityContext.runAsUser: 0; {must}");
    check(code, 22, &pod_secured(r#"{"runAsUser":0}"#), &[]);
    check(code, 23, &pod_secured(r#"{"runAsUser":0}"#), &[&pod]);
    check(code, 23, &secured(r#"{"runAsUser":0}"#), &[&own]);
    check(code, 23, &secured(r#"{"runAsUser":1}"#), &[]);
    check(code, 23, &pod_secured(r#"{"runAsUser":1}"#), &[]);
    let own_users = r#"{"spec":{"hostUsers":false,"securityContext":{"runAsUser":0}}}"#;
    check(code, 34, own_users, &[&pod]);
    check(code, 35, own_users, &[]);
    check(code, 35, &own_users.replace("false", "true"), &[&pod]);
}

#[test]
fn root_group() {
    let finding = "spec.securityContext.supplementalGroups[1]: 0; it must not be 0; remove 0 from supplementalGroups";
    let groups = r#"{"supplementalGroups":[7,0]}"#;
    check(Code::RootGroup, 0, &pod_secured(groups), &[finding]);
    check(Code::RootGroup, 0, &pod_secured(r#"{"supplementalGroups":[7]}"#), &[]);
    let own_users = format!(r#"{{"spec":{{"hostUsers":false,"securityContext":{groups}}}}}"#);
    check(Code::RootGroup, 34, &own_users, &[finding]);
    check(Code::RootGroup, 35, &own_users, &[]);
    check(Code::RootGroup, 35, &own_users.replace("false", "true"), &[finding]);
}

#[test]
fn what_is_beyond_the_standards_is_no_part_of_them() {
    let pod = r#"{"spec":{"securityContext":{"supplementalGroups":[0]},"containers":[{"livenessProbe":{"httpGet":{"host":"x"}}}]}}"#;
    let pod: Pod<'_> = from_json(pod).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(33) };
    let codes: Vec<Code> =
        standards(&view, Level::Restricted).iter().map(|finding| finding.code).collect();
    assert!(!codes.contains(&Code::RootGroup) && !codes.contains(&Code::EarlyProbeHosts));
}

#[test]
fn a_baseline_check_stands_in_for_a_restricted_one_that_is_loosened() {
    let pod = secured(r#"{"capabilities":{"add":["SYS_ADMIN"],"drop":["ALL"]}}"#);
    let pod: Pod<'_> = from_json(&pod).unwrap();
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(37) };
    let check = |baseline: Mode, restricted: Mode, expect: &[Code]| {
        let modes =
            [(Code::CapabilitiesBaseline, baseline), (Code::CapabilitiesRestricted, restricted)];
        let mode = |code: Code| {
            modes.iter().find(|(of, _)| *of == code).map_or(Mode::Ignore, |(_, mode)| *mode)
        };
        let mut findings = Vec::new();
        judge_pod(&view, Level::Restricted, &mode, &mut findings);
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expect, "{baseline} {restricted}");
    };
    let (baseline, restricted) = (Code::CapabilitiesBaseline, Code::CapabilitiesRestricted);
    check(Mode::Enforce, Mode::Enforce, &[restricted]);
    check(Mode::Warn, Mode::Enforce, &[restricted]);
    check(Mode::Enforce, Mode::Warn, &[baseline, restricted]);
    check(Mode::Enforce, Mode::Ignore, &[baseline]);
}

#[test]
fn the_backstop_is_the_strictest_level_that_is_wholly_enforced() {
    let check = |loosened: &[Code], minor: u32, expect: [Level; 3]| {
        let mode = |code: Code| if loosened.contains(&code) { Mode::Warn } else { Mode::Enforce };
        let levels = [Level::Restricted, Level::Baseline, Level::Privileged];
        let found = levels.map(|level| backstop(level, Version(minor), mode));
        assert_eq!(found, expect, "{loosened:?} v1.{minor}");
    };
    let (restricted, baseline, privileged) =
        (Level::Restricted, Level::Baseline, Level::Privileged);
    check(&[], 37, [restricted, baseline, privileged]);
    check(&[Code::RunAsNonRoot], 37, [baseline, baseline, privileged]);
    check(&[Code::HostPorts], 37, [privileged, privileged, privileged]);
    // Overridden at restricted, so that only baseline has it.
    check(&[Code::HostPathVolumes], 37, [restricted, privileged, privileged]);
    check(&[Code::ProbeHosts], 33, [restricted, baseline, privileged]);
    check(&[Code::ProbeHosts], 34, [privileged, privileged, privileged]);
    check(&[Code::RootGroup, Code::EarlyProbeHosts], 0, [restricted, baseline, privileged]);
}

#[test]
fn updates_are_judged_as_upstream_judges_them() {
    let check = |new: &str, old: &str, expect: bool| {
        let spec = |text: &str| format!(r#"{{"spec":{text}}}"#);
        let (new, old) = (spec(new), spec(old));
        let (new, old): (Pod<'_>, Pod<'_>) = (from_json(&new).unwrap(), from_json(&old).unwrap());
        assert_eq!(is_significant(&new.spec, &old.spec), expect);
    };
    let list =
        |list: &str, image: &str| format!(r#"{{"{list}":[{{"name":"a","image":"{image}"}}]}}"#);
    for name in ["containers", "initContainers", "ephemeralContainers"] {
        check(&list(name, "x"), &list(name, "x"), false);
        check(&list(name, "x"), &list(name, "y"), true);
        check(&list(name, "x"), "{}", true);
    }
    check("{}", &list("containers", "x"), true);
    check("{}", &list("ephemeralContainers", "x"), false);
    check(r#"{"hostNetwork":true}"#, "{}", false);
    check(
        r#"{"ephemeralContainers":[{"name":"b","image":"x"}]}"#,
        r#"{"ephemeralContainers":[{"name":"a","image":"x"},{"name":"b","image":"x"}]}"#,
        false,
    );
}
