//! `ringfence tenant list` and `ringfence tenant show`

use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::Outcome;
use crate::cli::cluster::ClusterArgs;
use crate::cli::output::{self, Format};
use crate::cli::policies::check;
use crate::controller::{Census, Closing, TenantNamespace};
use crate::domain::sanitise;
use crate::policy::documents::{Condition, Truth};
use crate::policy::{Documents, Flaw, Named, Tenant, days_left};
use crate::report::tenants as report;

/// Lists tenants: how many of their namespaces are sealed, and what is said of them.
///
/// Whether a namespace is sealed is looked at as the command runs: each object that closes it must be
/// there as it must be. READY and ISOLATED are what the controller last said.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence tenant list
  ringfence tenant list --kubeconfig ~/.kube/config --context prod
  ringfence tenant list --policies policies/
  ringfence tenant list -o json | jq -r 'select(.sealed < (.namespaces | length)) | .tenant'

With -o json, one object a line for each tenant, in which fields may be added: see `tenant show`

Exit codes: 0 they are listed, 2 the cluster cannot be asked or the documents have mistakes")]
pub(super) struct ListArgs {
    #[command(flatten)]
    source: SourceArgs,
}

/// Shows a tenant: its namespaces and why one is not sealed, its people, and what is permitted to it.
#[derive(Debug, clap::Args)]
#[command(after_help = r#"Examples:
  ringfence tenant show alpha
  ringfence tenant show alpha --policies policies/
  ringfence tenant show alpha -o json | jq '.namespaces[] | select(.sealed == false)'

With -o json, one object, in which fields may be added:
  {"tenant", "profile", "contact", "cordoned", "owners": [], "members": [], "namespaceLimit",
   "sealed", "namespaces": [{"name", "sealed", "why": []}],
   "conditions": [{"type", "status", "reason", "message"}],
   "exemptions": [{"name", "rules", …, "expiresAt", "daysLeft"}],
   "grants": [{"name", "from", "to", "ports", …, "expiresAt", "daysLeft"}],
   "mistakes": [{"path", "message"}]}
`sealed` is null where there is no cluster, and of a namespace whose seal is only planned.

What the documents say in full: ringfence policies check --tenant alpha

Exit codes: 0 it is shown, 2 there is no such tenant, or it cannot be told"#)]
pub(super) struct ShowArgs {
    /// The tenant.
    #[arg(value_name = "TENANT")]
    tenant: String,
    #[command(flatten)]
    source: SourceArgs,
}

/// Where tenants are looked for, and how they are printed.
#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// Look at a folder of documents, and at no cluster.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kubeconfig", "context"])]
    policies: Option<PathBuf>,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn list(args: &ListArgs) -> Result<Outcome> {
    let Some(tenants) = args.source.tenants(None)? else { return Ok(Outcome::Failed) };
    args.source.print(&tenants, |tenants| match tenants.is_empty() {
        true => "there is no tenant\n".to_owned(),
        false => report::list(tenants),
    })?;
    Ok(Outcome::Good)
}

pub(super) fn show(args: &ShowArgs) -> Result<Outcome> {
    let name = &args.tenant;
    let Some(tenants) = args.source.tenants(Some(name))? else { return Ok(Outcome::Failed) };
    if tenants.is_empty() {
        let name = sanitise(name, 253);
        output::error(&format!("there is no Tenant `{name}`\nhelp: ringfence tenant list"));
        return Ok(Outcome::Failed);
    }
    args.source.print(&tenants, |tenants| tenants.iter().map(report::show).collect())?;
    Ok(Outcome::Good)
}

impl SourceArgs {
    /// All tenants or one; `None` where documents have mistakes, which have been printed.
    fn tenants(&self, only: Option<&str>) -> Result<Option<Vec<report::Tenant>>> {
        let now = Timestamp::now();
        if let Some(folder) = &self.policies {
            let survey = check::survey(Some(folder));
            return Ok(survey.map(|survey| View::of_files(&survey.documents, now).tenants(only)));
        }
        let census = self.cluster.ask(async |cluster| Ok(cluster.census(only, now).await?))?;
        Ok(Some(View::of_cluster(&census, now).tenants(only)))
    }

    fn print(
        &self,
        tenants: &[report::Tenant],
        human: impl FnOnce(&[report::Tenant]) -> String,
    ) -> Result<()> {
        output::result(&match self.output {
            Format::Human => human(tenants),
            Format::Json => tenants.iter().map(|own| format!("{}\n", json!(own))).collect(),
        })
    }
}

/// What is known of tenants.
struct View<'a> {
    documents: &'a Documents,
    census: Option<&'a Census>,
    now: Timestamp,
}

impl<'a> View<'a> {
    fn of_files(documents: &'a Documents, now: Timestamp) -> Self {
        Self { documents, census: None, now }
    }

    fn of_cluster(census: &'a Census, now: Timestamp) -> Self {
        Self { documents: &census.documents, census: Some(census), now }
    }

    fn tenants(&self, only: Option<&str>) -> Vec<report::Tenant> {
        let tenants = self.documents.resolve();
        let wanted = tenants.iter().filter(|own| only.is_none_or(|only| own.name.as_str() == only));
        wanted.map(|own| self.tenant(own)).collect()
    }

    fn tenant(&self, own: &Tenant) -> report::Tenant {
        let name = own.name.as_str();
        let namespaces = self.namespaces(own);
        let sealed = namespaces.iter().filter(|own| own.sealed == Some(true)).count();
        let in_force = self.documents.tenant_status(name, self.now).unwrap_or_default();
        let status = self.census.and_then(|census| census.statuses.get(name));
        let flaws = self.census.and_then(|census| census.flaws.get(&format!("Tenant {name}")));
        report::Tenant {
            tenant: name.to_owned(),
            profile: own.spec.profile.as_ref().map_or("restricted", |it| it.as_str()).to_owned(),
            contact: own.contact.clone(),
            cordoned: own.cordoned,
            owners: own.owners.iter().map(|it| json!(it)).collect(),
            members: own.members.iter().map(|it| json!(it)).collect(),
            namespace_limit: own.profile.namespaces.limit,
            sealed: self.census.map(|_| sealed),
            namespaces,
            conditions: status.iter().flat_map(|it| &it.conditions).map(condition).collect(),
            exemptions: self.permissions(&self.documents.exemptions, &in_force.exemptions, |it| {
                it.expires_at.0
            }),
            grants: self
                .permissions(&self.documents.grants, &in_force.grants, |it| it.expires_at.0),
            mistakes: flaws.into_iter().flatten().map(mistake).collect(),
        }
    }

    fn namespaces(&self, tenant: &Tenant) -> Vec<report::Namespace> {
        let Some(census) = self.census else {
            let named = |name: &String| report::Namespace {
                name: name.clone(),
                sealed: None,
                why: Vec::new(),
            };
            return tenant.namespaces.iter().map(named).collect();
        };
        let its = census.namespaces.iter().filter(|own| own.tenant == tenant.name.as_str());
        let shown = |TenantNamespace { name, closing, .. }: &TenantNamespace| {
            let (sealed, why) = match closing {
                Closing::Sealed => (Some(true), Vec::new()),
                Closing::Planned => (None, vec!["planned, and not laid".to_owned()]),
                Closing::Open(why) => (Some(false), why.clone()),
            };
            report::Namespace { name: name.clone(), sealed, why }
        };
        its.map(shown).collect()
    }

    fn permissions<T: Serialize>(
        &self,
        all: &[Named<T>],
        in_force: &[String],
        end: impl Fn(&T) -> Timestamp,
    ) -> Vec<report::Permission> {
        let its = all.iter().filter(|own| in_force.contains(&own.name));
        let shown = |Named { name, spec }: &Named<T>| report::Permission {
            name: name.clone(),
            spec: match json!(spec) {
                Value::Object(spec) => spec,
                _ => Map::new(),
            },
            days_left: days_left(end(spec), self.now),
        };
        its.map(shown).collect()
    }
}

fn condition(own: &Condition) -> report::Condition {
    let status = match own.status {
        Truth::True => "True",
        Truth::False => "False",
        Truth::Unknown => "Unknown",
    };
    report::Condition {
        kind: own.kind.clone(),
        status: status.to_owned(),
        reason: own.reason.clone(),
        message: own.message.clone(),
    }
}

fn mistake(Flaw { path, message, .. }: &Flaw) -> report::Mistake {
    report::Mistake { path: path.to_string(), message: message.clone() }
}
