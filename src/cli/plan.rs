//! `ringfence plan`

mod cluster;
mod files;

use std::path::PathBuf;

use anyhow::Result;

use super::Outcome;
use super::cluster::ClusterArgs;
use super::output::Format;
use crate::policy::values::Label1123;
use crate::seal::Dialect;

/// Shows what the controller would do, and which pods would be refused.
///
/// Nothing is written. Of each namespace that is a tenant's, or that a Tenant names: which objects of its seal
/// would be made, changed or deleted, which labels it would be given, which names are taken by objects of others;
/// the same of what stands once in the cluster, tenants' barriers too; and which of the pods that run there would
/// be refused if they were made again, completed as the webhook completes them, with what is wrong in them by the
/// workload that made them. The documents are the cluster's, or with --policies a folder's: so a set is tried
/// before it is applied, also where nothing of Ringfence is there.
///
/// With --policies and no cluster it prints the objects that close the tenants' namespaces.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence plan
  ringfence plan --tenant alpha --kubeconfig ~/.kube/config --context prod
  ringfence plan --cluster --policies policies/
  ringfence plan --cluster --policies policies/ -o json | jq '.namespaces[] | select(.pods.refused > 0)'
  ringfence plan --policies policies/ --tenant alpha --namespace alpha-new | kubectl diff -f -
  ringfence plan --policies policies/ --tenant alpha --barriers cluster-network-policy

With -o json, of a cluster one object, in which fields may be added:
  {"changes", "breaks", "rehearsal",
   "clusterwide": [{"action", "kind", "name", "differences": []}],
   "namespaces": [{"tenant", "namespace", "seal", "objects": [as above], "unchanged",
                   "labels": {}, "annotations": {},
                   "pods": {"judged", "refused", "unlisted", "workloads": [
                     {"kind", "name", "pods", "findings": [
                       {"code", "check", "severity", "mode", "exemption", "pods",
                        "path", "found", "must", "fix"}]}]}}],
   "strays": [{"tenant", "namespace", "state", "label"}]}
action is create, change, delete, taken or planned; seal is keep, plan, overLimit or ending; state is
absent, labelled (with another tenant's label) or orphaned.

Exit codes of a cluster: 0 nothing would change and nothing breaks, 1 something would,
2 the cluster cannot be asked, there is no such tenant or the documents have mistakes
Without one: 0 it is shown, 2 there is no such tenant or the documents have mistakes"#)]
pub(super) struct Args {
    /// A folder of documents, in place of the cluster's; alone, no cluster is asked.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Compare with a cluster: what is meant without --policies, and with --kubeconfig or --context.
    #[arg(long = "cluster")]
    asks: bool,
    /// The tenant; without it, every tenant, and what stands beside the seals.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// A namespace of the tenant, whether it is there or not; without it, those that the tenant names.
    #[arg(
        long,
        value_name = "NAMESPACE",
        requires = "policies",
        conflicts_with_all = ["asks", "kubeconfig", "context"]
    )]
    namespace: Option<Label1123>,
    /// Show also what denies the tenant every other one beside that, once in a cluster, where the cluster has
    /// this kind; may come several times.
    #[arg(
        long,
        value_name = "KIND",
        value_enum,
        requires = "policies",
        conflicts_with_all = ["asks", "kubeconfig", "context"]
    )]
    barriers: Vec<Kind>,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to print: for people (objects as YAML), or JSON.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

/// A kind of barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// ClusterNetworkPolicy of policy.networking.k8s.io
    ClusterNetworkPolicy,
    /// CiliumClusterwideNetworkPolicy of cilium.io
    Cilium,
    /// GlobalNetworkPolicy of projectcalico.org, and the tier that those stand in
    Calico,
}

impl Kind {
    fn dialect(self) -> Dialect {
        match self {
            Self::ClusterNetworkPolicy => Dialect::Admin,
            Self::Cilium => Dialect::Cilium,
            Self::Calico => Dialect::Calico,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    match &args.policies {
        Some(folder) if !args.asks && !args.cluster.is_given() => files::run(folder, args),
        _ => cluster::run(args),
    }
}
