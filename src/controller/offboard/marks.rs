//! What was put on a namespace, and is taken away with its tenant.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;

use crate::domain::{FILLED_IN, FilledIn, TENANT_LABEL};

/// How keys begin that nobody but the platform may write.
const OURS: &str = "ringfence.dev/";
/// How the keys begin of what the API server's own Pod Security admission holds to.
const POD_SECURITY: &str = "pod-security.kubernetes.io/";

/// The keys of the labels and annotations of a namespace that are ours: those that nobody else may write, but
/// for the tenant label, and labels that were filled in and still say that. Those of Pod Security stay.
pub(super) fn of(namespace: &PartialObjectMeta<Namespace>) -> (Vec<String>, Vec<String>) {
    let (labels, annotations) = (namespace.labels(), namespace.annotations());
    let filled = FilledIn::read(annotations.get(FILLED_IN).map_or("", String::as_str));
    let is_ours = |key: &str| key.starts_with(OURS) && key != TENANT_LABEL;
    let labels = labels.iter().filter(|(key, value)| {
        let was_filled = filled.get(key) == Some(value.as_str());
        is_ours(key) || (was_filled && *key != TENANT_LABEL && !key.starts_with(POD_SECURITY))
    });
    let annotations = annotations.keys().filter(|key| is_ours(key));
    (labels.map(|(key, _)| key.clone()).collect(), annotations.cloned().collect())
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectMeta, PartialObjectMetaExt as _};

    use super::*;

    #[test]
    fn what_was_put_on_a_namespace_goes_and_what_others_set_stays() {
        let map = |entries: &[(&str, &str)]| {
            let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            Some(entries.iter().map(own).collect())
        };
        let filled = "pod-security.kubernetes.io/enforce=restricted,ringfence.dev/tenant=alpha,\
            changed=b,team=gone";
        let meta = ObjectMeta {
            labels: map(&[
                ("ringfence.dev/tenant", "alpha"),
                ("ringfence.dev/default-deny", "enabled"),
                ("pod-security.kubernetes.io/enforce", "restricted"),
                ("team", "gone"),
                ("changed", "a"),
                ("own", "x"),
            ]),
            annotations: map(&[(FILLED_IN, filled), ("note", "mine")]),
            ..ObjectMeta::default()
        };
        let (labels, annotations) = of(&meta.into_response_partial());
        assert_eq!(labels, ["ringfence.dev/default-deny", "team"]);
        assert_eq!(annotations, [FILLED_IN]);
    }
}
