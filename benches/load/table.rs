//! What was measured, and how it is told.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::subject::Subject;

/// A subject in a round.
pub struct Measured {
    requests_per_second: f64,
    p50: f64,
    p99: f64,
    /// Microseconds.
    cpu_per_request: f64,
    /// CPU time by time: how busy the server's core was with it.
    busy: f64,
    /// Bytes.
    resident: f64,
}

impl Measured {
    /// From how long each request took, how long all did, and what the server used for them.
    pub fn new(
        mut latencies: Vec<Duration>,
        elapsed: Duration,
        cpu: Duration,
        resident: u64,
    ) -> Result<Self> {
        latencies.sort_unstable();
        let requests = latencies.len();
        let at = |percent: usize| latencies.get(requests * percent / 100).map(micros);
        let resident = u32::try_from(resident / 1024)?;
        Ok(Self {
            requests_per_second: f64::from(u32::try_from(requests)?) / elapsed.as_secs_f64(),
            p50: at(50).context("no request was answered in time")?,
            p99: at(99).context("no request was answered in time")?,
            cpu_per_request: micros(&cpu) / f64::from(u32::try_from(requests)?),
            busy: cpu.as_secs_f64() / elapsed.as_secs_f64(),
            resident: f64::from(resident) * 1024.0,
        })
    }
}

fn micros(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// One line: CPU per request of each subject.
pub fn round(number: u64, subjects: &[Subject], measured: &[Measured]) -> String {
    let figures = subjects.iter().zip(measured);
    let figures =
        figures.map(|(subject, it)| format!("{} {:.1}", subject.name, it.cpu_per_request));
    let figures: Vec<String> = figures.collect();
    format!("round {}: CPU µs per request: {}\n", number + 1, figures.join("; "))
}

/// Medians over the rounds. Ratios are medians of each round's ratio.
pub fn summary(subjects: &[Subject], rounds: &[Vec<Measured>]) -> String {
    let place = |name: &str| subjects.iter().position(|subject| subject.name == name);
    let (floor, upstream) = (place("floor"), place("upstream"));
    let mut lines = String::from(
        "\n| subject | requests/s | p50 µs | p99 µs | CPU µs/request | core busy | RSS MB \
         | CPU by the floor's | requests/s by the floor's | upstream's CPU by its |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (index, subject) in subjects.iter().enumerate() {
        let of = |value: &dyn Fn(&Measured) -> f64| {
            median(rounds.iter().filter_map(|round| round.get(index)).map(value).collect())
        };
        let by = |other: Option<usize>, value: &dyn Fn(&Measured) -> f64| {
            let pairs =
                rounds.iter().filter_map(|round| Some((round.get(index)?, round.get(other?)?)));
            median(pairs.map(|(it, other)| value(it) / value(other)).collect())
        };
        let cpu = |it: &Measured| it.cpu_per_request;
        lines += &format!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} % | {:.1} | {:.2} | {:.2} | {:.1} |\n",
            subject.name,
            of(&|it| it.requests_per_second),
            of(&|it| it.p50),
            of(&|it| it.p99),
            of(&cpu),
            of(&|it| it.busy * 100.0),
            of(&|it| it.resident / 1e6),
            by(floor, &cpu),
            by(floor, &|it| it.requests_per_second),
            by(upstream, &|it| 1.0 / it.cpu_per_request),
        );
    }
    lines
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(low), at(high))
}
