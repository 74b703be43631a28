//! The table of RF3.

use super::{naming, pull, registry};
use crate::domain::{Code, Severity};
use crate::rules::{Concern, Rule};

const IMAGES: &str = "https://kubernetes.io/docs/concepts/containers/images/";
const REFERENCES: &str = "https://pkg.go.dev/github.com/distribution/reference";
const PROVENANCE: &str = "CIS Kubernetes Benchmark 5.5.1";
const IMPLANT: &str = "https://attack.mitre.org/techniques/T1525/";

/// The rules of RF3, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        code: Code::ImageRegistry,
        name: "registry",
        title: "images come from a place that is listed",
        reason: "what anybody could have pushed anywhere would run with the tenant's rights",
        remedy: "push the image to a listed registry and name it by digest",
        severity: Severity::High,
        references: &[PROVENANCE, IMPLANT],
        concern: Concern::Images(registry::registry),
    },
    Rule {
        code: Code::ImageDigest,
        name: "digest",
        title: "images are named by their digest",
        reason: "a tag can be pushed again, and what runs is no longer what was tested",
        remedy: "append @sha256: and the digest of the image that was tested",
        severity: Severity::Medium,
        references: &[IMAGES, PROVENANCE],
        concern: Concern::Images(naming::digest),
    },
    Rule {
        code: Code::ImagePullPolicy,
        name: "pullPolicy",
        title: "images are pulled by a policy that is listed",
        reason: "without a pull nobody asks whether the tenant may have an image that its node holds for another",
        remedy: "set imagePullPolicy to a listed one",
        severity: Severity::Medium,
        references: &[
            IMAGES,
            "https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#alwayspullimages",
        ],
        concern: Concern::Images(pull::policy),
    },
    Rule {
        code: Code::LatestTag,
        name: "latestTag",
        title: "images have another tag than latest, or a digest",
        reason: "latest is another image tomorrow, and nobody can tell which one runs or go back to it",
        remedy: "name the version that was tested, by another tag or by its digest",
        severity: Severity::Medium,
        references: &[IMAGES],
        concern: Concern::Images(naming::latest),
    },
    Rule {
        code: Code::ImageReference,
        name: "imageReference",
        title: "references of images must be readable",
        reason: "what cannot be read is in no list, and no node could start it, or each its own way",
        remedy: "write it as REGISTRY/PATH:TAG or as REGISTRY/PATH@sha256:DIGEST",
        severity: Severity::High,
        references: &[REFERENCES],
        concern: Concern::Images(naming::readable),
    },
];
