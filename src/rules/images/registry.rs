//! Where images may come from.

use super::ImagesView;
use crate::domain::{Fix, ImagePattern};
use crate::rules::Report;

/// How many patterns a finding names.
const SHOWN: usize = 5;

pub(super) fn registry(view: &ImagesView<'_>, report: &mut Report<'_>) {
    let Some(allowed) = &view.policy.registries else { return };
    let outside = view.breaking(|image| !allowed.iter().any(|own| own.matches(image)));
    for image in outside {
        let from = from(allowed);
        let must = match view.tenant {
            Some(tenant) => format!("tenant {tenant} may pull from {from}"),
            None => format!("images may come from {from}"),
        };
        report.add(view.path(image), image.shown(), must, fix(allowed));
    }
}

fn from(allowed: &[ImagePattern]) -> String {
    let shown: Vec<String> = allowed.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = allowed.len() - shown.len();
    match shown.as_slice() {
        [] => "nowhere: no registry is listed".to_owned(),
        [only] => only.clone(),
        shown if more > 0 => format!("{} and {more} more", shown.join(", ")),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

fn fix(allowed: &[ImagePattern]) -> Fix {
    let wide = allowed.iter().find(|own| own.is_wide());
    match (wide, allowed.first()) {
        (Some(wide), _) => {
            Fix::advice(format!("push the image to {} and name it by digest", wide.place()))
        }
        (None, Some(first)) => Fix::advice(format!("use {first} and name it by digest")),
        (None, None) => Fix::advice("ask for a registry to be listed in images.registries"),
    }
}
