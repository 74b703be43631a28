//! The Pod Security Standards, against a naive form: the standards' table (the page "Pod Security
//! Standards" of Kubernetes' documentation), with what upstream's `policy/check_*.go` says of versions.

use std::collections::BTreeSet;

use ringfence::domain::{FieldPath, Level, Version};
use ringfence::objects::{Pod, from_json};
use ringfence::rules::{PodView, standards};
use serde_json::Value;

use super::dice::{self, Dice};
use super::schema::{POD, encoded};

/// A level, a version and a pod.
pub fn run(data: &[u8]) {
    let Some((question, data)) = data.split_first_chunk::<2>() else { return };
    let mut dice = Dice::new(question);
    let level = *dice.one(&[Level::Restricted, Level::Baseline, Level::Privileged]);
    let version = u32::from(dice.byte()) % 38;
    let text = dice::input(data, |dice| POD.made(dice).to_string());
    let Some(object) = encoded(&POD, &text) else { return };
    let text = object.to_string();
    let pod: Pod<'_> = from_json(&text).expect("it is as the API server encodes it");
    let view = PodView { pod: &pod, at: FieldPath::root(), version: Version(version) };
    let found: BTreeSet<_> = standards(&view, level).iter().map(|finding| finding.rule).collect();
    let expect: BTreeSet<_> = naive(&object, level, version).into_iter().collect();
    assert_eq!(found, expect, "{level} v1.{version} {text}");
}

/// The ids of the checks that a pod fails.
fn naive(pod: &Value, level: Level, version: u32) -> Vec<&'static str> {
    let mut failed = Vec::new();
    let mut fails = |id, fails: bool| failed.extend(fails.then_some(id));
    let restricted = level == Level::Restricted;
    if level == Level::Privileged {
        return failed;
    }
    let own_users = pod["spec"]["hostUsers"] == false;
    let relaxed = own_users && version >= 35;
    let windows = pod["spec"]["os"]["name"] == "windows" && version >= 25;
    // Where a restricted check takes the place of a baseline one, only the former is asked.
    fails("hostNamespaces", host_namespaces(pod));
    fails("hostPorts", host_ports(pod));
    fails("privileged", any(pod, |own| own["securityContext"]["privileged"] == true));
    fails("appArmorProfile", app_armor(pod));
    fails("seLinuxOptions", se_linux(pod, version));
    fails("sysctls", sysctls(pod, version));
    fails("windowsHostProcess", contexts(pod, |own| own["windowsOptions"]["hostProcess"] == true));
    fails("hostProbesAndHostLifecycle", version >= 34 && any(pod, asks_a_host));
    match restricted && version >= 22 {
        true => fails("capabilities_restricted", !windows && any(pod, |own| !drops_all(own))),
        false => fails("capabilities_baseline", any(pod, |own| adds_beyond(own, &DEFAULT))),
    }
    match restricted {
        true => fails("restrictedVolumes", volumes(pod).any(|own| !own_source(own, &SAFE))),
        false => fails("hostPathVolumes", volumes(pod).any(|own| own_source(own, &["hostPath"]))),
    }
    let unmasked = any(pod, |own| is_other(&own["securityContext"]["procMount"], "Default"));
    match restricted && version >= 35 {
        true => fails("procMount_restricted", unmasked),
        false => fails("procMount", unmasked && !relaxed),
    }
    let profile = |own: &Value| !own["seccompProfile"].is_null();
    let confined = |own: &Value| one_of(&own["seccompProfile"]["type"], &PROFILES);
    let unconfined = contexts(pod, |own| profile(own) && !confined(own));
    let of_pod = profile(&pod["spec"]["securityContext"]);
    let unset = !of_pod && any(pod, |own| !profile(&own["securityContext"]));
    match (version, restricted) {
        (..19, _) => fails("seccompProfile_baseline", seccomp_annotations(pod)),
        (_, true) => fails("seccompProfile_restricted", !windows && (unconfined || unset)),
        (_, false) => fails("seccompProfile_baseline", unconfined),
    }
    if restricted {
        let escalates = any(pod, |own| own["securityContext"]["allowPrivilegeEscalation"] != false);
        fails("allowPrivilegeEscalation", version >= 8 && !windows && escalates);
        fails("runAsNonRoot", !relaxed && may_be_root(pod));
        let root = contexts(pod, |own| own["runAsUser"] == 0);
        fails("runAsUser", version >= 23 && !relaxed && root);
    }
    failed
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of[key].as_array().into_iter().flatten()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    lists.into_iter().flat_map(|key| list(&pod["spec"], key))
}

fn any(pod: &Value, test: impl Fn(&Value) -> bool) -> bool {
    containers(pod).any(test)
}

/// The pod's security context or a container's.
fn contexts(pod: &Value, test: impl Fn(&Value) -> bool) -> bool {
    test(&pod["spec"]["securityContext"]) || any(pod, |own| test(&own["securityContext"]))
}

fn volumes(pod: &Value) -> impl Iterator<Item = &Value> {
    list(&pod["spec"], "volumes")
}

fn one_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|word| words.contains(&word))
}

/// Something else is said than this.
fn is_other(value: &Value, word: &str) -> bool {
    !value.is_null() && value != word
}

fn is_set(value: &Value) -> bool {
    is_other(value, "")
}

const DEFAULT: [&str; 13] = [
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
];
const PROFILES: [&str; 2] = ["RuntimeDefault", "Localhost"];
const SAFE: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn host_namespaces(pod: &Value) -> bool {
    ["hostNetwork", "hostPID", "hostIPC"].iter().any(|key| pod["spec"][key] == true)
}

fn host_ports(pod: &Value) -> bool {
    any(pod, |own| list(own, "ports").any(|port| port["hostPort"].as_i64().unwrap_or(0) != 0))
}

fn adds_beyond(container: &Value, allowed: &[&str]) -> bool {
    list(&container["securityContext"]["capabilities"], "add").any(|own| !one_of(own, allowed))
}

fn drops_all(container: &Value) -> bool {
    list(&container["securityContext"]["capabilities"], "drop").any(|own| own == "ALL")
        && !adds_beyond(container, &["NET_BIND_SERVICE"])
}

fn own_source(volume: &Value, sources: &[&str]) -> bool {
    sources.iter().any(|source| !volume[source].is_null())
}

fn annotations(pod: &Value) -> impl Iterator<Item = (&str, &str)> {
    let map = pod["metadata"]["annotations"].as_object().into_iter().flatten();
    map.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

fn app_armor(pod: &Value) -> bool {
    let allowed =
        |value: &str| ["", "runtime/default"].contains(&value) || value.starts_with("localhost/");
    let confined = |own: &Value| own.is_null() || one_of(&own["type"], &PROFILES);
    contexts(pod, |own| !confined(&own["appArmorProfile"]))
        || annotations(pod)
            .filter(|(key, _)| key.starts_with("container.apparmor.security.beta.kubernetes.io/"))
            .any(|(_, value)| !allowed(value))
}

fn se_linux(pod: &Value, version: u32) -> bool {
    let mut types = vec!["", "container_t", "container_init_t", "container_kvm_t"];
    types.extend((version >= 31).then_some("container_engine_t"));
    contexts(pod, |own| {
        let own = &own["seLinuxOptions"];
        let kind = &own["type"];
        !kind.is_null() && !one_of(kind, &types) || is_set(&own["user"]) || is_set(&own["role"])
    })
}

fn sysctls(pod: &Value, version: u32) -> bool {
    let mut safe = vec![
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
    ];
    if version >= 27 {
        safe.push("net.ipv4.ip_local_reserved_ports");
    }
    if version >= 29 {
        safe.extend(["net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"]);
        safe.extend(["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"]);
    }
    if version >= 32 {
        safe.extend(["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]);
    }
    if version >= 37 {
        safe.extend(["net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"]);
    }
    list(&pod["spec"]["securityContext"], "sysctls").any(|own| !one_of(&own["name"], &safe))
}

fn asks_a_host(container: &Value) -> bool {
    let lifecycle = &container["lifecycle"];
    let handlers = ["livenessProbe", "readinessProbe", "startupProbe"].map(|key| &container[key]);
    handlers
        .into_iter()
        .chain([&lifecycle["postStart"], &lifecycle["preStop"]])
        .any(|handler| is_set(&handler["httpGet"]["host"]) || is_set(&handler["tcpSocket"]["host"]))
}

fn seccomp_annotations(pod: &Value) -> bool {
    let allowed = |value: &str| {
        ["runtime/default", "docker/default"].contains(&value) || value.starts_with("localhost/")
    };
    annotations(pod).filter(|(_, value)| !allowed(value)).any(|(key, _)| {
        let of = key.strip_prefix("container.seccomp.security.alpha.kubernetes.io/");
        let names =
            |own: &Value| own["name"].as_str().unwrap_or_default() == of.unwrap_or_default();
        key == "seccomp.security.alpha.kubernetes.io/pod" || of.is_some() && any(pod, names)
    })
}

/// Each container must say that it runs as nobody special, or the pod for those that say nothing.
fn may_be_root(pod: &Value) -> bool {
    let said = |own: &Value| own["runAsNonRoot"].as_bool();
    let of_pod = said(&pod["spec"]["securityContext"]);
    of_pod == Some(false) || any(pod, |own| said(&own["securityContext"]).or(of_pod) != Some(true))
}
