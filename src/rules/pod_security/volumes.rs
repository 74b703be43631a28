//! Checks of volumes.

use super::PodView;
use crate::domain::{Edit, EditValue, Fix, sanitise};
use crate::objects::Volume;
use crate::rules::Report;

/// The sources that are allowed at restricted (`policy/check_restrictedVolumes.go`).
const ALLOWED: [&str; 9] = [
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

pub(super) fn host_path(view: &PodView<'_>, report: &mut Report<'_>) {
    for (index, volume) in view.pod.spec.volumes.iter().enumerate() {
        if volume.sources.contains("hostPath") {
            let at = view.spec("volumes").item(index, &volume.name);
            let fix = Fix {
                text: "use another kind of volume, such as emptyDir or persistentVolumeClaim"
                    .into(),
                edits: vec![
                    Edit::Discard(at.field("hostPath")),
                    Edit::Set(at.field("emptyDir"), EditValue::EmptyObject),
                ],
            };
            report.add(at.field("hostPath"), "hostPath", "it must not be set", fix);
        }
    }
}

/// A volume with an allowed source beside another is allowed, as upstream has it: the API server
/// itself refuses two. One whose source nobody knows is not, nor is one without any: the API server
/// makes an emptyDir of it before we see it.
pub(super) fn restricted(view: &PodView<'_>, report: &mut Report<'_>) {
    for (index, volume) in view.pod.spec.volumes.iter().enumerate() {
        if ALLOWED.iter().any(|source| volume.sources.contains(*source)) {
            continue;
        }
        let at = view.spec("volumes").item(index, &volume.name);
        let mut edits: Vec<_> =
            volume.sources.iter().map(|source| Edit::Discard(at.key(source))).collect();
        edits.push(Edit::Set(at.field("emptyDir"), EditValue::EmptyObject));
        let fix = Fix {
            text: "use another kind of volume, such as emptyDir or persistentVolumeClaim".into(),
            edits,
        };
        let must = "it may be configMap, csi, downwardAPI, emptyDir, ephemeral, image, \
                    persistentVolumeClaim, projected or secret";
        report.add(at, found(volume), must, fix);
    }
}

fn found(volume: &Volume<'_>) -> String {
    const SHOWN: usize = 3;
    let sources: Vec<_> =
        volume.sources.iter().take(SHOWN).map(|source| sanitise(source, 40)).collect();
    if sources.is_empty() { "no source".to_owned() } else { sources.join(", ") }
}
