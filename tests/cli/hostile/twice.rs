//! Keys that come twice: the answer is for what Kubernetes' decoder makes of them, or a refusal. To it a
//! plain value is the last one, `null` empties a pointer and leaves a plain field, structs and items of
//! lists merge.

use super::case::{Case, case};
use super::cases::with;
use super::wire::Wire::Tls;

const ALLOWED: &str = "200 allowed close";
const DENIED: &str = "200 denied close";

/// What stands in the place of something in the review of an allowed pod; `@` stands for that.
type Row = (&'static str, &'static str, &'static str, &'static str);

const CONTAINER: &str = "\"allowPrivilegeEscalation\":";
const CONTEXT: &str = "\"securityContext\":{\"capabilities\":";
const SPEC: &str = "\"spec\":";
const BEHIND_SPEC: &str = "\"status\":";
const OBJECT: &str = "\"object\":";
const BEHIND_OBJECT: &str = "\"oldObject\":";

const ROWS: &[Row] = &[
    ("privileged: true, false", CONTAINER, r#""privileged":true,"privileged":false,@"#, ALLOWED),
    ("privileged: false, true", CONTAINER, r#""privileged":false,"privileged":true,@"#, DENIED),
    ("privileged: true, null", CONTAINER, r#""privileged":true,"privileged":null,@"#, ALLOWED),
    ("privileged: null, true", CONTAINER, r#""privileged":null,"privileged":true,@"#, DENIED),
    ("a bad context, a good one", CONTEXT, r#""securityContext":{"privileged":true},@"#, DENIED),
    (
        "a bad context, null, a good one",
        CONTEXT,
        r#""securityContext":{"privileged":true},"securityContext":null,@"#,
        ALLOWED,
    ),
    (
        "hostNetwork: true, false",
        "\"spec\":{",
        r#"@"hostNetwork":true,"hostNetwork":false,"#,
        ALLOWED,
    ),
    (
        "hostNetwork: false, true",
        "\"spec\":{",
        r#"@"hostNetwork":false,"hostNetwork":true,"#,
        DENIED,
    ),
    ("hostNetwork: true, null", "\"spec\":{", r#"@"hostNetwork":true,"hostNetwork":null,"#, DENIED),
    ("an empty spec, a good one", SPEC, r#""spec":{},@"#, ALLOWED),
    ("a bad spec, a good one", SPEC, r#""spec":{"hostPID":true},@"#, DENIED),
    ("a good spec, a bad one", BEHIND_SPEC, r#""spec":{"hostPID":true},@"#, DENIED),
    ("a bad spec, null, a good one", SPEC, r#""spec":{"hostPID":true},"spec":null,@"#, DENIED),
    (
        "bad containers, good ones",
        "\"containers\":",
        r#""containers":[{"securityContext":{"privileged":true}}],@"#,
        DENIED,
    ),
    ("good containers, fewer of them", BEHIND_SPEC, r#""spec":{"containers":[{}]},@"#, DENIED),
    (
        "bad containers, fewer, good ones",
        "\"containers\":",
        r#""containers":[{},{"securityContext":{"privileged":true}}],"containers":[{}],@"#,
        DENIED,
    ),
    (
        "bad containers, none, good ones",
        "\"containers\":",
        r#""containers":[{},{"securityContext":{"privileged":true}}],"containers":[],@"#,
        ALLOWED,
    ),
    ("a bad object, a good one", OBJECT, r#""object":{"spec":{"hostPID":true}},@"#, ALLOWED),
    ("a good object, a bad one", BEHIND_OBJECT, r#""object":{"spec":{"hostPID":true}},@"#, DENIED),
    ("a good object, null", BEHIND_OBJECT, r#""object":null,@"#, ALLOWED),
    ("an empty request, a good one", "\"request\":{", r#""request":{"name":"x"},@"#, ALLOWED),
    (
        "a resource nobody knows, a good one",
        "\"resource\":{",
        r#""resource":{"resource":"pads"},@"#,
        ALLOWED,
    ),
    (
        "a good resource, one nobody knows",
        BEHIND_OBJECT,
        r#""resource":{"resource":"pads"},@"#,
        DENIED,
    ),
];

pub fn twice() -> Vec<Case> {
    let row = |(name, place, text, expect): &Row| {
        case(name, Tls, with(place, &text.replace('@', place)), expect)
    };
    ROWS.iter().map(row).collect()
}
