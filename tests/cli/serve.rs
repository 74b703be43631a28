//! `ringfence serve`

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::program::run;
use super::server::{Serving, fixture, refused};

#[test]
fn what_it_cannot_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let certs = folder.path().join("certs");
    let certs = certs.to_str().unwrap();
    let key = folder.path().join("tls.key");
    fs::write(&key, "not a key\n").unwrap();
    let key = key.to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let missing_key = ["--tls-cert", "missing.crt", "--tls-key", "missing.key"];
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, "apiVersion: v1\nkind: Config\nclusters: [\n").unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "apiVersion: v1\nkind: Config\n").unwrap();
    let [kubeconfig, empty] = [&kubeconfig, &empty].map(|path| path.to_str().unwrap());
    let policies = ["--policies", "policies"];

    let mut text = String::new();
    let mut check = |args: &[&str]| {
        let run = refused(args).hiding(folder.path(), "DIR");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        text += &format!("{run}\n").replace(&taken, "127.0.0.1:TAKEN");
    };
    check(&["--policies", "mistakes"]);
    check(&["--policies", "missing"]);
    check(&["--tls-cert", "missing.crt"]);
    check(&missing_key);
    check(&["--tls-cert", key, "--tls-key", key]);
    check(&["--certs-dir", certs, "--client-ca", "missing.crt"]);
    check(&["--certs-dir", certs, "--client-ca", key]);
    check(&["--certs-dir", certs, "--tls-name", "not a name"]);
    check(&[&policies[..], &["--kubeconfig", "missing"]].concat());
    check(&[&policies[..], &["--kubeconfig", kubeconfig]].concat());
    check(&[&policies[..], &["--kubeconfig", empty]].concat());
    check(&["--log", "a=b=c"]);
    check(&["--grace", "never"]);
    insta::assert_snapshot!(text);

    let both = ["serve", "--listen", &taken, "--telemetry-listen", "127.0.0.1:0", "--certs-dir"];
    let admission = run(&[&both[..], &[certs]].concat());
    let both = ["serve", "--telemetry-listen", &taken, "--listen", "127.0.0.1:0", "--certs-dir"];
    let telemetry = run(&[&both[..], &[certs]].concat());
    for run in [admission, telemetry] {
        let run = run.hiding(folder.path(), "DIR");
        assert!(run.code == 2 && run.stdout.is_empty(), "{run}");
        let expect = format!("error: `{taken}` cannot be listened on: ");
        assert!(run.stderr.starts_with(&expect) && run.stderr.lines().count() == 1, "{run}");
    }
}

#[test]
fn it_answers_on_both_ports_and_ends_well() {
    let mut serving = Serving::start(&[]);
    assert_ne!(serving.admission.port(), 0);
    assert_ne!(serving.admission, serving.telemetry);
    assert_eq!((serving.get("/livez").status, serving.get("/livez").body.as_str()), (200, "ok"));
    assert_eq!(serving.get("/readyz").body, "ok");
    let verbose = "[+]shutdown ok\n[+]certificate ok\n[+]policies ok\nreadyz check passed\n";
    assert_eq!(serving.get("/readyz?verbose").body, verbose);

    let refused = serving.review("/validate?timeout=10s", &fixture("create-deployment.json"));
    insta::assert_snapshot!("validate_deployment", format!("{refused:#}"));
    let filled = serving.review("/mutate?timeout=10s", &fixture("create-pod.json"));
    assert_eq!(filled["allowed"], true, "{filled}");
    assert_eq!(filled["patchType"], "JSONPatch", "{filled}");
    assert!(filled["patch"].as_str().is_some_and(|patch| patch.starts_with("W3si")), "{filled}");
    let unfilled = serving.review("/validate", &fixture("create-pod.json"));
    assert_eq!((&unfilled["allowed"], &unfilled["status"]["code"]), (&false.into(), &422.into()));
    let reply = serving.post("/validate", "{}");
    assert_eq!(reply.status, 400, "{reply:?}");

    let metrics = serving.get("/metrics").body;
    for line in [
        r#"ringfence_reviews_total{endpoint="validate",decision="deny"} 2"#,
        r#"ringfence_reviews_total{endpoint="mutate",decision="admit"} 1"#,
        r#"ringfence_policy_reloads_total{result="success"} 1"#,
    ] {
        assert!(metrics.lines().any(|is| is == line), "{line}\n{metrics}");
    }
    assert_eq!(serving.end_by("TERM").code(), Some(0), "{}", serving.log());
    assert_eq!(serving.stdout().lines().count(), 1, "results only on stdout");
}

/// A mounted ConfigMap: `..data` is a link to the folder of the version in force.
struct ConfigMap<'a>(&'a Path);

impl ConfigMap<'_> {
    fn mount(&self, version: &str, text: &str) {
        let folder = self.0.join(version);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tenants.yaml"), text).unwrap();
        symlink(version, self.0.join("..tmp")).unwrap();
        fs::rename(self.0.join("..tmp"), self.0.join("..data")).unwrap();
        let link = self.0.join("tenants.yaml");
        if !link.is_symlink() {
            symlink("..data/tenants.yaml", link).unwrap();
        }
    }
}

fn tenant(profile: &str) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: alpha}}\n\
         spec: {{profile: {profile}, namespaces: {{names: [alpha-dev]}}}}\n"
    )
}

/// The codes that a review is refused for.
fn codes(serving: &Serving) -> Vec<String> {
    let answer = serving.review("/validate", &fixture("create-deployment.json"));
    let causes = answer["status"]["details"]["causes"].as_array().cloned().unwrap_or_default();
    let code =
        |cause: &Value| cause["message"].as_str().unwrap().split(' ').next().unwrap().to_owned();
    causes.iter().map(code).collect()
}

#[test]
fn an_edit_takes_effect_and_a_bad_one_leaves_the_last_good_set() {
    let folder = tempfile::tempdir().unwrap();
    let map = ConfigMap(folder.path());
    map.mount("..1", &tenant("restricted"));
    let mut serving = Serving::start(&["--policies", folder.path().to_str().unwrap()]);
    let strict = codes(&serving);
    assert!(!strict.is_empty());

    map.mount("..2", &tenant("audit-only"));
    serving.wait_for("the edit", |it| codes(it).is_empty());

    map.mount("..3", &tenant("restrictd"));
    serving.wait_for("the bad edit to be seen", |it| {
        it.get("/readyz?verbose").body.contains("the last good set is in force")
    });
    let ready = serving.get("/readyz?verbose");
    let text = ready.body.replace(folder.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!("readyz_after_a_bad_edit", text);
    assert_eq!(ready.status, 200);
    assert!(codes(&serving).is_empty());
    let counted = |serving: &Serving, outcome: &str, times: u32| {
        let line = format!("ringfence_policy_reloads_total{{result=\"{outcome}\"}} {times}");
        let metrics = serving.get("/metrics").body;
        assert!(metrics.lines().any(|is| is == line), "{line}\n{metrics}");
    };
    counted(&serving, "failure", 1);
    counted(&serving, "success", 2);
    serving.wait_for("the fix", |it| it.log().contains("did you mean `restricted`?"));

    map.mount("..4", &tenant("restricted"));
    serving.wait_for("the mended edit", |it| codes(it) == strict);
    counted(&serving, "success", 3);
    assert!(!serving.get("/readyz?verbose").body.contains("last good set"));
}

#[test]
fn what_a_user_wrote_cannot_speak_to_a_terminal() {
    let hostile = "\u{1b}[31m\u{202e}\n\u{9b}\u{7}";
    let pod = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": hostile, "namespace": "alpha-dev",
            "annotations": {
                format!("container.apparmor.security.beta.kubernetes.io/{hostile}"): hostile,
            },
        },
        "spec": {
            "volumes": [{"name": hostile, "hostPath": {}}, {"name": hostile, hostile: {}}],
            "securityContext": {
                "sysctls": [{"name": hostile}], "seccompProfile": {"type": hostile},
                "seLinuxOptions": {"type": hostile, "user": hostile, "role": hostile},
            },
            "containers": [{
                "name": hostile, "livenessProbe": {"tcpSocket": {"host": hostile, "port": 1}},
                "securityContext": {
                    "capabilities": {"add": [hostile]}, "procMount": hostile,
                    "appArmorProfile": {"type": hostile},
                },
            }],
        },
    });
    let review = |request: Value| {
        let mut review = serde_json::json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": hostile, "operation": "CREATE", "name": hostile, "namespace": "alpha-dev",
                "kind": {"group": hostile, "version": hostile, "kind": hostile},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "userInfo": {"username": hostile, "groups": [hostile]}, "object": pod,
            },
        });
        let fields = review["request"].as_object_mut().unwrap();
        fields.extend(request.as_object().unwrap().clone());
        review.to_string()
    };
    for format in ["text", "json"] {
        let mut serving = Serving::start(&["--log-format", format]);
        let reviews = [
            review(serde_json::json!({})),
            review(serde_json::json!({"namespace": hostile})),
            review(serde_json::json!({"operation": hostile})),
            review(serde_json::json!({"subResource": hostile})),
            review(serde_json::json!({"object": {"spec": {"hostPID": hostile}}})),
            review(serde_json::json!({"dryRun": hostile})),
        ];
        for body in &reviews {
            for path in ["/validate", "/mutate"] {
                let answer = serving.review(path, body);
                for text in texts(&answer) {
                    assert!(!deceives(text), "{text:?}");
                }
            }
        }
        reviewed(&mut serving, 12);
        let lines = serving.log();
        assert!(!deceives(&lines), "{lines:?}");
    }
}

/// Waits for the lines of so many decisions: the log is written after the answers.
fn reviewed(serving: &mut Serving, count: usize) {
    serving.wait_for("the log", |it| {
        it.log().lines().filter(|line| line.contains("reviewed")).count() == count
    });
}

fn deceives(text: &str) -> bool {
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    // A line feed is ours where it stands before a bullet, a fix or the next line of the log.
    text.contains(bad) || text.contains("m\u{fffd}\n\u{fffd}")
}

/// Every string of an answer but the uid, which goes back as it came.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => {
            let rest = fields.iter().filter(|(key, _)| *key != "uid" && *key != "patch");
            rest.flat_map(|(_, value)| texts(value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn one_log_line_a_decision_and_nothing_of_the_object() {
    let mut serving = Serving::start(&["--log-format", "json"]);
    serving.review("/validate", &fixture("create-deployment.json"));
    reviewed(&mut serving, 1);
    let log = serving.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reviewed: Vec<&Value> = lines.iter().filter(|line| line["message"] == "reviewed").collect();
    let [line] = reviewed.as_slice() else { panic!("{log}") };
    let mut line = (*line).clone();
    line.as_object_mut().unwrap().remove("timestamp");
    insta::assert_snapshot!("log_line", format!("{line:#}"));
}
