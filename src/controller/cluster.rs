//! The connection to the API server.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use k8s_openapi::api::core::v1::Namespace;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::PartialObjectMeta;
use kube::{Api, Client, Config};

use super::authority::Answers;
use crate::domain::{TENANT_LABEL, Version};
use crate::state::{Found, LookupError, NamespaceLookup};

/// A cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    pub(super) client: Client,
    pub(super) answers: Answers,
    /// The minor version of its API server.
    pub version: Version,
}

/// A cluster that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// The pod's own account cannot be used.
    #[error("cannot use the account of this pod")]
    InCluster(#[from] kube::config::InClusterError),
    /// The API server does not answer.
    #[error("cannot reach the API server")]
    Unreachable(#[from] kube::Error),
    /// The API server has no version that we can read.
    #[error("the API server's version `{0}` is no version of Kubernetes")]
    Version(String),
}

impl Cluster {
    /// Connects by a kubeconfig's current context, or by the account of the pod that we run in.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn connect(kubeconfig: Option<&Path>) -> Result<Self, ClusterError> {
        let config = match kubeconfig {
            Some(path) => {
                let kubeconfig = Kubeconfig::read_from(path)?;
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
            }
            None => Config::incluster()?,
        };
        Self::of(config).await
    }

    /// Connects as kubectl does: by a kubeconfig, or by those of `$KUBECONFIG` or `~/.kube/config`, and
    /// the named context of it, or its current one.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn connect_as_kubectl(
        kubeconfig: Option<&Path>,
        context: Option<String>,
    ) -> Result<Self, ClusterError> {
        let kubeconfig = kubeconfig.map_or_else(Kubeconfig::read, Kubeconfig::read_from)?;
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        Self::of(Config::from_custom_kubeconfig(kubeconfig, &options).await?).await
    }

    async fn of(config: Config) -> Result<Self, ClusterError> {
        let client = Client::try_from(config)?;
        let info = client.apiserver_version().await?;
        // Managed clusters write `34+`.
        let minor = info.minor.trim_end_matches(|last: char| !last.is_ascii_digit()).parse();
        let version = minor.map(Version).map_err(|_| ClusterError::Version(info.git_version))?;
        Ok(Self { client, answers: Answers::default(), version })
    }

    /// Namespaces, of which only the metadata is asked for.
    pub(super) fn namespaces(&self) -> Api<PartialObjectMeta<Namespace>> {
        Api::all(self.client.clone())
    }
}

impl NamespaceLookup for Cluster {
    fn tenant_label<'a>(
        &'a self,
        namespace: &'a str,
    ) -> Pin<Box<dyn Future<Output = Found> + Send + 'a>> {
        Box::pin(async move {
            let found = self.namespaces().get_opt(namespace).await;
            let object = found.map_err(|error| LookupError(error.to_string()))?;
            Ok(object.map(|object| {
                object.metadata.labels.and_then(|mut labels| labels.remove(TENANT_LABEL))
            }))
        })
    }
}
