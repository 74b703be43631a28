//! What a decision costs, call by call: time, instructions, allocations.
//!
//! `cargo bench --bench micro` prints a table; `-- check` holds instructions and allocations to
//! benches/micro/budget.tsv, and `-- accept` writes them there.
//!
//! Each call is measured in a process of its own, with the rules' example set in force, through the
//! door that the server asks. Instructions and allocations are counted by valgrind, and say nothing of
//! caches; times are the least of five runs.

mod budget;
mod calls;
#[path = "../reviews/mod.rs"]
mod reviews;

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;

use calls::Call;

#[derive(Debug, clap::Parser)]
struct Args {
    /// What `cargo bench` always gives.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Fails where a call takes over 5 % more instructions or allocations than the budget says.
    Check,
    /// Makes what calls take now the budget.
    Accept,
    /// Makes one call again and again: how this program starts itself.
    #[command(hide = true)]
    Run { call: String, times: u64 },
}

/// What one call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Counted by valgrind.
    pub instructions: u64,
    /// Of memory.
    pub allocations: u64,
}

fn main() -> Result<()> {
    match Args::parse().command {
        None => table(),
        Some(Action::Check) => budget::check(),
        Some(Action::Accept) => budget::accept(),
        Some(Action::Run { call, times }) => {
            let call = Call::named(&call).with_context(|| format!("no call {call}"))?;
            let time = call.run(times)?;
            say(&(time.as_nanos() / u128::from(times.max(1))).to_string())
        }
    }
}

/// What a call takes, in a process of its own.
pub fn cost(call: &Call) -> Result<Cost> {
    let times = call.often().min(20);
    // Only what happens in the call itself is counted.
    let only = format!("--toggle-collect={}*", calls::COUNTED);
    let log =
        valgrind(call, times, &["--tool=callgrind", &only, "--callgrind-out-file=/dev/null"])?;
    let instructions = number_after(&log, "Collected :")? / times;
    // Beside those of the call there are those of the start.
    let allocations =
        |times| number_after(&valgrind(call, times, &["--leak-check=no"])?, "total heap usage:");
    let allocations = allocations(2 * times)?.saturating_sub(allocations(times)?);
    Ok(Cost { instructions, allocations: (allocations + times / 2) / times })
}

fn valgrind(call: &Call, times: u64, arguments: &[&str]) -> Result<String> {
    let this = std::env::current_exe()?;
    let mut command = Command::new("valgrind");
    command.args(arguments).arg(this).args(["run", call.name, &times.to_string()]);
    let output = command.output().context("cannot start valgrind, which counts")?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "valgrind failed:\n{log}");
    Ok(log)
}

/// The number behind `before` in valgrind's summary.
fn number_after(log: &str, before: &str) -> Result<u64> {
    let rest = log.lines().find_map(|line| Some(line.split_once(before)?.1));
    let rest = rest.with_context(|| format!("no `{before}` from valgrind:\n{log}"))?;
    let number = rest.split_whitespace().next().unwrap_or_default().replace(',', "");
    Ok(number.parse()?)
}

/// Nanoseconds of a call.
fn timed(call: &Call) -> Result<u64> {
    let mut command = Command::new(std::env::current_exe()?);
    // The log of the calls that write one.
    command.args(["run", call.name, &call.often().to_string()]).stderr(Stdio::null());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| format!("{}: `{text}`", call.name))
}

fn table() -> Result<()> {
    say(
        "| call | bytes | µs | instructions | allocations | time by the reference's |\n|---|--:|--:|--:|--:|--:|",
    )?;
    for call in calls::ALL {
        // The least of several, one next to the other with what it is compared to.
        let mut best = u64::MAX;
        let mut ratios = Vec::new();
        for _ in 0..5 {
            let time = timed(call)?;
            best = best.min(time);
            if let Some(reference) = call.reference.and_then(Call::named) {
                ratios.push(time as f64 / timed(reference)? as f64);
            }
        }
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2);
        let ratio = ratio.map_or(String::new(), |it| {
            format!("{it:.2} × {}", call.reference.unwrap_or_default())
        });
        let Cost { instructions, allocations } = cost(call)?;
        let bytes = call.bytes();
        say(&format!(
            "| {} | {bytes} | {:.1} | {instructions} | {allocations} | {ratio} |",
            call.name,
            best as f64 / 1000.0,
        ))?;
    }
    Ok(())
}

/// Prints a line.
pub fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
