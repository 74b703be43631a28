//! What the map takes, and how it grows: from 1,000 pods to 100,000.
//!
//! `cargo bench --bench map` prints a table; each size is measured in a process of its own, `--rounds` times,
//! and the median counts. `-- hostile` prints what policies take that are made to take long.
//!
//! The clusters are made from seeds (`cluster`): of each tenant ten namespaces, sealed, with ten pods and two
//! policies of its own each, and a Grant for every fifth. Times are only printed; wrong answers are errors.

mod cluster;
mod door;
mod hostile;
#[path = "../load/process.rs"]
#[expect(dead_code, reason = "servers are measured by more")]
mod process;
#[path = "../reviews/mod.rs"]
#[expect(dead_code, reason = "the calls that are measured one by one have more")]
mod reviews;
mod size;

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;
use ringfence::domain::Decision;

use cluster::Size;
use process::say;
use size::Measured;

#[derive(Debug, clap::Parser)]
struct Args {
    /// How many times each size is measured.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// The sizes, in hundredths of 100,000 pods.
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,10,100")]
    percent: Vec<usize>,
    /// What `cargo bench` always gives.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Policies at the door that are made to take long.
    Hostile,
    /// Measures one size once: how this program starts itself.
    #[command(hide = true)]
    Run { percent: usize },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match args.action {
        Some(Action::Run { percent }) => {
            say(&serde_json::to_string(&size::measure(Size::percent(percent))?)?)
        }
        Some(Action::Hostile) => hostile(),
        None => table(&args),
    }
}

/// One row for each thing that is measured, one column for each size.
fn table(args: &Args) -> Result<()> {
    let sizes = args.percent.iter().map(|percent| {
        let rounds: Result<Vec<Measured>> =
            (0..args.rounds).map(|_| in_process(*percent)).collect();
        Ok(size::median(&rounds?))
    });
    let sizes: Vec<Measured> = sizes.collect::<Result<_>>()?;
    say(&format!("{}\n\n", process::processor()))?;
    let head: String = args.percent.iter().map(|own| format!(" {own} % |")).collect();
    say(&format!("| |{head}\n|---|{}\n", "--:|".repeat(sizes.len())))?;
    let names = sizes.first().context("no size was asked for")?.iter().map(|(name, _)| name);
    for (row, name) in names.enumerate() {
        let cells = sizes.iter().filter_map(|own| own.get(row));
        let cells: String =
            cells.map(|(_, value)| format!(" {} |", size::written(*value))).collect();
        say(&format!("| {name} |{cells}\n"))?;
    }
    Ok(())
}

fn in_process(percent: usize) -> Result<Measured> {
    let output =
        Command::new(std::env::current_exe()?).args(["run", &percent.to_string()]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{percent} %: {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn hostile() -> Result<()> {
    let size = Size::percent(100);
    let door = door::door(size, size::tenants(size)?);
    say("| policy | KiB | answer | ms |\n|---|--:|---|--:|\n")?;
    for (name, spec) in hostile::policies() {
        let review = door::review(&cluster::in_namespace(0, "own", &spec));
        let (took, decision) = door::answered(&door, &review)?;
        let decision = if decision == Decision::Deny { "refused" } else { "admitted" };
        let (kib, ms) = (review.len() / 1024, took.as_secs_f64() * 1000.0);
        say(&format!("| {name} | {kib} | {decision} | {ms:.1} |\n"))?;
    }
    Ok(())
}
