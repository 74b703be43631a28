//! What was put on a namespace, and is taken away with its tenant or with us.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use serde_json::{Map, Value, json};

use crate::domain::{FILLED_IN, FilledIn};

/// How keys begin that nobody but the platform may write.
const OURS: &str = "ringfence.dev/";

/// The keys of labels and annotations of a namespace.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) labels: Vec<String>,
    pub(super) annotations: Vec<String>,
}

impl Marks {
    /// Those that are ours: keys that nobody else may write, and labels that were filled in and still say that.
    pub(super) fn of(namespace: &PartialObjectMeta<Namespace>) -> Self {
        let (labels, annotations) = (namespace.labels(), namespace.annotations());
        let filled = FilledIn::read(annotations.get(FILLED_IN).map_or("", String::as_str));
        let labels = labels.iter().filter(|(key, value)| {
            key.starts_with(OURS) || filled.get(key) == Some(value.as_str())
        });
        let annotations = annotations.keys().filter(|key| key.starts_with(OURS));
        Self {
            labels: labels.map(|(key, _)| key.clone()).collect(),
            annotations: annotations.cloned().collect(),
        }
    }

    /// A merge patch that takes them away from the namespace with this uid, and from no other of its name.
    pub(super) fn gone(&self, uid: &str) -> Value {
        let gone = |keys: &[String]| -> Map<String, Value> {
            keys.iter().map(|key| (key.clone(), Value::Null)).collect()
        };
        let (labels, annotations) = (gone(&self.labels), gone(&self.annotations));
        json!({"metadata": {"uid": uid, "labels": labels, "annotations": annotations}})
    }
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
        let filled = "pod-security.kubernetes.io/enforce=restricted,\
            pod-security.kubernetes.io/audit=restricted,ringfence.dev/tenant=alpha,changed=b,team=gone";
        let meta = ObjectMeta {
            labels: map(&[
                ("ringfence.dev/tenant", "alpha"),
                ("ringfence.dev/default-deny", "enabled"),
                ("pod-security.kubernetes.io/enforce", "restricted"),
                ("pod-security.kubernetes.io/audit", "baseline"),
                ("team", "gone"),
                ("changed", "a"),
                ("own", "x"),
            ]),
            annotations: map(&[(FILLED_IN, filled), ("note", "mine")]),
            ..ObjectMeta::default()
        };
        let gone = json!({"metadata": {
            "uid": "1",
            "labels": {
                "pod-security.kubernetes.io/enforce": null,
                "ringfence.dev/default-deny": null,
                "ringfence.dev/tenant": null,
                "team": null,
            },
            "annotations": {FILLED_IN: null},
        }});
        assert_eq!(Marks::of(&meta.into_response_partial()).gone("1"), gone);
    }
}
