//! What the benchmarks send and put in force.
//!
//! Reviews as the API server sends them to webhooks: filled in, with defaults and managedFields, keys
//! in the order of Go's structs, without white space.

use std::fmt::Write as _;

/// A pod of three containers that the ReplicaSet controller creates: 9.1 KiB, its object 8.3.
const POD: &str = include_str!("pod.json");
/// The uid of every review here.
pub const UID: &str = "00000000-0000-0000-0000-000000000000";
/// The namespace of every review here, a tenant's in the example set.
pub const NAMESPACE: &str = "alpha-dev";

/// A review's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review(pub String);

/// The pod of three containers; it is allowed.
pub fn pod() -> Review {
    Review(compact(POD))
}

/// The same, of a container that is privileged and says nothing of its user; it is denied.
pub fn denied_pod() -> Review {
    changed(&pod().0, "\"allowPrivilegeEscalation\":false", "\"privileged\":true")
}

/// The same as `kubectl run` leaves it: without a security context, which is filled in.
pub fn bare_pod() -> Review {
    let Review(text) = small_pod();
    let bare = changed(&text, SECURE, "\"image\"");
    changed(&bare.0, POD_SECURE, "\"nodeName\":\"\"")
}

/// A pod of two containers; 6 KiB, and allowed.
pub fn small_pod() -> Review {
    let meta = meta("checkout-6d9f7c8b45-m4x2q", &managed(2, 3));
    let object =
        format!(r#"{{"kind":"Pod","apiVersion":"v1","metadata":{meta},"spec":{}}}"#, spec(2, 3));
    review(["", "v1", "Pod", "pods"], "CREATE", &object, "null")
}

/// An update of a Deployment that changes an image; 60 KiB with the old object, and allowed.
pub fn deployment() -> Review {
    let new = deployment_object("v1.4.3", 3);
    review(
        ["apps", "v1", "Deployment", "deployments"],
        "UPDATE",
        &new,
        &deployment_object("v1.4.2", 3),
    )
}

/// An update of the same that scales it: its template stays.
pub fn scaled_deployment() -> Review {
    let new = deployment_object("v1.4.2", 4);
    review(
        ["apps", "v1", "Deployment", "deployments"],
        "UPDATE",
        &new,
        &deployment_object("v1.4.2", 3),
    )
}

/// A Secret of 4 KiB, which no rule reads.
pub fn secret() -> Review {
    let data = "c2VjcmV0".repeat(500);
    let object = format!(
        r#"{{"kind":"Secret","apiVersion":"v1","metadata":{},"data":{{"key":"{data}"}},"type":"Opaque"}}"#,
        meta("keys", "[]")
    );
    review(["", "v1", "Secret", "secrets"], "CREATE", &object, "null")
}

/// The document of a tenant that none of the reviews is about.
pub fn tenant(number: usize) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Tenant\nmetadata: {{name: team-{number}}}\n\
         spec:\n  profile: restricted\n  namespaces:\n    names: [team-{number}-dev, team-{number}-prod]\n"
    )
}

const SECURE: &str = r#""securityContext":{"capabilities":{"drop":["ALL"]},"allowPrivilegeEscalation":false},"image""#;
const POD_SECURE: &str =
    r#""securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}"#;

fn changed(text: &str, from: &str, to: &str) -> Review {
    assert!(text.contains(from), "no {from}");
    Review(text.replace(from, to))
}

fn review(
    [group, version, kind, resource]: [&str; 4],
    verb: &str,
    object: &str,
    old: &str,
) -> Review {
    let kind = format!(r#"{{"group":"{group}","version":"{version}","kind":"{kind}"}}"#);
    let resource =
        format!(r#"{{"group":"{group}","version":"{version}","resource":"{resource}"}}"#);
    Review(format!(
        concat!(
            r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"{}","kind":{},"resource":{},"#,
            r#""requestKind":{},"requestResource":{},"name":"checkout","namespace":"{}","operation":"{}","#,
            r#""userInfo":{{"username":"dev@example.com","groups":["alpha-developers","system:authenticated"]}},"#,
            r#""object":{},"oldObject":{},"dryRun":false,"options":{{"kind":"CreateOptions","apiVersion":"meta.k8s.io/v1"}}}}}}"#,
        ),
        UID, kind, resource, kind, resource, NAMESPACE, verb, object, old
    ))
}

fn deployment_object(tag: &str, replicas: usize) -> String {
    let spec = spec(4, 30).replace("v1.4.2", tag);
    let labels = r#"{"app.kubernetes.io/name":"checkout","team":"payments"}"#;
    format!(
        concat!(
            r#"{{"kind":"Deployment","apiVersion":"apps/v1","metadata":{},"spec":{{"replicas":{},"selector":{{"matchLabels":{}}},"#,
            r#""template":{{"metadata":{{"creationTimestamp":null,"labels":{}}},"spec":{}}},"strategy":{{"type":"RollingUpdate","#,
            r#""rollingUpdate":{{"maxUnavailable":"25%","maxSurge":"25%"}}}},"revisionHistoryLimit":10,"progressDeadlineSeconds":600}},"#,
            r#""status":{{"observedGeneration":3,"replicas":3,"updatedReplicas":3,"readyReplicas":3,"availableReplicas":3}}}}"#,
        ),
        meta("checkout", &managed(4, 30)),
        replicas,
        labels,
        labels,
        spec
    )
}

fn meta(name: &str, managed: &str) -> String {
    format!(
        concat!(
            r#"{{"name":"{}","namespace":"{}","uid":"5a0c6d1e-3b6f-4c53-9d0a-6f0f6f5a7e11","resourceVersion":"48213","#,
            r#""generation":3,"creationTimestamp":"2026-11-02T09:14:27Z","labels":{{"app.kubernetes.io/name":"checkout","team":"payments"}},"#,
            r#""annotations":{{"prometheus.io/port":"9102","prometheus.io/scrape":"true"}},"managedFields":{}}}"#,
        ),
        name, NAMESPACE, managed
    )
}

fn spec(containers: usize, variables: usize) -> String {
    let mut all = String::new();
    for container in 0..containers {
        let mut env = String::new();
        for variable in 0..variables {
            let comma = if variable == 0 { "" } else { "," };
            let _ = write!(
                env,
                r#"{comma}{{"name":"SETTING_{variable}","valueFrom":{{"secretKeyRef":{{"name":"checkout-settings","key":"setting-{variable}"}}}}}}"#
            );
        }
        let comma = if container == 0 { "" } else { "," };
        let _ = write!(
            all,
            concat!(
                r#"{}{{"name":"part-{}","args":["--listen=:80{}0","--log-format=json"],"ports":[{{"name":"http","containerPort":80{}0,"protocol":"TCP"}}],"env":[{}],"#,
                r#""resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"#,
                r#""volumeMounts":[{{"name":"cache","mountPath":"/var/cache/app"}}],"livenessProbe":{{"httpGet":{{"path":"/livez","port":"http","scheme":"HTTP"}},"#,
                r#""timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}},"terminationMessagePath":"/dev/termination-log","#,
                r#""terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent",{}:"registry.example.com/shop/checkout:v1.4.2"}}"#,
            ),
            comma, container, container, container, env, SECURE
        );
    }
    format!(
        concat!(
            r#"{{"volumes":[{{"name":"cache","emptyDir":{{"sizeLimit":"64Mi"}}}}],"containers":[{}],"restartPolicy":"Always","#,
            r#""terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","#,
            r#""automountServiceAccountToken":false,{},"schedulerName":"default-scheduler","enableServiceLinks":true}}"#,
        ),
        all, POD_SECURE
    )
}

fn managed(containers: usize, variables: usize) -> String {
    let mut fields = String::new();
    for container in 0..containers {
        let mut env = String::new();
        for variable in 0..variables {
            let _ = write!(
                env,
                r#","k:{{\"name\":\"SETTING_{variable}\"}}":{{".":{{}},"f:name":{{}},"f:valueFrom":{{".":{{}},"f:secretKeyRef":{{}}}}}}"#
            );
        }
        let comma = if container == 0 { "" } else { "," };
        let _ = write!(
            fields,
            concat!(
                r#"{}"k:{{\"name\":\"part-{}\"}}":{{".":{{}},"f:args":{{}},"f:env":{{".":{{}}{}}},"f:image":{{}},"f:imagePullPolicy":{{}},"f:livenessProbe":{{".":{{}},"#,
                r#""f:failureThreshold":{{}},"f:httpGet":{{".":{{}},"f:path":{{}},"f:port":{{}},"f:scheme":{{}}}},"f:periodSeconds":{{}}}},"f:name":{{}},"#,
                r#""f:resources":{{".":{{}},"f:limits":{{".":{{}},"f:cpu":{{}},"f:memory":{{}}}}}},"f:securityContext":{{".":{{}},"f:capabilities":{{".":{{}},"f:drop":{{}}}}}}}}"#,
            ),
            comma, container, env
        );
    }
    format!(
        concat!(
            r#"[{{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"apps/v1","time":"2026-11-02T09:14:27Z","fieldsType":"FieldsV1","#,
            r#""fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:prometheus.io/port":{{}}}}}},"f:spec":{{"f:template":{{"f:spec":{{"f:containers":{{{}}}}}}}}}}}}}]"#,
        ),
        fields
    )
}

/// JSON without the white space between tokens, keys in their order: as Go writes it.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let kept = json.chars().filter(|&c| {
        let keep = quoted || !c.is_ascii_whitespace();
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        keep
    });
    kept.collect()
}
