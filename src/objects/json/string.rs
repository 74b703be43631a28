//! Strings: where they end, and what their escapes mean.

use wide::u8x16;

/// The first place from `from` on that holds a quote, a backslash or a control character, else the
/// end.
#[inline]
pub(super) fn stop(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(sixteen) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let text = u8x16::new(*sixteen);
        let control = text.min(u8x16::splat(0x1f)).simd_eq(text);
        let found = text.simd_eq(u8x16::splat(b'"')) | text.simd_eq(u8x16::splat(b'\\')) | control;
        let found = found.to_bitmask();
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

/// The place of the quote that a string begins with which is open where `before` ends; `before` must
/// be the beginning of JSON.
pub(super) fn open_at_the_end_of(before: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let open = from + before.get(from..)?.iter().position(|byte| *byte == b'"')?;
        let mut end = stop(before, open + 1);
        while before.get(end) == Some(&b'\\') {
            end = stop(before, end + 2);
        }
        if end >= before.len() {
            return Some(open);
        }
        from = end + 1;
    }
}

/// The length of the escape that `bytes` begin with; `None` where they begin with none that JSON knows.
pub(super) fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.strip_prefix(b"\\")?.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => unit(bytes).map(|_| 6),
        _ => None,
    }
}

/// The UTF-16 unit of a `\u0000` that `bytes` begin with.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

/// What a string means whose escapes are all known to JSON.
pub(super) fn unescaped(text: &str) -> String {
    let mut meant = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        meant.push_str(before);
        let (character, length) = character(from.as_bytes());
        meant.push(character);
        rest = from.get(length..).unwrap_or_default();
    }
    meant.push_str(rest);
    meant
}

/// The character of an escape, and the length of what was read for it: of two halves of a surrogate
/// pair both, of a lone half only that.
fn character(escape: &[u8]) -> (char, usize) {
    let simple = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let units = [unit(escape), escape.get(6..).and_then(unit)];
            let mut read = char::decode_utf16(units.into_iter().map_while(|unit| unit));
            return match read.next() {
                Some(Ok(character)) => (character, 6 * character.len_utf16()),
                Some(Err(_)) | None => (char::REPLACEMENT_CHARACTER, 6),
            };
        }
        Some(byte) => char::from(*byte),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

/// A value as an error shows it: of a long one only the length.
pub(super) fn shown(raw: &str) -> String {
    const LONGEST: usize = 64;
    let kind = match raw.as_bytes().first() {
        Some(b'{') => return "an object".to_owned(),
        Some(b'[') => return "a list".to_owned(),
        Some(b'"') => "string",
        Some(b'-' | b'0'..=b'9') => "number",
        _ => return raw.to_owned(),
    };
    if raw.len() > LONGEST {
        return format!("a {kind} of {} bytes", raw.len());
    }
    format!("the {kind} {raw}")
}
