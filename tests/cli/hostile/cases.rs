//! The table: what is sent, and what must come back.

use std::fs;
use std::path::Path;

use super::case::{Case, case, head, whole};
use super::twice::twice;
use super::wire::Wire::{OnlyH2, Raw, RawDrip, Renegotiating, Tls, TlsDrip};
use super::wire::{Got, exchanged};
use crate::server::Serving;

/// The request that a smuggler hides: were it taken for one, there would be a 404 for it.
pub const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// TLS 1.1 at most, one suite, no extension.
pub const TLS_1_1: &[u8] = &[
    22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 2, 0, 47, 1, 0,
];

/// All of them.
pub fn all() -> Vec<Case> {
    let parts = [sessions(), heads(), lengths(), codings(), lines(), versions()];
    parts.into_iter().chain([streams(), bodies(), twice()]).flatten().collect()
}

fn sessions() -> Vec<Case> {
    vec![
        case("half a handshake", Raw, &TLS_1_1[..20], "close").slow(),
        case("TLS 1.1", Raw, TLS_1_1, "alert close"),
        case("plain HTTP", Raw, HIDDEN, "alert close"),
        case("garbage", Raw, [0xa5; 4096], "alert close"),
        case("silence", Raw, "", "close").slow(),
        case("half a handshake, drop by drop", RawDrip, &TLS_1_1[..20], "close").slow(),
        case("only HTTP/2 offered", OnlyH2, HIDDEN, "alert close"),
        case("renegotiation", Renegotiating(1), HIDDEN, "refused 404 close"),
        case("renegotiation again and again", Renegotiating(9), HIDDEN, "refused close"),
    ]
}

fn heads() -> Vec<Case> {
    let many = "x-a: b\r\n".repeat(1000);
    let long = format!("x-a: {}\r\n", "b".repeat(1 << 20));
    let uri = format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "u".repeat(1 << 17));
    let slow = head("content-length: 9999\r\n");
    let named = |line: &str| format!("{line}\r\nhost: x\r\nconnection: close\r\n\r\n");
    let closing =
        |lines: &str| head(&format!("{lines}connection: close\r\ncontent-length: 2\r\n")) + "{}";
    let drops = head(&"x-a: b\r\n".repeat(99));
    vec![
        case("half a head", Tls, "POST /val", "close").slow(),
        case("a head drop by drop", TlsDrip(0), drops, "close").slow(),
        case("a body drop by drop", TlsDrip(slow.len()), slow + &" ".repeat(9999), "408 close")
            .slow(),
        case("no body comes", Tls, head("content-length: 10\r\n"), "408 close").slow(),
        case("too short a body", Tls, head("content-length: 10\r\n") + "{}", "408 close").slow(),
        case("1,000 headers", Tls, head(&many), "431 close"),
        case("1 MiB header", Tls, head(&long), "431 close"),
        case("header without end", Tls, "GET / HTTP/1.1\r\nx: ", "431 close")
            .endless("y".repeat(4096)),
        case("long URI", Tls, uri, "431 close"),
        case("method", Tls, named("DELETE /validate HTTP/1.1"), "405 close"),
        case("path", Tls, named("POST /nowhere HTTP/1.1"), "404 close"),
        case("type", Tls, named("POST /validate HTTP/1.1"), "415 close"),
        case("gzip", Tls, closing("content-encoding: gzip\r\n"), "415 close"),
        case("two hosts", Tls, closing("host: y\r\n"), "400 unreadable close"),
        case(
            "Expect: 100-continue",
            Tls,
            closing("expect: 100-continue\r\n"),
            "100 400 unreadable close",
        ),
        case("Expect: something", Tls, closing("expect: 200-ok\r\n"), "400 unreadable close"),
        case(
            "Upgrade: h2c",
            Tls,
            closing("connection: upgrade\r\nupgrade: h2c\r\n"),
            "400 unreadable close",
        ),
        case(
            "Expect: 100-continue, 64 MiB stated",
            Tls,
            head("expect: 100-continue\r\ncontent-length: 67108864\r\n"),
            "413 close",
        ),
        case("pipelined", Tls, hidden_after("content-length: 5\r\n"), "400 unreadable 404 close"),
        case(
            "pipelined behind the last one",
            Tls,
            hidden_after("connection: close\r\ncontent-length: 5\r\n"),
            "400 unreadable close",
        ),
    ]
}

/// A request with these header lines instead of a length, its body, and another request.
fn hidden_after(lines: &str) -> String {
    head(lines) + "0\r\n\r\n" + HIDDEN
}

/// A request that two readers of HTTP see in one place, or one of them in another.
fn smuggled(name: &'static str, lines: &str, expect: &'static str) -> Case {
    case(name, Tls, hidden_after(lines), expect)
}

fn lengths() -> Vec<Case> {
    let of =
        |name, value: &str, expect| smuggled(name, &format!("content-length: {value}\r\n"), expect);
    vec![
        of("negative length", "-1", "400 close"),
        of("length with a plus", "+5", "400 close"),
        of("length in hexadecimal", "0x5", "400 close"),
        of("length in two words", "0 5", "400 close"),
        of("no length in its line", "", "400 close"),
        of("huge length", "99999999999999999999", "400 close"),
        of("length list", "5, 5", "400 close"),
        of("64 MiB stated", "67108864", "413 close"),
        of("two lengths that differ", "5\r\ncontent-length: 3", "400 close"),
        of("two lengths that are equal", "5\r\ncontent-length: 5", "400 unreadable 404 close"),
        of("length and chunked", "5\r\ntransfer-encoding: chunked", "400 close"),
    ]
}

fn codings() -> Vec<Case> {
    let of = |name, value: &str, expect| {
        smuggled(name, &format!("transfer-encoding: {value}\r\n"), expect)
    };
    let chunks = |name, text: &str, expect| {
        case(name, Tls, head("transfer-encoding: chunked\r\n") + text + HIDDEN, expect)
    };
    vec![
        of("chunked", "chunked", "400 unreadable close"),
        of("chunked and length", "chunked\r\ncontent-length: 5", "400 close"),
        of("chunked, identity", "chunked, identity", "400 close"),
        of("identity, chunked", "identity, chunked", "400 close"),
        of("identity, then chunked", "identity\r\ntransfer-encoding: chunked", "400 close"),
        of("chunked twice", "chunked\r\ntransfer-encoding: chunked", "400 close"),
        of("gzip, chunked", "gzip, chunked", "400 close"),
        of("xchunked", "xchunked", "400 close"),
        of("chunked with a parameter", "chunked;q=1", "400 close"),
        of("chunked with a tab", "\tchunked", "400 unreadable close"),
        of("chunked with a vertical tab", "\x0bchunked", "400 close"),
        chunks("chunk size overflows", "fffffffffffffffff\r\n", "400 close"),
        chunks("chunk size is no number", "-1\r\n", "400 close"),
        chunks("chunk size with a plus", "+0\r\n\r\n", "400 close"),
        chunks("bare LF behind a chunk size", "0\n\n", "400 close"),
        chunks("bare LF in a chunk's extension", "0;\n\r\n\r\n", "400 close"),
        chunks("a length in the trailer", "0\r\ncontent-length: 9\r\n\r\n", "400 unreadable close"),
    ]
}

fn lines() -> Vec<Case> {
    let of = smuggled;
    vec![
        case(
            "bare LF",
            Tls,
            hidden_after("content-length: 5\r\n").replace("\r\n", "\n"),
            "400 close",
        ),
        of("bare LF behind one line", "x: y\ncontent-length: 5\r\n", "400 close"),
        of("bare LFs end the head", "content-length: 5\r\n\n", "400 close"),
        of("bare CR", "x: y\rcontent-length: 5\r\n", "400 close"),
        of("NUL", "x: y\0\r\ncontent-length: 5\r\n", "400 close"),
        of("folded coding", "transfer-encoding:\r\n chunked\r\n", "400 close"),
        of("folded header", "x: y\r\n content-length: 5\r\n", "400 close"),
        of("space before colon", "transfer-encoding : chunked\r\n", "400 close"),
        of("space before a name", " content-length: 5\r\n", "400 close"),
        of("no colon", "content-length 5\r\n", "400 close"),
    ]
}

fn versions() -> Vec<Case> {
    let line =
        |line: &str, lines: &str| hidden_after(lines).replacen("POST /validate HTTP/1.1", line, 1);
    let length = "content-length: 5\r\n";
    let old = "POST /validate HTTP/1.0";
    let kept = format!("connection: keep-alive\r\n{length}");
    let absolute = line("POST https://y/validate HTTP/1.1", length);
    vec![
        case("absolute target", Tls, absolute, "400 unreadable 404 close"),
        case("authority as target", Tls, line("CONNECT y:443 HTTP/1.1", length), "404 close"),
        case("asterisk as target", Tls, line("OPTIONS * HTTP/1.1", length), "404 close"),
        case("HTTP/0.9", Tls, "POST /validate\r\n\r\n", "400 close"),
        case("HTTP/1.0", Tls, line(old, length), "400 unreadable close"),
        case("HTTP/1.0, kept alive", Tls, line(old, &kept), "400 unreadable 404 close"),
        case("HTTP/1.0, chunked", Tls, line(old, "transfer-encoding: chunked\r\n"), "400 close"),
        case("HTTP/1.2", Tls, line("POST /validate HTTP/1.2", length), "400 close"),
        case("HTTP/2.0", Tls, line("POST /validate HTTP/2.0", length), "400 close"),
        case("h2 preface", Tls, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "close"),
    ]
}

/// 64 KiB of a body in chunks.
fn chunk() -> String {
    format!("10000\r\n{}\r\n", " ".repeat(0x10000))
}

/// What comes back where chunks do not end.
pub fn endless(serving: &Serving) -> Got {
    exchanged(serving, Tls, head("transfer-encoding: chunked\r\n").as_bytes(), chunk().as_bytes())
}

/// Bodies past the limit, and those that have no end.
fn streams() -> Vec<Case> {
    let chunked = |name, expect| case(name, Tls, head("transfer-encoding: chunked\r\n"), expect);
    vec![
        case("17 MiB", Tls, whole(&vec![b' '; 17 << 20]), "413 close"),
        case("64 MiB", Tls, whole(&vec![b' '; 64 << 20]), "413 close"),
        case(
            "chunks, and no more",
            Tls,
            head("transfer-encoding: chunked\r\n") + "2\r\n{}\r\n",
            "408 close",
        )
        .slow(),
        chunked("chunks without end", "413 close").endless(chunk()),
        chunked("chunks of one byte, each of much size, without end", "408 close")
            .endless(format!("{}1\r\n \r\n", "0".repeat(1017))),
        chunked("a chunk's extension without end", "400 close").endless("1;".repeat(4096)),
        chunked("a chunk's size without end", "408 close").endless("0".repeat(4096)),
        case(
            "a trailer without end",
            Tls,
            head("transfer-encoding: chunked\r\n") + "0\r\n",
            "400 close",
        )
        .endless("x: y\r\n".repeat(1024)),
    ]
}

/// A review of an allowed pod, without white space.
fn pod() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/reviews/pod.json");
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(str::trim_start).collect::<String>().replace("\": ", "\":")
}

/// It with something in the place of the first of what is there.
pub fn with(place: &str, text: &str) -> Vec<u8> {
    let pod = pod();
    assert!(pod.contains(place), "{place}");
    whole(pod.replacen(place, text, 1).as_bytes())
}

fn bodies() -> Vec<Case> {
    let pod = pod();
    let within = |text: &str| with("\"spec\":", &format!("{text},\"spec\":"));
    let deep = format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"k{n}\":1")).collect();
    let keys = format!("\"x\":{{{}}}", keys.join(","));
    let digits = format!("\"x\":{}", "9".repeat(1_000_000));
    let string = format!("\"x\":\"{}\"", "s".repeat(8 << 20));
    let unclosed = whole("[".repeat(100_000).as_bytes());
    vec![
        case("depth 10^5", Tls, within(&deep), "200 denied close"),
        case("depth 10^5, unclosed", Tls, unclosed, "400 unreadable close"),
        case("10^6 keys", Tls, within(&keys), "200 allowed close"),
        case("10^6 digits", Tls, within(&digits), "200 allowed close"),
        case("1e999999", Tls, within("\"x\":1e999999"), "200 allowed close"),
        case("a string of 8 MiB", Tls, within(&string), "200 allowed close"),
        case("half an object", Tls, whole(&pod.as_bytes()[..pod.len() / 2]), "200 denied close"),
        case("something behind it", Tls, whole(format!("{pod}}}").as_bytes()), "200 denied close"),
        case("no JSON in an object", Tls, within("\"x\":tru"), "200 denied close"),
        case("bad UTF-8", Tls, whole(b"{\"kind\":\"\xff\xfe\"}"), "400 unreadable close"),
        case("a lone surrogate", Tls, within(r#""x":"\ud800""#), "200 allowed close"),
    ]
}
