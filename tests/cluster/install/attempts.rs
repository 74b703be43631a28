//! The ways in which a namespace's labels are written.

use serde_json::{Value, json};

use super::super::harness::{Kubeconfig, Output};

/// Something that is tried.
pub struct Attempt {
    pub name: &'static str,
    args: Vec<String>,
    stdin: String,
}

impl Attempt {
    fn new(name: &'static str, args: &[&str], stdin: &Value) -> Self {
        let args = args.iter().map(ToString::to_string).collect();
        Self { name, args, stdin: stdin.to_string() }
    }

    pub fn run(&self, user: &Kubeconfig) -> Output {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        user.kubectl_with(&self.stdin, &args)
    }
}

fn namespace(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// Each changes the tenant of `owned`, takes it away, or makes `other` somebody's.
pub fn attempts(owned: &str, other: &str) -> Vec<Attempt> {
    let to = |tenant: &str| json!({"ringfence.dev/tenant": tenant});
    let (beta, none) = (to("beta"), json!({}));
    let label = |of: &str, change: &str| {
        ["label", "namespace", of, change, "--overwrite"].map(str::to_owned)
    };
    let patch = |kind: &str, patch: Value, extra: &str| {
        let mut args = vec!["patch".to_owned(), "namespace".into(), owned.into()];
        args.extend([format!("--type={kind}"), format!("--patch={patch}")]);
        args.extend((!extra.is_empty()).then(|| extra.to_owned()));
        args
    };
    let merge = |labels: Value| json!({"metadata": {"labels": labels}});
    let pointer = "/metadata/labels/ringfence.dev~1tenant";
    let status = "--subresource=status";
    let finalize = format!("/api/v1/namespaces/{owned}/finalize");
    let raw = ["replace", "--raw", &finalize, "-f", "-"];
    let nothing = Value::Null;
    let of = |name, args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Attempt::new(name, &args, &nothing)
    };
    vec![
        of("label, changed", &label(owned, "ringfence.dev/tenant=beta")),
        of("label, emptied", &label(owned, "ringfence.dev/tenant=")),
        of("label, removed", &label(owned, "ringfence.dev/tenant-")),
        of("label, added", &label(other, "ringfence.dev/tenant=alpha")),
        of("label, added to nobody's", &label(other, "ringfence.dev/tenant=gamma")),
        of("merge patch", &patch("merge", merge(beta.clone()), "")),
        of(
            "strategic patch, all labels",
            &patch("strategic", merge(json!({"$patch": "replace"})), ""),
        ),
        of("JSON patch", &patch("json", json!([{"op": "remove", "path": pointer}]), "")),
        of("status, changed", &patch("merge", merge(beta.clone()), status)),
        of(
            "status, removed",
            &patch("merge", merge(json!({"ringfence.dev/tenant": null})), status),
        ),
        Attempt::new("finalize, changed", &raw, &namespace(owned, &beta)),
        Attempt::new("finalize, removed", &raw, &namespace(owned, &none)),
        Attempt::new("replace", &["replace", "-f", "-"], &namespace(owned, &none)),
        Attempt::new(
            "server-side apply",
            &["apply", "--server-side", "--force-conflicts", "-f", "-"],
            &namespace(owned, &beta),
        ),
    ]
}

/// Each changes a label that is the tenant's to write, or nothing. What replaces all of a namespace must
/// hold the `labels` and `annotations` that it has.
pub fn neighbours(owned: &str, live: &Value) -> Vec<Attempt> {
    let team = r#"--patch={"metadata":{"labels":{"team":"b"}}}"#;
    let same = json!({"ringfence.dev/tenant": "alpha", "team": "c"});
    let mut whole = json!({"name": owned, "labels": live["metadata"]["labels"],
        "annotations": live["metadata"]["annotations"]});
    whole["labels"]["team"] = json!("c");
    let finalize = format!("/api/v1/namespaces/{owned}/finalize");
    let nothing = Value::Null;
    vec![
        Attempt::new("label", &["label", "namespace", owned, "team=a", "--overwrite"], &nothing),
        Attempt::new(
            "status",
            &["patch", "namespace", owned, "--type=merge", "--subresource=status", team],
            &nothing,
        ),
        Attempt::new(
            "the same tenant",
            &["apply", "--server-side", "--force-conflicts", "-f", "-"],
            &namespace(owned, &same),
        ),
        Attempt::new(
            "finalize",
            &["replace", "--raw", &finalize, "-f", "-"],
            &json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": whole, "spec": {"finalizers": ["kubernetes"]}}),
        ),
    ]
}
