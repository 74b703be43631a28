//! How fast the door is: Ringfence, a floor and upstream's Pod Security webhook, side by side.
//!
//! `cargo bench --bench load -- --help` says what can be measured.
//!
//! Each subject is a process of its own, and all of them run throughout; a round measures one after
//! the other, each round beginning with another one. What counts are the ratios within a round: both
//! of their sides had the same machine. The load is the API server's: HTTP/1.1 over TLS on
//! connections that stay open, one review after another on each: a closed loop, so that the server
//! is saturated, or at a rate. Servers have one core and the client another.
//!
//! Every answer is checked, and a wrong one ends the run with an error. Times are only printed.

mod answer;
mod api_server;
mod client;
mod floor;
mod footprint;
#[cfg(test)]
#[expect(dead_code, reason = "the tests' harness, of which only the control plane is used here")]
mod harness;
mod process;
mod review;
#[path = "../reviews/mod.rs"]
mod reviews;
mod scale;
mod subject;
mod table;
mod tenants;
mod train;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use ringfence::server::tls::{Development, development};

use client::{Client, Load};
use process::{Cores, say};
use review::Kind;
use subject::{Setting, Subject};
use table::Measured;

#[derive(Debug, clap::Parser)]
struct Args {
    /// How long each subject is measured in a round, in seconds.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seconds: u64,
    /// How many times all of them are measured.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Open connections, each with one request at a time.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..))]
    connections: u64,
    /// What is sent.
    #[arg(long, value_enum, default_value_t = Kind::Pod)]
    review: Kind,
    /// Requests a second over all connections; 0 sends as fast as answers come.
    #[arg(long, value_name = "N", default_value_t = 0)]
    rate: u64,
    /// How many tenants Ringfence has beside the two of the example set.
    #[arg(long, value_name = "N", default_value_t = 0)]
    tenants: usize,
    /// The program that is measured; the one that cargo built beside this without.
    #[arg(long, value_name = "FILE", global = true, default_value = env!("CARGO_BIN_EXE_ringfence"))]
    program: PathBuf,
    /// What `cargo bench` always gives.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Ringfence's memory, idle and with connections, and the time that it takes to start.
    Footprint,
    /// Pods created through a real API server, with our webhooks and without.
    ApiServer(api_server::Args),
    /// The controller on a real API server with many namespaces: time to ready, to close all, memory.
    Scale(scale::Args),
    /// Lets the program do what it does most, for a compiler that wants to know what is hot (`./optimised`).
    Train {
        /// Where each process leaves what it counted.
        #[arg(value_name = "DIR")]
        counted: PathBuf,
    },
    /// Serves a constant answer with the certificate in a directory: how this program starts itself.
    #[command(hide = true)]
    Floor { certs: PathBuf },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match args.command {
        Some(Command::Floor { certs }) => floor::run(&certs),
        Some(Command::Footprint) => footprint::measure(&args.program),
        Some(Command::ApiServer(own)) => api_server::measure(&args.program, &own),
        Some(Command::Scale(own)) => scale::measure(&args.program, &own),
        Some(Command::Train { counted }) => train::run(&args.program, &counted),
        None => measure(&args),
    }
}

fn measure(args: &Args) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("load-").tempdir()?;
    let certs = scratch.path().join("certs");
    let certs = development(&Development { dir: certs, names: Vec::new() })?;
    let policies = tenants::write(&scratch.path().join("policies"), args.tenants)?;
    let cores = Cores::find()?;
    let upstream = match args.review {
        // Upstream changes nothing.
        Kind::Bare => None,
        _ => Some(subject::control_plane(cores)?),
    };
    if let Some(cores) = cores {
        // Before there are threads, so that all of them are where this one is.
        process::pin(std::process::id(), cores.client)?;
    }
    let client = Client::new(&certs.ca)?;
    let setting = Setting {
        program: &args.program,
        scratch: scratch.path(),
        certs: &certs,
        core: cores.map(|it| it.server),
        path: args.review.path(),
        policies: policies.as_deref(),
        counted: None,
    };
    let mut subjects = vec![
        Subject::floor(&setting)?,
        Subject::ringfence("ringfence", &setting, &[])?,
        Subject::ringfence("ringfence, logs off", &setting, &["--log", "warn"])?,
    ];
    if let Some((_, kubeconfig)) = &upstream {
        subjects.push(Subject::upstream(&setting, kubeconfig, &client)?);
    }
    say(&heading(args, cores))?;
    let load = Load {
        connections: args.connections,
        warm_up: Duration::from_millis(300),
        time: Duration::from_secs(args.seconds),
        kind: args.review,
        rate: args.rate,
    };
    let mut rounds = Vec::new();
    for round in 0..args.rounds {
        let measured = one_round(round, &subjects, |it| client.measure(it, &load))?;
        say(&table::round(round, &subjects, &measured))?;
        rounds.push(measured);
    }
    say(&table::summary(&subjects, &rounds))?;
    drop(subjects);
    drop(upstream);
    Ok(())
}

/// Measures all subjects, in the order of `subjects` but beginning with another one each time:
/// whoever comes after a busy one must not always be the same.
fn one_round(
    round: u64,
    subjects: &[Subject],
    measure: impl Fn(&Subject) -> Result<Measured>,
) -> Result<Vec<Measured>> {
    let first = usize::try_from(round)? % subjects.len();
    let (last, start) = subjects.split_at(first);
    let order = start.iter().chain(last);
    let mut measured = order
        .map(|subject| {
            let measured =
                measure(subject).with_context(|| format!("subject `{}`", subject.name))?;
            subject.forget_log()?;
            Ok(measured)
        })
        .collect::<Result<Vec<_>>>()?;
    measured.rotate_right(first);
    Ok(measured)
}

fn heading(args: &Args, cores: Option<Cores>) -> String {
    let Args { seconds, rounds, connections, review, rate, tenants, .. } = args;
    let pinned = match cores {
        Some(Cores { server, client }) => format!("servers on core {server}, client on {client}"),
        None => {
            "nothing pinned to a core (it needs two cores, and taskset of util-linux)".to_owned()
        }
    };
    let rate = if *rate == 0 { "saturated".to_owned() } else { format!("{rate} requests/s") };
    format!(
        "{connections} connections, {rate}, {review:?} reviews of {} bytes, {} tenants, \
         {rounds} rounds of {seconds} s each\n{}, {pinned}\n",
        review.review().0.len(),
        tenants + 2,
        process::processor(),
    )
}
