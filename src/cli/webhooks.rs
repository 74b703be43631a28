//! `ringfence webhooks`

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::Outcome;
use super::output::{self, Format};
use crate::report::webhooks::{Target, configurations};
use crate::rules::entries::entries;

/// Prints the webhook configurations that make an API server ask Ringfence.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence webhooks --url https://127.0.0.1:8443 --ca-file certs/ca.crt | kubectl apply -f -
  ringfence webhooks --service ringfence-system/ringfence:443 --ca-file ca.crt")]
pub(super) struct Args {
    /// The address that the API server calls, for a server outside the cluster.
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "service",
        conflicts_with = "service"
    )]
    url: Option<String>,
    /// The Service that the API server calls.
    #[arg(long, value_name = "NAMESPACE/NAME[:PORT]")]
    service: Option<String>,
    /// The certificates (PEM) that ours is checked against.
    #[arg(long, value_name = "FILE")]
    ca_file: PathBuf,
    /// Ask about namespaces without a tenant too (the Platform's `unowned`).
    #[arg(long)]
    unowned: bool,
    /// How to print: YAML for people, or JSON.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let ca = std::fs::read_to_string(&args.ca_file)
        .with_context(|| format!("cannot read `{}`", args.ca_file.display()))?;
    if !ca.contains("-----BEGIN CERTIFICATE-----") {
        bail!("`{}` holds no PEM certificate", args.ca_file.display());
    }
    let documents = configurations(&entries(args.unowned), &target(args)?, &ca);
    let mut text = String::new();
    for document in documents {
        match args.output {
            Format::Human => {
                text.push_str("---\n");
                text.push_str(&serde_saphyr::to_string(&document).context("cannot write YAML")?);
            }
            Format::Json => {
                text.push_str(&document.to_string());
                text.push('\n');
            }
        }
    }
    output::result(&text)?;
    Ok(Outcome::Good)
}

fn target(args: &Args) -> Result<Target> {
    if let Some(url) = &args.url {
        if !url.starts_with("https://") || url.contains(['?', '#']) {
            bail!(
                "`{url}` is not an address that the API server would call: it must begin with https://"
            );
        }
        return Ok(Target::Url(url.clone()));
    }
    let service = args.service.as_deref().unwrap_or_default();
    let wrong =
        || format!("`{service}` is not a Service: write NAMESPACE/NAME or NAMESPACE/NAME:PORT");
    let (namespace, rest) = service.split_once('/').with_context(wrong)?;
    let (name, port) = rest.split_once(':').unwrap_or((rest, "443"));
    let port = port.parse().with_context(wrong)?;
    if namespace.is_empty() || name.is_empty() || name.contains('/') || port == 0 {
        bail!(wrong());
    }
    Ok(Target::Service { namespace: namespace.to_owned(), name: name.to_owned(), port })
}
