//! Reviews (k8s.io/api admission/v1 `types.go`).

use super::Shape::{self, Bool, List, Object, Other, Pointer, Raw, Text};

/// A review. Its objects are kept as they are, and so are not of a type.
pub const REVIEW: Shape = Object(&[
    ("apiVersion", Text(&["admission.k8s.io/v1", "admission.k8s.io/v1beta1"])),
    ("kind", Text(&["AdmissionReview", "Pod"])),
    ("request", Pointer(&REQUEST)),
    ("response", Other(&["null", "{}"])),
]);

const REQUEST: Shape = Object(&[
    ("uid", Text(&["u", "705ab4f5-6393-11e8-b7cc-42010a800002"])),
    (
        "kind",
        Object(&[("group", Text(&["apps"])), ("version", Text(&["v1"])), ("kind", Text(&["Pod"]))]),
    ),
    (
        "resource",
        Object(&[
            ("group", Text(&["apps"])),
            ("version", Text(&["v1"])),
            ("resource", Text(&["pods", "deployments"])),
        ]),
    ),
    ("subResource", Text(&["status", "ephemeralcontainers"])),
    ("name", Text(&["x"])),
    ("namespace", Text(&["alpha-dev"])),
    ("operation", Text(&["CREATE", "UPDATE", "DELETE", "CONNECT"])),
    ("userInfo", Object(&[("username", Text(&["jo"])), ("groups", List(&Text(&["g", "h"])))])),
    ("object", Raw),
    ("oldObject", Raw),
    // A pointer in Go, whose `null` is what `false` is.
    ("dryRun", Bool),
    ("options", Other(&["{}", "7"])),
]);

/// What an answer must repeat, read from a review of which nothing else need be right.
pub const UID: Shape = Object(&[("request", Object(&[("uid", Text(&[]))]))]);
