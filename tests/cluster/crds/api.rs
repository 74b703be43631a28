//! Our kinds at the API server, many objects at once, and what it says of each by field.

use futures::stream::{self, StreamExt as _};
use kube::config::{KubeConfigOptions, Kubeconfig as Config};
use kube::{Client, Error};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::super::harness::Kubeconfig;

/// How many requests are on their way at a time.
const AT_ONCE: usize = 16;

pub struct Api {
    runtime: Runtime,
    client: Client,
}

/// What the API server says of an object that it does not take.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub message: String,
    /// Each field and what is wrong with it.
    pub causes: Vec<(String, String)>,
}

impl Api {
    pub fn of(user: &Kubeconfig) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let config = Config::read_from(user.path()).unwrap();
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(config, &options).await.unwrap();
            Client::try_from(config).unwrap()
        });
        Self { runtime, client }
    }

    /// What becomes of each object if it is created; nothing is kept.
    pub fn tried(&self, objects: &[Value]) -> Vec<Result<Value, Refusal>> {
        let query = "?dryRun=All&fieldValidation=Strict";
        let request = |object| ("POST", format!("{}{query}", folder(object)), object);
        self.send(objects.iter().map(request).collect())
    }

    /// Creates an object for good.
    pub fn created(&self, object: &Value) -> Value {
        self.send(vec![("POST", folder(object), object)]).remove(0).unwrap()
    }

    /// Replaces an object for good, or its `/status`.
    pub fn replaced(&self, object: &Value, subresource: &str) -> Result<Value, Refusal> {
        let name = object["metadata"]["name"].as_str().unwrap();
        let path = format!("{}/{name}{subresource}", folder(object));
        self.send(vec![("PUT", path, object)]).remove(0)
    }

    /// What stands at each path.
    pub fn read(&self, paths: Vec<String>) -> Vec<Value> {
        let requests = paths.into_iter().map(|path| ("GET", path, &Value::Null));
        let answers = self.send(requests.collect()).into_iter();
        answers.map(Result::unwrap).collect()
    }

    fn send(&self, requests: Vec<(&str, String, &Value)>) -> Vec<Result<Value, Refusal>> {
        let answers = requests.into_iter().map(|(method, path, object)| async move {
            let request = http::Request::builder().method(method).uri(path);
            let request = request.header("Content-Type", "application/json");
            let body = if object.is_null() { String::new() } else { object.to_string() };
            match self.client.request::<Value>(request.body(body.into_bytes()).unwrap()).await {
                Ok(object) => Ok(object),
                Err(Error::Api(status)) => {
                    let causes = status.details.map(|details| details.causes).unwrap_or_default();
                    let causes = causes.into_iter().map(|own| (own.field, own.message));
                    Err(Refusal { message: status.message, causes: causes.collect() })
                }
                Err(error) => panic!("{error}"),
            }
        });
        self.runtime.block_on(stream::iter(answers).buffered(AT_ONCE).collect())
    }
}

/// Where the objects of a kind are.
fn folder(object: &Value) -> String {
    let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
    format!("/apis/ringfence.dev/v1alpha1/{plural}")
}
