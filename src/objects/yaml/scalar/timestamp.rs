//! What `!!timestamp` takes: `parseTimestamp` of `resolve.go`, which tries Go's `time.Parse` on
//! four layouts.

/// Whether the text is a date, or a date and a time.
pub(super) fn is(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    let Some(year) = digits(year) else { return false };
    let date = |rest| {
        let (month, rest) = number(after(rest, "-")?, 1, 12)?;
        number(after(rest, "-")?, 1, days(year, month)).map(|(_, rest)| rest)
    };
    let Some(rest) = date(rest) else { return false };
    if rest.is_empty() {
        return true;
    }
    if let Some(time) = rest.strip_prefix(['T', 't']) {
        return clock(time).is_some_and(is_zone);
    }
    // Go takes any number of blanks where its layout has one.
    let time = rest.trim_start_matches(' ');
    time.len() < rest.len() && clock(time).is_some_and(str::is_empty)
}

fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// One or two digits, and what follows.
fn number(text: &str, least: u32, most: u32) -> Option<(u32, &str)> {
    let two = text.split_at_checked(2).filter(|(two, _)| digits(two).is_some());
    let (number, rest) = two.or_else(|| text.split_at_checked(1))?;
    let number = digits(number).filter(|number| (least..=most).contains(number))?;
    Some((number, rest))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What follows `15:4:5` and any fraction.
fn clock(text: &str) -> Option<&str> {
    let (_, rest) = number(text, 0, 23)?;
    let (_, rest) = number(after(rest, ":")?, 0, 59)?;
    let (_, rest) = number(after(rest, ":")?, 0, 59)?;
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
    let behind = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    // A point without digits is none of the fraction, and then of nothing.
    (behind.len() < fraction.len()).then_some(behind)
}

/// `Z`, or hours and minutes of two digits each.
fn is_zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(offset) = text.strip_prefix(['+', '-']) else { return false };
    let Some((hours, minutes)) = offset.split_once(':') else { return false };
    let within =
        |text: &str, most| text.len() == 2 && digits(text).is_some_and(|number| number <= most);
    within(hours, 24) && within(minutes, 60)
}
