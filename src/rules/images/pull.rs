//! When images are pulled.

use super::{ImageView, ImagesView};
use crate::domain::{Edit, EditValue, Fix, sanitise};
use crate::policy::PullPolicy;
use crate::rules::Report;

pub(super) fn policy(view: &ImagesView<'_>, report: &mut Report<'_>) {
    let Some(admitted) = view.policy.admitted_pull_policies() else { return };
    for image in view.images() {
        let default = image.default_policy().as_str();
        let policy = image.written_policy().unwrap_or(default);
        if admitted.iter().any(|own| own.as_str() == policy) {
            continue;
        }
        let found = match image.written_policy() {
            Some(written) => sanitise(written, 80).into_owned(),
            None => format!("nothing, which is {default} for this image"),
        };
        let (path, _) = view.policy_path(image);
        report.add(path, found, must(admitted), fix(view, image, admitted));
    }
}

fn must(admitted: &[PullPolicy]) -> String {
    let names: Vec<&str> = admitted.iter().map(|own| own.as_str()).collect();
    match names.as_slice() {
        [] => "there is no pull policy that it may be".to_owned(),
        [only] => format!("it must be {only}"),
        [most @ .., last] => format!("it may be {} or {last}", most.join(", ")),
    }
}

fn fix(view: &ImagesView<'_>, image: &ImageView<'_>, admitted: &[PullPolicy]) -> Fix {
    let Some(first) = admitted.first().map(|own| own.as_str()) else {
        return Fix::advice("ask for a pull policy to be listed in images.pullPolicies");
    };
    let (path, field) = view.policy_path(image);
    let otherwise = if image.is_ephemeral() {
        format!(", or use kubectl debug --image-pull-policy={first}")
    } else {
        String::new()
    };
    Fix {
        text: format!("set {field}: {first}{otherwise}").into(),
        edits: vec![Edit::Set(path, EditValue::Text(first.into()))],
    }
}
