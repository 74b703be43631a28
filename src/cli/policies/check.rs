//! `ringfence policies check`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::printed;
use crate::cli::{Outcome, output};
use crate::files;
use crate::policy::{self, Counted, InForce, Notice, Origin, Permission, Survey};
use crate::report::policies::{self as report, Row};

/// Looks at documents.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence policies check policies/
  ringfence policies check policies/ --tenant alpha")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Check(CheckArgs),
}

/// Says whether documents fit together, and what is in force for a tenant.
///
/// Every mistake of every file is told, each with its place. What has ended, ends within 14 days or
/// has no effect is a warning.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence policies check policies/
  ringfence policies check policies/ --tenant alpha
  ringfence policies check policies/ --tenant alpha -o json | jq '.fields[].field'

With -o json, one object, in which fields may be added:
  {"documents": [{"kind", "given", "builtIn"}], "tenants": [], "warnings": [{"place", "message"}]}
and with --tenant:
  {"tenant", "profile", "namespaces": [],
   "fields": [{"field", "value", "from": {"kind", "name", "place"}}],
   "exemptions": [{"name", "rules", "namespaces", …, "daysLeft", "place"}],
   "grants": [{"name", "from", "to", "ports", …, "daysLeft", "place"}],
   "warnings": [{"place", "message"}]}
`kind` of `from` is Tenant, Profile or default; a place is file:line:column. -o yaml is the same.

Exit codes: 0 nothing is wrong (warnings allowed), 2 something is wrong or there is no such tenant"#)]
struct CheckArgs {
    /// The folder of documents, or one file; without it, the example set.
    #[arg(value_name = "DIR")]
    path: Option<PathBuf>,
    /// Say what is in force for this tenant: each field, its value and where it comes from.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// The same in YAML.
    Yaml,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Outcome> {
    let Action::Check(args) = &args.action;
    let now = Timestamp::now();
    let Some(survey) = survey(args.path.as_deref()) else { return Ok(Outcome::Failed) };
    let notices = survey.notices(now);
    if args.output == Format::Human {
        for Notice { place, message } in &notices {
            output::warning(&format!("{place}: {message}"));
        }
    }
    let (human, mut object) = match &args.tenant {
        None => (summary(&survey.counts()), overview(&survey)),
        Some(name) => match survey.tenant(name, now) {
            Some(in_force) => (tenant(&in_force), json!(in_force)),
            None => {
                output::error(&unknown(&survey, name));
                return Ok(Outcome::Failed);
            }
        },
    };
    if let Some(object) = object.as_object_mut() {
        let warning =
            |Notice { place, message }: &Notice| json!({"place": place, "message": message});
        object.insert("warnings".to_owned(), notices.iter().map(warning).collect());
    }
    let text = match args.output {
        Format::Human => human,
        Format::Json => format!("{object}\n"),
        Format::Yaml => serde_saphyr::to_string(&object).context("cannot write YAML")?,
    };
    output::result(&text)?;
    Ok(Outcome::Good)
}

pub(in crate::cli) fn survey(path: Option<&Path>) -> Option<Survey> {
    printed(match path {
        Some(path) => files::survey(path),
        None => policy::survey(&policy::embedded(), &[]),
    })
}

fn unknown(survey: &Survey, name: &str) -> String {
    let help = survey.suggestion(name).unwrap_or_else(|| {
        let names: Vec<_> =
            survey.documents.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        match names.is_empty() {
            true => "there is no tenant at all".to_owned(),
            false => format!("there are {}", names.join(", ")),
        }
    });
    format!("there is no Tenant `{name}`\nhelp: {help}")
}

fn overview(survey: &Survey) -> Value {
    let count = |Counted { kind, given, built_in }: Counted| json!({"kind": kind, "given": given, "builtIn": built_in});
    let tenants: Vec<_> =
        survey.documents.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
    json!({"documents": survey.counts().map(count), "tenants": tenants})
}

fn summary(counts: &[Counted]) -> String {
    let one = |Counted { kind, given, built_in }: &Counted| {
        let s = if *given == 1 { "" } else { "s" };
        let beside = match built_in {
            0 => String::new(),
            built_in => format!(" ({built_in} built in)"),
        };
        format!("{given} {kind}{s}{beside}")
    };
    let counted: Vec<String> = counts.iter().map(one).collect();
    format!("the documents fit together: {}\n", counted.join(", "))
}

fn tenant(in_force: &InForce) -> String {
    let from: Vec<String> = in_force.fields.iter().map(|field| said_by(&field.from)).collect();
    let rows: Vec<Row<'_>> = in_force
        .fields
        .iter()
        .zip(&from)
        .map(|(field, from)| Row { field: &field.field, value: &field.value, from })
        .collect();
    let InForce { tenant, profile, exemptions, grants, .. } = in_force;
    format!(
        "tenant {tenant}, profile {profile}\n\n{}\n{}{}",
        report::table(&rows),
        permissions("exemptions", exemptions),
        permissions("grants", grants),
    )
}

fn said_by(origin: &Origin) -> String {
    match origin {
        Origin { kind, name: Some(name), place: Some(place) } => {
            format!("{kind} {name} at {place}")
        }
        Origin { .. } => "built-in default".to_owned(),
    }
}

fn permissions(what: &str, all: &[Permission]) -> String {
    if all.is_empty() {
        return format!("{what} in force: none\n");
    }
    let line = |own: &Permission| {
        let Permission { name, spec, days_left, place } = own;
        let s = if *days_left == 1 { "" } else { "s" };
        let spec = report::value(&Value::Object(spec.clone()));
        format!("  {name} at {place}, {days_left} day{s} left\n    {spec}\n")
    };
    format!("{what} in force:\n{}", all.iter().map(line).collect::<String>())
}
