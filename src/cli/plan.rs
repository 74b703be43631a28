//! `ringfence plan`

use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::output::{self, Format};
use super::{Outcome, policies};
use crate::policy::values::Label1123;
use crate::policy::{Tenant, Tenants};
use crate::seal::{Managed, Plan, clusterwide, plan};

/// Shows the objects that close tenants' namespaces, made of the documents as of now.
///
/// Where the profile says `seal: plan` they are those that would be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence plan --policies policies/ --tenant alpha
  ringfence plan --policies policies/ --tenant alpha --namespace alpha-new | kubectl diff -f -
  ringfence plan -o json | jq -r '.metadata.name'

Exit codes: 0 it is shown, 2 there is no such tenant or the documents have mistakes")]
pub(super) struct Args {
    /// The folder of documents; without it, the example set.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The tenant; without it, every tenant, and what stands beside the seals.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// A namespace of the tenant, whether it is there or not; without it, those that the tenant names.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<Label1123>,
    /// How to print: YAML for people, or JSON.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Some(snapshot) = policies::snapshot(args.policies.as_deref()) else {
        return Ok(Outcome::Failed);
    };
    let tenants = &snapshot.tenants;
    let chosen = match chosen(tenants, args) {
        Ok(chosen) => chosen,
        Err(message) => {
            output::error(&message);
            return Ok(Outcome::Failed);
        }
    };
    let now = Timestamp::now();
    let mut text = String::new();
    if args.tenant.is_none() && args.namespace.is_none() {
        print(&mut text, args.output, "the whole cluster: kept", &clusterwide(tenants))?;
    }
    for (tenant, namespaces) in chosen {
        if namespaces.is_empty() {
            let name = &tenant.name;
            output::note(&format!("tenant {name} names no namespace: say which by --namespace"));
        }
        for namespace in namespaces {
            let plan = plan(tenants, tenant, namespace, now);
            let what = match plan {
                Plan::Kept(_) => "kept",
                Plan::Planned(_) => "planned, and not laid",
            };
            let of = format!("tenant {}, namespace {namespace}: {what}", tenant.name);
            print(&mut text, args.output, &of, plan.objects())?;
        }
    }
    output::result(&text)?;
    Ok(Outcome::Good)
}

/// The tenants, each with its namespaces; or why there is none.
fn chosen<'a>(
    tenants: &'a Tenants,
    args: &'a Args,
) -> Result<Vec<(&'a Tenant, Vec<&'a str>)>, String> {
    let namespace = args.namespace.as_ref().map(Label1123::as_str);
    let claim = namespace.and_then(|namespace| tenants.claim(namespace));
    let tenant = match (&args.tenant, claim) {
        (Some(name), claim) => {
            let tenant = tenants.tenant(name);
            let tenant = tenant.ok_or_else(|| format!("there is no Tenant `{name}`"))?;
            match claim.filter(|other| other.name != tenant.name) {
                Some(other) => {
                    return Err(format!("the namespace is tenant `{}`'s", other.name));
                }
                None => Some(tenant),
            }
        }
        (None, Some(tenant)) => Some(tenant),
        (None, None) => None,
    };
    match (tenant, namespace) {
        (Some(tenant), Some(namespace)) => Ok(vec![(tenant, vec![namespace])]),
        (Some(tenant), None) => Ok(vec![(tenant, named(tenant))]),
        (None, None) => Ok(tenants.iter().map(|tenant| (tenant, named(tenant))).collect()),
        (None, Some(namespace)) => Err(format!(
            "no Tenant names the namespace `{namespace}`\nhelp: say whose it is by --tenant"
        )),
    }
}

fn named(tenant: &Tenant) -> Vec<&str> {
    tenant.namespaces.iter().map(String::as_str).collect()
}

fn print(text: &mut String, format: Format, of: &str, objects: &[Managed]) -> Result<()> {
    let values: Vec<Value> = objects.iter().map(Managed::to_value).collect();
    let documents = output::documents(&values, format)?;
    // Each document in YAML begins so, and none in JSON.
    text.push_str(&documents.replacen("---\n", &format!("---\n# {of}\n"), 1));
    Ok(())
}
