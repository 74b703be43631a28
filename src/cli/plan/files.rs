//! What the documents of a folder come to, without a cluster.

use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use super::Args;
use crate::cli::output::{self, Format};
use crate::cli::{Outcome, policies};
use crate::policy::documents::Seal;
use crate::policy::values::Label1123;
use crate::policy::{Tenant, Tenants};
use crate::seal::{Managed, barrier, clusterwide, plan, tier};

pub(super) fn run(folder: &Path, args: &Args) -> Result<Outcome> {
    let Some(snapshot) = policies::snapshot(Some(folder)) else {
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
    if args.barriers.iter().any(|kind| kind.dialect().is_tiered()) {
        print(&mut text, args.output, "beside tenants' namespaces: kept", &[tier()])?;
    }
    for (tenant, namespaces) in chosen {
        let barriers =
            args.barriers.iter().map(|kind| barrier(tenants, tenant, kind.dialect(), now));
        let barriers: Vec<Managed> = barriers.map(|own| own.policy).collect();
        if !barriers.is_empty() {
            let of = format!("tenant {}, beside its namespaces: {}", tenant.name, kept(tenant));
            print(&mut text, args.output, &of, &barriers)?;
        }
        if namespaces.is_empty() {
            let name = &tenant.name;
            output::note(&format!("tenant {name} names no namespace: say which by --namespace"));
        }
        for namespace in namespaces {
            let plan = plan(tenants, tenant, namespace, now);
            let of = format!("tenant {}, namespace {namespace}: {}", tenant.name, kept(tenant));
            print(&mut text, args.output, &of, plan.objects())?;
        }
    }
    output::result(&text)?;
    Ok(Outcome::Good)
}

/// Whether what is shown of a tenant is laid.
fn kept(tenant: &Tenant) -> &'static str {
    match tenant.profile.seal {
        Seal::Keep => "kept",
        Seal::Plan => "planned, and not laid",
    }
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
