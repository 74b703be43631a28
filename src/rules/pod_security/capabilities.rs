//! Checks of Linux capabilities.

use std::borrow::Cow;

use super::profiles::fix_in;
use super::{ContainerView, PodView};
use crate::domain::{Edit, EditValue, Fix, sanitise};
use crate::rules::Report;

/// What containers may add at baseline (`policy/check_capabilities_baseline.go`).
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

pub(super) fn baseline(view: &PodView<'_>, report: &mut Report<'_>) {
    let must = "it may hold AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, \
                NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID and SYS_CHROOT";
    for of in view.containers() {
        added(view, of, |capability| DEFAULT.contains(&capability), must, report);
    }
}

pub(super) fn restricted(view: &PodView<'_>, report: &mut Report<'_>) {
    for of in view.containers() {
        dropped_all(view, of, report);
        let allowed = |capability: &str| capability == "NET_BIND_SERVICE";
        added(view, of, allowed, "it may hold NET_BIND_SERVICE", report);
    }
}

/// From 1.25 on, pods that say they run on Windows are left out.
pub(super) fn restricted_but_windows(view: &PodView<'_>, report: &mut Report<'_>) {
    if !view.pod.spec.is_windows() {
        restricted(view, report);
    }
}

fn added(
    view: &PodView<'_>,
    of: ContainerView<'_>,
    allowed: impl Fn(&str) -> bool,
    must: &'static str,
    report: &mut Report<'_>,
) {
    let Some(capabilities) = of.container.security.as_ref().and_then(|s| s.capabilities.as_ref())
    else {
        return;
    };
    let (kept, refused): (Vec<_>, Vec<_>) =
        capabilities.add.iter().partition(|capability| allowed(capability));
    if refused.is_empty() {
        return;
    }
    let path = view.container_security(of, "capabilities").field("add");
    let found = names(&refused);
    let fix = Fix {
        text: format!("remove {found} from capabilities.add").into(),
        edits: vec![if kept.is_empty() {
            Edit::Remove(path.clone())
        } else {
            Edit::Set(path.clone(), list(kept))
        }],
    };
    report.add(path, found, must, fix_in(of.list, fix));
}

fn dropped_all(view: &PodView<'_>, of: ContainerView<'_>, report: &mut Report<'_>) {
    let capabilities = of.container.security.as_ref().and_then(|own| own.capabilities.as_ref());
    let dropped = capabilities.map_or(&[][..], |capabilities| &capabilities.drop);
    if dropped.iter().any(|capability| capability == "ALL") {
        return;
    }
    let path = view.container_security(of, "capabilities").field("drop");
    let found = match dropped {
        [] => "nothing".to_owned(),
        _ => names(&dropped.iter().collect::<Vec<_>>()),
    };
    let all = Cow::Borrowed("ALL");
    let fix = Fix {
        text: match dropped {
            [] => "set capabilities.drop: [ALL]".into(),
            _ => "add ALL to capabilities.drop".into(),
        },
        edits: vec![Edit::Set(path.clone(), list(dropped.iter().chain([&all]).collect()))],
    };
    report.add(path, found, "it must hold ALL", fix_in(of.list, fix));
}

fn list(names: Vec<&Cow<'_, str>>) -> EditValue {
    EditValue::List(names.into_iter().map(|name| Cow::Owned(name.to_string())).collect())
}

/// At most a few names, sanitised: a list may have thousands.
fn names(capabilities: &[&Cow<'_, str>]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> =
        capabilities.iter().take(SHOWN).map(|capability| sanitise(capability, 40)).collect();
    let more = capabilities.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}
