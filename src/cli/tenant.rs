//! `ringfence tenant`

mod new;
mod offboard;
mod show;

use anyhow::Result;

use super::Outcome;

/// Shows tenants, writes a new one, and takes one out of the cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence tenant list
  ringfence tenant show alpha
  ringfence tenant new gamma --owner group:gamma-devs | kubectl apply -f -
  ringfence tenant offboard gamma")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(show::ListArgs),
    Show(show::ShowArgs),
    New(new::Args),
    Offboard(offboard::Args),
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    match &args.action {
        Action::List(args) => show::list(args),
        Action::Show(args) => show::show(args),
        Action::New(args) => new::run(args),
        Action::Offboard(args) => offboard::run(args),
    }
}
