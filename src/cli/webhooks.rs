//! `ringfence webhooks`

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::ArgGroup;
use http::Uri;
use http::uri::Scheme;

use serde_json::Value;

use super::output::{self, Format};
use super::{Outcome, policies};
use crate::policy::Tenants;
use crate::report::admission_policy::admission_policy;
use crate::report::webhooks::{Target, configurations};
use crate::rules::entries::{Wanted, entries};
use crate::rules::tenancy::admission_policy::{managed_objects_policy, tenant_label_policy};

/// Prints the webhook configurations that make an API server ask Ringfence.
///
/// With --admission-policy, what it holds to without asking.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("target").required(true))]
#[command(after_help = "Examples:
  ringfence webhooks --url https://127.0.0.1:8443 --ca-file certs/ca.crt | kubectl apply -f -
  ringfence webhooks --service ringfence-system/ringfence:443 --ca-file ca.crt
  ringfence webhooks --admission-policy --policies policies/ | kubectl apply -f -")]
pub(super) struct Args {
    /// The address that the API server calls, for a server outside the cluster.
    #[arg(long, value_name = "URL", group = "target")]
    url: Option<String>,
    /// The Service that the API server calls.
    #[arg(long, value_name = "NAMESPACE/NAME[:PORT]", group = "target")]
    service: Option<String>,
    /// In place of the configurations, the policies by which the API server itself keeps namespaces in
    /// their tenants, and what the controller keeps there as it is, also while Ringfence does not answer.
    #[arg(long, group = "target")]
    admission_policy: bool,
    /// The certificates (PEM) that ours is checked against.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "admission_policy",
        conflicts_with = "admission_policy"
    )]
    ca_file: Option<PathBuf>,
    /// The folder of documents, whose Platform says whether namespaces without a tenant are asked
    /// about (`unowned`), whether nothing is refused yet (`rehearsal`), and for the policy who
    /// administers the cluster and whom to ask; without it, what an absent field means.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// How to print: YAML for people, or JSON.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let Some(documents) = documents(args)? else { return Ok(Outcome::Failed) };
    output::result(&output::documents(&documents, args.output)?)?;
    Ok(Outcome::Good)
}

/// What is printed; `None` where the documents of the Platform have mistakes, which have been printed.
fn documents(args: &Args) -> Result<Option<Vec<Value>>> {
    let Some(ca_file) = &args.ca_file else {
        return Ok(tenants(args).map(|tenants| {
            let policies = [tenant_label_policy(&tenants), managed_objects_policy(&tenants)];
            policies.iter().flat_map(admission_policy).collect()
        }));
    };
    let ca = std::fs::read_to_string(ca_file)
        .with_context(|| format!("cannot read `{}`", ca_file.display()))?;
    if !ca.contains("-----BEGIN CERTIFICATE-----") {
        bail!("`{}` holds no PEM certificate", ca_file.display());
    }
    let target = target(args)?;
    let configurations =
        |tenants: Arc<Tenants>| configurations(&entries(Wanted::by(&tenants)), &target, &ca).into();
    Ok(tenants(args).map(configurations))
}

/// The documents of the folder, or none.
fn tenants(args: &Args) -> Option<Arc<Tenants>> {
    match args.policies.as_deref() {
        Some(folder) => Some(policies::snapshot(Some(folder))?.tenants),
        None => Some(Arc::default()),
    }
}

fn target(args: &Args) -> Result<Target> {
    match (&args.url, &args.service) {
        (Some(url), _) => address(url),
        (None, service) => service_of(service.as_deref().unwrap_or_default()),
    }
}

/// What the API server accepts (apiserver `pkg/util/webhook/validation.go`): https, a host, no user, no
/// query, no fragment.
fn address(url: &str) -> Result<Target> {
    let wrong = || {
        format!(
            "`{url}` is not an address that the API server would call: \
             write https://HOST[:PORT][/PATH]"
        )
    };
    let parsed: Uri = url.parse().ok().with_context(wrong)?;
    let authority = parsed.authority().with_context(wrong)?;
    let called = parsed.scheme() == Some(&Scheme::HTTPS)
        && !authority.host().is_empty()
        && !authority.as_str().contains('@')
        && (authority.port_u16().is_some() || authority.as_str() == authority.host())
        && !url.contains(['?', '#']);
    if !called {
        bail!(wrong());
    }
    Ok(Target::Url(url.to_owned()))
}

/// `NAMESPACE/NAME[:PORT]`
pub(super) fn service_of(text: &str) -> Result<Target> {
    let wrong =
        || format!("`{text}` is not a Service: write NAMESPACE/NAME or NAMESPACE/NAME:PORT");
    let (namespace, rest) = text.split_once('/').with_context(wrong)?;
    let (name, port) = rest.split_once(':').unwrap_or((rest, "443"));
    let port: u16 = port.parse().ok().filter(|port| *port > 0).with_context(wrong)?;
    // RFC 1123 labels, as Kubernetes asks of both.
    let label = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&name.len())
            && name.bytes().all(allowed)
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    if !label(namespace) || !label(name) {
        bail!(wrong());
    }
    Ok(Target::Service { namespace: namespace.to_owned(), name: name.to_owned(), port })
}
