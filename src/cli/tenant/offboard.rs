//! `ringfence tenant offboard`

use anyhow::Result;

use crate::cli::Outcome;
use crate::cli::cluster::ClusterArgs;
use crate::cli::output;
use crate::controller::{Cluster, Departure, Fate, Leaving, ORDERED_DELETION, OffboardError};
use crate::domain::{OUR_NAMESPACE, TenantName, first_of};
use crate::policy::values::Label1123;

/// Takes a tenant out of the cluster; without --yes, says what that comes to, and does nothing.
///
/// What permits the tenant anything goes first, then the Tenant: from then on nobody can start anything
/// in its namespaces, and what closes them stays. The seals go next and the label that makes the
/// namespaces the tenant's goes last. It is refused while something runs there, or would as soon as it is
/// let. Whatever stops it, it can be run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence tenant offboard gamma
  ringfence tenant offboard gamma --yes
  ringfence tenant offboard gamma --delete-namespaces --yes

Exit codes: 0 it is done, or said and could be done, 1 something runs, 2 it could not be done to its end")]
pub(super) struct Args {
    /// The tenant, whether its Tenant is there or gone.
    #[arg(value_name = "TENANT")]
    tenant: TenantName,
    /// Do it.
    #[arg(long)]
    yes: bool,
    /// Delete its namespaces with all that is in them, whatever runs there.
    #[arg(long)]
    delete_namespaces: bool,
    /// The namespace of the installation: its replicas must all know that the Tenant is gone.
    #[arg(long, value_name = "NAMESPACE", default_value = OUR_NAMESPACE)]
    namespace: Label1123,
    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    args.cluster.ask(async |cluster| {
        let departure = cluster.departure(args.tenant.as_str()).await?;
        if departure.is_over() {
            let name = &args.tenant;
            output::note(&format!("there is no Tenant `{name}`, and nothing of one"));
            return Ok(Outcome::Good);
        }
        if !args.yes {
            output::result(&said(&departure, args.fate()))?;
        }
        if let Some(why) = args.hindered(&cluster, &departure) {
            output::error(&why);
            return Ok(Outcome::Refused);
        }
        if !args.yes {
            output::note("nothing is done without --yes");
            return Ok(Outcome::Good);
        }
        let mut lines = Vec::new();
        let told = |line: &str| lines.push(output::result(&format!("{line}\n")));
        let home = args.namespace.as_str();
        let done = cluster.offboard(&departure, args.fate(), home, told).await;
        lines.into_iter().collect::<Result<()>>()?;
        match done {
            Err(OffboardError::Busy(busy)) => {
                output::error(&format!(
                    "something has begun to run{}\nhelp: end it, and run this again",
                    listed(&busy)
                ));
                Ok(Outcome::Refused)
            }
            done => Ok(done.map(|()| Outcome::Good)?),
        }
    })
}

impl Args {
    fn fate(&self) -> Fate {
        if self.delete_namespaces { Fate::Deleted } else { Fate::Released }
    }

    /// Why it must not be done now.
    fn hindered(&self, cluster: &Cluster, departure: &Departure) -> Option<String> {
        let Departure { busy, .. } = departure;
        if busy.is_empty() {
            return None;
        }
        let listed = listed(busy);
        match self.fate() {
            Fate::Deleted if cluster.version >= ORDERED_DELETION => None,
            Fate::Deleted => Some(format!(
                "before Kubernetes {ORDERED_DELETION} a namespace's policies may go before its pods: these run, or make pods{listed}\n\
                 help: end them first"
            )),
            Fate::Released => Some(format!(
                "these run in its namespaces, or make pods{listed}\n\
                 help: delete them or scale them to zero, or have the namespaces deleted with --delete-namespaces"
            )),
        }
    }
}

/// How many are told.
const SHOWN: usize = 20;

fn listed(busy: &[String]) -> String {
    first_of(busy, SHOWN, String::clone).iter().map(|line| format!("\n  {line}")).collect()
}

/// What a departure comes to, in the order in which it is done.
fn said(departure: &Departure, fate: Fate) -> String {
    let mut text = format!("tenant {} goes, in this order:\n", departure.tenant);
    for own in &departure.documents {
        text.push_str(&format!("  {} {}: deleted\n", own.kind, own.name));
    }
    for own in &departure.namespaces {
        text.push_str(&namespace(own, fate));
    }
    for own in &departure.barriers {
        text.push_str(&format!("  {} {}: deleted\n", own.kind, own.name));
    }
    if fate == Fate::Released {
        text.push_str(
            "what else is in the namespaces stays, and so do their labels of Pod Security\n",
        );
    }
    text
}

fn namespace(own: &Leaving, fate: Fate) -> String {
    let Leaving { name, labels, annotations, seal, is_going, .. } = own;
    if *is_going {
        return format!("  namespace {name}: is being deleted, and keeps its seal until then\n");
    }
    if fate == Fate::Deleted {
        return format!(
            "  namespace {name}: deleted with all that is in it, its seal after its pods\n"
        );
    }
    let seal: String = seal.iter().map(|(kind, name)| format!("      {kind} {name}\n")).collect();
    let labels = labels.iter().map(String::as_str).chain(["ringfence.dev/tenant"]);
    let labels = labels.collect::<Vec<_>>().join(", ");
    let annotations = match annotations.as_slice() {
        [] => String::new(),
        some => format!("    its annotations: {}\n", some.join(", ")),
    };
    format!("  namespace {name}\n    its seal:\n{seal}{annotations}    its labels: {labels}\n")
}
