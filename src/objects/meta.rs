//! What every object has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::decode::{Unread, object};

/// Labels or annotations.
pub type Annotations<'de> = BTreeMap<Cow<'de, str>, Cow<'de, str>>;

object! {
    /// An object's metadata, as far as rules read it.
    pub struct Meta<'de> {
        /// Empty where the API server has yet to make one of `generateName`.
        name: Cow<'de, str> = "name",
        /// The beginning of the name to be made.
        generate_name: Cow<'de, str> = "generateName",
        /// Empty for cluster-scoped objects, and in manifests that leave it to the command line.
        namespace: Cow<'de, str> = "namespace",
        /// Labels.
        labels: Annotations<'de> = "labels",
        /// Annotations.
        annotations: Annotations<'de> = "annotations",
        /// Who wrote which field: close to half of a stored pod.
        managed_fields: Unread = "managedFields",
    }
}

impl Meta<'_> {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(AsRef::as_ref)
    }
}

object! {
    /// What tells the kind of a manifest.
    pub struct Object<'de> {
        /// `v1`, `apps/v1`
        api_version: Cow<'de, str> = "apiVersion",
        /// `Pod`
        kind: Cow<'de, str> = "kind",
        /// Its metadata.
        meta: Meta<'de> = "metadata",
    }
}

object! {
    /// What an object is called, and what made it.
    pub struct Made<'de> {
        /// `Pod`
        kind: Cow<'de, str> = "kind",
        /// Its metadata.
        meta: MadeMeta<'de> = "metadata",
    }
}

object! {
    /// The same of its metadata.
    pub struct MadeMeta<'de> {
        /// Its name.
        name: Cow<'de, str> = "name",
        /// Its labels.
        labels: Annotations<'de> = "labels",
        /// What it belongs to.
        owners: Vec<OwnerReference<'de>> = "ownerReferences",
    }
}

object! {
    /// An object that another belongs to.
    pub struct OwnerReference<'de> {
        /// `ReplicaSet`
        kind: Cow<'de, str> = "kind",
        /// Its name.
        name: Cow<'de, str> = "name",
        /// Whether it made the other.
        controller: bool = "controller",
    }
}

impl Made<'_> {
    /// The object itself and the workloads that made it ([`MadeMeta::workloads`]).
    #[must_use]
    pub fn workloads(&self, kind: &str) -> Vec<(String, String)> {
        self.meta.workloads(kind)
    }
}

impl MadeMeta<'_> {
    /// The object itself and the workloads that made it, each with kind and name. Of a ReplicaSet's
    /// pod its Deployment too, whose name is the ReplicaSet's less the pods' hash; of a Job's its
    /// CronJob, less the minute that the name ends with.
    #[must_use]
    pub fn workloads(&self, kind: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if !self.name.is_empty() {
            all.push((kind.to_owned(), self.name.to_string()));
        }
        for owner in self.owners.iter().filter(|owner| owner.controller) {
            all.push((owner.kind.to_string(), owner.name.to_string()));
            let hash = self.labels.get("pod-template-hash").map(AsRef::as_ref);
            let maker = match owner.kind.as_ref() {
                "ReplicaSet" => hash
                    .filter(|hash| !hash.is_empty())
                    .and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'))
                    .map(|name| ("Deployment", name)),
                "Job" => owner
                    .name
                    .rsplit_once('-')
                    .filter(|(_, minute)| {
                        !minute.is_empty() && minute.bytes().all(|byte| byte.is_ascii_digit())
                    })
                    .map(|(name, _)| ("CronJob", name)),
                _ => None,
            };
            all.extend(maker.map(|(kind, name)| (kind.to_owned(), name.to_owned())));
        }
        all
    }
}

object! {
    /// A namespace, or any object of which only the metadata matters.
    pub struct Labelled<'de> {
        /// Its metadata.
        meta: Meta<'de> = "metadata",
        /// A service account's own wish, absent in every other kind.
        automount_token: Option<bool> = "automountServiceAccountToken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::from_json;

    #[test]
    fn a_pod_is_its_makers_too() {
        let check = |owner: &str, hash: &str, expect: &[&str]| {
            let (kind, name) = owner.split_once('/').unwrap();
            let text = serde_json::json!({"metadata": {
                "name": "p",
                "labels": {"pod-template-hash": hash},
                "ownerReferences": [
                    {"kind": "Node", "name": "n"},
                    {"kind": kind, "name": name, "controller": true},
                ],
            }});
            let text = text.to_string();
            let made: Made<'_> = from_json(&text).unwrap();
            let workloads = made.workloads("Pod");
            let shown: Vec<String> =
                workloads.iter().map(|(kind, name)| format!("{kind}/{name}")).collect();
            assert_eq!(shown, [&["Pod/p"], expect].concat(), "{owner}");
        };
        check("DaemonSet/driver", "", &["DaemonSet/driver"]);
        check("ReplicaSet/web-5d4f", "5d4f", &["ReplicaSet/web-5d4f", "Deployment/web"]);
        check("ReplicaSet/web-5d4f", "other", &["ReplicaSet/web-5d4f"]);
        check("ReplicaSet/web5d4f", "5d4f", &["ReplicaSet/web5d4f"]);
        check("ReplicaSet/web-", "", &["ReplicaSet/web-"]);
        check("Job/report-29012345", "", &["Job/report-29012345", "CronJob/report"]);
        check("Job/report-x", "", &["Job/report-x"]);
        check("Job/report", "", &["Job/report"]);
    }
}
