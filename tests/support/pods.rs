//! Random pods, for tests that have a law to hold them to.
//!
//! A pod is a base and some pokes: a base is compliant, bare or odd, and a poke gives one field one
//! value of a pool that holds what is good, bad, null and absurd. Pokes are a vector, so that a
//! counterexample shrinks to the few that matter.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// The kinds that hold a pod, with where they hold it.
pub const KINDS: [(&str, &str, &str); 9] = [
    ("v1", "Pod", ""),
    ("v1", "PodTemplate", "/template"),
    ("v1", "ReplicationController", "/spec/template"),
    ("apps/v1", "Deployment", "/spec/template"),
    ("apps/v1", "ReplicaSet", "/spec/template"),
    ("apps/v1", "StatefulSet", "/spec/template"),
    ("apps/v1", "DaemonSet", "/spec/template"),
    ("batch/v1", "Job", "/spec/template"),
    ("batch/v1", "CronJob", "/spec/jobTemplate/spec/template"),
];

/// A pod as the value of one of the nine kinds.
pub fn wrapped(pod: &Value, (api_version, kind, at): (&str, &str, &str)) -> Value {
    let mut object =
        json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" } });
    if at.is_empty() {
        object["metadata"]["annotations"] = pod["metadata"]["annotations"].clone();
        object["spec"] = pod["spec"].clone();
    } else {
        put(&mut object, at, pod.clone());
    }
    object
}

/// Sets the value at a pointer, making its parents; does nothing where a parent is no object or list.
pub fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if at.is_null() {
            if step.parse::<usize>().is_ok() {
                return;
            }
            *at = json!({});
        }
        at = match at {
            Value::Object(map) => map.entry(step).or_insert(Value::Null),
            Value::Array(items) => {
                match step.parse::<usize>().ok().and_then(|it| items.get_mut(it)) {
                    Some(item) => item,
                    None => return,
                }
            }
            _ => return,
        };
    }
    *at = value;
}

/// What a field may be given.
fn pool(field: &str) -> Vec<Value> {
    match field {
        "hostNetwork"
        | "hostPID"
        | "hostIPC"
        | "hostUsers"
        | "privileged"
        | "runAsNonRoot"
        | "allowPrivilegeEscalation" => vec![json!(true), json!(false), Value::Null],
        "os" => objects("name", &["windows", "linux", "Windows"]),
        "runAsUser" | "runAsGroup" | "fsGroup" => {
            vec![json!(0), json!(1), json!(1000), json!(-1), Value::Null]
        }
        "supplementalGroups" => vec![json!([]), json!([0]), json!([1, 0]), Value::Null],
        "procMount" => {
            let mut values = words(&["Default", "Unmasked", "", "default"]);
            values.push(Value::Null);
            values
        }
        "seccompProfile" | "appArmorProfile" => {
            objects("type", &["RuntimeDefault", "Localhost", "Unconfined", "", "runtimedefault"])
        }
        "seLinuxOptions" => se_linux(),
        "windowsOptions" => vec![
            json!({"hostProcess": true}),
            json!({"hostProcess": false}),
            json!({"hostProcess": null}),
            json!({"runAsUserName": "x"}),
            json!({}),
            Value::Null,
        ],
        "sysctls" => sysctls(),
        "capabilities" => capabilities(),
        "ports" => ports(),
        "livenessProbe" | "readinessProbe" | "startupProbe" => probes(),
        "lifecycle" => lifecycles(),
        "securityContext" => vec![json!({}), Value::Null],
        "imagePullPolicy" => words(&["Always", "IfNotPresent", "Never", ""]),
        "image" => vec![
            json!({}),
            json!({"reference": "registry.example.com/x:1", "pullPolicy": "Never"}),
            json!({"reference": "x", "pullPolicy": null}),
        ],
        "annotation" => words(&[
            "runtime/default",
            "docker/default",
            "localhost/x",
            "localhost",
            "unconfined",
            "",
            "Runtime/default",
        ]),
        _ => vec![Value::Null],
    }
}

fn words(words: &[&str]) -> Vec<Value> {
    words.iter().map(|word| json!(word)).collect()
}

/// Objects with one field of these values, and what is as good as none.
fn objects(field: &str, values: &[&str]) -> Vec<Value> {
    let mut objects: Vec<Value> = values.iter().map(|value| json!({ field: value })).collect();
    objects.extend([json!({}), Value::Null, json!({ field: null })]);
    objects
}

fn se_linux() -> Vec<Value> {
    let types = [
        "",
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "container_engine_t",
        "spc_t",
        "Container_t",
    ];
    let mut values = objects("type", &types);
    values.extend([
        json!({"user": "u"}),
        json!({"role": "r"}),
        json!({"level": "s0"}),
        json!({"user": ""}),
    ]);
    values
}

fn ports() -> Vec<Value> {
    vec![
        json!([{"containerPort": 80}]),
        json!([{"containerPort": 80, "hostPort": 80}]),
        json!([{"containerPort": 80, "hostPort": 0}]),
        json!([{"containerPort": 1, "hostPort": null}, {"containerPort": 2, "hostPort": 70000}]),
        json!([{"hostPort": -1}]),
        json!([null]),
        json!([]),
        Value::Null,
    ]
}

fn lifecycles() -> Vec<Value> {
    let mut values = vec![json!({}), Value::Null];
    for probe in probes() {
        values.push(json!({ "postStart": probe }));
        values.push(json!({ "preStop": probe }));
    }
    values
}

fn sysctls() -> Vec<Value> {
    let names = [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_notsent_lowat",
        "kernel.msgmax",
        "net/ipv4/tcp_rmem",
        "",
    ];
    let mut values: Vec<Value> =
        names.iter().map(|name| json!([{ "name": name, "value": "1" }])).collect();
    values.extend([
        json!([]),
        Value::Null,
        json!([null]),
        json!([{"name": "kernel.shm_rmid_forced"}, {"name": "kernel.msgmax"}]),
    ]);
    values
}

fn capabilities() -> Vec<Value> {
    let names = [
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
        "SYS_ADMIN",
        "NET_RAW",
        "ALL",
        "CAP_CHOWN",
        "chown",
        "",
    ];
    let mut values: Vec<Value> =
        names.iter().map(|name| json!({ "add": [name], "drop": ["ALL"] })).collect();
    values.extend([
        json!({}),
        Value::Null,
        json!({"drop": null}),
        json!({"drop": []}),
        json!({"drop": ["all"]}),
        json!({"drop": ["KILL", "ALL"]}),
        json!({"drop": ["ALL"], "add": null}),
        json!({"drop": [null]}),
        json!({"drop": ["ALL"], "add": ["CHOWN", "SYS_ADMIN"]}),
        json!({"drop": ["KILL"]}),
        json!({"add": ["KILL"]}),
    ]);
    values
}

fn probes() -> Vec<Value> {
    let mut values = vec![
        json!({}),
        Value::Null,
        json!({"exec": {"command": ["x"]}}),
        json!({"grpc": {"port": 1}}),
    ];
    for way in ["httpGet", "tcpSocket"] {
        for host in [json!("10.0.0.1"), json!(""), Value::Null, json!("localhost")] {
            values.push(json!({ way: { "port": 80, "host": host } }));
        }
        values.push(json!({ way: null }));
    }
    values
}

const SOURCES: [&str; 30] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

fn volume() -> impl Strategy<Value = Value> {
    let source = || select(SOURCES.to_vec());
    prop_oneof![
        6 => source().prop_map(|source| json!({ "name": "v", source: {} })),
        1 => (source(), source()).prop_map(|(a, b)| json!({ "name": "v", a: {}, b: {} })),
        1 => (source(), source()).prop_map(|(a, b)| json!({ "name": "v", a: null, b: {} })),
        1 => source().prop_map(|source| json!({ "name": "v", source: null })),
        1 => Just(json!({ "name": "v" })),
        1 => Just(Value::Null),
        2 => select(pool("image")).prop_map(|image| json!({ "name": "v", "image": image })),
    ]
}

const POD: [&str; 6] = ["hostNetwork", "hostPID", "hostIPC", "hostUsers", "os", "securityContext"];
const POD_SECURITY: [&str; 10] = [
    "runAsNonRoot",
    "runAsUser",
    "runAsGroup",
    "fsGroup",
    "supplementalGroups",
    "seccompProfile",
    "appArmorProfile",
    "seLinuxOptions",
    "windowsOptions",
    "sysctls",
];
const CONTAINER: [&str; 7] = [
    "imagePullPolicy",
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "securityContext",
];
const CONTAINER_SECURITY: [&str; 11] = [
    "privileged",
    "allowPrivilegeEscalation",
    "capabilities",
    "runAsNonRoot",
    "runAsUser",
    "runAsGroup",
    "procMount",
    "seccompProfile",
    "appArmorProfile",
    "seLinuxOptions",
    "windowsOptions",
];
const ANNOTATIONS: [&str; 5] = [
    "seccomp.security.alpha.kubernetes.io~1pod",
    "container.seccomp.security.alpha.kubernetes.io~1app",
    "container.seccomp.security.alpha.kubernetes.io~1other",
    "container.apparmor.security.beta.kubernetes.io~1app",
    "container.apparmor.security.beta.kubernetes.io~1other",
];

/// A field and a value for it.
type Poke = (String, Value);

fn field(at: &'static str, names: &'static [&'static str]) -> BoxedStrategy<Poke> {
    select(names)
        .prop_flat_map(move |name| {
            select(pool(name)).prop_map(move |value| (format!("{at}/{name}"), value))
        })
        .boxed()
}

fn poke() -> impl Strategy<Value = Poke> {
    let list = || {
        select(vec![
            "/spec/containers/0",
            "/spec/containers/1",
            "/spec/initContainers/0",
            "/spec/ephemeralContainers/0",
        ])
    };
    let inside = |suffix: &'static str, names: &'static [&'static str]| {
        (list(), field(suffix, names))
            .prop_map(|(at, (path, value))| (format!("{at}{path}"), value))
    };
    prop_oneof![
        3 => field("/spec", &POD),
        5 => field("/spec/securityContext", &POD_SECURITY),
        3 => inside("", &CONTAINER),
        6 => inside("/securityContext", &CONTAINER_SECURITY),
        2 => (select(ANNOTATIONS.to_vec()), select(pool("annotation")))
            .prop_map(|(key, value)| (format!("/metadata/annotations/{key}"), value)),
        2 => volume().prop_map(|volume| ("/spec/volumes".to_owned(), json!([volume]))),
    ]
}

fn compliant_container(name: &str) -> Value {
    json!({
        "name": name,
        "image": "registry.example.com/x:1",
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
    })
}

/// A pod that every level of every version admits.
pub fn compliant() -> Value {
    json!({
        "metadata": {},
        "spec": {
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [compliant_container("app")],
        },
    })
}

fn base() -> impl Strategy<Value = Value> {
    let more = |list: &'static str, name: &'static str| {
        move |mut pod: Value| {
            let containers = pod["spec"].as_object_mut().unwrap();
            let list = containers.entry(list).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(compliant_container(name));
            pod
        }
    };
    let odd = select(vec![
        json!({"spec": {"containers": [{"name": "app", "image": "registry.example.com/x:1"}]}}),
        json!({"spec": {"containers": [null]}}),
        json!({"spec": {"containers": null, "initContainers": null, "volumes": null}}),
        json!({"spec": {"containers": []}}),
        json!({"spec": {}}),
        json!({"metadata": null, "spec": null}),
        json!({}),
    ]);
    prop_oneof![
        6 => Just(compliant()),
        1 => Just(more("containers", "second")(compliant())),
        2 => Just(more("initContainers", "init")(compliant())),
        2 => Just(more("ephemeralContainers", "debug")(compliant())),
        1 => Just(more("initContainers", "init")(more("ephemeralContainers", "debug")(compliant()))),
        1 => odd,
    ]
}

/// A random pod: metadata and spec.
pub fn pod() -> impl Strategy<Value = Value> {
    let pokes = prop_oneof![
        1 => prop::collection::vec(poke(), 0..2),
        6 => prop::collection::vec(poke(), 1..2),
        3 => prop::collection::vec(poke(), 2..4),
        1 => prop::collection::vec(poke(), 4..25),
    ];
    (base(), pokes).prop_map(|(mut pod, pokes)| {
        for (at, value) in pokes {
            put(&mut pod, &at, value);
        }
        without_null_metadata(pod)
    })
}

/// A null in a map of strings is an empty string to the API server, and a null map none: the
/// annotations of a wrapped pod must be the pod's own.
fn without_null_metadata(mut pod: Value) -> Value {
    if pod["metadata"].is_null() {
        pod["metadata"] = Value::Object(Map::new());
    }
    pod
}
