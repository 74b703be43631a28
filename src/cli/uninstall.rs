//! `ringfence uninstall`

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{Outcome, output};
use crate::controller::{Cluster, uninstall};

/// Takes all that refuses out of a cluster.
///
/// That is our account's rights, the webhook configurations, and the policies that the API server holds
/// to by itself. What closes namespaces stays, and so do their labels, unless --remove-seals is given. Nothing is
/// begun where you may not do all of it; what is left at the end is told, and doing it again goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence uninstall && kubectl delete -k manifests/base
  ringfence uninstall --remove-seals --kubeconfig ~/.kube/config

Exit code: 0 all of it is gone, 1 something is left, 2 it was not begun")]
pub(super) struct Args {
    /// Open the namespaces too: take away every policy, quota, limit and role binding that the controller
    /// laid, and the labels that it put.
    #[arg(long)]
    remove_seals: bool,
    /// The cluster; absent, that of $KUBECONFIG or ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let home = || std::env::home_dir().unwrap_or_default().join(".kube/config");
    let known = || std::env::var_os("KUBECONFIG").map_or_else(home, PathBuf::from);
    let kubeconfig = args.kubeconfig.clone().unwrap_or_else(known);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let taken = runtime.block_on(async {
        let cluster = Cluster::connect(Some(&kubeconfig)).await;
        let used = || format!("cannot use the cluster of `{}`", kubeconfig.display());
        let cluster = cluster.with_context(used)?;
        Ok::<_, anyhow::Error>(uninstall::uninstall(&cluster, args.remove_seals).await?)
    })?;
    let mut text: String = taken.gone.iter().map(|what| format!("gone  {what}\n")).collect();
    text.extend(taken.left.iter().map(|what| format!("left  {what}\n")));
    if text.is_empty() {
        text.push_str("there is nothing of ours\n");
    }
    output::result(&text)?;
    Ok(if taken.left.is_empty() { Outcome::Good } else { Outcome::Refused })
}
