//! `ringfence rules`

use anyhow::Result;

use super::Outcome;
use super::output::{self, Format};
use crate::domain::Code;
use crate::report::rules;
use crate::rules as table;

/// Lists the rules, or says all about some of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence rules
  ringfence rules RF2006 RF2018
  ringfence rules -o json")]
pub(super) struct Args {
    /// Codes, such as RF2006; without any, all rules are listed.
    #[arg(value_name = "CODE")]
    codes: Vec<Code>,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let chosen: Vec<_> = if args.codes.is_empty() {
        table::table().collect()
    } else {
        args.codes.iter().filter_map(|code| table::rule(*code)).collect()
    };
    let text = match args.output {
        Format::Json => chosen.into_iter().map(rules::json).collect(),
        Format::Human if args.codes.is_empty() => rules::list(chosen.into_iter()),
        Format::Human => chosen.into_iter().map(rules::page).collect::<Vec<_>>().join("\n"),
    };
    output::result(&text)?;
    Ok(Outcome::Good)
}
