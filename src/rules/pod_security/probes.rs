//! The check of hosts that the kubelet connects to for a pod: a probe of another host is a request
//! forged by the node (`policy/check_hostProbesAndhostLifecycle.go`).

use super::{ContainerView, PodView};
use crate::domain::{Edit, Fix, sanitise};
use crate::objects::Handler;
use crate::rules::Report;

pub(super) fn hosts(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        let container = of.container;
        handler(view, of, &["livenessProbe"], container.liveness_probe.as_ref(), report);
        handler(view, of, &["readinessProbe"], container.readiness_probe.as_ref(), report);
        handler(view, of, &["startupProbe"], container.startup_probe.as_ref(), report);
        if let Some(lifecycle) = &container.lifecycle {
            handler(view, of, &["lifecycle", "postStart"], lifecycle.post_start.as_ref(), report);
            handler(view, of, &["lifecycle", "preStop"], lifecycle.pre_stop.as_ref(), report);
        }
    }
}

fn handler(
    view: &PodView<'_>,
    of: ContainerView<'_>,
    fields: &[&'static str],
    handler: Option<&Handler<'_>>,
    report: &mut Report<'_>,
) {
    let Some(handler) = handler else { return };
    let sockets = [("httpGet", &handler.http_get), ("tcpSocket", &handler.tcp_socket)];
    for (name, socket) in sockets {
        let Some(host) = socket.as_ref().map(|socket| &socket.host) else { continue };
        if !host.is_empty() {
            let at = fields.iter().fold(view.container(of), |path, field| path.field(*field));
            let path = at.field(name).field("host");
            let fix = Fix {
                text: format!("remove {name}.host: the pod itself is asked then").into(),
                edits: vec![Edit::Remove(path.clone())],
            };
            report.add(path, sanitise(host, 80), "it must not be set", fix);
        }
    }
}
