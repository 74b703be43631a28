//! Reads answers: as much of HTTP/1.1 as the subjects write, and no more work than it takes, because
//! the client must not be what the server waits for.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// A whole response.
pub struct Answer<'a> {
    pub status: u16,
    pub body: Cow<'a, [u8]>,
}

/// Reads a response; `None` where more bytes must come.
pub fn parse(bytes: &[u8]) -> Result<Option<Answer<'_>>> {
    let Some((head, rest)) = split_at(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = str::from_utf8(head)?;
    let status = head.split(' ').nth(1).context("a response without a status")?.parse()?;
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            let body = rest.get(..value.parse()?).map(Cow::Borrowed);
            return Ok(body.map(|body| Answer { status, body }));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            ensure!(value == "chunked", "a body in transfer encoding `{value}`");
            let body = chunks(rest)?.map(Cow::Owned);
            return Ok(body.map(|body| Answer { status, body }));
        }
    }
    bail!("a response of unknown length: {head}")
}

/// What chunks hold, once the last one is there.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let Some((length, after)) = split_at(rest, b"\r\n") else { return Ok(None) };
        let length = usize::from_str_radix(str::from_utf8(length)?, 16)?;
        let Some((data, after)) = after.split_at_checked(length) else { return Ok(None) };
        let Some(after) = after.strip_prefix(b"\r\n") else { return Ok(None) };
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(data);
        rest = after;
    }
}

fn split_at<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

#[derive(Deserialize)]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
}

impl Answer<'_> {
    /// That this is an answer to `uid`, which allows or not. Upstream repeats the whole request before its
    /// response, which is therefore looked for from the end.
    pub fn check(&self, uid: &str, allowed: bool) -> Result<()> {
        let text = str::from_utf8(&self.body)?;
        let wrong =
            || format!("not an answer to {uid} (allowed: {allowed}): {} {text}", self.status);
        ensure!(self.status == 200, wrong());
        let (_, response) = text.rsplit_once("\"response\":").with_context(wrong)?;
        let mut values = serde_json::Deserializer::from_str(response).into_iter::<Response<'_>>();
        let response = values.next().with_context(wrong)?.with_context(wrong)?;
        ensure!(response.uid == uid && response.allowed == allowed, wrong());
        Ok(())
    }
}
