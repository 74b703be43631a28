//! `ringfence tenant new`

mod yaml;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::cluster::ClusterArgs;
use crate::cli::output::{self, Format};
use crate::cli::policies::printed;
use crate::domain::TenantName;
use crate::files;
use crate::policy::documents::{Owner, Subject, SubjectKind, Tenant, TenantNamespaces, TenantSpec};
use crate::policy::values::{Count, Label1123, LabelKey, LabelValue, Line, NamePrefix, Subdomain};
use crate::policy::{self, Flaw, Source};

/// Prints the document of a new tenant, or makes it in a cluster.
///
/// It is checked as every document is: alone, with --policies beside those of a folder, with --apply
/// beside those of the cluster. What has no flag here can be written into it by hand.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence tenant new gamma --owner group:gamma-devs --namespace-limit 5 --contact '#team-gamma'
  ringfence tenant new gamma --owner user:ada --policies policies/ > policies/gamma.yaml
  ringfence tenant new gamma --owner group:gamma-devs --owner serviceaccount:gitops/flux --apply

Exit codes: 0 it is printed or made, 2 it has mistakes, or the cluster does not take it")]
pub(super) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: TenantName,
    /// Who may make its namespaces and is `admin` in them: user:NAME, group:NAME or
    /// serviceaccount:NAMESPACE/NAME; may come several times.
    #[arg(long, value_name = "WHO", value_parser = subject)]
    owner: Vec<Subject>,
    /// Its people without ownership; may come several times.
    #[arg(long, value_name = "WHO", value_parser = subject)]
    member: Vec<Subject>,
    /// Its profile; without it, `restricted`.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Subdomain>,
    /// Whom to ask.
    #[arg(long, value_name = "TEXT")]
    contact: Option<Line>,
    /// How many namespaces it may have.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    namespace_limit: Option<u32>,
    /// What the names of its namespaces start with.
    #[arg(long, value_name = "PREFIX")]
    namespace_prefix: Option<NamePrefix>,
    /// A namespace that becomes its own by name, whether it is there or not; may come several times.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Vec<Label1123>,
    /// A label that each of its namespaces is given; may come several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    namespace_label: Vec<(LabelKey, LabelValue)>,
    /// Check it beside the documents of this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "apply")]
    policies: Option<PathBuf>,
    /// Make it in the cluster. A Tenant that is there is not touched.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to print: YAML for people, or JSON.
    #[arg(short, long, value_enum, default_value = "human", conflicts_with = "apply")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let tenant = tenant(args.name.as_str(), args.spec());
    let document = json!(tenant).to_string();
    if let Err(flaws) = policy::check(&document) {
        return Ok(refused(&flaws));
    }
    if args.apply {
        return apply(args, &tenant, document);
    }
    let text = yaml::document(&tenant);
    if let Some(folder) = &args.policies {
        let beside = Source { name: "the new Tenant".to_owned(), text: text.clone() };
        if printed(files::load_with(folder, beside)).is_none() {
            return Ok(Outcome::Failed);
        }
    }
    output::result(&match args.output {
        Format::Human => text,
        Format::Json => format!("{document}\n"),
    })?;
    Ok(Outcome::Good)
}

fn tenant(name: &str, spec: TenantSpec) -> Tenant {
    let mut tenant = Tenant::new(name, spec);
    // What it comes with is the label of the kind's definition.
    tenant.metadata.labels = None;
    tenant
}

fn apply(args: &Args, tenant: &Tenant, document: String) -> Result<Outcome> {
    let name = &args.name;
    let new = Source { name: format!("Tenant {name}"), text: document };
    let flaws = args.cluster.ask(async |cluster| {
        let flaws = cluster.flaws(new).await?;
        if flaws.is_empty() {
            let made = cluster.create_tenant(tenant).await;
            made.with_context(|| format!("cannot make Tenant `{name}`"))?;
        }
        Ok(flaws)
    })?;
    if !flaws.is_empty() {
        return Ok(refused(&flaws));
    }
    output::result(&format!("Tenant {name}: made\n"))?;
    Ok(Outcome::Good)
}

fn refused(flaws: &[Flaw]) -> Outcome {
    let line = |Flaw { path, message, help, .. }: &Flaw| {
        let help = help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
        format!("\n{path}: {message}{help}")
    };
    let lines: String = flaws.iter().map(line).collect();
    output::error(&format!("the Tenant has mistakes{lines}"));
    Outcome::Failed
}

impl Args {
    fn spec(&self) -> TenantSpec {
        let some = |list: &[Subject]| (!list.is_empty()).then(|| list.to_vec());
        let owner = |Subject { kind, name, namespace }: Subject| Owner {
            kind,
            name,
            namespace,
            cluster_roles: None,
        };
        let namespaces = TenantNamespaces {
            limit: self.namespace_limit.map(Count),
            prefix: self.namespace_prefix.clone(),
            names: (!self.namespace.is_empty()).then(|| self.namespace.clone()),
            labels: (!self.namespace_label.is_empty())
                .then(|| self.namespace_label.iter().cloned().collect()),
            label_keys: None,
        };
        TenantSpec {
            contact: self.contact.clone(),
            profile: self.profile.clone(),
            owners: some(&self.owner).map(|own| own.into_iter().map(owner).collect()),
            members: some(&self.member),
            namespaces: (namespaces != TenantNamespaces::default()).then_some(namespaces),
            ..TenantSpec::default()
        }
    }
}

/// `group:alpha-devs`
fn subject(text: &str) -> Result<Subject, String> {
    let help = "write user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME";
    let (kind, name) = text.split_once(':').ok_or(help)?;
    let line = |name: &str| name.parse::<Line>().map_err(|error| error.to_string());
    let of = |kind, name| Ok(Subject { kind, name: line(name)?, namespace: None });
    match kind.to_ascii_lowercase().as_str() {
        "user" => of(SubjectKind::User, name),
        "group" => of(SubjectKind::Group, name),
        "serviceaccount" => {
            let (namespace, name) = name.split_once('/').ok_or(help)?;
            let namespace = namespace.parse::<Subdomain>().map_err(|error| error.to_string())?;
            let account = of(SubjectKind::ServiceAccount, name)?;
            Ok(Subject { namespace: Some(namespace), ..account })
        }
        _ => Err(help.to_owned()),
    }
}

/// `team=web`
fn label(text: &str) -> Result<(LabelKey, LabelValue), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    let key = key.parse::<LabelKey>().map_err(|error| error.to_string())?;
    let value = value.parse::<LabelValue>().map_err(|error| error.to_string())?;
    Ok((key, value))
}
