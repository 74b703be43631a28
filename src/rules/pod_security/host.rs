//! Checks of what a pod shares with its node.

use super::PodView;
use super::profiles::fix_in;
use crate::domain::{Edit, EditValue, FieldPath, Fix};
use crate::rules::Report;

const MUST_BE_FALSE: &str = "it must be false";

fn set_false(path: FieldPath, field: &'static str) -> Fix {
    Fix {
        text: format!("set {field}: false").into(),
        edits: vec![Edit::Set(path, EditValue::Bool(false))],
    }
}

pub(super) fn namespaces(view: &PodView<'_>, report: &mut Report<'_>) {
    let spec = &view.pod.spec;
    let shared = [
        ("hostNetwork", spec.host_network),
        ("hostPID", spec.host_pid),
        ("hostIPC", spec.host_ipc),
    ];
    for (field, _) in shared.into_iter().filter(|(_, shared)| *shared) {
        let path = view.spec(field);
        report.add(path.clone(), "true", MUST_BE_FALSE, set_false(path, field));
    }
}

pub(super) fn ports(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        for (index, port) in of.container.ports.iter().enumerate() {
            if port.host_port == 0 {
                continue;
            }
            let path = view.container(of).field("ports").item(index, "").field("hostPort");
            let mut fix = Fix {
                text: "remove hostPort and reach the pod through a Service".into(),
                edits: vec![Edit::Remove(path.clone())],
            };
            // The API server fills hostPort in again while the pod is on the host's network.
            if view.pod.spec.host_network {
                fix.text =
                    "remove hostPort and hostNetwork and reach the pod through a Service".into();
                fix.edits.push(Edit::Set(view.spec("hostNetwork"), EditValue::Bool(false)));
            }
            report.add(path, port.host_port.to_string(), "it must not be set", fix);
        }
    }
}

pub(super) fn privileged(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        if of.container.security.as_ref().is_some_and(|own| own.privileged == Some(true)) {
            let path = view.container_security(of, "privileged");
            let fix = fix_in(of.list, set_false(path.clone(), "privileged"));
            report.add(path, "true", MUST_BE_FALSE, fix);
        }
    }
}

pub(super) fn windows_host_process(view: &PodView<'_>, report: &mut Report<'_>) {
    const FIELD: &str = "hostProcess";
    let pod = view.pod_security().and_then(|own| own.windows.as_ref());
    if pod.is_some_and(|windows| windows.host_process == Some(true)) {
        let path = view.security("windowsOptions").field(FIELD);
        report.add(path.clone(), "true", MUST_BE_FALSE, set_false(path, FIELD));
    }
    for of in view.containers() {
        let own = of.container.security.as_ref().and_then(|own| own.windows.as_ref());
        if own.is_some_and(|windows| windows.host_process == Some(true)) {
            let path = view.container_security(of, "windowsOptions").field(FIELD);
            report.add(path.clone(), "true", MUST_BE_FALSE, set_false(path, FIELD));
        }
    }
}
