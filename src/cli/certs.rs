//! `ringfence certs`

use std::path::PathBuf;

use anyhow::Result;

use super::Outcome;
use super::output;
use crate::server::tls::{Development, development};

/// Makes certificates for development, or says where usable ones are.
///
/// The same that `ringfence serve` makes for itself without --tls-cert: a CA of its own and a
/// certificate for localhost, 127.0.0.1, ::1 and the names given. They are kept while they are valid
/// and cover the names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence certs
  ringfence certs --dir /tmp/certs --name ringfence.ringfence-system.svc")]
pub(super) struct Args {
    /// Where they are kept.
    #[arg(long, value_name = "DIR", default_value = "certs")]
    dir: PathBuf,
    /// A DNS name or address that the certificate is for; may come several times.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let files = development(&Development { dir: args.dir.clone(), names: args.name.clone() })?;
    let state = if files.written { "made" } else { "kept" };
    output::result(&format!(
        "{state}\nca    {}\ncert  {}\nkey   {}\n",
        files.ca.display(),
        files.cert.display(),
        files.key.display()
    ))?;
    Ok(Outcome::Good)
}
