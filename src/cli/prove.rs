//! `ringfence prove`

use anyhow::Result;
use jiff::Timestamp;

use super::Outcome;
use super::map::{Drawn, MapArgs};
use super::output::{self, Format};
use crate::domain::{Code, Mode};
use crate::isolation::{Asked, prove};
use crate::policy::{Tenant, Tenants};
use crate::report::proof::{Assumed, human, json};

/// Proves that no path leads from one tenant to another, or shows one.
///
/// Asked is of every pod that two tenants could have: with any labels that they may set, any address of
/// the pods' ranges and any number behind the name of a port, in namespaces that are there or that they could
/// make. Each ordered pair of tenants is
///
///   proven    nothing passes
///   granted   nothing passes but what Grants permit
///   open      something passes that no Grant permits: a witness is shown
///   unknown   nothing was found, but something that the proof rests on does not hold
///
/// What is not understood is reported and counts as open.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence prove --policies policies/ manifests/
  ringfence prove --policies policies/ --as-is manifests/
  ringfence prove --cluster -o json | jq '.pairs[] | select(.verdict == \"open\")'

Exit codes: 0 every pair is proven or granted, 1 one is open or unknown, 2 it could not be found out")]
pub(super) struct Args {
    #[command(flatten)]
    map: MapArgs,
    /// How to print: for people, or as one JSON object.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Some(Drawn { map, tenants, whole }) = args.map.draw()? else { return Ok(Outcome::Failed) };
    if tenants.iter().next().is_none() {
        output::error("there is no Tenant\nhelp: name the folder of documents by --policies");
        return Ok(Outcome::Failed);
    }
    let as_is = args.map.is_as_is();
    let asked = Asked::of(&tenants, &map.world, as_is, Timestamp::now());
    let proof = prove(&asked);
    output::result(&match args.output {
        Format::Human => human(&proof, &assumed(&tenants, as_is, asked.now)),
        Format::Json => json(&proof),
    })?;
    Ok(match (whole, proof.is_whole()) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Good,
        (true, false) => Outcome::Refused,
    })
}

fn assumed(tenants: &Tenants, as_is: bool, now: Timestamp) -> Assumed {
    let reserved = tenants.platform.spec.reserved_pod_labels.iter().flatten();
    // Where each tenant is refused them, the webhook that is in force says so already.
    let refused = |tenant: &Tenant| tenant.profile.mode(Code::ReservedPodLabel) == Mode::Enforce;
    let exempted = !tenants.exemptions.naming(Code::ReservedPodLabel, now).is_empty();
    let reserved = reserved.filter(|_| exempted || !tenants.iter().all(refused));
    Assumed {
        as_is,
        ranges: tenants.platform.pod_ranges().iter().map(ToString::to_string).collect(),
        reserved: reserved.map(ToString::to_string).collect(),
    }
}
