//! Pods, as far as rules read them. Field names and meanings are those of
//! k8s.io/api core/v1 `types.go`.

use std::borrow::Cow;

use super::decode::{Decode, Keys, Present, object};
use super::json::{Error, Kind, Reader};
use super::meta::Meta;

object! {
    /// A pod, or the pod of a template.
    pub struct Pod<'de> {
        /// Its metadata.
        meta: Meta<'de> = "metadata",
        /// Its spec.
        spec: PodSpec<'de> = "spec",
    }
}

object! {
    /// What a pod asks for.
    pub struct PodSpec<'de> {
        host_network: bool = "hostNetwork",
        host_pid: bool = "hostPID",
        host_ipc: bool = "hostIPC",
        /// `false` puts the pod in a user namespace (KEP-127).
        host_users: Option<bool> = "hostUsers",
        os: Option<Os<'de>> = "os",
        security: Option<PodSecurity<'de>> = "securityContext",
        init_containers: Vec<Container<'de>> = "initContainers",
        containers: Vec<Container<'de>> = "containers",
        ephemeral_containers: Vec<Container<'de>> = "ephemeralContainers",
        volumes: Vec<Volume<'de>> = "volumes",
    }
}

impl PodSpec<'_> {
    /// Whether the pod says that it runs on Windows.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.os.as_ref().is_some_and(|os| os.name == "windows")
    }
}

/// One of a pod's three lists of containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerList {
    /// `initContainers`
    Init,
    /// `containers`
    Regular,
    /// `ephemeralContainers`
    Ephemeral,
}

impl ContainerList {
    /// The lists, in the order that upstream's Pod Security visits them.
    pub const ALL: [Self; 3] = [Self::Init, Self::Regular, Self::Ephemeral];

    /// The field's name.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Regular => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }

    /// The list of a pod.
    #[must_use]
    pub fn of<'a, 'de>(self, spec: &'a PodSpec<'de>) -> &'a Vec<Container<'de>> {
        match self {
            Self::Init => &spec.init_containers,
            Self::Regular => &spec.containers,
            Self::Ephemeral => &spec.ephemeral_containers,
        }
    }

    /// The list of a pod, to change it.
    #[must_use]
    pub fn of_mut<'a, 'de>(self, spec: &'a mut PodSpec<'de>) -> &'a mut Vec<Container<'de>> {
        match self {
            Self::Init => &mut spec.init_containers,
            Self::Regular => &mut spec.containers,
            Self::Ephemeral => &mut spec.ephemeral_containers,
        }
    }
}

object! {
    /// The operating system.
    pub struct Os<'de> {
        name: Cow<'de, str> = "name",
    }
}

object! {
    /// A pod's `securityContext`.
    pub struct PodSecurity<'de> {
        se_linux: Option<SeLinuxOptions<'de>> = "seLinuxOptions",
        windows: Option<WindowsOptions> = "windowsOptions",
        run_as_user: Option<i64> = "runAsUser",
        run_as_group: Option<i64> = "runAsGroup",
        run_as_non_root: Option<bool> = "runAsNonRoot",
        supplemental_groups: Vec<i64> = "supplementalGroups",
        fs_group: Option<i64> = "fsGroup",
        fs_group_change_policy: Option<Cow<'de, str>> = "fsGroupChangePolicy",
        sysctls: Vec<Sysctl<'de>> = "sysctls",
        seccomp: Option<SeccompProfile<'de>> = "seccompProfile",
        app_armor: Option<AppArmorProfile<'de>> = "appArmorProfile",
    }
}

object! {
    /// A container of any of the three lists.
    pub struct Container<'de> {
        name: Cow<'de, str> = "name",
        image: Cow<'de, str> = "image",
        /// Empty in a manifest that leaves it to the API server.
        image_pull_policy: Cow<'de, str> = "imagePullPolicy",
        ports: Vec<Port> = "ports",
        liveness_probe: Option<Probe<'de>> = "livenessProbe",
        readiness_probe: Option<Probe<'de>> = "readinessProbe",
        startup_probe: Option<Probe<'de>> = "startupProbe",
        lifecycle: Option<Lifecycle<'de>> = "lifecycle",
        security: Option<ContainerSecurity<'de>> = "securityContext",
    }
}

object! {
    /// A container's `securityContext`.
    pub struct ContainerSecurity<'de> {
        capabilities: Option<Capabilities<'de>> = "capabilities",
        privileged: Option<bool> = "privileged",
        se_linux: Option<SeLinuxOptions<'de>> = "seLinuxOptions",
        windows: Option<WindowsOptions> = "windowsOptions",
        run_as_user: Option<i64> = "runAsUser",
        run_as_group: Option<i64> = "runAsGroup",
        run_as_non_root: Option<bool> = "runAsNonRoot",
        allow_privilege_escalation: Option<bool> = "allowPrivilegeEscalation",
        proc_mount: Option<Cow<'de, str>> = "procMount",
        seccomp: Option<SeccompProfile<'de>> = "seccompProfile",
        app_armor: Option<AppArmorProfile<'de>> = "appArmorProfile",
    }
}

object! {
    /// Linux capabilities, added and dropped.
    pub struct Capabilities<'de> {
        add: Vec<Cow<'de, str>> = "add",
        drop: Vec<Cow<'de, str>> = "drop",
    }
}

object! {
    /// SELinux.
    pub struct SeLinuxOptions<'de> {
        user: Cow<'de, str> = "user",
        role: Cow<'de, str> = "role",
        kind: Cow<'de, str> = "type",
    }
}

object! {
    /// Windows.
    pub struct WindowsOptions {
        host_process: Option<bool> = "hostProcess",
    }
}

object! {
    /// Seccomp.
    pub struct SeccompProfile<'de> {
        kind: Cow<'de, str> = "type",
    }
}

object! {
    /// AppArmor.
    pub struct AppArmorProfile<'de> {
        kind: Cow<'de, str> = "type",
    }
}

object! {
    /// A kernel parameter.
    pub struct Sysctl<'de> {
        name: Cow<'de, str> = "name",
    }
}

object! {
    /// A container's port.
    pub struct Port {
        container_port: i32 = "containerPort",
        /// 0 is none.
        host_port: i32 = "hostPort",
    }
}

object! {
    /// A probe, as far as it names a host.
    pub struct Probe<'de> {
        http_get: Option<Socket<'de>> = "httpGet",
        tcp_socket: Option<Socket<'de>> = "tcpSocket",
    }
}

/// A lifecycle handler names hosts as a probe does.
pub type Handler<'de> = Probe<'de>;

object! {
    /// Where a probe or handler connects to.
    pub struct Socket<'de> {
        /// Empty is the pod itself.
        host: Cow<'de, str> = "host",
    }
}

object! {
    /// What runs after a container's start and before its end.
    pub struct Lifecycle<'de> {
        post_start: Option<Handler<'de>> = "postStart",
        pre_stop: Option<Handler<'de>> = "preStop",
    }
}

/// A volume and the names of its sources. There should be one; the API server refuses two, and makes
/// an emptyDir of none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Volume<'de> {
    /// Its name.
    pub name: Cow<'de, str>,
    /// The keys beside the name that hold an object, also those that nobody knows yet.
    pub sources: Keys<'de>,
    /// The source `image`.
    pub image: Option<ImageSource<'de>>,
}

object! {
    /// An image that a volume holds the files of.
    pub struct ImageSource<'de> {
        reference: Cow<'de, str> = "reference",
        /// Empty in a manifest that leaves it to the API server.
        pull_policy: Cow<'de, str> = "pullPolicy",
    }
}

/// The volume sources of core/v1 1.37: a value that is no object is an error under these, and
/// skipped under a key that is unknown.
const VOLUME_SOURCES: [&str; 30] = [
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

impl<'de> Decode<'de> for Volume<'de> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        if source.null()? {
            return Ok(());
        }
        source.members(|source, key| {
            if key == "name" {
                return self.name.decode_into(source);
            }
            if !matches!(source.kind()?, Kind::Object | Kind::Null)
                && VOLUME_SOURCES.contains(&key.as_ref())
            {
                return Err(source.mistaken("an object"));
            }
            let mut present = Present::default();
            if key == "image" {
                self.image.decode_into(source)?;
                present = self.image.as_ref().map_or(Present::Absent, |_| Present::Object);
            } else {
                present.decode_into(source)?;
            }
            match present {
                Present::Object => {
                    self.sources.insert(key);
                }
                Present::Absent => {
                    self.sources.remove(&key);
                }
                Present::Other => {}
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::from_json;

    #[test]
    fn an_image_volume_is_read_as_a_source_and_for_itself() {
        let check = |text: &str, source: bool, expect: Option<(&str, &str)>| {
            let volume: Volume<'_> = from_json(text).unwrap();
            let image = volume.image.as_ref();
            let image = image.map(|own| (own.reference.as_ref(), own.pull_policy.as_ref()));
            assert_eq!((volume.sources.contains("image"), image), (source, expect), "{text}");
        };
        let both = r#"{"image":{"reference":"a"},"image":{"pullPolicy":"Never"}}"#;
        check(both, true, Some(("a", "Never")));
        check(r#"{"image":{}}"#, true, Some(("", "")));
        check(r#"{"image":{"reference":"a"},"image":null}"#, false, None);
        check(r#"{"name":"v","emptyDir":{}}"#, false, None);
        assert!(from_json::<Volume<'_>>(r#"{"image":"a"}"#).is_err());
    }
}
