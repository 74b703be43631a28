//! The harness against itself.

use std::iter::repeat_n;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn namespace(name: &str) -> &'static ControlPlane {
    let cluster = ControlPlane::shared();
    cluster.admin().kubectl(&["create", "namespace", name]).success();
    cluster
}

fn whoami(user: &Kubeconfig) -> Value {
    let review = user.kubectl(&["auth", "whoami", "--output=json"]).success();
    serde_json::from_str::<Value>(&review).unwrap()["status"]["userInfo"].take()
}

#[test]
fn users_are_who_their_certificates_say() {
    let cluster = ControlPlane::shared();
    let user = cluster.user("jane@acme.example", &["tenant:acme", "developers"]);
    let info = whoami(&user);
    assert_eq!(info["username"], "jane@acme.example");
    assert_eq!(info["groups"], json!(["tenant:acme", "developers", "system:authenticated"]));
    assert_eq!(
        user.kubectl(&["get", "namespaces"]),
        Output {
            code: 1,
            stdout: String::new(),
            stderr: "Error from server (Forbidden): namespaces is forbidden: User \
                     \"jane@acme.example\" cannot list resource \"namespaces\" in API group \"\" \
                     at the cluster scope\n"
                .into(),
        }
    );
}

#[test]
fn a_deployment_gets_pods_that_can_run() {
    let cluster = namespace("harness-deployment");
    let admin = cluster.admin();
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "harness-deployment"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1.29"}]},
            },
        },
    });
    let applied = admin.kubectl_with(&deployment.to_string(), &["apply", "-f", "-"]).success();
    assert_eq!(applied, "deployment.apps/web created\n");
    let mut pod = String::new();
    wait_until(PATIENCE, "the pod of the deployment", || {
        let get = ["get", "pods", "--namespace=harness-deployment", "--output=name"];
        pod = admin.kubectl(&get).success().trim().replace("pod/", "");
        !pod.is_empty()
    });
    cluster.run_pod("harness-deployment", &pod);
    let rollout = ["rollout", "status", "deployment/web", "--timeout=30s"];
    let rollout = admin.kubectl(&[&rollout[..], &["--namespace=harness-deployment"]].concat());
    assert!(rollout.success().contains("successfully rolled out"), "{}", cluster.logs());
}

#[test]
fn options_reach_the_api_server_and_nothing_is_left_behind() {
    let cluster = ControlPlane::start_with(&Options {
        api_server_flags: vec!["--request-timeout=59s".into()],
        admission_plugins: vec!["AlwaysPullImages".into()],
    });
    let run = ["run", "one", "--image=nginx", "--image-pull-policy=Never"];
    let run = [&run[..], &["--output=jsonpath={.spec.containers[0].imagePullPolicy}"]].concat();
    assert_eq!(cluster.admin().kubectl(&run).success(), "Always");
    assert!(cluster.server_url().starts_with("https://127.0.0.1:"));
    assert!(cluster.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    let processes = cluster.process_ids();
    let scratch = cluster.admin().path().parent().map(Path::to_owned).unwrap();
    assert_eq!((processes.len(), scratch.exists()), (3, true));
    drop(cluster);
    for id in processes {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "process {id} is left");
    }
    assert!(!scratch.exists());
}

#[test]
fn upstream_judges_in_order_and_without_deadlock() {
    let pod = |spec: Value| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
        serde_json::value::to_raw_value(&pod).unwrap()
    };
    let query = |object| Query {
        object,
        level: "baseline",
        version: "v1.24".into(),
        defaults: Defaults::Applied,
    };
    let ports = json!({"hostNetwork": true,
        "containers": [{"name": "a", "image": "a", "ports": [{"containerPort": 80}]}]});
    let host = query(pod(ports));
    let raw = Query { defaults: Defaults::AsWritten, ..host.clone() };
    let batch = [query(pod(json!({}))), host, raw, query(pod(json!({"hostPID": "yes"})))];
    let mut upstream = Upstream::start(binary::path());
    let one_round = upstream.judge(&batch);
    let denied = |ids: &[&str]| Answer::Denied(ids.iter().map(ToString::to_string).collect());
    assert_eq!(
        one_round,
        [
            Answer::Allowed,
            denied(&["hostNamespaces", "hostPorts"]),
            denied(&["hostNamespaces"]),
            Answer::Error(
                "json: cannot unmarshal string into Go struct field PodSpec.spec.hostPID of \
                 type bool"
                    .into()
            ),
        ]
    );
    let many: Vec<Query> = repeat_n(batch, 2000).flatten().collect();
    let expected: Vec<Answer> = repeat_n(one_round, 2000).flatten().collect();
    assert_eq!(upstream.judge(&many), expected);
}

#[test]
fn upstream_defaults_and_lists_its_checks() {
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": {"podSelector": {}}});
    let answers = Defaulter::start(binary::path()).apply(&[policy, json!({})]);
    assert_eq!(answers[0].as_ref().unwrap()["spec"]["policyTypes"], json!(["Ingress"]));
    assert_eq!(answers[1], Err("Object 'Kind' is missing in '{}'".into()));
    let checks = upstream_checks(binary::path());
    assert_eq!(checks.as_array().map(Vec::len), Some(19));
}
