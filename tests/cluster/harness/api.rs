//! The API server without kubectl, which takes a tenth of a second for each question.

use std::path::Path;

use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig as Written};
use kube::{Client, Config, Error};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::Kubeconfig;

/// One user's connection.
pub struct Api {
    runtime: Runtime,
    client: Client,
}

impl Api {
    pub fn of(user: &Kubeconfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(connect(user.path()));
        Self { runtime, client }
    }

    /// What is at a path; `None` where nothing is.
    pub fn get(&self, path: &str) -> Option<Value> {
        match self.ask("GET", path, "application/json", Vec::new()) {
            Err(Error::Api(status)) if status.code == 404 => None,
            found => Some(found.unwrap()),
        }
    }

    /// Changes what is at a path, and returns what it is then.
    pub fn patch(&self, path: &str, kind: &str, patch: &Value) -> Value {
        self.ask("PATCH", path, kind, patch.to_string().into()).unwrap()
    }

    /// Makes an object at the path of its kind.
    pub fn create(&self, path: &str, object: &Value) -> Result<Value, Error> {
        self.ask("POST", path, "application/json", object.to_string().into())
    }

    /// Takes away what is at a path.
    pub fn delete(&self, path: &str) {
        self.ask("DELETE", path, "application/json", Vec::new()).unwrap();
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Result<Value, Error> {
        let request = Request::builder().method(method).uri(path).header("Content-Type", kind);
        self.runtime.block_on(self.client.request(request.body(body).unwrap()))
    }
}

async fn connect(path: &Path) -> Client {
    let written = Written::read_from(path).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(written, &options).await.unwrap();
    Client::try_from(config).unwrap()
}
