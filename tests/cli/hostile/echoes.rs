//! What no terminal should be shown, in every field of a review: it is told neither to who asked nor to
//! who reads the log.

use serde_json::{Value, json};

use crate::server::{Serving, fixture};

/// Right-to-left override, ESC and what may follow it, line's ends, BEL, DEL, C1's CSI, an isolate, zero width
/// space, line separator, byte order mark. As JSON it is short enough to be shown where a string is wrong.
const EVIL: &str = "MARK\u{202e}\u{1b}[31m\n\u{7}\r\u{7f}\u{9b}\u{2066}\u{200b}\u{2028}\u{feff}";

/// How it begins, how where it is told, and how if its line's end were.
const MARK: &str = "MARK";
const TOLD: &str = "MARK\u{fffd}";
const BROKEN: &str = "[31m\n";

/// Where [`EVIL`] stands (a path that ends in `*` is that of a new key, which has an object for its value
/// where it ends in `*{}`), and where it is told: in the answer, in the log.
const OF_A_POD: &[(&str, &str)] = &[
    ("/apiVersion", "answer"),
    ("/kind", "answer"),
    ("/request/uid", "log"),
    ("/request/kind/group", "answer"),
    ("/request/kind/version", ""),
    ("/request/kind/kind", "answer"),
    ("/request/resource/group", "answer"),
    ("/request/resource/version", "answer"),
    ("/request/resource/resource", "answer, log"),
    ("/request/requestKind/kind", ""),
    ("/request/requestResource/resource", ""),
    ("/request/subResource", "answer, log"),
    ("/request/requestSubResource", ""),
    ("/request/name", "answer, log"),
    ("/request/namespace", "answer, log"),
    ("/request/operation", "answer, log"),
    ("/request/userInfo/username", "log"),
    ("/request/userInfo/uid", ""),
    ("/request/userInfo/groups/0", ""),
    ("/request/userInfo/*{}", ""),
    ("/request/options/fieldManager", ""),
    ("/request/dryRun", "answer"),
    ("/request/object", "answer"),
    ("/request/oldObject", ""),
    ("/request/*", ""),
    ("/request/*{}", ""),
    ("/request/object/apiVersion", ""),
    ("/request/object/kind", ""),
    ("/request/object/*", ""),
    ("/request/object/metadata/name", ""),
    ("/request/object/metadata/generateName", ""),
    ("/request/object/metadata/namespace", ""),
    ("/request/object/metadata/labels/*", ""),
    ("/request/object/metadata/labels/*{}", "answer"),
    ("/request/object/metadata/labels/app", ""),
    ("/request/object/metadata/labels/ringfence.dev~1tenant", ""),
    ("/request/object/metadata/annotations/*", ""),
    ("/request/object/metadata/annotations/*{}", "answer"),
    ("/request/object/metadata/annotations/x", ""),
    (
        "/request/object/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1app",
        "answer",
    ),
    ("/request/object/metadata/annotations/ringfence.dev~1exempt", ""),
    ("/request/object/metadata/ownerReferences/0/kind", ""),
    ("/request/object/metadata/ownerReferences/0/name", ""),
    ("/request/object/metadata/ownerReferences/0/controller", ""),
    ("/request/object/spec/hostNetwork", "answer"),
    ("/request/object/spec/hostUsers", "answer"),
    ("/request/object/spec/os", "answer"),
    ("/request/object/spec/serviceAccountName", ""),
    ("/request/object/spec/nodeName", ""),
    ("/request/object/spec/runtimeClassName", ""),
    ("/request/object/spec/*{}", ""),
    ("/request/object/spec/securityContext/runAsUser", "answer"),
    ("/request/object/spec/securityContext/sysctls/0/name", "answer"),
    ("/request/object/spec/securityContext/sysctls/0/value", ""),
    ("/request/object/spec/securityContext/supplementalGroups/0", "answer"),
    ("/request/object/spec/securityContext/seccompProfile/type", "answer"),
    ("/request/object/spec/securityContext/seccompProfile/localhostProfile", ""),
    ("/request/object/spec/securityContext/appArmorProfile/type", "answer"),
    ("/request/object/spec/securityContext/seLinuxOptions/type", "answer"),
    ("/request/object/spec/securityContext/seLinuxOptions/user", "answer"),
    ("/request/object/spec/securityContext/seLinuxOptions/role", "answer"),
    ("/request/object/spec/securityContext/windowsOptions/hostProcess", "answer"),
    ("/request/object/spec/securityContext/*{}", ""),
    ("/request/object/spec/volumes/0/name", "answer"),
    ("/request/object/spec/volumes/0/hostPath/path", ""),
    ("/request/object/spec/volumes/0/*{}", "answer"),
    ("/request/object/spec/volumes/0/*", ""),
    ("/request/object/spec/containers/0", "answer"),
    ("/request/object/spec/containers/0/name", "answer"),
    ("/request/object/spec/containers/0/image", "answer"),
    ("/request/object/spec/containers/0/imagePullPolicy", ""),
    ("/request/object/spec/containers/0/ports/0/name", ""),
    ("/request/object/spec/containers/0/ports/0/hostIP", ""),
    ("/request/object/spec/containers/0/ports/0/hostPort", "answer"),
    ("/request/object/spec/containers/0/securityContext/procMount", "answer"),
    ("/request/object/spec/containers/0/securityContext/privileged", "answer"),
    ("/request/object/spec/containers/0/securityContext/capabilities/add/0", "answer"),
    ("/request/object/spec/containers/0/securityContext/capabilities/drop/0", "answer"),
    ("/request/object/spec/containers/0/livenessProbe/httpGet/host", "answer"),
    ("/request/object/spec/containers/0/livenessProbe/*{}", ""),
];

/// The same where a namespace is made.
const OF_A_NAMESPACE: &[(&str, &str)] = &[
    ("/request/name", "answer, log"),
    ("/request/userInfo/username", "log"),
    ("/request/object/metadata/name", ""),
    ("/request/object/metadata/labels/*", ""),
    ("/request/object/metadata/labels/ringfence.dev~1tenant", "answer"),
    ("/request/object/metadata/labels/pod-security.kubernetes.io~1enforce", ""),
];

fn namespace() -> Value {
    let mut review = pod();
    let request = &mut review["request"];
    request["kind"]["kind"] = json!("Namespace");
    request["resource"]["resource"] = json!("namespaces");
    request["object"] = json!({"metadata": {"name": "x", "labels": {}}});
    review
}

/// With something in it for every path.
fn pod() -> Value {
    let mut review: Value = serde_json::from_str(&fixture("create-pod.json")).unwrap();
    let object = &mut review["request"]["object"];
    object["metadata"]["annotations"] = json!({});
    object["metadata"]["ownerReferences"] =
        json!([{"kind": "Job", "name": "x", "controller": true}]);
    let spec = &mut object["spec"];
    spec["securityContext"] = json!({
        "sysctls": [{"name": "x", "value": "1"}], "supplementalGroups": [0], "seccompProfile": {},
        "appArmorProfile": {}, "seLinuxOptions": {}, "windowsOptions": {},
    });
    spec["volumes"] = json!([{"name": "x", "hostPath": {"path": "/x"}}]);
    let container = &mut spec["containers"][0];
    container["securityContext"] = json!({"capabilities": {"add": ["X"], "drop": ["X"]}});
    container["ports"] = json!([{"hostPort": 80}]);
    container["livenessProbe"] = json!({"httpGet": {"host": "x"}});
    review
}

/// A review with [`EVIL`] at a path.
fn evil(mut review: Value, path: &str) -> Value {
    let (parent, last) = path.rsplit_once('/').unwrap();
    let parent = review.pointer_mut(parent).unwrap_or_else(|| panic!("{path}"));
    match (parent, last) {
        (Value::Object(members), "*") => members.insert(EVIL.to_owned(), json!("x")),
        (Value::Object(members), "*{}") => members.insert(EVIL.to_owned(), json!({})),
        (Value::Object(members), key) => members.insert(key.replace("~1", "/"), json!(EVIL)),
        (Value::Array(items), index) => {
            Some(std::mem::replace(&mut items[index.parse::<usize>().unwrap()], json!(EVIL)))
        }
        _ => panic!("{path}"),
    };
    review
}

/// Every string in an answer or a line of the log but the uid, which must come back as it is, and the
/// patch, which nobody prints.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => {
            for (key, value) in members.iter().filter(|(key, _)| *key != "uid" && *key != "patch") {
                into.push(key.clone());
                texts(value, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether it is told in one of these; nothing of it that deceives may be.
#[track_caller]
fn told(what: &str, texts: &[String]) -> bool {
    let evil = |letter: char| {
        letter != '\n' && (letter.is_control() || !letter.is_ascii() && EVIL.contains(letter))
    };
    for text in texts {
        assert!(!text.contains(evil), "{what}: {text:?}");
        assert!(!text.contains(BROKEN), "{what}: {text:?}");
        assert_eq!(text.matches(MARK).count(), text.matches(TOLD).count(), "{what}: {text:?}");
    }
    texts.iter().any(|text| text.contains(MARK))
}

/// Where a review's answers tell it, and then where its lines of the log do.
#[track_caller]
fn places(path: &str, answers: &[String], lines: &[String], is_json: bool) -> String {
    let mut logged = lines.to_vec();
    for line in lines.iter().filter(|_| is_json) {
        texts(&serde_json::from_str(line).unwrap(), &mut logged);
    }
    let places = [(told(path, answers), "answer"), (told(path, &logged), "log")];
    let places: Vec<&str> = places.iter().filter(|(told, _)| *told).map(|(_, it)| *it).collect();
    places.join(", ")
}

#[test]
fn nothing_that_deceives_is_told() {
    const PAGES: [&str; 2] = ["/validate", "/mutate"];
    let fields: Vec<(Value, &str, &str)> = [(pod(), OF_A_POD), (namespace(), OF_A_NAMESPACE)]
        .iter()
        .flat_map(|(review, fields)| {
            fields.iter().map(|(path, places)| (review.clone(), *path, *places))
        })
        .collect();
    let mut wrong = Vec::new();
    for format in ["text", "json"] {
        let mut serving = Serving::start(&["--log-format", format]);
        let before = serving.log().len();
        let mut answers = Vec::new();
        for (review, path, _) in &fields {
            let body = evil(review.clone(), path).to_string();
            let mut answered = Vec::new();
            for page in PAGES {
                let reply = serving.post(page, &body);
                assert_eq!(reply.status, 200, "{path}: {reply:?}");
                texts(&serde_json::from_str(&reply.body).unwrap(), &mut answered);
            }
            answers.push(answered);
        }
        let mut log = Vec::new();
        serving.wait_for("the log", |it| {
            let text = it.log().split_off(before);
            log = text.lines().map(str::to_owned).collect::<Vec<String>>();
            let reviewed = log.iter().filter(|line| line.contains("reviewed")).count();
            reviewed == fields.len() * PAGES.len() && text.ends_with('\n')
        });
        assert_eq!(log.len(), fields.len() * PAGES.len(), "{log:#?}");
        for (((_, path, expect), answered), lines) in
            fields.iter().zip(&answers).zip(log.chunks(PAGES.len()))
        {
            let found = places(path, answered, lines, format == "json");
            if found != *expect {
                wrong.push(format!("{path}: told in {found:?}, not in {expect:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where there is no uid to answer, the mistake is told.
#[test]
fn nothing_that_deceives_is_told_of_what_cannot_be_read() {
    let serving = Serving::start(&[]);
    let key = json!(EVIL).to_string();
    for body in [
        format!("{{\"request\":{{{key}:tru"),
        format!("{{\"request\":{{{key}:{{{key}:[tru"),
        format!("{{\"request\":{key}}}"),
        key.clone(),
    ] {
        let reply = serving.post("/validate", &body);
        assert_eq!(reply.status, 400, "{reply:?}");
        let mut answered = Vec::new();
        texts(&serde_json::from_str(&reply.body).unwrap(), &mut answered);
        assert!(told(&body, &answered), "{reply:?}");
    }
}
