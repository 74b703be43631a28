//! The command line: arguments become settings, rooms are wired together, outcomes become exit
//! codes. Results go to stdout, everything else to stderr.

mod certs;
mod cluster;
mod crds;
mod ends;
mod explain;
mod inputs;
mod limits;
mod manual;
mod map;
mod output;
mod plan;
mod policies;
mod progress;
mod prove;
mod reach;
mod readiness;
mod review;
mod rules;
mod serve;
mod status;
mod tenant;
mod uninstall;
mod webhooks;

use std::process::ExitCode;

use clap::{FromArgMatches as _, Parser, Subcommand};

/// Guards the tenants of a shared Kubernetes cluster from each other.
#[derive(Debug, Parser)]
#[command(name = "ringfence", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Review(review::Args),
    Reach(reach::Args),
    Explain(explain::Args),
    Prove(prove::Args),
    Policies(policies::check::Args),
    Plan(plan::Args),
    Tenant(tenant::Args),
    Status(status::Args),
    Rules(rules::Args),
    Webhooks(webhooks::Args),
    Uninstall(uninstall::Args),
    Crds(crds::Args),
    Certs(certs::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// As wished.
    Good,
    /// It ran, and something was refused.
    Refused,
    /// It could not do all of its work; what was wrong has been printed.
    Failed,
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::from_arg_matches(&manual::command().get_matches());
    let outcome = match cli.unwrap_or_else(|error| error.exit()).command {
        Command::Serve(args) => serve::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
        Command::Review(args) => review::run(&args),
        Command::Reach(args) => reach::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Prove(args) => prove::run(&args),
        Command::Policies(args) => policies::check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Tenant(args) => tenant::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Webhooks(args) => webhooks::run(&args),
        Command::Uninstall(args) => uninstall::run(&args),
        Command::Crds(args) => crds::run(&args),
    };
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Ok(Outcome::Failed) => ExitCode::from(2),
        Err(error) => {
            output::error(&chain(&error));
            ExitCode::from(2)
        }
    }
}

/// An error and what caused it. Many say themselves what caused them: nothing is said twice.
fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
