//! `ringfence review`

mod fix;
mod print;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use self::print::{Format, Stream};
use super::inputs::Inputs;
use super::progress::Progress;
use super::{Outcome, output, policies};
use crate::audit::{self, Asked, Reviewed, Settings};
use crate::domain::{Decision, Level, Operation, PolicyVersion, Requester};

/// Judges manifests, or recorded AdmissionReviews, as the webhook would.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence review deploy/
  kustomize build . | ringfence review --namespace alpha-dev -
  ringfence review --pod-security restricted:v1.31 charts/rendered.yaml
  ringfence review -o json deploy/ | jq 'select(.allowed | not)'
  ringfence review -o sarif deploy/ > ringfence.sarif
  ringfence review --fix --dry-run deploy/

Exit codes: 0 nothing refused, 1 something refused, 2 could not run or could not read all of it")]
pub(super) struct Args {
    /// Files, folders (every .yaml, .yml and .json below them) or `-` for standard input.
    #[arg(value_name = "FILE|DIR|-", default_value = "-")]
    paths: Vec<PathBuf>,
    /// The folder of Platform, Profile and Tenant documents; without it, the example set.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
    /// What is done with the manifests.
    #[arg(long, value_parser = operation, default_value = "CREATE")]
    operation: Operation,
    /// Who asks; without it, an owner of the object's tenant.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// A group that USER is in; may come several times.
    #[arg(long, value_name = "GROUP", requires = "user")]
    group: Vec<String>,
    /// The namespace of objects that name none.
    #[arg(long, value_name = "NS")]
    namespace: Option<String>,
    /// Write the fixes that are safe into the files, comments and order kept; then show what is left.
    ///
    /// Safe are the edits that lose no data of a workload. Of standard input the fixed text goes to
    /// stdout, and what is left to stderr.
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, as a diff on stdout, and write nothing; what would be left goes
    /// to stderr.
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Judge by the Pod Security Standards alone, as the objects stand and whatever the tenant.
    #[arg(long, value_name = "LEVEL[:VERSION]", conflicts_with_all = ["policies", "user"])]
    pod_security: Option<Standards>,
}

#[derive(Debug, Clone, Copy)]
struct Standards(Level, PolicyVersion);

impl FromStr for Standards {
    type Err = crate::domain::InvalidPodSecurity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (level, version) = text.split_once(':').unwrap_or((text, "latest"));
        Ok(Self(level.parse()?, version.parse()?))
    }
}

fn operation(text: &str) -> Result<Operation, String> {
    let wanted = text.to_ascii_uppercase();
    let found = Operation::ALL.into_iter().find(|operation| operation.as_str() == wanted);
    found.ok_or_else(|| "use CREATE, UPDATE, DELETE or CONNECT".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Some(snapshot) = policies::snapshot(args.policies.as_deref()) else {
        return Ok(Outcome::Failed);
    };
    let mut inputs = Inputs::default();
    for path in &args.paths {
        inputs.read(path);
    }
    let settings = Settings {
        snapshot: &snapshot,
        asked: args
            .pod_security
            .map_or(Asked::Tenants, |Standards(level, version)| Asked::Standards(level, version)),
        operation: args.operation,
        requester: args.user.clone().map(|name| Requester { name, groups: args.group.clone() }),
        namespace: args.namespace.clone(),
        now: jiff::Timestamp::now(),
    };
    let review = |inputs: &Inputs| {
        let mut progress = Progress::begun();
        audit::review(&inputs.read, &settings, |audit::Progress { what, done, of }| {
            progress.tell(|| format!("{done} of {of} {what}"));
        })
    };
    let mut reviewed = review(&inputs);
    if reviewed == Reviewed::default() && inputs.failed.is_empty() && inputs.are_empty() {
        bail!("there is nothing to review: no object was given");
    }
    let mut to = Stream::Stdout;
    if args.fix {
        to = fix::fix(&mut inputs, &reviewed, args.dry_run)?;
        reviewed = review(&inputs);
    }
    for failed in &inputs.failed {
        output::error(&failed.message);
    }
    print::print((args.output, to, args.fix), &inputs, &reviewed)?;
    let refused = reviewed.records.iter().any(|record| record.verdict.decision() == Decision::Deny);
    Ok(match (reviewed.problems.is_empty() && inputs.failed.is_empty(), refused) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Refused,
        (true, false) => Outcome::Good,
    })
}
