//! Checks of the users and groups that containers run as.

use super::PodView;
use super::profiles::fix_in;
use crate::domain::{Edit, EditValue, FieldPath, Fix};
use crate::objects::ContainerList;
use crate::rules::Report;

/// The user that fixes propose: what profiles fill in unless they say otherwise.
const SOME_USER: i64 = 1000;

fn set_non_root(path: FieldPath) -> Fix {
    Fix {
        text: "set runAsNonRoot: true".into(),
        edits: vec![Edit::Set(path, EditValue::Bool(true))],
    }
}

pub(super) fn non_root(view: &PodView<'_>, report: &mut Report<'_>) {
    const MUST: &str = "it must be true";
    let path = || view.security("runAsNonRoot");
    let pod = view.pod_security().and_then(|own| own.run_as_non_root);
    let containers = || {
        view.containers()
            .map(|of| (of, of.container.security.as_ref().and_then(|own| own.run_as_non_root)))
    };
    match pod {
        Some(false) => report.add(path(), "false", MUST, set_non_root(path())),
        // One finding for the pod, not one for each of its containers: its fix covers them.
        None if containers().any(|(_, own)| own.is_none()) => {
            let mut fix = set_non_root(path());
            if view.pod.spec.is_windows() {
                fix.text = "set runAsNonRoot: true (Windows pods need it too; it is not filled in \
                            there)"
                    .into();
            }
            report.add(path(), "nothing", MUST, fix);
        }
        None | Some(true) => {}
    }
    for (of, _) in containers().filter(|(_, own)| *own == Some(false)) {
        let path = view.container_security(of, "runAsNonRoot");
        report.add(path.clone(), "false", MUST, fix_in(of.list, set_non_root(path)));
    }
}

/// From 1.35 on, pods in a user namespace of their own are left out.
pub(super) fn non_root_but_user_namespaces(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.in_user_namespace() {
        non_root(view, report);
    }
}

pub(super) fn user(view: &PodView<'_>, report: &mut Report<'_>) {
    if view.pod_security().is_some_and(|own| own.run_as_user == Some(0)) {
        root_user(view.security("runAsUser"), ContainerList::Regular, report);
    }
    for of in view.containers() {
        if of.container.security.as_ref().is_some_and(|own| own.run_as_user == Some(0)) {
            root_user(view.container_security(of, "runAsUser"), of.list, report);
        }
    }
}

fn root_user(path: FieldPath, list: ContainerList, report: &mut Report<'_>) {
    let fix = Fix {
        text: "set runAsUser to another number than 0, such as 1000".into(),
        edits: vec![Edit::Set(path.clone(), EditValue::Number(SOME_USER))],
    };
    report.add(path, "0", "it must not be 0", fix_in(list, fix));
}

/// From 1.35 on, pods in a user namespace of their own are left out.
pub(super) fn user_but_user_namespaces(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.in_user_namespace() {
        user(view, report);
    }
}

pub(super) fn root_group(view: &PodView<'_>, report: &mut Report<'_>) {
    let groups = view.pod_security().map_or(&[][..], |own| &own.supplemental_groups);
    for (index, _) in groups.iter().enumerate().filter(|(_, group)| **group == 0) {
        let path = view.security("supplementalGroups").item(index, "");
        let fix = Fix {
            text: "remove 0 from supplementalGroups".into(),
            edits: vec![Edit::Remove(path.clone())],
        };
        report.add(path, "0", "it must not be 0", fix);
    }
}

/// Group 0 of a user namespace is not the node's.
pub(super) fn root_group_but_user_namespaces(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.in_user_namespace() {
        root_group(view, report);
    }
}
