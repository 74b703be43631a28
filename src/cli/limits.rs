//! The server's limits as arguments.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;

use crate::objects::json::DEEPEST;
use crate::server::Limits;

/// Bounds on what clients may take up. Times are in seconds, sizes in bytes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Open connections.
    #[arg(long, value_name = "N", value_parser = count(), default_value_t = Limits::default().connections)]
    max_connections: usize,
    /// TLS handshakes under way.
    #[arg(long, value_name = "N", value_parser = count(), default_value_t = Limits::default().handshakes)]
    max_handshakes: usize,
    /// A TLS handshake.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    handshake_timeout: Duration,
    /// A request's head, from its first byte.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "2")]
    header_timeout: Duration,
    /// A request's head.
    #[arg(long, value_name = "BYTES", value_parser = bytes(), default_value_t = Limits::default().header_bytes)]
    max_header_bytes: usize,
    /// An open connection without a request; the API server closes its own after 90 s.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "120")]
    idle_timeout: Duration,
    /// A request's body.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    body_timeout: Duration,
    /// A request's body.
    #[arg(long, value_name = "BYTES", value_parser = bytes(), default_value_t = Limits::default().body_bytes)]
    max_body_bytes: usize,
    /// All bodies that are being read or judged.
    #[arg(long, value_name = "BYTES", value_parser = bytes(), default_value_t = Limits::default().bodies_bytes)]
    max_bytes_in_flight: usize,
    /// Requests that are being read or judged.
    #[arg(long, value_name = "N", value_parser = count(), default_value_t = Limits::default().requests)]
    max_requests: usize,
    /// A response that its client does not take.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    write_timeout: Duration,
    /// How much earlier than the API server stops listening there is an answer.
    #[arg(long, value_name = "PERCENT", default_value_t = Limits::default().margin_percent,
          value_parser = clap::value_parser!(u32).range(0..=50))]
    deadline_margin: u32,
    /// How deep a review's JSON may be nested.
    #[arg(long, value_name = "LEVELS", value_parser = levels(), default_value_t = 500)]
    pub(super) max_json_depth: usize,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            handshakes: self.max_handshakes,
            handshake_time: self.handshake_timeout,
            header_time: self.header_timeout,
            header_bytes: self.max_header_bytes,
            idle_time: self.idle_timeout,
            body_time: self.body_timeout,
            body_bytes: self.max_body_bytes,
            bodies_bytes: self.max_bytes_in_flight,
            requests: self.max_requests,
            write_time: self.write_timeout,
            margin_percent: self.deadline_margin,
            ..Limits::default()
        }
    }
}

/// A number of things that can be counted one by one.
fn count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1_000_000)
}

fn levels() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=DEEPEST as u64)
}

/// A size with room for the smallest request.
fn bytes() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1024..)
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A time above nought and up to a day, in seconds: times are added to the clock, which has an end.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "use a number of seconds, such as 2 or 0.5")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration <= DAY => Ok(duration),
        _ => Err("use a number of seconds above 0 and up to 86400, a day".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Probe {
        #[command(flatten)]
        limits: LimitArgs,
    }

    #[test]
    fn without_arguments_they_are_the_servers_own() {
        let parsed = Probe::try_parse_from(["serve"]).unwrap();
        assert_eq!(parsed.limits.limits(), Limits::default());
    }

    #[test]
    fn times_are_seconds_above_nought_and_up_to_a_day() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("86400"), Ok(DAY));
        for wrong in ["0", "-1", "x", "", "NaN", "inf", "1e300", "86401", "1e19"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_that_nothing_could_pass_or_that_is_none_is_refused() {
        let check = |argument: &str, taken: &str, refused: &str| {
            let parse = |value| Probe::try_parse_from(["serve", argument, value]);
            assert!(parse(taken).is_ok(), "{argument} {taken}");
            assert!(parse(refused).is_err(), "{argument} {refused}");
        };
        check("--max-connections", "1", "0");
        check("--max-handshakes", "1", "0");
        check("--max-requests", "1", "0");
        check("--max-header-bytes", "1024", "1023");
        check("--max-body-bytes", "1024", "1023");
        check("--max-bytes-in-flight", "1024", "1023");
        check("--max-json-depth", "1", "0");
        check("--max-json-depth", "1000", "1001");
        for argument in ["--max-connections", "--max-handshakes", "--max-requests"] {
            check(argument, "1000000", "18446744073709551615");
        }
    }
}
