//! What processes use, and where they run; and this one's standard output.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Linux counts CPU time for user space in hundredths of a second on every architecture that we
/// run on; what it counts is exact, see `cputime_adjust` in its scheduler.
const TICK: Duration = Duration::from_millis(10);

/// Time that a process has had on a CPU, in user space and in the kernel.
pub fn cpu_time(id: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, which may hold anything, ends with the last parenthesis; utime and stime are the
    // fields 14 and 15 of all, counted from 1.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat without a name")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = times.sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}

/// Resident memory, in bytes.
pub fn resident(id: u32) -> Result<u64> {
    bytes_of_status(id, "VmRSS:")
}

/// The most that was ever resident, in bytes.
pub fn peak(id: u32) -> Result<u64> {
    bytes_of_status(id, "VmHWM:")
}

fn bytes_of_status(id: u32, key: &str) -> Result<u64> {
    let kibibytes = of_status(&id.to_string(), key)?;
    Ok(1024 * kibibytes.trim_end_matches(" kB").parse::<u64>()?)
}

fn of_status(id: &str, key: &str) -> Result<String> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let value = status.lines().find_map(|line| line.strip_prefix(key));
    Ok(value.with_context(|| format!("/proc/{id}/status has no {key}"))?.trim().to_owned())
}

/// Where servers and the client run.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    pub server: u32,
    pub client: u32,
}

impl Cores {
    /// The last and the first core that this process may use, so that they are no siblings on a
    /// machine that has others; `None` with one core, or without taskset.
    pub fn find() -> Result<Option<Self>> {
        let allowed = of_status("self", "Cpus_allowed_list:")?;
        let mut numbers = allowed.split([',', '-']).map(str::parse);
        let first = numbers.next().context("no core")??;
        let last = numbers.next_back().transpose()?.unwrap_or(first);
        let taskset = Command::new("taskset").arg("--version").output().is_ok();
        Ok((taskset && first != last).then_some(Self { server: last, client: first }))
    }
}

/// Moves a process and all its threads to a core.
pub fn pin(id: u32, core: u32) -> Result<()> {
    let (core, id) = (core.to_string(), id.to_string());
    let output = Command::new("taskset").args(["-a", "-c", "-p", &core, &id]).output()?;
    ensure!(output.status.success(), "taskset failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A command whose process is on a core from its first instruction: runtimes count cores once.
pub fn pinned(core: Option<u32>, program: &str) -> Command {
    match core {
        None => Command::new(program),
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string(), program]);
            command
        }
    }
}

/// What the machine says of its processor.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = text.lines().filter(|line| line.starts_with("processor")).count();
    format!("{} ({cores} cores)", model.map_or("unknown processor", |(_, model)| model))
}

/// Prints a result.
pub fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
