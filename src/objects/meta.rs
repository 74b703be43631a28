//! What every object has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::decode::object;

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
    /// A namespace, or any object of which only the metadata matters.
    pub struct Labelled<'de> {
        /// Its metadata.
        meta: Meta<'de> = "metadata",
        /// A service account's own wish, absent in every other kind.
        automount_token: Option<bool> = "automountServiceAccountToken",
    }
}
