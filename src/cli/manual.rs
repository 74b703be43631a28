//! `ringfence completions` and `ringfence man`; and what the program is called.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Outcome, output};

/// Prints what makes a shell complete this program's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence completions bash > /etc/bash_completion.d/ringfence
  ringfence completions zsh > ~/.zfunc/_ringfence
  ringfence completions fish > ~/.config/fish/completions/ringfence.fish")]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the manual page, or writes one for each command into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ringfence man | man -l -
  ringfence man --dir /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// The folder; it is made where it is missing.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ringfence", &mut script);
    output::result(&String::from_utf8(script)?)?;
    Ok(Outcome::Good)
}

pub(super) fn man(args: &ManArgs) -> Result<Outcome> {
    if let Some(folder) = &args.dir {
        let failed = || format!("cannot write the manual into `{}`", folder.display());
        std::fs::create_dir_all(folder).with_context(failed)?;
        clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
        return Ok(Outcome::Good);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    output::result(&String::from_utf8(page)?)?;
    Ok(Outcome::Good)
}

/// The program's arguments. kubectl finds a program `kubectl-ringfence` as its own `ringfence`: then
/// that is what help calls it.
pub(super) fn command() -> clap::Command {
    let called = std::env::args_os().next();
    let is_plugin = called
        .as_deref()
        .and_then(|path| Path::new(path).file_stem())
        .is_some_and(|name| name == "kubectl-ringfence");
    if is_plugin { as_plugin(Cli::command()) } else { Cli::command() }
}

fn as_plugin(command: clap::Command) -> clap::Command {
    with_examples(command.bin_name("kubectl ringfence"))
}

fn with_examples(command: clap::Command) -> clap::Command {
    let example = |text: String| {
        text.replace("\n  ringfence ", "\n  kubectl ringfence ")
            .replace("| ringfence ", "| kubectl ringfence ")
    };
    let help = command.get_after_help().map(|help| example(help.to_string()));
    let command = match help {
        Some(help) => command.after_help(help),
        None => command,
    };
    command.mut_subcommands(with_examples)
}
