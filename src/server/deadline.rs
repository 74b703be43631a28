//! How long the API server listens: `?timeout=10s`, in Go's notation.

use std::time::Duration;

use super::Limits;

/// How long answering a request with this query may take.
pub(super) fn allowed(limits: &Limits, query: Option<&str>) -> Duration {
    let stated = query.into_iter().flat_map(|query| query.split('&'));
    let stated = stated.filter_map(|pair| pair.strip_prefix("timeout=")).find_map(go_duration);
    // A timeout of nought would leave no time for any answer, so it is taken for none.
    let timeout = stated.filter(|timeout| !timeout.is_zero()).unwrap_or(limits.default_timeout);
    let timeout = timeout.min(limits.max_timeout);
    let margin = (timeout * limits.margin_percent / 100).max(limits.min_margin).min(timeout / 2);
    timeout.saturating_sub(margin)
}

/// Reads what Go's `time.Duration.String` writes and `time.ParseDuration` takes, without a sign:
/// one or more of a decimal number and a unit. `µ` may be percent-encoded in a query and never
/// appears in a timeout; `us` is read.
fn go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, tail) = rest.split_at_checked(rest.find(|c| !is_number(c))?)?;
        let end = tail.find(is_number).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        total += number.parse::<f64>().ok()? * seconds(unit)?;
        rest = tail;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let check = |text: &str, millis: Option<u64>| {
            assert_eq!(go_duration(text), millis.map(Duration::from_millis), "{text}");
        };
        check("10s", Some(10_000));
        check("1m0s", Some(60_000));
        check("500ms", Some(500));
        check("1h2m3.5s", Some(3_723_500));
        check(".5s", Some(500));
        check("0", Some(0));
        check("0s", Some(0));
        for wrong in ["", "10", "s", "-1s", "1x", "1.2.3s", "1 s", "10s ", "%31s", "1e9s"] {
            check(wrong, None);
        }
        assert_eq!(go_duration(&format!("{}h", "9".repeat(400))), None);
    }

    #[test]
    fn a_margin_is_left_to_send_the_answer() {
        let limits = Limits::default();
        let check = |query: Option<&str>, millis: u64| {
            assert_eq!(allowed(&limits, query), Duration::from_millis(millis), "{query:?}");
        };
        check(Some("timeout=10s"), 9_000);
        check(Some("dryRun=1&timeout=500ms"), 400);
        check(Some("timeout=100ms"), 50);
        check(Some("timeout=1000h"), 27_000);
        check(Some("timeout=nonsense"), 9_000);
        check(Some("timeout=0s"), 9_000);
        check(Some("xtimeout=1s"), 9_000);
        check(None, 9_000);
    }
}
