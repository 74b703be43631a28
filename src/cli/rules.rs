//! `ringfence rules`

use anyhow::Result;

use super::Outcome;
use super::output::{self, Format};
use crate::domain::{Code, InvalidRuleKey, RuleKey};
use crate::report::rules;
use crate::rules as table;

/// Lists the rules, or says all about some of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence rules
  ringfence rules RF2006 RF2018
  ringfence rules RF9
  ringfence rules -o json")]
pub(super) struct Args {
    /// Codes such as RF2006, or families such as RF2; without any, all rules are listed.
    #[arg(value_name = "CODE", value_parser = in_force)]
    codes: Vec<RuleKey>,
    /// How to print.
    #[arg(short, long, value_enum, default_value = "human")]
    output: Format,
}

/// A key whose rules exist; one that is held says so.
fn in_force(text: &str) -> Result<RuleKey, String> {
    let key: RuleKey = text.parse().map_err(|error: InvalidRuleKey| error.to_string())?;
    match key {
        RuleKey::Family(family) if !family.in_force() => {
            Err(format!("the rules of {family} are not yet in force"))
        }
        RuleKey::Held(_) => Err(format!("{key} is not yet in force")),
        RuleKey::All | RuleKey::Family(_) | RuleKey::Rule(_) => Ok(key),
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let asked = |code: Code| {
        args.codes.iter().any(|key| match key {
            RuleKey::All => true,
            RuleKey::Family(family) => code.family() == *family,
            RuleKey::Rule(own) => code == *own,
            RuleKey::Held(_) => false,
        })
    };
    let chosen: Vec<_> =
        table::table().filter(|rule| args.codes.is_empty() || asked(rule.code)).collect();
    let text = match args.output {
        Format::Json => chosen.into_iter().map(rules::json).collect(),
        Format::Human if args.codes.is_empty() => rules::list(chosen.into_iter()),
        Format::Human => chosen.into_iter().map(rules::page).collect::<Vec<_>>().join("\n"),
    };
    output::result(&text)?;
    Ok(Outcome::Good)
}
