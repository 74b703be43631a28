//! `ringfence crds`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Outcome;
use super::output::{self, Format};
use crate::policy::documents::definitions;

/// Prints the CustomResourceDefinitions of our documents.
///
/// A cluster must have them before it takes a Platform, Profile, Tenant, Exemption or Grant: apply
/// them first, and wait.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence crds | kubectl apply -f -
  kubectl wait --for=condition=Established crd -l app.kubernetes.io/name=ringfence
  ringfence crds -o json | jq .spec.names
  ringfence crds --dir manifests/crds")]
pub(super) struct Args {
    /// Write a file of YAML for each kind into this folder instead; it is made where it is missing.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    dir: Option<PathBuf>,
    /// How to print: YAML for people, or JSON.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let definitions: Vec<Value> = definitions().collect();
    match &args.dir {
        Some(folder) => write(folder, &definitions)?,
        None => output::result(&output::documents(&definitions, args.output)?)?,
    }
    Ok(Outcome::Good)
}

fn write(folder: &Path, definitions: &[Value]) -> Result<()> {
    let failed = || format!("cannot write into `{}`", folder.display());
    fs::create_dir_all(folder).with_context(failed)?;
    for definition in definitions {
        let plural = definition.pointer("/spec/names/plural").and_then(Value::as_str);
        let file = folder.join(plural.unwrap_or_default()).with_extension("yaml");
        let text = output::documents(std::slice::from_ref(definition), Format::Human)?;
        fs::write(file, text).with_context(failed)?;
    }
    Ok(())
}
