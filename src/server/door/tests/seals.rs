//! Pods that come before their namespace is closed.

use super::*;

/// The door of a cluster in which one namespace of tenant alpha is not sealed yet.
fn unsealed() -> (Builder, Door) {
    let handle = Handle::default();
    let documents = policy::load(&policy::embedded()).unwrap();
    let mut builder = Builder::in_cluster(handle.clone(), Version::NEWEST).with_seals();
    let alpha = Namespace::labelled(Some("alpha"));
    builder.apply_all([
        Change::Tenants(documents.resolve()),
        Change::Ranges(policy::ToldRanges::default()),
        Change::Namespaces([("alpha-dev".to_owned(), alpha)].into()),
    ]);
    (builder, door(&handle))
}

fn good() -> String {
    let container = r#"{"name":"app","image":"r.example/app:1","securityContext":{
        "allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}"#;
    let spec = format!(
        r#""securityContext":{{"runAsNonRoot":true,"runAsUser":1000,"seccompProfile":{{"type":"RuntimeDefault"}}}},"containers":[{container}]"#
    );
    POD.replace(r#""containers":[{"name":"app"}]"#, &spec)
}

fn sealed() -> Change {
    Change::Sealed("alpha-dev".to_owned(), Arc::default())
}

const REFUSED: &str = "tenant alpha: 1 problem in Pod shop: RF1018 unsealed";

/// Whoever would wait here had passed the defaults that a LimitRange gives by then, and its quota would
/// refuse the pod for good: it must come again.
#[tokio::test]
async fn a_pod_is_told_to_try_again_until_its_namespace_is_closed() {
    let (mut builder, door) = unsealed();
    let refused = answer(&door, Endpoint::Validate, &good()).await;
    is_refused(&refused, 429, REFUSED);
    assert_eq!(refused["status"]["details"]["retryAfterSeconds"], 1);
    builder.apply(sealed());
    assert_eq!(answer(&door, Endpoint::Validate, &good()).await["allowed"], true);
    builder.apply(Change::Unsealed("alpha-dev".to_owned()));
    is_refused(&answer(&door, Endpoint::Validate, &good()).await, 429, REFUSED);
    builder.apply(sealed());
    builder.apply(Change::NamespaceGone("alpha-dev".to_owned()));
    let alpha = Namespace::labelled(Some("alpha"));
    builder.apply(Change::Namespace("alpha-dev".to_owned(), alpha));
    is_refused(&answer(&door, Endpoint::Validate, &good()).await, 429, REFUSED);
}

#[tokio::test]
async fn what_else_is_wrong_is_said_too() {
    let (_builder, door) = unsealed();
    let body = good().replace("\"runAsUser\":1000", "\"runAsUser\":0");
    let answered = answer(&door, Endpoint::Validate, &body).await;
    assert_eq!(answered["status"]["code"], 422, "{answered}");
    assert!(answered["status"]["message"].to_string().contains("RF1018"), "{answered}");
}

#[tokio::test]
async fn what_is_there_and_what_makes_pods_passes() {
    let (_builder, door) = unsealed();
    let check = async |body: String| {
        assert_ne!(body, good());
        let answered = answer(&door, Endpoint::Validate, &body).await;
        assert_eq!(answered["allowed"], true, "{answered}");
    };
    check(good().replace("CREATE", "DELETE")).await;
    let old = good().replace("\"object\"", "\"oldObject\":{\"spec\":{}},\"object\"");
    check(old.replace("CREATE", "UPDATE")).await;
    let deployment = [("\"Pod\"", "\"Deployment\""), ("\"pods\"", "\"deployments\"")];
    let body = deployment.iter().fold(good(), |body, (from, to)| body.replace(from, to));
    check(body.replace("\"group\":\"\"", "\"group\":\"apps\"")).await;
    let (mut builder, door) = unsealed();
    let gone = Namespace::labelled(Some("gone"));
    builder.apply(Change::Namespace("alpha-dev".to_owned(), gone));
    let orphaned = answer(&door, Endpoint::Validate, &good()).await;
    assert!(!orphaned.to_string().contains("RF1018"), "{orphaned}");
}

/// Clients that try again by themselves would do so for ever.
#[tokio::test]
async fn where_there_are_too_many_namespaces_a_pod_is_told_so() {
    let (mut builder, door) = unsealed();
    builder.apply(Change::OverLimit("alpha-dev".to_owned(), Arc::default()));
    let refused = answer(&door, Endpoint::Validate, &good()).await;
    let line = "tenant alpha: 2 problems in Pod shop: RF1018 unsealed, RF1009 namespaceLimit";
    is_refused(&refused, 403, line);
    assert_eq!(refused["status"]["details"]["retryAfterSeconds"], serde_json::Value::Null);
    assert!(!refused.to_string().contains("try again"), "{refused}");
    builder.apply(Change::Unsealed("alpha-dev".to_owned()));
    is_refused(&answer(&door, Endpoint::Validate, &good()).await, 429, REFUSED);
}
