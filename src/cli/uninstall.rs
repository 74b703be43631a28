//! `ringfence uninstall`

use anyhow::Result;

use super::cluster::ClusterArgs;
use super::{Outcome, output};
use crate::controller::uninstall;

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
    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let taken = args
        .cluster
        .ask(async |cluster| Ok(uninstall::uninstall(&cluster, args.remove_seals).await?))?;
    let mut text: String = taken.gone.iter().map(|what| format!("gone  {what}\n")).collect();
    text.extend(taken.left.iter().map(|what| format!("left  {what}\n")));
    if text.is_empty() {
        text.push_str("there is nothing of ours\n");
    }
    output::result(&text)?;
    Ok(if taken.left.is_empty() { Outcome::Good } else { Outcome::Refused })
}
