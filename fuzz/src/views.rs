//! The borrowed views of a pod against k8s-openapi's reading of the same JSON.
//!
//! k8s-openapi reads by serde, and we read as the API server's Go decoder does. Where exactly one of
//! them accepts a text, or they read different things, it is for one of these reasons, and for no other:
//!
//! 1. `null` where serde wants a value: the whole text, an item of a list, a value in a map of strings.
//! 2. A key that comes twice: Go merges what the two hold, k8s-openapi takes the last; of two lists we
//!    refuse a second one that is shorter.
//! 3. A field that no rule reads: we skip it, whatever it holds.
//! 4. What serde_json reads in no type: half of a surrogate pair, nesting beyond 128, a number beyond f64.
//! 5. A volume's source that k8s-openapi does not know: it skips it, and we keep its name.
//!
//! All five are taken out by reading the text naively first ([`decoded`], by Go's rules) and writing what
//! was read anew; that both must read, and alike.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as k8s;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use ringfence::objects::json::DEEPEST;
use ringfence::objects::{
    Annotations, Container, ContainerSecurity, Handler, Meta, Pod, PodSecurity, Probe,
    SeLinuxOptions, Socket, TemplateKind, Volume, from_json,
};

use super::dice;
use super::schema::{POD, SOURCES, decoded};
use super::tree::{self, Tree};

/// A pod.
pub fn run(data: &[u8]) {
    let text = dice::input(data, |dice| POD.made(dice).to_string());
    let own = from_json::<Pod<'_>>(&text);
    let tree = tree::read_loosely(&text, DEEPEST, &[&["metadata", "managedFields"]]);
    let naive = tree.as_ref().and_then(|tree| decoded(&POD, None, tree).ok());
    assert_eq!(own.is_ok(), naive.is_some(), "{text:?}: {own:?}");
    if let (Ok(own), Some(naive)) = (&own, naive) {
        let known = without_unknown_sources(&naive.unwrap_or_else(|| Tree::Object(Vec::new())));
        let theirs: k8s::PodTemplateSpec =
            serde_json::from_str(&known.to_string()).expect("k8s-openapi reads what Go read");
        same_pod(own, &theirs);
    }
    // The text as it is, where none of the reasons keeps it from being read alike.
    let is_encoded = tree.is_some_and(|tree| tree.is_encoded());
    if let Some(theirs) =
        serde_json::from_str::<k8s::PodTemplateSpec>(&text).ok().filter(|_| is_encoded)
    {
        let own = own.as_ref().unwrap_or_else(|error| panic!("only k8s-openapi reads it: {error}"));
        same_pod(own, &theirs);
    }
    same_in_templates(&text, own.ok().as_ref());
}

/// A template's pod is read as a pod alone is.
fn same_in_templates(text: &str, alone: Option<&Pod<'_>>) {
    let wrapped = [
        (TemplateKind::Top, format!(r#"{{"template":{text}}}"#)),
        (TemplateKind::Spec, format!(r#"{{"spec":{{"template":{text}}}}}"#)),
        (
            TemplateKind::JobTemplate,
            format!(r#"{{"spec":{{"jobTemplate":{{"spec":{{"template":{text}}}}}}}}}"#),
        ),
    ];
    let well_formed = tree::read(text, DEEPEST - 5).is_some();
    for (kind, text) in wrapped.iter().filter(|_| well_formed) {
        let read = kind.decode(text);
        assert_eq!(read.is_ok(), alone.is_some(), "{kind:?} {text:?}: {read:?}");
        if let (Ok(read), Some(alone)) = (read, alone) {
            assert_eq!(&read.pod.unwrap_or_default(), alone, "{kind:?} {text:?}");
        }
    }
}

/// Without the sources that k8s-openapi skips.
fn without_unknown_sources(pod: &Tree) -> Tree {
    match pod {
        Tree::Object(members) => {
            let member = |(key, value): &(String, Tree)| match (key.as_str(), value) {
                ("volumes", Tree::List(volumes)) => {
                    (key.clone(), Tree::List(volumes.iter().map(known_sources).collect()))
                }
                _ => (key.clone(), without_unknown_sources(value)),
            };
            Tree::Object(members.iter().map(member).collect())
        }
        _ => pod.clone(),
    }
}

fn known_sources(volume: &Tree) -> Tree {
    let known = |(key, _): &&(String, Tree)| key == "name" || SOURCES.contains(&key.as_str());
    Tree::Object(volume.members().iter().filter(known).cloned().collect())
}

/// An absent string is an empty one to Go.
fn text(theirs: Option<&String>) -> &str {
    theirs.map_or("", String::as_str)
}

/// Both or neither, and alike.
fn both<A, B>(own: Option<&A>, theirs: Option<&B>, alike: impl Fn(&A, &B)) {
    match (own, theirs) {
        (Some(own), Some(theirs)) => alike(own, theirs),
        (None, None) => {}
        _ => panic!("only one of them has it"),
    }
}

/// As many, and each alike.
fn each<A, B>(own: &[A], theirs: &[B], alike: impl Fn(&A, &B)) {
    assert_eq!(own.len(), theirs.len());
    own.iter().zip(theirs).for_each(|(own, theirs)| alike(own, theirs));
}

fn list<T>(theirs: Option<&Vec<T>>) -> &[T] {
    theirs.map_or(&[], Vec::as_slice)
}

fn same_pod(own: &Pod<'_>, theirs: &k8s::PodTemplateSpec) {
    same_meta(&own.meta, &theirs.metadata.clone().unwrap_or_default());
    let (own, theirs) = (&own.spec, theirs.spec.clone().unwrap_or_default());
    assert_eq!(own.host_network, theirs.host_network.unwrap_or_default());
    assert_eq!(own.host_pid, theirs.host_pid.unwrap_or_default());
    assert_eq!(own.host_ipc, theirs.host_ipc.unwrap_or_default());
    assert_eq!(own.host_users, theirs.host_users);
    both(own.os.as_ref(), theirs.os.as_ref(), |own, theirs| assert_eq!(own.name, theirs.name));
    let windows = theirs.os.as_ref().is_some_and(|os| os.name == "windows");
    assert_eq!(own.is_windows(), windows);
    both(own.security.as_ref(), theirs.security_context.as_ref(), same_pod_security);
    each(&own.init_containers, list(theirs.init_containers.as_ref()), same_container);
    each(&own.containers, &theirs.containers, same_container);
    let ephemeral = list(theirs.ephemeral_containers.as_ref());
    each(&own.ephemeral_containers, ephemeral, same_ephemeral_container);
    each(&own.volumes, list(theirs.volumes.as_ref()), same_volume);
}

fn same_meta(own: &Meta<'_>, theirs: &ObjectMeta) {
    assert_eq!(own.name, text(theirs.name.as_ref()));
    assert_eq!(own.generate_name, text(theirs.generate_name.as_ref()));
    assert_eq!(own.namespace, text(theirs.namespace.as_ref()));
    same_map(&own.labels, theirs.labels.as_ref());
    same_map(&own.annotations, theirs.annotations.as_ref());
}

fn same_map(own: &Annotations<'_>, theirs: Option<&BTreeMap<String, String>>) {
    let pairs = theirs.into_iter().flatten();
    assert!(own.iter().map(|(key, value)| (&**key, &**value)).eq(pairs.map(|(k, v)| (&**k, &**v))));
}

fn same_pod_security(own: &PodSecurity<'_>, theirs: &k8s::PodSecurityContext) {
    both(own.se_linux.as_ref(), theirs.se_linux_options.as_ref(), same_se_linux);
    both(own.windows.as_ref(), theirs.windows_options.as_ref(), |own, theirs| {
        assert_eq!(own.host_process, theirs.host_process);
    });
    assert_eq!(own.run_as_user, theirs.run_as_user);
    assert_eq!(own.run_as_group, theirs.run_as_group);
    assert_eq!(own.run_as_non_root, theirs.run_as_non_root);
    assert_eq!(own.supplemental_groups, list(theirs.supplemental_groups.as_ref()));
    assert_eq!(own.fs_group, theirs.fs_group);
    let policy = theirs.fs_group_change_policy.as_deref();
    assert_eq!(own.fs_group_change_policy.as_deref(), policy);
    each(&own.sysctls, list(theirs.sysctls.as_ref()), |own, theirs| {
        assert_eq!(own.name, theirs.name);
    });
    both(own.seccomp.as_ref(), theirs.seccomp_profile.as_ref(), |own, theirs| {
        assert_eq!(own.kind, theirs.type_);
    });
    both(own.app_armor.as_ref(), theirs.app_armor_profile.as_ref(), |own, theirs| {
        assert_eq!(own.kind, theirs.type_);
    });
}

/// The same for both of upstream's types of containers.
macro_rules! same_container {
    ($name:ident, $type:ty) => {
        fn $name(own: &Container<'_>, theirs: &$type) {
            assert_eq!(own.name, theirs.name);
            assert_eq!(own.image, text(theirs.image.as_ref()));
            assert_eq!(own.image_pull_policy, text(theirs.image_pull_policy.as_ref()));
            each(&own.ports, list(theirs.ports.as_ref()), |own, theirs| {
                assert_eq!(own.container_port, theirs.container_port);
                assert_eq!(own.host_port, theirs.host_port.unwrap_or_default());
            });
            both(own.liveness_probe.as_ref(), theirs.liveness_probe.as_ref(), same_probe);
            both(own.readiness_probe.as_ref(), theirs.readiness_probe.as_ref(), same_probe);
            both(own.startup_probe.as_ref(), theirs.startup_probe.as_ref(), same_probe);
            both(own.lifecycle.as_ref(), theirs.lifecycle.as_ref(), |own, theirs| {
                both(own.post_start.as_ref(), theirs.post_start.as_ref(), same_handler);
                both(own.pre_stop.as_ref(), theirs.pre_stop.as_ref(), same_handler);
            });
            both(own.security.as_ref(), theirs.security_context.as_ref(), same_security);
        }
    };
}

same_container!(same_container, k8s::Container);
same_container!(same_ephemeral_container, k8s::EphemeralContainer);

fn same_probe(own: &Probe<'_>, theirs: &k8s::Probe) {
    both(own.http_get.as_ref(), theirs.http_get.as_ref(), same_http);
    both(own.tcp_socket.as_ref(), theirs.tcp_socket.as_ref(), same_tcp);
}

fn same_handler(own: &Handler<'_>, theirs: &k8s::LifecycleHandler) {
    both(own.http_get.as_ref(), theirs.http_get.as_ref(), same_http);
    both(own.tcp_socket.as_ref(), theirs.tcp_socket.as_ref(), same_tcp);
}

fn same_http(own: &Socket<'_>, theirs: &k8s::HTTPGetAction) {
    assert_eq!(own.host, text(theirs.host.as_ref()));
}

fn same_tcp(own: &Socket<'_>, theirs: &k8s::TCPSocketAction) {
    assert_eq!(own.host, text(theirs.host.as_ref()));
}

fn same_security(own: &ContainerSecurity<'_>, theirs: &k8s::SecurityContext) {
    both(own.capabilities.as_ref(), theirs.capabilities.as_ref(), |own, theirs| {
        assert_eq!(own.add, list(theirs.add.as_ref()));
        assert_eq!(own.drop, list(theirs.drop.as_ref()));
    });
    assert_eq!(own.privileged, theirs.privileged);
    both(own.se_linux.as_ref(), theirs.se_linux_options.as_ref(), same_se_linux);
    both(own.windows.as_ref(), theirs.windows_options.as_ref(), |own, theirs| {
        assert_eq!(own.host_process, theirs.host_process);
    });
    assert_eq!(own.run_as_user, theirs.run_as_user);
    assert_eq!(own.run_as_group, theirs.run_as_group);
    assert_eq!(own.run_as_non_root, theirs.run_as_non_root);
    assert_eq!(own.allow_privilege_escalation, theirs.allow_privilege_escalation);
    assert_eq!(own.proc_mount.as_deref(), theirs.proc_mount.as_deref());
    both(own.seccomp.as_ref(), theirs.seccomp_profile.as_ref(), |own, theirs| {
        assert_eq!(own.kind, theirs.type_);
    });
    both(own.app_armor.as_ref(), theirs.app_armor_profile.as_ref(), |own, theirs| {
        assert_eq!(own.kind, theirs.type_);
    });
}

fn same_se_linux(own: &SeLinuxOptions<'_>, theirs: &k8s::SELinuxOptions) {
    assert_eq!(own.user, text(theirs.user.as_ref()));
    assert_eq!(own.role, text(theirs.role.as_ref()));
    assert_eq!(own.kind, text(theirs.type_.as_ref()));
}

fn same_volume(own: &Volume<'_>, theirs: &k8s::Volume) {
    assert_eq!(own.name, theirs.name);
    let written = serde_json::to_value(theirs).expect("a volume can be written");
    let theirs_of = |key: &&&str| written.get(key).is_some();
    for source in &SOURCES {
        assert_eq!(own.sources.contains(*source), theirs_of(&source), "{source}");
    }
    both(own.image.as_ref(), theirs.image.as_ref(), |own, theirs| {
        assert_eq!(own.reference, text(theirs.reference.as_ref()));
        assert_eq!(own.pull_policy, text(theirs.pull_policy.as_ref()));
    });
}
