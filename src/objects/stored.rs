//! What the API server makes of a manifest, as far as it changes a verdict.

use std::borrow::Cow;

use super::pod::Pod;

/// Gives a pod from a file what the API server would have given it before any webhook sees it
/// (kubernetes 1.37 `pkg/apis/core/v1/defaults.go`): a volume without a source is an emptyDir
/// (`SetDefaults_Volume`), and the ports of a pod on the host's network are ports of the host
/// (`SetDefaults_Pod`, which templates and ephemeral containers do not go through).
///
/// A volume of which only a source is set that nobody knows stays as it is: it is no emptyDir.
pub fn as_stored(pod: &mut Pod<'_>, in_template: bool) {
    for volume in &mut pod.spec.volumes {
        if volume.sources.is_empty() {
            volume.sources.insert(Cow::Borrowed("emptyDir"));
        }
    }
    if pod.spec.host_network && !in_template {
        let containers = pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers);
        for port in containers.flat_map(|container| &mut container.ports) {
            if port.host_port == 0 {
                port.host_port = port.container_port;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::from_json;

    #[track_caller]
    fn check(in_template: bool, given: &str, expect: &str) {
        let mut pod: Pod<'_> = from_json(given).unwrap();
        as_stored(&mut pod, in_template);
        assert_eq!(pod, from_json(expect).unwrap());
    }

    #[test]
    fn a_volume_without_a_source_is_an_empty_dir() {
        check(
            true,
            r#"{"spec":{"volumes":[{"name":"a"},{"name":"b","nfs":{}},{"name":"c","new":{}},{"name":"d","nfs":null}]}}"#,
            r#"{"spec":{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","nfs":{}},{"name":"c","new":{}},{"name":"d","emptyDir":{}}]}}"#,
        );
    }

    #[test]
    fn the_ports_of_a_pod_on_the_hosts_network_are_the_hosts() {
        let given = r#"{"spec":{"hostNetwork":true,
            "initContainers":[{"ports":[{"containerPort":1}]}],
            "containers":[{"ports":[{"containerPort":2},{"containerPort":3,"hostPort":4}]}],
            "ephemeralContainers":[{"ports":[{"containerPort":5}]}]}}"#;
        check(
            false,
            given,
            r#"{"spec":{"hostNetwork":true,
            "initContainers":[{"ports":[{"containerPort":1,"hostPort":1}]}],
            "containers":[{"ports":[{"containerPort":2,"hostPort":2},{"containerPort":3,"hostPort":4}]}],
            "ephemeralContainers":[{"ports":[{"containerPort":5}]}]}}"#,
        );
        check(true, given, given);
        let given = r#"{"spec":{"containers":[{"ports":[{"containerPort":2}]}]}}"#;
        check(false, given, given);
    }
}
