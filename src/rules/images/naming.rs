//! How images are named.

use super::{ImageView, ImagesView};
use crate::domain::{Fix, InvalidReference};
use crate::rules::Report;

/// A reference that is none. There is no digest of an image that nobody can name, so that this says
/// how references are written.
pub(super) fn readable(view: &ImagesView<'_>, report: &mut Report<'_>) {
    for image in view.images() {
        let Err(why) = image.reference else { continue };
        let found = match why {
            InvalidReference::Empty => image.shown(),
            _ => format!("{}: {why}", image.shown()),
        };
        let fix = Fix::advice("write it as REGISTRY/PATH:TAG or as REGISTRY/PATH@sha256:DIGEST");
        report.add(view.path(image), found, "it must be a reference of an image", fix);
    }
}

pub(super) fn digest(view: &ImagesView<'_>, report: &mut Report<'_>) {
    if !view.policy.require_digest {
        return;
    }
    for image in view.breaking(|image| image.digest().is_none()) {
        let fix = match &image.reference {
            Ok(reference) => format!(
                "append @sha256:DIGEST, which `docker buildx imagetools inspect {reference}` prints"
            ),
            Err(_) => "write it as REGISTRY/PATH@sha256:DIGEST".to_owned(),
        };
        report.add(view.path(image), image.shown(), "it must have a digest", Fix::advice(fix));
    }
}

pub(super) fn latest(view: &ImagesView<'_>, report: &mut Report<'_>) {
    if !view.policy.forbid_latest {
        return;
    }
    for image in view.breaking(|image| image.is_latest()) {
        let fix = Fix::advice(
            "name the version that you tested, by another tag than latest or by its digest",
        );
        let must = "it must have another tag than latest, or a digest";
        report.add(view.path(image), found(image), must, fix);
    }
}

fn found(image: &ImageView<'_>) -> String {
    match &image.reference {
        Ok(reference) if reference.tag().is_none() => format!("{} without a tag", image.shown()),
        Ok(_) | Err(_) => image.shown(),
    }
}
