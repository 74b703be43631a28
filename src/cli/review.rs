//! `ringfence review`

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, bail};

use super::output::{self, Format};
use super::{Outcome, policies};
use crate::audit::{self, Asked, Input, Problem, Record, Settings};
use crate::domain::{Decision, Level, Operation, PolicyVersion, Requester};
use crate::objects::yaml;
use crate::report::review::{self, Reviewed, Summary};
use crate::review::warnings;

/// Judges manifests, or recorded AdmissionReviews, as the webhook would.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence review deploy/
  kustomize build . | ringfence review --namespace alpha-dev -
  ringfence review --pod-security restricted:v1.31 charts/rendered.yaml
  ringfence review -o json deploy/ | jq 'select(.allowed | not)'

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
    let (records, problems) = audit::review(&inputs.read, &settings);
    if records.is_empty() && problems.is_empty() && inputs.failed.is_empty() && inputs.are_empty() {
        bail!("there is nothing to review: no object was given");
    }
    for failed in &inputs.failed {
        output::error(failed);
    }
    print(args.output, &records, &problems, inputs.failed.len())?;
    let refused = records.iter().any(|record| record.verdict.decision() == Decision::Deny);
    Ok(match (problems.is_empty() && inputs.failed.is_empty(), refused) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Refused,
        (true, false) => Outcome::Good,
    })
}

fn print(format: Format, records: &[Record], problems: &[Problem], failed: usize) -> Result<()> {
    let mut text = String::new();
    let mut summary = Summary::default();
    for record in records {
        summary.add(&record.verdict, &record.notes);
        text.push_str(&rendered(format, record));
    }
    if format == Format::Human {
        text.push_str(&summary.text(problems.len() + failed));
    }
    for problem in problems {
        let Problem { source, line, column, message } = problem;
        let column = column.map_or_else(String::new, |column| format!(":{column}"));
        output::error(&format!("{source}:{line}{column}: {message}"));
    }
    output::result(&text)
}

fn rendered(format: Format, record: &Record) -> String {
    let mut notes = record.notes.clone();
    if format == Format::Json {
        notes.splice(0..0, warnings(&record.verdict));
    }
    let reviewed = Reviewed {
        source: &record.source,
        line: record.line,
        kind: &record.kind,
        namespace: &record.namespace,
        name: &record.name,
        tenant: record.tenant.as_ref().map(crate::domain::TenantName::as_str),
        verdict: &record.verdict,
        notes: &notes,
        patch: record.patch.to_json(),
    };
    match format {
        Format::Human => review::human(&reviewed),
        Format::Json => review::json(&reviewed),
    }
}

/// What was read, and why the rest was not: one bad path hides no other.
#[derive(Default)]
struct Inputs {
    read: Vec<Input>,
    failed: Vec<String>,
}

impl Inputs {
    fn read(&mut self, path: &Path) {
        if let Err(error) = self.try_read(path) {
            self.failed.push(format!("cannot read `{}`: {error:#}", path.display()));
        }
    }

    fn try_read(&mut self, path: &Path) -> Result<()> {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            self.read.push(Input { source: "-".to_owned(), text: text(bytes) });
            return Ok(());
        }
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            let before = (self.read.len(), self.failed.len());
            self.read_folder(path)?;
            if before == (self.read.len(), self.failed.len()) {
                bail!("it holds no .yaml, .yml or .json file");
            }
            return Ok(());
        }
        if !about.is_file() {
            bail!("it is neither a file nor a folder");
        }
        let bytes = std::fs::read(path)?;
        self.read.push(Input { source: path.display().to_string(), text: text(bytes) });
        Ok(())
    }

    fn read_folder(&mut self, folder: &Path) -> Result<()> {
        let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // A mounted ConfigMap keeps its files in `..2026_11_24…` and links to them.
            if entry.file_name().as_encoded_bytes().starts_with(b"..") {
                continue;
            }
            let manifest = path
                .extension()
                .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|it| extension == *it));
            // A link to a folder may lead back up; one to a manifest is read.
            if entry.file_type()?.is_dir() {
                if let Err(error) = self.read_folder(&path) {
                    self.failed.push(format!("cannot read `{}`: {error:#}", path.display()));
                }
            } else if manifest && !path.is_dir() {
                self.read(&path);
            }
        }
        Ok(())
    }

    /// Whether there is no document at all, not even an empty list.
    fn are_empty(&self) -> bool {
        self.read.iter().all(|input| yaml::documents(&input.text).is_empty())
    }
}

/// Go replaces what is no UTF-8, and so does this.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
