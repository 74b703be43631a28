//! Pods (k8s.io/api core/v1 `types.go`).

use super::super::dice::Dice;
use super::super::tree::Tree;
use super::Shape::{self, Bool, Int32, Int64, List, Map, Object, Other, Pointer, Text, Volume};
use super::{put, take, text};

/// A pod, or the pod of a template.
pub const POD: Shape = Object(&[
    ("metadata", META),
    ("spec", SPEC),
    ("status", Other(&[r#"{"phase":"Running"}"#, "{}"])),
]);

const META: Shape = Object(&[
    ("name", Text(&["x", "web-5d4f-abcde"])),
    ("generateName", Text(&["x-"])),
    ("namespace", Text(&["alpha-dev"])),
    ("labels", Map(&["app", "pod-template-hash"], &["web", "5d4f"])),
    ("annotations", Map(ANNOTATIONS, ANNOTATED)),
    ("uid", Other(&["\"u\"", "7"])),
    ("managedFields", Other(&[r#"[{"manager":"m"}]"#, "{}"])),
]);

const ANNOTATIONS: &[&str] = &[
    "seccomp.security.alpha.kubernetes.io/pod",
    "container.seccomp.security.alpha.kubernetes.io/app",
    "container.apparmor.security.beta.kubernetes.io/app",
    "kubernetes.io/config.mirror",
    "ringfence.dev/filled-in",
];
const ANNOTATED: &[&str] = &[
    "runtime/default",
    "docker/default",
    "localhost/x",
    "unconfined",
    "spec.securityContext.runAsUser",
];

const SPEC: Shape = Object(&[
    ("containers", List(&CONTAINER)),
    ("securityContext", Pointer(&POD_SECURITY)),
    ("initContainers", List(&CONTAINER)),
    ("ephemeralContainers", List(&CONTAINER)),
    ("volumes", List(&Volume)),
    ("hostNetwork", Bool),
    ("hostPID", Bool),
    ("hostIPC", Bool),
    ("hostUsers", Pointer(&Bool)),
    ("os", Pointer(&Object(&[("name", Text(&["windows", "linux"]))]))),
    ("nodeName", Other(&["\"n\"", "{}"])),
]);

const CONTAINER: Shape = Object(&[
    ("name", Text(&["app", "init", "debug"])),
    ("securityContext", Pointer(&SECURITY)),
    (
        "image",
        Text(&[
            "registry.example.com/x:1",
            "nginx",
            "nginx:latest",
            "r.io/a@sha256:0",
            "A",
            "[::1]/x:2",
        ]),
    ),
    ("imagePullPolicy", Text(&["Always", "IfNotPresent", "Never"])),
    (
        "ports",
        List(&Object(&[
            ("containerPort", Int32),
            ("hostPort", Int32),
            ("protocol", Other(&["\"TCP\"", "1"])),
        ])),
    ),
    ("livenessProbe", Pointer(&PROBE)),
    ("readinessProbe", Pointer(&PROBE)),
    ("startupProbe", Pointer(&PROBE)),
    (
        "lifecycle",
        Pointer(&Object(&[("postStart", Pointer(&PROBE)), ("preStop", Pointer(&PROBE))])),
    ),
    ("env", Other(&[r#"[{"name":"A","value":"b"}]"#, "null", "{}"])),
    ("resources", Other(&[r#"{"limits":{"cpu":"1"}}"#, "[]"])),
]);

const PROBE: Shape = Object(&[
    ("httpGet", Pointer(&SOCKET)),
    ("tcpSocket", Pointer(&SOCKET)),
    ("exec", Other(&[r#"{"command":["x"]}"#])),
]);

const SOCKET: Shape =
    Object(&[("host", Text(&["10.0.0.1", "localhost"])), ("port", Other(&["80", "\"http\""]))]);

const POD_SECURITY: Shape = Object(&[
    ("runAsUser", Pointer(&Int64)),
    ("runAsNonRoot", Pointer(&Bool)),
    ("seccompProfile", Pointer(&PROFILE)),
    ("runAsGroup", Pointer(&Int64)),
    ("fsGroup", Pointer(&Int64)),
    ("fsGroupChangePolicy", Pointer(&Text(&["Always"]))),
    ("supplementalGroups", List(&Int64)),
    ("appArmorProfile", Pointer(&PROFILE)),
    ("seLinuxOptions", Pointer(&SE_LINUX)),
    ("windowsOptions", Pointer(&WINDOWS)),
    ("sysctls", List(&Object(&[("name", Text(SYSCTLS)), ("value", Other(&["\"1\""]))]))),
]);

const SECURITY: Shape = Object(&[
    ("allowPrivilegeEscalation", Pointer(&Bool)),
    (
        "capabilities",
        Pointer(&Object(&[
            ("drop", List(&Text(CAPABILITIES))),
            ("add", List(&Text(CAPABILITIES))),
        ])),
    ),
    ("privileged", Pointer(&Bool)),
    ("runAsUser", Pointer(&Int64)),
    ("runAsNonRoot", Pointer(&Bool)),
    ("runAsGroup", Pointer(&Int64)),
    ("procMount", Pointer(&Text(&["Default", "Unmasked"]))),
    ("seccompProfile", Pointer(&PROFILE)),
    ("appArmorProfile", Pointer(&PROFILE)),
    ("seLinuxOptions", Pointer(&SE_LINUX)),
    ("windowsOptions", Pointer(&WINDOWS)),
    ("readOnlyRootFilesystem", Other(&["true", "\"x\""])),
]);

const PROFILE: Shape = Object(&[
    ("type", Text(&["RuntimeDefault", "Localhost", "Unconfined"])),
    ("localhostProfile", Other(&["\"p\"", "3"])),
]);

const SE_LINUX: Shape = Object(&[
    (
        "type",
        Text(&[
            "container_t",
            "container_init_t",
            "container_kvm_t",
            "container_engine_t",
            "spc_t",
        ]),
    ),
    ("user", Text(&["u"])),
    ("role", Text(&["r"])),
    ("level", Other(&["\"s0\""])),
]);

const WINDOWS: Shape =
    Object(&[("hostProcess", Pointer(&Bool)), ("runAsUserName", Other(&["\"x\""]))]);

const CAPABILITIES: &[&str] =
    &["ALL", "NET_BIND_SERVICE", "CHOWN", "SYS_ADMIN", "CAP_SYS_ADMIN", "NET_RAW", "KILL", "all"];

const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_notsent_lowat",
    "kernel.msgmax",
];

const IMAGE: Shape = Pointer(&Object(&[
    ("reference", Text(&["registry.example.com/x:1", "x"])),
    ("pullPolicy", Text(&["Always", "Never"])),
]));

/// The sources of volumes; in `types.go` each is a pointer to a struct.
pub const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "image",
    "persistentVolumeClaim",
    "csi",
    "ephemeral",
    "secret",
    "configMap",
    "projected",
    "downwardAPI",
    "nfs",
    "iscsi",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// What no source of ours is called, for one that Kubernetes may get.
const UNKNOWN: [&str; 2] = ["sourceOfTomorrow", "EmptyDir"];

pub(super) fn volume(dice: &mut Dice<'_>) -> Tree {
    let mut members = vec![("name".to_owned(), Tree::Text(text(dice, &["v", "data"])))];
    while dice.more() {
        let source = Other(&["{}", "null", "\"x\"", "[]", r#"{"path":"/","path":1}"#]);
        let at = usize::from(dice.byte());
        members.push(match (SOURCES.get(at % 32), at % 32) {
            (Some(&"image"), _) => ("image".to_owned(), IMAGE.made(dice)),
            (Some(key), _) => ((*key).to_owned(), source.right(dice)),
            (None, 30) => ("name".to_owned(), Text(&["w"]).made(dice)),
            (None, _) => (dice.word(&UNKNOWN).to_owned(), source.right(dice)),
        });
    }
    Tree::Object(members)
}

/// A source is kept without what it holds, but for an image's. One that nobody knows is kept too, where
/// it is an object: it must not look like no source.
pub(super) fn decoded_volume(
    mut own: Vec<(String, Tree)>,
    members: &[(String, Tree)],
) -> Result<Option<Tree>, ()> {
    for (key, value) in members {
        let held = take(&mut own, key);
        let known = SOURCES.contains(&key.as_str());
        let now = match (key.as_str(), value) {
            ("name", value) => super::decoded(&Text(&[]), held, value)?,
            ("image", value) => super::decoded(&IMAGE, held, value)?,
            (_, Tree::Null) => None,
            (_, Tree::Object(_)) => Some(Tree::Object(Vec::new())),
            (_, _) if known => return Err(()),
            (_, _) => held,
        };
        put(&mut own, key, now);
    }
    Ok(Some(Tree::Object(own)))
}
