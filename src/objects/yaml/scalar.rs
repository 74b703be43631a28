//! What a scalar means: `resolve.go` of go.yaml.in/yaml/v2 v2.4.4, then what Go's JSON encoder and
//! the API server's JSON decoder make of it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Number;

mod timestamp;

/// The prefix of YAML's own tags.
const CORE: &str = "tag:yaml.org,2002:";

/// A scalar's meaning, before it is put into JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
}

impl Scalar {
    fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Text(_) => "!!str",
        }
    }
}

/// The meaning of a scalar. `plain` is true of one without quotes; a `tag` is written out whole.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Scalar, String> {
    let Some(tag) = tag else {
        return Ok(if plain { untagged(text) } else { Scalar::Text(text.to_owned()) });
    };
    let wrong = |found: &Scalar, tag: &str| {
        Err(format!("cannot decode {} `{}` as a !!{tag}", found.tag(), clip(text)))
    };
    match tag.strip_prefix(CORE) {
        Some("binary") => binary(text),
        // kubectl hands timestamps on as the strings that they were written as.
        Some("timestamp") if timestamp::is(text) => Ok(Scalar::Text(text.to_owned())),
        Some("timestamp") => wrong(&untagged(text), "timestamp"),
        Some("float") => {
            let found = untagged(text);
            if let Scalar::Int(value) = found {
                return Ok(Scalar::Float(value as f64));
            }
            if matches!(found, Scalar::Float(_)) { Ok(found) } else { wrong(&found, "float") }
        }
        Some(tag @ ("bool" | "int" | "null")) => {
            let found = untagged(text);
            if found.tag().ends_with(tag) { Ok(found) } else { wrong(&found, tag) }
        }
        // Tags that Go's reader does not know keep the text, whatever it looks like.
        Some(_) | None => Ok(Scalar::Text(text.to_owned())),
    }
}

fn untagged(text: &str) -> Scalar {
    let text_itself = || Scalar::Text(text.to_owned());
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.bytes().next() {
        Some(b'.') => match decimal(&without_separators(text)) {
            Some(value) => Scalar::Float(value),
            None => text_itself(),
        },
        Some(b'+' | b'-' | b'0'..=b'9') => number(text).unwrap_or_else(text_itself),
        _ => text_itself(),
    }
}

/// Go's `strconv.ParseFloat` takes `_` between two digits.
fn without_separators(text: &str) -> Cow<'_, str> {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let between = |(at, _): (usize, &str)| {
        digit(at.checked_sub(1).and_then(|at| bytes.get(at))) && digit(bytes.get(at + 1))
    };
    if text.contains('_') && text.match_indices('_').all(between) {
        return Cow::Owned(text.replace('_', ""));
    }
    Cow::Borrowed(text)
}

fn number(text: &str) -> Option<Scalar> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(value) = int64(&plain, 0) {
        return Some(Scalar::Int(value));
    }
    if let Some(value) = uint64(&plain, 0) {
        return Some(Scalar::Uint(value));
    }
    if let Some(value) = decimal(&plain) {
        return Some(Scalar::Float(value));
    }
    // Reached by `0b+1` alone, which Go's reader takes for one.
    plain.strip_prefix("0b").and_then(|digits| int64(digits, 2)).map(Scalar::Int)
}

/// Go's `strconv.ParseInt(text, base, 64)`.
fn int64(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = i128::from(uint64(digits, base)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// Go's `strconv.ParseUint(text, base, 64)`: base 0 reads the base from `0x`, `0o`, `0b` and `0`.
fn uint64(text: &str, base: u32) -> Option<u64> {
    let prefixed = |lower: &str, upper: &str| {
        text.strip_prefix(lower)
            .or_else(|| text.strip_prefix(upper))
            .filter(|rest| !rest.is_empty())
    };
    let (digits, base) = if base != 0 {
        (text, base)
    } else if let Some(rest) = prefixed("0x", "0X") {
        (rest, 16)
    } else if let Some(rest) = prefixed("0b", "0B") {
        (rest, 2)
    } else if let Some(rest) = prefixed("0o", "0O") {
        (rest, 8)
    } else if let Some(rest) = text.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        (rest, 8)
    } else {
        (text, 10)
    };
    // Rust's reader would take a sign here, Go's does not.
    digits.chars().all(|c| c.is_ascii_alphanumeric()).then_some(())?;
    u64::from_str_radix(digits, base).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` that is finite.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
        }
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = digits(whole)
        && digits(fraction)
        && digits(exponent)
        && !exponent.is_empty()
        && !(whole.is_empty() && fraction.is_empty());
    shaped.then(|| text.parse().ok()).flatten().filter(|value: &f64| value.is_finite())
}

fn binary(text: &str) -> Result<Scalar, String> {
    // As Go's encoding/base64: line breaks are skipped, padding is required, spare bits may be set.
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = GeneralPurpose::new(&STANDARD, config)
        .decode(text)
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    let mut decoded = String::new();
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    Ok(Scalar::Text(decoded))
}

/// A float as the API server reads it back from Go's JSON: whole numbers below 1e21 are written
/// without a fraction and come back as integers.
pub(super) fn json_number(value: f64) -> Option<Number> {
    // Both languages write the fewest digits that name the float, then zeros: from 2^53 on that is
    // not the float's own value, and it is what the API server gets.
    let whole = value.is_finite() && value.fract() == 0.0;
    if let Some(integer) = whole.then(|| value.to_string().parse::<i64>().ok()).flatten() {
        return Some(integer.into());
    }
    Number::from_f64(value)
}

/// A map's key, which JSON wants to be a string.
pub(super) fn key(scalar: Scalar) -> Result<String, String> {
    match scalar {
        Scalar::Text(text) => Ok(text),
        Scalar::Bool(value) => Ok(value.to_string()),
        Scalar::Int(value) => Ok(value.to_string()),
        Scalar::Float(value) => Ok(float_key(value)),
        Scalar::Null => Err("a key cannot be null".to_owned()),
        Scalar::Uint(value) => Err(format!("a key cannot be as large as `{value}`")),
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's words for what is no number.
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go's thresholds where the shortest form is asked for.
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn clip(text: &str) -> String {
    crate::domain::sanitise(text, 40).into_owned()
}
