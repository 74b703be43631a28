//! The cluster that a command asks once.

use std::future::Future;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::controller::Cluster;

/// Which cluster.
#[derive(Debug, clap::Args)]
pub(super) struct ClusterArgs {
    /// The cluster. Without it that of $KUBECONFIG, then the one that this pod runs in, then that of
    /// ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context in it; without it, the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// Whether it is said which cluster.
    pub(super) fn is_given(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// Asks the cluster something.
    pub(super) fn ask<T, F>(&self, question: impl FnOnce(Cluster) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start")?;
        runtime.block_on(async {
            let place = self.place();
            let cluster = self.connect().await.with_context(|| format!("cannot use {place}"))?;
            question(cluster).await.with_context(|| format!("asking {place}"))
        })
    }

    async fn connect(&self) -> Result<Cluster> {
        let is_pods = self.kubeconfig.is_none() && is_set("KUBERNETES_SERVICE_HOST");
        if is_pods && !is_set("KUBECONFIG") && self.context.is_none() {
            return Ok(Cluster::connect(None).await?);
        }
        let context = self.context.clone();
        Ok(Cluster::connect_as_kubectl(self.kubeconfig.as_deref(), context).await?)
    }

    /// What a person would call it.
    fn place(&self) -> String {
        match &self.kubeconfig {
            Some(path) => format!("the cluster of `{}`", path.display()),
            None if is_set("KUBECONFIG") => "the cluster of $KUBECONFIG".to_owned(),
            None if is_set("KUBERNETES_SERVICE_HOST") && self.context.is_none() => {
                "the cluster that this pod runs in".to_owned()
            }
            None => "the cluster of ~/.kube/config: say which by --kubeconfig".to_owned(),
        }
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}
