//! A thing to send, and what must come back.

use std::collections::BTreeSet;
use std::time::Instant;

use super::honest::{BESIDE, Honest};
use super::wire::{ALERT, Got, Wire, exchanged};

/// What is sent, and what must come back: the statuses in their order, each with what its body says
/// (`allowed`, `denied` or `unreadable`; a refused head has none), then the close.
pub struct Case {
    name: &'static str,
    wire: Wire,
    sent: Vec<u8>,
    /// What goes out behind it again and again, without an end.
    again: Vec<u8>,
    expect: &'static str,
    /// It waits for one of the server's clocks.
    pub slow: bool,
}

pub fn case(
    name: &'static str,
    wire: Wire,
    sent: impl Into<Vec<u8>>,
    expect: &'static str,
) -> Case {
    Case { name, wire, sent: sent.into(), again: Vec::new(), expect, slow: false }
}

impl Case {
    pub fn endless(self, again: impl Into<Vec<u8>>) -> Self {
        Self { again: again.into(), ..self }
    }

    pub fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    /// Tries it, a quick one again and again beside enough honest requests, and tells what is wrong.
    pub fn run(&self, honest: &Honest<'_>) -> Option<String> {
        let (first, from) = (honest.count(), Instant::now());
        let ask = || exchanged(honest.serving, self.wire, &self.sent, &self.again);
        let got = ask();
        let took = got.at - from;
        let mut said = BTreeSet::from([said(&got)]);
        while !self.slow && honest.count() < first + BESIDE {
            said.insert(self::said(&ask()));
        }
        let answer = Vec::from_iter(said).join(" or ");
        honest.row(self.name, &answer, took, first);
        (answer != self.expect).then(|| format!("{}: {answer}, not {}", self.name, self.expect))
    }
}

/// Everything that came back, as a case states it.
pub fn said(got: &Got) -> String {
    let text = String::from_utf8_lossy(&got.bytes);
    let mut words: Vec<&str> = Vec::new();
    let before = text.split("HTTP/1.").next().unwrap_or_default();
    if before.as_bytes().first() == Some(&ALERT) {
        words.push("alert");
    }
    words.extend(before.contains(super::renegotiation::REFUSED).then_some("refused"));
    for reply in text.split("HTTP/1.").skip(1) {
        words.extend(reply.get(2..5));
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let said = [
            ("\"allowed\":true", "allowed"),
            ("\"allowed\":false", "denied"),
            ("\"error\":", "unreadable"),
        ];
        words.extend(said.iter().find(|(key, _)| body.contains(key)).map(|(_, word)| *word));
    }
    words.push(if got.ended { "close" } else { "no answer and no close" });
    words.join(" ")
}

/// A request with these header lines instead of a length.
pub fn head(lines: &str) -> String {
    format!("POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{lines}\r\n")
}

/// A request that is whole, and the last of its connection.
pub fn whole(body: &[u8]) -> Vec<u8> {
    let lines = format!("connection: close\r\ncontent-length: {}\r\n", body.len());
    [head(&lines).as_bytes(), body].concat()
}
